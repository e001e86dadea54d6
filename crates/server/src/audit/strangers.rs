//! How many calls of strangers are recorded: whoever can reach the port may otherwise fill the disk. Not for: limits
//! on the calls themselves.

/// A bucket that holds a minute's worth.
#[derive(Debug)]
pub(super) struct Strangers {
    per_minute: u32,
    /// Calls that may still be recorded, in sixty-thousandths.
    left: i64,
    filled_ms: i64,
    turned_away: u64,
}

const MINUTE_MS: i64 = 60_000;

impl Strangers {
    pub(super) fn new(per_minute: u32) -> Self {
        Self { per_minute, left: i64::from(per_minute) * MINUTE_MS, filled_ms: 0, turned_away: 0 }
    }

    /// Whether one more may be recorded: then how many were not since the last one.
    pub(super) fn admit(&mut self, now_ms: i64) -> Option<u64> {
        let rate = i64::from(self.per_minute);
        let passed = (now_ms - self.filled_ms).clamp(0, MINUTE_MS);
        self.filled_ms = now_ms;
        self.left = (self.left + passed * rate).min(rate * MINUTE_MS);
        if self.left < MINUTE_MS {
            self.turned_away += 1;
            return None;
        }
        self.left -= MINUTE_MS;
        Some(std::mem::take(&mut self.turned_away))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minutes_worth_then_as_many_as_time_passes() {
        let mut strangers = Strangers::new(60);
        let admitted = (0..100).filter(|_| strangers.admit(1_000_000).is_some()).count();
        assert_eq!(admitted, 60);
        assert_eq!(strangers.admit(1_001_000), Some(40), "and it is told how many were not");
        assert_eq!(strangers.admit(1_001_000), None);
        assert_eq!(strangers.admit(900_000), None, "a clock that goes back gives nothing");
        assert!(strangers.admit(2_000_000).is_some());
        assert_eq!(Strangers::new(0).admit(5), None);
    }
}
