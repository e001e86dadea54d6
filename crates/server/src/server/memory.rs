//! Memory back to the system: glibc keeps what was freed, and after a storm of reconnecting nodes that is most of
//! what the process has. Not for: the use of memory itself.

use std::time::Duration;
use tokio::{
    task::{JoinHandle, spawn_blocking},
    time::{MissedTickBehavior, interval},
};

const PERIOD: Duration = Duration::from_secs(30);

/// Gives freed memory back now and then, for as long as the task runs.
pub(super) fn spawn_trimmer() -> JoinHandle<()> {
    tokio::spawn(async {
        let mut ticks = interval(PERIOD);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            if spawn_blocking(trim).await.is_err() {
                return;
            }
        }
    })
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
fn trim() {
    #[expect(unsafe_code, reason = "glibc's own function; it has no conditions, and any thread may call it")]
    unsafe {
        libc::malloc_trim(0);
    }
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
fn trim() {}
