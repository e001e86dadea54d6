//! The region: a name that the credential scope of a signature carries. Any name will do; no list of AWS's is kept.

use crate::newtype::identifier;

/// What the official agent accepts for its `-region` flag.
const MAX_LENGTH: usize = 100;

identifier! {
    /// Letters, digits and hyphens, 1 to 100 of them, the first not a hyphen.
    Region, "region", |text| {
        let well_formed = !text.is_empty()
            && text.len() <= MAX_LENGTH
            && !text.starts_with('-')
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        well_formed.then(|| text.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_any_well_formed_name() {
        for good in ["us-east-1", "eu-isoe-west-1", "home", "Rack7"] {
            assert_eq!(Region::parse(good).unwrap().as_str(), good);
        }
        for bad in ["", "-x", "us east", "a/b", "a.b", &"a".repeat(101)] {
            assert!(Region::parse(bad).is_err(), "{bad}");
        }
    }
}
