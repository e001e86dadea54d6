//! The ways to name a key: its id, its ARN, an alias, an alias's ARN. Not for: whether there is such a key.

use muster_ids::{AccountId, KeyId, Region, Tenant};

/// What begins every alias.
pub(crate) const ALIAS: &str = "alias/";

/// A key by one of its names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Reference {
    /// A key's id, in the tenant at hand.
    Id(KeyId),
    /// A key's ARN.
    Arn(Tenant, KeyId),
    /// An alias with `alias/` in front, in the tenant at hand.
    Alias(String),
    /// An alias's ARN.
    AliasArn(Tenant, String),
}

/// Why a text names no key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum NoReference {
    /// Neither an id nor an ARN nor an alias.
    Id,
    /// An ARN that is none.
    Arn,
    /// An ARN of another region than the one asked.
    Region(String),
    /// A key's ARN, whose id is none.
    Unknown(Tenant),
}

impl Reference {
    /// Reads a name, as it is given to this region.
    ///
    /// # Errors
    /// Why it is none.
    pub(crate) fn parse(text: &str, region: &Region) -> Result<Self, NoReference> {
        if let Some(rest) = text.strip_prefix("arn:") {
            return Self::arn(rest, region);
        }
        if text.starts_with(ALIAS) {
            return Ok(Self::Alias(text.to_owned()));
        }
        KeyId::parse(text).map(Self::Id).map_err(|_| NoReference::Id)
    }

    fn arn(rest: &str, here: &Region) -> Result<Self, NoReference> {
        let mut parts = rest.splitn(5, ':');
        let mut part = || parts.next().ok_or(NoReference::Arn);
        let (_partition, service, region, account, resource) = (part()?, part()?, part()?, part()?, part()?);
        if service != "kms" {
            return Err(NoReference::Arn);
        }
        let account = AccountId::parse(account).map_err(|_| NoReference::Arn)?;
        if region != here.as_str() {
            return Err(NoReference::Region(region.to_owned()));
        }
        let tenant = Tenant::new(account, here.clone());
        if resource.starts_with(ALIAS) {
            return Ok(Self::AliasArn(tenant, resource.to_owned()));
        }
        let id = resource.strip_prefix("key/").ok_or(NoReference::Arn)?;
        match KeyId::parse(id) {
            Ok(id) => Ok(Self::Arn(tenant, id)),
            Err(_) => Err(NoReference::Unknown(tenant)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::tenant;

    const ID: &str = "11111111-2222-3333-4444-555555555555";

    #[test]
    fn every_name_is_read_and_nothing_else() {
        let here = tenant("us-east-1");
        let parse = |text: &str| Reference::parse(text, &here.region);
        let id = KeyId::parse(ID).unwrap();
        assert_eq!(parse(ID), Ok(Reference::Id(id.clone())));
        assert_eq!(parse("alias/a/b"), Ok(Reference::Alias("alias/a/b".to_owned())));
        let arn = |resource: &str| format!("arn:aws:kms:us-east-1:123456789012:{resource}");
        assert_eq!(parse(&arn(&format!("key/{ID}"))), Ok(Reference::Arn(here.clone(), id)));
        let alias = Reference::AliasArn(here.clone(), "alias/x".to_owned());
        assert_eq!(parse(&arn("alias/x")), Ok(alias));
        for (text, expected) in [
            ("nonsense".to_owned(), NoReference::Id),
            ("ALIAS/x".to_owned(), NoReference::Id),
            ("arn:aws:kms".to_owned(), NoReference::Arn),
            (arn(ID), NoReference::Arn),
            (arn("key/x"), NoReference::Unknown(here.clone())),
            (arn("key/x").replace("kms", "s3"), NoReference::Arn),
            (arn("key/x").replace("123456789012", "x"), NoReference::Arn),
            (arn("key/x").replace("us-east-1", "us-west-1"), NoReference::Region("us-west-1".to_owned())),
        ] {
            assert_eq!(parse(&text), Err(expected), "{text}");
        }
    }
}
