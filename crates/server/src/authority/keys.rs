//! Condition keys: those of every call, and those of one requirement over them. Which keys AWS sets when stands in
//! its page "AWS global condition context keys".

use super::Requirement;
use crate::context::{Principal, RequestContext};
use muster_policy::Context;
use muster_store::tag::Tag;

/// What begins the keys that tell a resource's tags.
pub(super) const RESOURCE_TAGS: [&str; 3] = ["aws:ResourceTag/", "ssm:resourceTag/", "iam:ResourceTag/"];

/// Keys that are lists even where they hold one value.
const LISTS: [&str; 4] =
    ["aws:TagKeys", "sts:TransitiveTagKeys", "kms:EncryptionContextKeys", "kms:ResourceAliases"];

/// More than a call has as a rule.
const ROOM: usize = 24;

/// The keys that every call has, as far as the caller is of their kind.
pub(super) fn of_call(context: &RequestContext) -> Context<'_> {
    let mut keys = Context::with_capacity(ROOM);
    keys.set("aws:SourceIp", context.source_ip.to_canonical().to_string());
    keys.set("aws:CurrentTime", iso_seconds(context.now_ms));
    keys.set("aws:EpochTime", context.now_ms.div_euclid(1000).to_string());
    keys.set("aws:SecureTransport", truth(context.secure));
    // Users may only be asked about what they said: a key that is not there is not an empty one.
    if !context.user_agent.is_empty() {
        keys.set("aws:UserAgent", context.user_agent.as_str());
    }
    if let Some(referer) = &context.referer {
        keys.set("aws:Referer", referer.as_str());
    }
    keys.set("aws:RequestedRegion", requested_region(context));
    keys.set("aws:ViaAWSService", truth(false));
    keys.set("aws:PrincipalIsAWSService", truth(false));
    of_principal(context, &mut keys);
    for (key, value) in &context.authority.tags {
        keys.set(format!("aws:PrincipalTag/{key}"), value.as_str());
    }
    keys
}

fn of_principal<'a>(context: &'a RequestContext, keys: &mut Context<'a>) {
    let principal = &context.principal;
    if let Some(account) = principal.account() {
        keys.set("aws:PrincipalAccount", account.as_str());
    }
    let kind = match principal {
        Principal::Root { .. } => "Account",
        Principal::User(_) => "User",
        Principal::Role(_) | Principal::Node { .. } => "AssumedRole",
        Principal::Anonymous => "Anonymous",
    };
    keys.set("aws:PrincipalType", kind);
    keys.set("aws:userid", principal.user_id());
    match principal {
        Principal::User(user) => {
            keys.set("aws:PrincipalArn", user.arn.as_str());
            keys.set("aws:username", user.name.as_str());
        }
        Principal::Root { .. } => keys.set("aws:PrincipalArn", principal.arn()),
        Principal::Role(_) | Principal::Node { .. } => {
            if let Some(arn) = principal.role_arn() {
                keys.set("aws:PrincipalArn", arn);
            }
        }
        Principal::Anonymous => {}
    }
    if let Principal::Node { tenant, node, .. } = principal {
        keys.set("ssm:SourceInstanceARN", crate::arn::managed_instance(tenant, node.as_str()));
    }
    if let Principal::Role(role) = principal
        && let Some(source_identity) = &role.source_identity
    {
        keys.set("aws:SourceIdentity", source_identity.as_str());
    }
    // Temporary credentials tell when they were made and whether a second factor was asked for; keys tell neither.
    if let Some(issued_ms) = principal.issued_ms() {
        keys.set("aws:TokenIssueTime", iso_seconds(issued_ms));
        keys.set("aws:MultiFactorAuthPresent", truth(false));
    }
}

/// The keys of one requirement over those of the call; what it sets itself comes last.
pub(super) fn of_requirement<'a>(
    mut keys: Context<'a>,
    requirement: &'a Requirement,
    tags: &'a [Tag],
) -> Context<'a> {
    keys.set("aws:ResourceAccount", requirement.resource_account.as_str());
    for Tag { key, value } in tags {
        for prefix in RESOURCE_TAGS {
            keys.set(format!("{prefix}{key}"), value.as_str());
        }
    }
    for (name, values) in &requirement.keys {
        match values.as_slice() {
            [value] if !is_list(name) => keys.set(name.as_ref(), value.as_str()),
            values => keys.set_many(name.as_ref(), values.iter().map(String::as_str)),
        }
    }
    keys
}

/// Keys that have many values by nature, even if there is one: variables do not take them.
fn is_list(name: &str) -> bool {
    LISTS.iter().any(|list| name.eq_ignore_ascii_case(list))
}

/// Identities are the same in every region, and count as called in one.
fn requested_region(context: &RequestContext) -> &str {
    match context.operation.service {
        "iam" => "us-east-1",
        _ => context.tenant.region.as_str(),
    }
}

const fn truth(value: bool) -> &'static str {
    if value { "true" } else { "false" }
}

/// `2026-01-31T12:00:00Z`
fn iso_seconds(ms: i64) -> String {
    let mut text = muster_protocol::iso_millis(ms);
    text.truncate("2026-01-31T12:00:00".len());
    text.push('Z');
    text
}
