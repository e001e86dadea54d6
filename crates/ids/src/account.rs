//! The account: the outer half of a tenant. Not for: names or settings of an account.

use crate::newtype::identifier;

identifier! {
    /// Twelve decimal digits.
    AccountId, "account id", |text| {
        (text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_twelve_digits_alone() {
        assert_eq!(AccountId::parse("000000000000").unwrap().as_str(), "000000000000");
        for bad in ["", "00000000000", "0000000000000", "00000000000a", "٠٠٠٠٠٠"] {
            assert!(AccountId::parse(bad).is_err(), "{bad}");
        }
    }
}
