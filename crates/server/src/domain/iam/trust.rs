//! Whom a trust policy means. It names users and roles by ARN and means the very ones that have these ARNs when it is
//! written: who gets the name of one that was deleted is somebody else. So the unique ids are kept beside the document,
//! and an ARN whose id has changed stands for nobody any more. Not for: evaluating, or finding identities.

use muster_policy::{Policy, PrincipalRef};
use serde_json::Value;
use std::{borrow::Cow, collections::BTreeMap};

/// The ids that ARNs stood for, by ARN.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Bindings(BTreeMap<String, String>);

impl Bindings {
    /// As [`Bindings::to_json`] wrote them. What cannot be read binds nothing.
    pub(crate) fn from_json(json: &str) -> Self {
        Self(serde_json::from_str(json).unwrap_or_default())
    }

    /// As the store keeps them.
    pub(crate) fn to_json(&self) -> String {
        serde_json::to_string(&self.0).unwrap_or_else(|_| "{}".to_owned())
    }

    /// Notes which id an ARN stands for.
    pub(crate) fn bind(&mut self, arn: &str, id: &str) {
        self.0.insert(arn.to_owned(), id.to_owned());
    }

    /// ARNs with their ids.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(arn, id)| (arn.as_str(), id.as_str()))
    }

    /// The document as it reads for a caller with these ARNs and this unique id: an ARN that means another identity
    /// names nobody, and one that meant the caller before it was renamed names it still.
    pub(crate) fn for_caller<'d>(&self, document: &'d str, arns: &[&str], id: &str) -> Cow<'d, str> {
        let read = |arn: &str| {
            let bound = self.0.get(arn)?;
            match (arns.contains(&arn), bound == id) {
                (true, false) => Some(nobody(arn, bound)),
                // A session of the caller's role is not this caller; users alone change their names.
                (false, true) if is_user(arn) => arns.first().map(|arn| (*arn).to_owned()),
                _ => None,
            }
        };
        if self.0.keys().any(|arn| read(arn).is_some()) {
            rewritten(document, &read)
        } else {
            document.into()
        }
    }

    /// The document as callers read it, where `changed` says what stands in place of an ARN: the id of an identity that
    /// is gone, the ARN of one that was renamed.
    pub(crate) fn shown<'d>(document: &'d str, changed: &BTreeMap<String, String>) -> Cow<'d, str> {
        if changed.is_empty() {
            document.into()
        } else {
            rewritten(document, &|arn| changed.get(arn).cloned())
        }
    }
}

fn is_user(arn: &str) -> bool {
    identity(arn).is_some_and(|identity| identity.is_user)
}

/// An identity that a document names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Named<'a> {
    /// A whole account.
    Account(&'a str),
    /// A user, role or session, by its ARN.
    Identity(&'a str),
}

/// The identities that a document names, to be found or refused.
pub(crate) fn named(policy: &Policy) -> impl Iterator<Item = Named<'_>> {
    policy.principals().filter_map(|principal| match principal {
        PrincipalRef::Account(account) => Some(Named::Account(account)),
        PrincipalRef::Arn(arn) => Some(Named::Identity(arn)),
        _ => None,
    })
}

/// A user or role that an ARN speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct IdentityArn<'a> {
    /// Its account, as it stands there.
    pub(crate) account: &'a str,
    /// Whether it is a user; else a role.
    pub(crate) is_user: bool,
    /// `/` or `/a/b/`; none in ARNs of sessions.
    pub(crate) path: Option<&'a str>,
    /// Its name.
    pub(crate) name: &'a str,
}

/// Reads `…:iam::ACCOUNT:user/PATH/NAME`, `…:iam::ACCOUNT:role/PATH/NAME` or `…:sts::ACCOUNT:assumed-role/ROLE/SESSION`.
pub(crate) fn identity(arn: &str) -> Option<IdentityArn<'_>> {
    let mut parts = arn.splitn(6, ':');
    let ("arn", _, service, "", account, resource) =
        (parts.next()?, parts.next()?, parts.next()?, parts.next()?, parts.next()?, parts.next()?)
    else {
        return None;
    };
    let (kind, _) = resource.split_once('/')?;
    let rest = resource.get(kind.len()..)?;
    match (service, kind) {
        ("iam", "user" | "role") => {
            let end = rest.rfind('/')?;
            let (path, name) = (rest.get(..=end)?, rest.get(end + 1..)?);
            (!name.is_empty()).then_some(IdentityArn {
                account,
                is_user: kind == "user",
                path: Some(path),
                name,
            })
        }
        ("sts", "assumed-role") => {
            let (name, session) = rest.strip_prefix('/')?.split_once('/')?;
            let whole = !name.is_empty() && !session.is_empty() && !session.contains('/');
            whole.then_some(IdentityArn { account, is_user: false, path: None, name })
        }
        _ => None,
    }
}

/// A principal that no caller is: names have no colons.
fn nobody(arn: &str, id: &str) -> String {
    let account = arn.split(':').nth(4).unwrap_or_default();
    format!("arn:aws:iam::{account}:user/gone:{id}")
}

