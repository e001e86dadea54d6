//! Rules of sessions of roles: which tags they carry, how long they last, how much they may carry along. Not for: who
//! may assume a role.

use std::collections::HashSet;

/// Longest session of a role that was assumed with a session of another, seconds.
const LONGEST_CHAINED: i64 = 3_600;
/// Of who names no duration, seconds.
const DEFAULT_SECONDS: i64 = 3_600;
/// Bytes of session policies and tags, packed: what keeps tokens under 2 KiB. AWS does not tell its own limit.
const MOST_PACKED: usize = 1_200;
/// Keys of AWS's own, in any case.
const RESERVED: &str = "aws:";

/// Why a duration is refused, in AWS's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum DurationError {
    /// The role's own limit.
    #[error("The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")]
    OverRole,
    /// A session makes another.
    #[error(
        "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining."
    )]
    OverChain,
}

/// How long a session lasts, seconds.
pub(crate) fn duration(wanted: Option<i64>, longest: i64, chained: bool) -> Result<i64, DurationError> {
    let seconds = wanted.unwrap_or(DEFAULT_SECONDS);
    if chained && seconds > LONGEST_CHAINED {
        Err(DurationError::OverChain)
    } else if seconds > longest {
        Err(DurationError::OverRole)
    } else {
        Ok(seconds)
    }
}

/// Why session tags are refused, in AWS's words where they are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TagsError {
    /// A key comes twice.
    #[error("Duplicate tag keys found. Please note that Tag keys are case insensitive.")]
    Duplicate,
    /// A transitive key that is no tag.
    #[error("The specified transitive tag key must be included in the requested tags.")]
    NotATag,
    /// The session before handed it down.
    #[error(
        "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from \
         the calling session."
    )]
    Inherited,
    /// The prefix is AWS's.
    #[error("Tag keys that begin with aws: are reserved for system use.")]
    Reserved,
}

/// Tags of a session.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct SessionTags {
    /// All of them.
    pub(crate) tags: Vec<(String, String)>,
    /// Keys of those that are handed down.
    pub(crate) transitive: Vec<String>,
}

/// What a new session carries: the tags it asks for, and those that the session before hands down.
pub(crate) fn tags(
    asked: Vec<(String, String)>,
    transitive: Vec<String>,
    before: &SessionTags,
) -> Result<SessionTags, TagsError> {
    let lower = |key: &str| key.to_lowercase();
    let mut keys = HashSet::new();
    for (key, _) in &asked {
        if key.get(..RESERVED.len()).is_some_and(|start| start.eq_ignore_ascii_case(RESERVED)) {
            return Err(TagsError::Reserved);
        }
        if !keys.insert(lower(key)) {
            return Err(TagsError::Duplicate);
        }
    }
    if !transitive.iter().all(|key| keys.contains(&lower(key))) {
        return Err(TagsError::NotATag);
    }
    if before.transitive.iter().any(|key| keys.contains(&lower(key))) {
        return Err(TagsError::Inherited);
    }
    let handed_down: HashSet<String> = before.transitive.iter().map(|key| lower(key)).collect();
    let inherited = before.tags.iter().filter(|(key, _)| handed_down.contains(&lower(key))).cloned();
    let mut all = SessionTags { tags: asked, transitive };
    all.tags.extend(inherited);
    all.transitive.extend(before.transitive.iter().cloned());
    Ok(all)
}

/// How much of what may be carried along these packed bytes are, per cent, rounded up.
pub(crate) fn packed_size(bytes: usize) -> usize {
    (bytes * 100).div_ceil(MOST_PACKED)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    fn keys(keys: &[&str]) -> Vec<String> {
        keys.iter().map(|key| (*key).to_owned()).collect()
    }

    #[test]
    fn durations() {
        assert_eq!(duration(None, 43_200, false), Ok(3600));
        assert_eq!(duration(None, 3600, true), Ok(3600));
        assert_eq!(duration(Some(43_200), 43_200, false), Ok(43_200));
        assert_eq!(duration(Some(3601), 3600, false), Err(DurationError::OverRole));
        assert_eq!(duration(Some(3601), 43_200, true), Err(DurationError::OverChain));
    }

    #[test]
    fn transitive_tags_are_handed_down() {
        let none = SessionTags::default();
        let first = tags(pairs(&[("Team", "a"), ("Cost", "1")]), keys(&["team"]), &none).unwrap();
        assert_eq!(first.tags, pairs(&[("Team", "a"), ("Cost", "1")]));
        let second = tags(pairs(&[("Cost", "2")]), keys(&["Cost"]), &first).unwrap();
        assert_eq!(second.tags, pairs(&[("Cost", "2"), ("Team", "a")]));
        let third = tags(Vec::new(), Vec::new(), &second).unwrap();
        assert_eq!(third.tags, pairs(&[("Cost", "2"), ("Team", "a")]));
        assert_eq!(tags(pairs(&[("TEAM", "b")]), Vec::new(), &third), Err(TagsError::Inherited));
    }

    #[test]
    fn what_is_refused() {
        let none = SessionTags::default();
        assert_eq!(tags(pairs(&[("a", ""), ("A", "")]), Vec::new(), &none), Err(TagsError::Duplicate));
        assert_eq!(tags(pairs(&[("a", "")]), keys(&["b"]), &none), Err(TagsError::NotATag));
        assert_eq!(tags(pairs(&[("Aws:x", "")]), Vec::new(), &none), Err(TagsError::Reserved));
    }

    #[test]
    fn sizes_are_rounded_up() {
        assert_eq!([0, 1, 1_200, 1_201].map(packed_size), [0, 1, 100, 101]);
    }
}
