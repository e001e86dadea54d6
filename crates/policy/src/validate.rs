//! What a document must and must not have, and AWS's words for it. Identity-based documents are checked by IAM's own
//! parser; role trust policies and policies of resources answer with other words. Not for: compiling.

use crate::{
    Kind, PolicyError, Position, Version,
    condition::Condition,
    draft::Draft,
    json::{object, offset, one_or_many, string},
    position::Places,
};
use serde_json::value::RawValue;
use std::collections::HashSet;

/// A document's text, for errors that say where.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Page<'a> {
    pub(crate) text: &'a str,
    pub(crate) kind: Kind,
}

impl<'a> Page<'a> {
    /// The words for a value that is against the grammar, or stands under a name that is.
    pub(crate) fn syntax(self, value: &RawValue) -> PolicyError {
        // AWS's parser has read the first character of the value.
        self.syntax_at(offset(self.text, value).saturating_add(1))
    }

    fn syntax_at(self, offset: usize) -> PolicyError {
        if !self.kind.has_principal() {
            return PolicyError::SYNTAX;
        }
        let Position { line, column } = Places::new(self.text).at(offset);
        PolicyError::made(format!("Syntax error at position ({line},{column})"))
    }

    /// Reads the outermost object.
    pub(crate) fn document(self) -> Result<Document<'a>, PolicyError> {
        if self.text.starts_with(|first: char| first.is_ascii_whitespace()) {
            return Err(PolicyError::fixed("JSON strings must not have leading spaces"));
        }
        let of_resource = self.kind.has_principal();
        let Some(members) = object(self.text) else {
            return Err(match self.text.trim_end() {
                _ if !of_resource => PolicyError::SYNTAX,
                "null" => PolicyError::fixed("This text appears not to be a policy"),
                _ => PolicyError::fixed("This policy contains invalid Json"),
            });
        };
        let (mut version, mut statements) = (Version::V2008, None);
        for (name, value) in members {
            match &*name {
                "Version" => {
                    version = match string(value).as_deref() {
                        Some("2008-10-17") => Version::V2008,
                        Some("2012-10-17") => Version::V2012,
                        _ if of_resource => {
                            return Err(PolicyError::fixed("The policy must contain a valid version string"));
                        }
                        _ => return Err(PolicyError::SYNTAX),
                    };
                }
                "Id" if string(value).is_some() => {}
                "Statement" => statements = Some(one_or_many(value).ok_or_else(|| self.syntax(value))?),
                _ => return Err(self.syntax(value)),
            }
        }
        match statements {
            Some(statements) if !statements.is_empty() => Ok(Document { version, statements }),
            Some(_) if of_resource => {
                Err(PolicyError::fixed("Could not parse the policy: Statement is empty!"))
            }
            _ => Err(self.syntax_at(self.text.trim_end().len())),
        }
    }
}

/// The parts of a document.
pub(crate) struct Document<'a> {
    pub(crate) version: Version,
    pub(crate) statements: Vec<&'a RawValue>,
}

