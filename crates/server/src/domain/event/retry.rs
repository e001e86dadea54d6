//! When an attempt that failed is made again: the phases of SNS's delivery policies, of which the policy of webhooks is one.

use serde::{Deserialize, Serialize};

/// How the waits grow from the least to the most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Backoff {
    /// By the same amount.
    Linear,
    /// By an amount that grows by the same amount.
    Arithmetic,
    /// By the same factor.
    Geometric,
    /// As a power of two.
    Exponential,
}

/// A policy: first retries without a wait, then with the least, then with growing waits, then with the most.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RetryPolicy {
    /// Retries at once.
    pub(crate) no_delay: u32,
    /// Retries after the least wait.
    pub(crate) min_delay: u32,
    /// Retries after growing waits.
    pub(crate) growing: u32,
    /// Retries after the longest wait.
    pub(crate) max_delay: u32,
    /// The least wait, milliseconds.
    pub(crate) min_ms: u64,
    /// The longest, milliseconds.
    pub(crate) max_ms: u64,
    /// How they grow.
    pub(crate) backoff: Backoff,
}

impl RetryPolicy {
    /// The wait before the retry that follows attempt number `attempts`, from 1; none if there is no further one.
    /// `chance` in 0..1 shortens waits by up to a quarter, so that many recipients do not come back together.
    pub(crate) fn wait_ms(&self, attempts: i64, chance: f64) -> Option<i64> {
        let retry = u32::try_from(attempts).ok()?;
        let before_growing = self.no_delay.saturating_add(self.min_delay);
        let before_max = before_growing.saturating_add(self.growing);
        let wait = if retry <= self.no_delay {
            0
        } else if retry <= before_growing {
            self.min_ms
        } else if retry <= before_max {
            self.grown(retry - before_growing)
        } else if retry <= before_max.saturating_add(self.max_delay) {
            self.max_ms
        } else {
            return None;
        };
        let shortened = wait as f64 * (1.0 - chance.clamp(0.0, 1.0) / 4.0);
        Some(shortened as i64)
    }

    /// The `step`th growing wait: the first is the least, the last the most.
    fn grown(&self, step: u32) -> u64 {
        let (min, max) = (self.min_ms as f64, self.max_ms.max(self.min_ms) as f64);
        let steps = f64::from(self.growing.saturating_sub(1).max(1));
        let at = f64::from(step.saturating_sub(1)) / steps;
        let wait = match self.backoff {
            Backoff::Linear => min + (max - min) * at,
            Backoff::Arithmetic => {
                let nth = f64::from(step.saturating_sub(1));
                min + (max - min) * (nth * (nth + 1.0)) / (steps * (steps + 1.0))
            }
            Backoff::Geometric => min.max(1.0) * (max / min.max(1.0)).powf(at),
            // By doubling, however many steps there are.
            Backoff::Exponential => min.max(1.0) * 2f64.powi(i32::try_from(step).unwrap_or(i32::MAX) - 1),
        };
        wait.min(max) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn policy(backoff: Backoff) -> RetryPolicy {
        RetryPolicy { no_delay: 1, min_delay: 2, growing: 4, max_delay: 1, min_ms: 100, max_ms: 700, backoff }
    }

    fn waits(policy: &RetryPolicy) -> Vec<i64> {
        (1..).map_while(|attempts| policy.wait_ms(attempts, 0.0)).collect()
    }

    #[test]
    fn waits_follow_the_phases() {
        assert_eq!(waits(&policy(Backoff::Linear)), [0, 100, 100, 100, 300, 500, 700, 700]);
        assert_eq!(waits(&policy(Backoff::Exponential)), [0, 100, 100, 100, 200, 400, 700, 700]);
        assert_eq!(waits(&policy(Backoff::Arithmetic)), [0, 100, 100, 100, 200, 400, 700, 700]);
        assert_eq!(waits(&policy(Backoff::Geometric)), [0, 100, 100, 100, 191, 365, 700, 700]);
    }

    proptest! {
        #[test]
        fn every_policy_ends_and_keeps_its_bounds(
            phases in [0u32..200, 0u32..200, 0u32..200, 0u32..200],
            min_ms in 0u64..4_000_000, more in 0u64..4_000_000, which in 0usize..4, chance in 0f64..1.0,
        ) {
            let backoff = [Backoff::Linear, Backoff::Arithmetic, Backoff::Geometric, Backoff::Exponential][which];
            let [no_delay, min_delay, growing, max_delay] = phases;
            let max_ms = min_ms + more;
            let policy = RetryPolicy { no_delay, min_delay, growing, max_delay, min_ms, max_ms, backoff };
            let all: u32 = phases.iter().sum();
            for attempts in 1..=all {
                let wait = policy.wait_ms(i64::from(attempts), chance).unwrap();
                prop_assert!(wait >= 0 && wait <= max_ms as i64);
                prop_assert!(attempts <= no_delay || wait as f64 >= min_ms as f64 * 0.74 - 1.0);
            }
            prop_assert_eq!(policy.wait_ms(i64::from(all) + 1, chance), None);
        }
    }
}
