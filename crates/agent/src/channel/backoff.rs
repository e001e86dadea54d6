//! How long to wait before the next attempt to connect. Never gives up, never waits for long.

use crate::api::ApiError;
use crate::random;
use std::time::Duration;

/// Before the first retry: at once for a human, spread enough for a server with many nodes.
const QUICK: Duration = Duration::from_millis(2500);
/// The cap is drawn from this range each time.
const CAP: (Duration, Duration) = (Duration::from_secs(60), Duration::from_secs(300));

/// Counts attempts that led to nothing.
#[derive(Debug, Default)]
pub(super) struct Backoff {
    failures: u32,
}

impl Backoff {
    /// The pause before the next attempt.
    pub(super) fn next_pause(&mut self) -> Duration {
        let failures = self.failures;
        self.failures = self.failures.saturating_add(1);
        if failures == 0 {
            return random::between(Duration::ZERO, QUICK);
        }
        let exponential = QUICK * 2_u32.saturating_pow(failures.min(10));
        random::between(exponential / 2, exponential).min(random::between(CAP.0, CAP.1))
    }

    /// Tells a failure: loudly at first and from time to time, so that a long outage does not fill the log.
    pub(super) fn log(&self, error: &ApiError) {
        if self.failures < 3 || self.failures.is_multiple_of(10) {
            tracing::warn!("no control channel (attempt {}): {error}", self.failures + 1);
        } else {
            tracing::debug!("no control channel (attempt {}): {error}", self.failures + 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quick_first_then_slower_and_capped() {
        for _ in 0..50 {
            let mut backoff = Backoff::default();
            assert!(backoff.next_pause() <= QUICK);
            assert!((2500..=5000).contains(&backoff.next_pause().as_millis()));
            for _ in 0..20 {
                backoff.next_pause();
            }
            let late = backoff.next_pause();
            assert!((CAP.0..=CAP.1).contains(&late), "{late:?}");
        }
    }
}
