//! Which tags a caller may set. Their form (length, characters) is the model's and was checked before.

/// Keys of AWS's own, in any case.
const RESERVED: &str = "aws:";

/// Why tags are refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TagError {
    /// The prefix is AWS's. Its text on ssm is not known; this is ours.
    #[error("Tag keys that begin with aws: are reserved for system use.")]
    Reserved,
    /// More than a resource may have.
    #[error("A resource may have at most {0} tags.")]
    TooMany(usize),
}

/// Checks keys that a caller wants to set or to remove.
pub(crate) fn check_keys<'a>(keys: impl IntoIterator<Item = &'a str>) -> Result<(), TagError> {
    let reserved =
        |key: &str| key.get(..RESERVED.len()).is_some_and(|start| start.eq_ignore_ascii_case(RESERVED));
    if keys.into_iter().any(reserved) { Err(TagError::Reserved) } else { Ok(()) }
}

/// Checks the tags of a new resource; `keys` may name one twice, which then counts once.
pub(crate) fn check_new<'a>(keys: impl IntoIterator<Item = &'a str>, limit: usize) -> Result<(), TagError> {
    let distinct: std::collections::BTreeSet<&str> = keys.into_iter().collect();
    check_keys(distinct.iter().copied())?;
    if distinct.len() > limit { Err(TagError::TooMany(limit)) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_aws_are_reserved_in_any_case() {
        for key in ["aws:", "aws:createdBy", "AWS:x", "Aws:x"] {
            assert_eq!(check_keys(["ok", key]), Err(TagError::Reserved), "{key}");
        }
        for key in ["aws", "awsome:x", "x-aws:", "ä", "", "aw\u{17f}:"] {
            assert_eq!(check_keys([key]), Ok(()), "{key}");
        }
    }

    #[test]
    fn the_limit_counts_keys_once() {
        assert_eq!(check_new(["a", "b", "a"], 2), Ok(()));
        assert_eq!(check_new(["a", "b", "c"], 2), Err(TagError::TooMany(2)));
    }
}
