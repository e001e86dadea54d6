//! Who called, in CloudTrail's forms of `userIdentity`. Not for: who may do what.

use super::redaction::push_text;
use crate::context::{Principal, RoleSession, User};
use jiff::Timestamp;
use muster_ids::{AccountId, ManagedNodeId, Tenant};
use serde::Deserialize;
use std::borrow::Cow;

/// Who called, as far as it is known.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Caller<'a> {
    /// The signature was good, or none was needed.
    Proven(&'a Principal),
    /// It was not. The access key that the caller named, if it named any.
    Unproven(Option<&'a str>),
    /// The server itself.
    Server,
}

impl Caller<'_> {
    /// Writes the whole of `userIdentity`.
    pub(super) fn write(self, out: &mut Vec<u8>) {
        match self {
            Self::Proven(principal @ Principal::Root { account, access_key_id, issued_ms }) => {
                begin(out, "Root", account.as_str(), &principal.arn(), account);
                text(out, ",\"accessKeyId\":", access_key_id);
                write_session(out, *issued_ms);
            }
            Self::Proven(Principal::User(user)) => write_user(out, user),
            Self::Proven(Principal::Role(role)) => write_role(out, role),
            Self::Proven(principal @ Principal::Node { tenant, role, role_id, issued_ms, .. }) => {
                write_node(out, principal, tenant, role, role_id.as_deref(), *issued_ms);
            }
            Self::Proven(Principal::Anonymous) => out.extend_from_slice(
                br#"{"type":"AWSAccount","principalId":"","accountId":"ANONYMOUS_PRINCIPAL""#,
            ),
            Self::Unproven(claimed) => {
                out.extend_from_slice(br#"{"type":"Unknown","principalId":"","accountId":"""#);
                if let Some(claimed) = claimed.filter(|claimed| is_key_id(claimed)) {
                    text(out, ",\"accessKeyId\":", claimed);
                }
            }
            Self::Server => out.extend_from_slice(br#"{"type":"AWSService","invokedBy":"muster""#),
        }
        out.push(b'}');
    }

    /// Writes what the owner of another account's resource learns of a caller: that it is of that account.
    pub(super) fn write_foreign(self, out: &mut Vec<u8>) {
        let Self::Proven(principal) = self else { return self.write(out) };
        if matches!(principal, Principal::Anonymous) {
            return self.write(out);
        }
        text(out, "{\"type\":\"AWSAccount\",\"principalId\":", &principal.user_id());
        text(out, ",\"accountId\":", principal.account().map(AccountId::as_str).unwrap_or_default());
        out.push(b'}');
    }
}

fn text(out: &mut Vec<u8>, label: &'static str, value: &str) {
    out.extend_from_slice(label.as_bytes());
    push_text(out, value);
}

fn begin(out: &mut Vec<u8>, kind: &str, principal: &str, arn: &str, account: &AccountId) {
    text(out, "{\"type\":", kind);
    text(out, ",\"principalId\":", principal);
    text(out, ",\"arn\":", arn);
    text(out, ",\"accountId\":", account.as_str());
}

fn write_user(out: &mut Vec<u8>, user: &User) {
    begin(out, "IAMUser", &user.id, &user.arn, &user.account);
    text(out, ",\"accessKeyId\":", &user.access_key_id);
    text(out, ",\"userName\":", &user.name);
    write_session(out, user.issued_ms);
}

/// The session of somebody who is no role.
fn write_session(out: &mut Vec<u8>, issued_ms: Option<i64>) {
    if let Some(issued_ms) = issued_ms {
        out.extend_from_slice(b",\"sessionContext\":{");
        write_attributes(out, issued_ms);
        out.push(b'}');
    }
}

fn write_role(out: &mut Vec<u8>, role: &RoleSession) {
    let RoleSession { account, role: name, role_id, role_arn, session, .. } = role;
    let arn = format!("arn:aws:sts::{account}:assumed-role/{name}/{session}");
    begin(out, "AssumedRole", &format!("{role_id}:{session}"), &arn, account);
    text(out, ",\"accessKeyId\":", &role.access_key_id);
    text(out, ",\"sessionContext\":{\"sessionIssuer\":{\"type\":\"Role\",\"principalId\":", role_id);
    text(out, ",\"arn\":", role_arn);
    text(out, ",\"accountId\":", account.as_str());
    text(out, ",\"userName\":", name);
    out.extend_from_slice(b"},");
    write_attributes(out, role.issued_ms);
    if let Some(source) = &role.source_identity {
        text(out, ",\"sourceIdentity\":", source);
    }
    out.push(b'}');
}

/// A node acts in a session of its role that bears its name.
fn write_node(
    out: &mut Vec<u8>,
    principal: &Principal,
    tenant: &Tenant,
    role: &str,
    role_id: Option<&str>,
    issued_ms: Option<i64>,
) {
    let account = &tenant.account;
    begin(out, "AssumedRole", &principal.user_id(), &principal.arn(), account);
    out.extend_from_slice(b",\"sessionContext\":{\"sessionIssuer\":{\"type\":\"Role\"");
    if let Some(role_id) = role_id {
        text(out, ",\"principalId\":", role_id);
    }
    text(out, ",\"arn\":", &principal.role_arn().unwrap_or_default());
    text(out, ",\"accountId\":", account.as_str());
    text(out, ",\"userName\":", role.rsplit('/').next().unwrap_or(role));
    out.push(b'}');
    if let Some(issued_ms) = issued_ms {
        out.push(b',');
        write_attributes(out, issued_ms);
    }
    out.push(b'}');
}

fn write_attributes(out: &mut Vec<u8>, issued_ms: i64) {
    text(out, "\"attributes\":{\"creationDate\":", &time(issued_ms));
    out.extend_from_slice(b",\"mfaAuthenticated\":\"false\"}");
}

/// `2026-11-20T14:42:18Z`: CloudTrail writes whole seconds.
pub(super) fn time(ms: i64) -> String {
    Timestamp::from_second(ms.div_euclid(1000)).unwrap_or_default().to_string()
}

/// Whether a stranger's word looks like the id of a key: it may be anything else that was pasted into the wrong
/// place, a secret even.
fn is_key_id(text: &str) -> bool {
    let upper = |rest: &str| rest.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    text.len() <= 128
        && (["AKIA", "ASIA"].into_iter().any(|kind| text.strip_prefix(kind).is_some_and(upper))
            || ManagedNodeId::parse(text).is_ok())
}

/// `userIdentity` as it is read again.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Read<'a> {
    #[serde(rename = "type", borrow)]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    principal_id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    user_name: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(super) access_key_id: Option<Cow<'a, str>>,
}

impl Read<'_> {
    /// The name that `LookupEvents` gives the caller: of a session, its own.
    pub(super) fn name(&self) -> &str {
        let principal = || self.principal_id.as_deref().unwrap_or_default();
        match self.kind.as_ref() {
            "Root" => "root",
            "AssumedRole" => principal().rsplit(':').next().unwrap_or_default(),
            "AWSAccount" => principal(),
            _ => self.user_name.as_deref().unwrap_or_default(),
        }
    }
}