/// The document with principals replaced. One that cannot be read stays as it is: nobody wrote it who could.
fn rewritten<'d>(document: &'d str, replacement: &dyn Fn(&str) -> Option<String>) -> Cow<'d, str> {
    let Ok(mut value) = serde_json::from_str::<Value>(document) else { return document.into() };
    let statements = match value.get_mut("Statement") {
        Some(Value::Array(statements)) => statements.as_mut_slice(),
        Some(statement) => std::slice::from_mut(statement),
        None => &mut [],
    };
    let lists = statements.iter_mut().filter_map(|statement| statement.pointer_mut("/Principal/AWS"));
    for list in lists {
        let names = match list {
            Value::Array(names) => names.as_mut_slice(),
            name => std::slice::from_mut(name),
        };
        for name in names {
            if let Some(other) = name.as_str().and_then(replacement) {
                *name = Value::String(other);
            }
        }
    }
    value.to_string().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use muster_policy::Kind;

    const USER: &str = "arn:aws:iam::123456789012:user/a/bob";
    const ROLE: &str = "arn:aws:iam::123456789012:role/deploy";

    fn document() -> String {
        format!(
            r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{{"AWS":["{USER}","{ROLE}"]}},"Action":"sts:AssumeRole"}},{{"Effect":"Allow","Principal":{{"AWS":"{USER}","Service":"ssm.amazonaws.com"}},"Action":"sts:TagSession"}}]}}"#
        )
    }

    #[test]
    fn who_has_the_name_of_a_deleted_identity_is_not_meant() {
        let document = document();
        let mut bindings = Bindings::default();
        bindings.bind(USER, "AIDAOLD");
        bindings.bind(ROLE, "AROAOLD");
        assert_eq!(Bindings::from_json(&bindings.to_json()), bindings);

        assert_eq!(bindings.for_caller(&document, &[USER], "AIDAOLD"), document);
        assert_eq!(
            bindings.for_caller(&document, &["arn:aws:iam::123456789012:user/eve"], "AIDAEVE"),
            document
        );
        let read = bindings.for_caller(&document, &[USER], "AIDANEW");
        assert!(!read.contains(USER) && read.contains(ROLE), "{read}");
        assert_eq!(read.matches("arn:aws:iam::123456789012:user/gone:AIDAOLD").count(), 2);
        assert!(Policy::parse(&read, Kind::Trust).is_ok());

        let changed = BTreeMap::from([(ROLE.to_owned(), "AROAOLD".to_owned())]);
        assert_eq!(Bindings::shown(&document, &changed), document.replace(ROLE, "AROAOLD"));
        assert_eq!(Bindings::shown(&document, &BTreeMap::new()), document);
        assert_eq!(Bindings::from_json("nonsense"), Bindings::default());
    }

    #[test]
    fn a_renamed_user_is_meant_still_and_another_session_of_a_role_is_not() {
        let document = document();
        let mut bindings = Bindings::default();
        bindings.bind(USER, "AIDABOB");
        let renamed = "arn:aws:iam::123456789012:user/a/robert";
        assert_eq!(bindings.for_caller(&document, &[renamed], "AIDABOB"), document.replace(USER, renamed));

        let one = "arn:aws:sts::123456789012:assumed-role/deploy/one";
        let document = document.replace(USER, one);
        let mut bindings = Bindings::default();
        bindings.bind(one, "AROADEPLOY");
        let other = "arn:aws:sts::123456789012:assumed-role/deploy/other";
        assert_eq!(bindings.for_caller(&document, &[other, ROLE], "AROADEPLOY"), document);
    }

    #[test]
    fn identities_are_read_from_arns() {
        let of = |arn| identity(arn).map(|found| (found.is_user, found.path, found.name));
        assert_eq!(of(USER), Some((true, Some("/a/"), "bob")));
        assert_eq!(of(ROLE), Some((false, Some("/"), "deploy")));
        assert_eq!(of("arn:aws:sts::123456789012:assumed-role/r/s"), Some((false, None, "r")));
        for arn in [
            "arn:aws:iam::123456789012:root",
            "arn:aws:iam::123456789012:user/",
            "arn:aws:iam::123456789012:group/g",
            "arn:aws:sts::123456789012:assumed-role/r",
            "arn:aws:sts::123456789012:assumed-role/r/s/t",
            "arn:aws:sts::123456789012:federated-user/f",
            "AIDAOLD",
        ] {
            assert_eq!(identity(arn), None, "{arn}");
        }
    }

    #[test]
    fn a_document_names_accounts_and_identities() {
        let text = r#"{"Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":["123456789012","arn:aws:iam::210987654321:root","arn:aws:iam::123456789012:user/a/bob"],"Service":"ssm.amazonaws.com"}}}"#;
        let policy = Policy::parse(text, Kind::Trust).unwrap();
        let found: Vec<_> = named(&policy).collect();
        let expected =
            [Named::Account("123456789012"), Named::Account("210987654321"), Named::Identity(USER)];
        assert_eq!(found, expected);
    }
}