/// Checks the statements.
pub(crate) fn drafts(drafts: &[Draft<'_>], kind: Kind) -> Result<(), PolicyError> {
    if kind.has_principal() { attached_to_resource(drafts, kind) } else { attached_to_identity(drafts) }
}

fn attached_to_identity(drafts: &[Draft<'_>]) -> Result<(), PolicyError> {
    let effect = |draft: &Draft<'_>| draft.effect.clone().ok_or(PolicyError::SYNTAX);
    for draft in drafts {
        let effect = effect(draft)?;
        if !effect.eq_ignore_ascii_case("Allow") && !effect.eq_ignore_ascii_case("Deny") {
            return Err(PolicyError::SYNTAX);
        }
    }
    if drafts.iter().any(|draft| draft.principal.is_some()) {
        return Err(PolicyError::fixed("Policy document should not specify a principal."));
    }
    let resources = || drafts.iter().filter_map(|draft| draft.resources.as_ref()).flat_map(|(_, list)| list);
    let bad_resource = resources().find_map(|text| resource(text).err());
    for draft in drafts {
        if !matches!(&*effect(draft)?, "Allow" | "Deny") {
            return Err(PolicyError::LEGACY);
        }
    }
    values(drafts)?;
    if bad_resource.is_none() && resources().any(|text| !legacy_resource(text)) {
        return Err(PolicyError::LEGACY);
    }
    sids(drafts, "Statement IDs (SID) in a single policy must be unique.")?;
    if drafts
        .iter()
        .filter_map(|draft| draft.sid.as_ref())
        .any(|sid| !sid.bytes().all(|byte| byte.is_ascii_alphanumeric()))
    {
        return Err(PolicyError::fixed(
            "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*",
        ));
    }
    if !drafts.iter().all(|draft| draft.actions.as_ref().is_some_and(|(_, list)| !list.is_empty())) {
        return Err(PolicyError::fixed("Policy statement must contain actions."));
    }
    for action in drafts.iter().filter_map(|draft| draft.actions.as_ref()).flat_map(|(_, list)| list) {
        self::action(action)?;
    }
    if !drafts.iter().all(|draft| draft.resources.as_ref().is_some_and(|(_, list)| !list.is_empty())) {
        return Err(PolicyError::fixed("Policy statement must contain resources."));
    }
    bad_resource.map_or(Ok(()), Err)
}

fn attached_to_resource(drafts: &[Draft<'_>], kind: Kind) -> Result<(), PolicyError> {
    let missing = |field: &str| Err(PolicyError::made(format!("Missing required field {field}")));
    for draft in drafts {
        match draft.effect.as_deref() {
            Some("Allow" | "Deny") => {}
            Some(effect) => return Err(PolicyError::made(format!("Invalid effect: {effect}"))),
            None => return missing("Effect"),
        }
        match draft.principal {
            Some((true, _)) if kind == Kind::Trust => {
                return Err(PolicyError::fixed(if draft.effect.as_deref() == Some("Allow") {
                    "Allow with NotPrincipal is not allowed."
                } else {
                    "AssumeRole policy must not contain NotPrincipal field."
                }));
            }
            Some(_) => {}
            None => return missing("Principal"),
        }
        let Some((_, actions)) = draft.actions.as_ref().filter(|(_, list)| !list.is_empty()) else {
            return missing("Action");
        };
        for action in actions {
            self::action(action)?;
            if kind == Kind::Trust
                && !action.get(..4).is_some_and(|vendor| vendor.eq_ignore_ascii_case("sts:"))
            {
                return Err(PolicyError::fixed("AssumeRole policy may only specify STS AssumeRole actions."));
            }
        }
        match (&draft.resources, kind) {
            (Some((false, _)), Kind::Trust) => {
                return Err(PolicyError::fixed("Has prohibited field Resource"));
            }
            (Some((true, _)), Kind::Trust) => {
                return Err(PolicyError::fixed("AssumeRole policy must not contain resources."));
            }
            (None, Kind::Trust) => {}
            (Some((_, list)), _) if !list.is_empty() => list.iter().try_for_each(|text| resource(text))?,
            _ => return missing("Resource"),
        }
    }
    sids(drafts, "The Statement Ids in the policy are not unique")
}

fn sids(drafts: &[Draft<'_>], text: &'static str) -> Result<(), PolicyError> {
    let mut seen = HashSet::new();
    let sids = drafts.iter().filter_map(|draft| draft.sid.as_deref()).filter(|sid| !sid.is_empty());
    for sid in sids {
        if !seen.insert(sid) {
            return Err(PolicyError::fixed(text));
        }
    }
    Ok(())
}

/// Compiling refuses what is no date, number or address; here it comes before what is checked later.
fn values(drafts: &[Draft<'_>]) -> Result<(), PolicyError> {
    for (operator, key, values) in drafts.iter().flat_map(|draft| &draft.conditions) {
        Condition::compile(*operator, key, values, Version::V2008)?;
    }
    Ok(())
}

fn action(text: &str) -> Result<(), PolicyError> {
    let mut parts = text.split(':');
    let vendor = parts.next().unwrap_or_default();
    match (parts.next(), parts.next()) {
        (None, _) if vendor == "*" => Ok(()),
        (None, _) => Err(PolicyError::fixed(
            "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.",
        )),
        (Some(_), Some(_)) => Err(PolicyError::fixed("Actions/Condition can contain only one colon.")),
        (Some(_), None)
            if vendor == "*"
                || vendor.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.')) =>
        {
            Ok(())
        }
        (Some(_), None) => Err(PolicyError::made(format!("Vendor {vendor} is not valid"))),
    }
}

/// What the resource part of an ARN of IAM begins with.
const IAM_PATHS: &[&str] = &[
    "user/",
    "federated-user/",
    "role/",
    "group/",
    "instance-profile/",
    "mfa/",
    "server-certificate/",
    "policy/",
    "sms-mfa/",
    "saml-provider/",
    "oidc-provider/",
    "report/",
    "access-report/",
];

fn resource(text: &str) -> Result<(), PolicyError> {
    if text == "*" {
        return Ok(());
    }
    let Some((_, rest)) = text.split_once(':') else {
        return Err(PolicyError::made(format!("Resource {text} must be in ARN format or \"*\".")));
    };
    let (partition, rest) =
        rest.split_once(':').map_or((rest, None), |(partition, rest)| (partition, Some(rest)));
    if !(partition == "aws" || partition == "*" || partition.starts_with("aws-") || partition == "aws*") {
        let mut parts = rest.filter(|rest| !rest.is_empty()).into_iter().flat_map(|rest| rest.splitn(4, ':'));
        let mut part = || parts.next().unwrap_or("*");
        let (service, region, account, name) = (part(), part(), part(), part());
        return Err(PolicyError::made(format!(
            "Partition \"{partition}\" is not valid for resource \"arn:{partition}:{service}:{region}:{account}:{name}\"."
        )));
    }
    let Some(rest) = rest else {
        return Err(PolicyError::fixed(
            "Resource vendor must be fully qualified and cannot contain regexes.",
        ));
    };
    let mut parts = rest.splitn(4, ':');
    let mut part = || parts.next().unwrap_or_default();
    let (service, region, account, name) = (part(), part(), part(), part());
    match service {
        "iam" if !region.is_empty() && region != "*" => {
            Err(PolicyError::made(format!("IAM resource {text} cannot contain region information.")))
        }
        "s3" if !region.is_empty() && region != "*" && account.is_empty() => {
            Err(PolicyError::made(format!("Resource {text} can not contain region information.")))
        }
        "iam" if !iam_path(name) && !rest.ends_with('*') => Err(PolicyError::made(format!(
            "IAM resource path must either be \"*\" or start with {}.",
            IAM_PATHS.join(", ")
        ))),
        _ => Ok(()),
    }
}

fn iam_path(name: &str) -> bool {
    // `user*` may be any of the paths that go on from there.
    let plain = name.split(['*', '?', '$']).next().unwrap_or_default();
    name == "root"
        || IAM_PATHS
            .iter()
            .any(|path| name.starts_with(path) || (plain.len() < name.len() && path.starts_with(plain)))
}

/// What IAM's first parser wants of an ARN.
fn legacy_resource(text: &str) -> bool {
    text == "*"
        || ((text.matches(':').count() >= 5 || !text.contains("::"))
            && text.split(':').nth(2).is_some_and(|service| !service.is_empty()))
}
