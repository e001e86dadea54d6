//! Chance that can be repeated: the same seed, the same run. Not for: secrets.

use std::time::Duration;

/// `SplitMix64`: eight bytes of state, good enough for delays and shares.
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// From a seed; different seeds give unrelated rows.
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number.
    pub const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// From 0 up to, not including, 1.
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit")]
    pub fn share(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Whether something with this probability happens.
    pub fn happens(&mut self, share: f64) -> bool {
        share > 0.0 && self.share() < share
    }

    /// Between the two, evenly.
    pub fn between(&mut self, least: Duration, most: Duration) -> Duration {
        least + most.saturating_sub(least).mul_f64(self.share())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeats_and_stays_in_range() {
        let (mut one, mut same, mut other) = (Random::new(7), Random::new(7), Random::new(8));
        let row: Vec<u64> = (0..100).map(|_| one.next()).collect();
        assert_eq!(row, (0..100).map(|_| same.next()).collect::<Vec<_>>());
        assert_ne!(row, (0..100).map(|_| other.next()).collect::<Vec<_>>());
        let (least, most) = (Duration::from_millis(10), Duration::from_millis(20));
        assert!((0..1000).all(|_| (least..=most).contains(&one.between(least, most))));
        assert_eq!(one.between(most, most), most);
        let hits = (0..10_000).filter(|_| one.happens(0.3)).count();
        assert!((2_500..3_500).contains(&hits), "{hits}");
        assert!(!one.happens(0.0) && one.happens(1.0));
    }
}
