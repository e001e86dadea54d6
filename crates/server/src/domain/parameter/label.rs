//! What a label may look like.

/// Labels that can stand on a version; the model's length was checked before.
pub(crate) fn is_label(text: &str) -> bool {
    let reserved = |prefix: &str| text.get(..3).is_some_and(|start| start.eq_ignore_ascii_case(prefix));
    let letters = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
    letters
        && text.bytes().next().is_some_and(|first| !first.is_ascii_digit())
        && !reserved("aws")
        && !reserved("ssm")
}

#[cfg(test)]
mod tests {
    use super::is_label;

    #[test]
    fn labels_as_documented() {
        for good in ["prod", "Prod_1", ".x", "-", "_", "a-b.c", "aw", "xaws"] {
            assert!(is_label(good), "{good}");
        }
        for bad in ["", "1a", "9", "aws", "AWSx", "ssm-1", "SsM", "a b", "a/b", "a:b", "ä", "a\0"] {
            assert!(!is_label(bad), "{bad}");
        }
    }
}
