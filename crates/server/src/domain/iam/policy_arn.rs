//! ARNs that callers name managed policies by. Not for: whether there is such a policy.

/// Why an ARN names no policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PolicyArnError {
    /// It is no ARN at all.
    NoArn,
    /// It is the ARN of something else.
    NoPolicy,
}

/// Checks that an ARN is of the form `arn:PARTITION:iam::OWNER:policy/PATH/NAME`.
pub(crate) fn check(arn: &str) -> Result<(), PolicyArnError> {
    let mut parts = arn.splitn(6, ':');
    let mut next = || parts.next().ok_or(PolicyArnError::NoArn);
    let (scheme, _, service, region, owner, resource) =
        (next()?, next()?, next()?, next()?, next()?, next()?);
    if scheme != "arn" {
        return Err(PolicyArnError::NoArn);
    }
    let named = resource.strip_prefix("policy/").is_some_and(|name| !name.is_empty() && !name.ends_with('/'));
    if service == "iam" && region.is_empty() && !owner.is_empty() && named {
        Ok(())
    } else {
        Err(PolicyArnError::NoPolicy)
    }
}

/// The name in a policy's ARN: what stands behind the path.
pub(crate) fn name(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}

/// The path in a policy's ARN, with both slashes.
pub(crate) fn path(arn: &str) -> &str {
    let from = arn.find('/').unwrap_or(0);
    let to = arn.rfind('/').unwrap_or(0);
    arn.get(from..=to).unwrap_or("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_policies_have_arns_of_policies() {
        for arn in ["arn:aws:iam::123456789012:policy/a", "arn:aws:iam::aws:policy/service-role/A"] {
            assert_eq!(check(arn), Ok(()), "{arn}");
        }
        for arn in ["", "policy", "longpolicynamebutnoarn", "a:b:c:d:e:policy/x", "arn:aws:iam::1"] {
            assert_eq!(check(arn), Err(PolicyArnError::NoArn), "{arn}");
        }
        for arn in [
            "arn:aws:iam::123456789012:role/a",
            "arn:aws:iam:r:123456789012:policy/a",
            "arn:aws:s3::123456789012:policy/a",
            "arn:aws:iam:::policy/a",
            "arn:aws:iam::1:policy/",
            "arn:aws:iam::1:policy/a/",
        ] {
            assert_eq!(check(arn), Err(PolicyArnError::NoPolicy), "{arn}");
        }
    }

    #[test]
    fn path_and_name_are_parts_of_it() {
        for (arn, expected) in
            [("arn:aws:iam::1:policy/n", ("/", "n")), ("arn:aws:iam::1:policy/a/b/n", ("/a/b/", "n"))]
        {
            assert_eq!((path(arn), name(arn)), expected);
        }
    }
}
