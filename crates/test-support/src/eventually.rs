//! Waiting for a condition, the only way in which a test may wait. Not for: giving a thing time and hoping.

use std::{
    panic::Location,
    time::{Duration, Instant},
};

/// Between two looks: short at first, since most conditions hold at once.
const PAUSES_MS: [u64; 6] = [1, 2, 5, 10, 20, 40];

/// Looks until `look` gives a value, and returns it.
///
/// # Panics
/// When it has not by `timeout`, with the place of the call: for tests alone.
#[track_caller]
pub fn eventually<T, F>(timeout: Duration, mut look: impl FnMut() -> F) -> impl Future<Output = T>
where
    F: Future<Output = Option<T>>,
{
    let caller = Location::caller();
    async move {
        let start = Instant::now();
        let mut pauses = PAUSES_MS.into_iter();
        let mut pause = Duration::ZERO;
        loop {
            if let Some(value) = look().await {
                return value;
            }
            assert!(start.elapsed() < timeout, "{caller}: did not happen within {timeout:?}");
            pause = pauses.next().map_or(pause, Duration::from_millis);
            tokio::time::sleep(pause).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn returns_what_came() {
        let mut looks = 0;
        let found = eventually(Duration::from_secs(5), || {
            looks += 1;
            let found = (looks == 3).then_some(looks);
            async move { found }
        });
        assert_eq!(found.await, 3);
    }

    #[tokio::test]
    #[should_panic(expected = "did not happen within")]
    async fn gives_up() {
        let never = || async { None::<()> };
        eventually(Duration::from_millis(5), never).await;
    }
}
