//! Randomness for jitter. Not for keys or ids: those have their own sources.

use std::time::Duration;

/// A whole number below `bound` (0 when `bound` is 0). Slightly uneven for huge bounds, which jitter does not mind.
pub(crate) fn below(bound: u64) -> u64 {
    let mut bytes = [0; 8];
    // Without randomness there is no jitter, and nothing worse.
    let _ = aws_lc_rs::rand::fill(&mut bytes);
    u64::from_le_bytes(bytes).checked_rem(bound).unwrap_or(0)
}

/// A duration between `low` and `high`.
pub(crate) fn between(low: Duration, high: Duration) -> Duration {
    let span = high.saturating_sub(low).as_millis();
    low.saturating_add(Duration::from_millis(below(
        u64::try_from(span).unwrap_or(u64::MAX).saturating_add(1),
    )))
}
