//! Which tags identities may have: keys differ by more than case, and those of AWS are its own. Their form (length,
//! characters, how many in one call) is the model's and was checked before.

use std::collections::BTreeSet;

/// Why tags are refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TagError {
    /// Two keys that are the same but for case.
    #[error("Duplicate tag keys found. Please note that Tag keys are case insensitive.")]
    Doubled,
    /// The prefix is AWS's.
    #[error("Tag keys starting with 'aws:' are reserved for system use.")]
    Reserved,
}

/// Checks tags that a caller gives.
pub(crate) fn check<'a>(keys: impl IntoIterator<Item = &'a str>) -> Result<(), TagError> {
    let mut seen = BTreeSet::new();
    for key in keys {
        let folded = key.to_lowercase();
        if folded.starts_with("aws:") {
            return Err(TagError::Reserved);
        }
        if !seen.insert(folded) {
            return Err(TagError::Doubled);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_differ_by_more_than_case_and_are_not_of_aws() {
        assert_eq!(check(["a", "b", "awsome"]), Ok(()));
        assert_eq!(check(["a", "A"]), Err(TagError::Doubled));
        assert_eq!(check(["x", "AWS:y"]), Err(TagError::Reserved));
    }
}
