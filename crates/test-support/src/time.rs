//! The time that clients and nodes sign with: the machine's, or the one that a test moves. Not for: waiting.

use std::{fmt, sync::Arc};

/// Where the time comes from; clones share it.
#[derive(Clone)]
pub struct TimeSource(Arc<dyn Fn() -> i64 + Send + Sync>);

impl TimeSource {
    /// The machine's clock.
    pub fn system() -> Self {
        Self::new(system_now_ms)
    }

    /// Any other; milliseconds since the epoch.
    pub fn new(now_ms: impl Fn() -> i64 + Send + Sync + 'static) -> Self {
        Self(Arc::new(now_ms))
    }

    /// This one, and so many milliseconds more (or less): a machine whose clock is wrong.
    pub fn shifted(&self, by_ms: i64) -> Self {
        let inner = self.clone();
        Self::new(move || inner.now_ms() + by_ms)
    }

    /// Milliseconds since the epoch.
    pub fn now_ms(&self) -> i64 {
        (self.0)()
    }
}

impl Default for TimeSource {
    fn default() -> Self {
        Self::system()
    }
}

impl fmt::Debug for TimeSource {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("TimeSource")
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place of this crate that reads the machine's clock")]
fn system_now_ms() -> i64 {
    let since_epoch = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since_epoch.map_or(0, |elapsed| i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX))
}
