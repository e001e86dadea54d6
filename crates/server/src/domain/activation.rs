//! Rules of hybrid activations: how long they live, which roles they may give, who may register under one.

use crate::config::Limits;
use aws_lc_rs::digest::{SHA256, digest};
use muster_store::activation::Activation;
use subtle::ConstantTimeEq as _;

/// Length of the codes that we hand out: the least that official agents accept. 119 random bits.
pub(crate) const CODE_LENGTH: usize = 20;

/// Registrations of an activation whose caller names no limit.
pub(crate) const DEFAULT_REGISTRATION_LIMIT: i64 = 1;

/// Why an expiration date is refused. AWS's texts are not known; these are ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ExpirationError {
    /// It is not in the future.
    #[error("The expiration date must be in the future.")]
    Past,
    /// An activation may not live so long.
    #[error("The expiration date must be within {days} days from now.")]
    TooFar {
        /// The longest life.
        days: i64,
    },
}

/// When an activation expires that is made now.
pub(crate) fn expiration(
    now_ms: i64,
    wanted_ms: Option<i64>,
    limits: &Limits,
) -> Result<i64, ExpirationError> {
    const DAY_MS: i64 = 24 * 3_600_000;
    let Some(wanted_ms) = wanted_ms else {
        return Ok(now_ms.saturating_add(limits.activation_default_lifetime_ms));
    };
    if wanted_ms <= now_ms {
        Err(ExpirationError::Past)
    } else if wanted_ms > now_ms.saturating_add(limits.activation_lifetime_ms) {
        Err(ExpirationError::TooFar { days: limits.activation_lifetime_ms / DAY_MS })
    } else {
        Ok(wanted_ms)
    }
}

/// Whether an activation may give this role: a name, or a path and a name (`service-role/Nodes`). ARNs are not
/// taken, as AWS does not.
pub(crate) fn is_role(role: &str) -> bool {
    let mut segments = role.rsplit('/');
    let name = segments.next().unwrap_or_default();
    let in_name = |byte: u8| byte.is_ascii_alphanumeric() || b"+=,.@_-".contains(&byte);
    let in_path = |byte: u8| byte.is_ascii_graphic() && byte != b':';
    let mut path = segments.peekable();
    // One leading slash is how IAM itself writes a path.
    let mut path_is_good = true;
    while let Some(segment) = path.next() {
        let leading = path.peek().is_none() && segment.is_empty();
        path_is_good &= leading || (!segment.is_empty() && segment.bytes().all(in_path));
    }
    !name.is_empty() && name.bytes().all(in_name) && path_is_good
}

/// What the store keeps of a code. A code is random through and through, so it needs no salt and no slow hash.
pub(crate) fn code_hash(code: &str) -> Vec<u8> {
    digest(&SHA256, code.as_bytes()).as_ref().to_vec()
}

/// Why a node may not register.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// There is no such activation, or its code is another: which of both is not told.
    Invalid,
    /// Its time is over.
    Expired,
    /// All its registrations were used.
    UsedUp,
}

/// Whether a node that shows a code of this hash may register now. Only who has the code learns more than
/// [`Refusal::Invalid`].
pub(crate) fn admit(activation: Option<&Activation>, code_hash: &[u8], now_ms: i64) -> Result<(), Refusal> {
    // The same work whether there is an activation or not.
    let kept = activation.map_or(&[0; 32][..], |activation| &activation.code_hash);
    let good = bool::from(kept.ct_eq(code_hash));
    let activation = activation.filter(|_| good).ok_or(Refusal::Invalid)?;
    if activation.expires_ms <= now_ms {
        Err(Refusal::Expired)
    } else if activation.registrations_count >= activation.registration_limit {
        Err(Refusal::UsedUp)
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use muster_ids::{AccountId, ActivationId, Region, Tenant};

    const DAY: i64 = 24 * 3_600_000;

    #[test]
    fn an_activation_lives_a_day_unless_told_otherwise() {
        let limits = Limits::default();
        for (wanted, expected) in [
            (None, Ok(1_000 + DAY)),
            (Some(1_001), Ok(1_001)),
            (Some(1_000 + 30 * DAY), Ok(1_000 + 30 * DAY)),
            (Some(1_001 + 30 * DAY), Err(ExpirationError::TooFar { days: 30 })),
            (Some(1_000), Err(ExpirationError::Past)),
            (Some(i64::MIN), Err(ExpirationError::Past)),
        ] {
            assert_eq!(expiration(1_000, wanted, &limits), expected, "{wanted:?}");
        }
    }

    #[test]
    fn roles_are_names_or_paths() {
        for good in ["Role", "service-role/Role", "/service-role/Role", "a/b/c_+=,.@-", "/Role"] {
            assert!(is_role(good), "{good}");
        }
        for bad in [
            "",
            "/",
            "a/",
            "a//b",
            "//a",
            "arn:aws:iam::1:role/R",
            "Röle",
            "a b",
            "a\u{0}",
            "a b/c",
            "a/b:c",
            "x:y/z",
        ] {
            assert!(!is_role(bad), "{bad}");
        }
    }

    #[test]
    fn only_who_has_the_code_learns_more() {
        let activation = |expires_ms, registrations_count| Activation {
            id: ActivationId::random(),
            tenant: Tenant::new(AccountId::parse("123456789012").unwrap(), Region::parse("r").unwrap()),
            code_hash: code_hash("code"),
            description: None,
            default_instance_name: None,
            iam_role: "role".to_owned(),
            registration_limit: 2,
            registrations_count,
            expires_ms,
            created_ms: 0,
            tags: Vec::new(),
            registration_metadata: Vec::new(),
        };
        let (good, bad) = (code_hash("code"), code_hash("other"));
        for (found, hash, expected) in [
            (Some(activation(11, 1)), &good, Ok(())),
            (Some(activation(10, 2)), &good, Err(Refusal::Expired)),
            (Some(activation(11, 2)), &good, Err(Refusal::UsedUp)),
            (Some(activation(10, 2)), &bad, Err(Refusal::Invalid)),
            (None, &good, Err(Refusal::Invalid)),
            (None, &vec![0; 32], Err(Refusal::Invalid)),
        ] {
            assert_eq!(admit(found.as_ref(), hash, 10), expected, "{found:?}");
        }
    }
}
