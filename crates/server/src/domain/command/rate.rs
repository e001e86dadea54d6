//! `MaxConcurrency` and `MaxErrors`: a number, or a share of the targets.

/// A number or a percentage, as a caller wrote it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rate {
    /// So many.
    Number(i64),
    /// So many of a hundred targets.
    Percent(i64),
}

impl Rate {
    /// Reads `10` or `10%`. The API's patterns were checked before; anything else is `None`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        match text.strip_suffix('%') {
            Some(percent) => {
                percent.parse().ok().filter(|percent| (0..=100).contains(percent)).map(Self::Percent)
            }
            None => text.parse().ok().filter(|number| *number >= 0).map(Self::Number),
        }
    }

    /// How many nodes may run at once: a share is rounded up, and at least one may.
    pub(crate) fn concurrency(self, targets: i64) -> i64 {
        match self {
            Self::Number(number) => number.max(1),
            Self::Percent(percent) => (targets.saturating_mul(percent) + 99).div_euclid(100).max(1),
        }
    }

    /// How many errors are borne: a share is rounded down.
    pub(crate) fn errors(self, targets: i64) -> i64 {
        match self {
            Self::Number(number) => number,
            Self::Percent(percent) => targets.saturating_mul(percent).div_euclid(100),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_shares() {
        for (text, targets, concurrency, errors) in [
            ("50", 10, 50, 50),
            ("1", 10, 1, 1),
            ("10%", 50, 5, 5),
            ("10%", 51, 6, 5),
            ("10%", 3, 1, 0),
            ("100%", 7, 7, 7),
            ("0", 7, 1, 0),
        ] {
            let rate = Rate::parse(text).unwrap();
            assert_eq!(
                (rate.concurrency(targets), rate.errors(targets)),
                (concurrency, errors),
                "{text} of {targets}"
            );
        }
        for wrong in ["", "x", "-1", "101%", "%"] {
            assert_eq!(Rate::parse(wrong), None, "{wrong}");
        }
    }
}
