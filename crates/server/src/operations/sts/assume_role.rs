//! `AssumeRole`: a session of a role, of the caller's account or of another. The role's trust policy decides; a caller of
//! another account needs its own account's leave as well. A role that does not exist answers like one that does not
//! trust the caller, so nobody learns which roles there are.

use super::{credentials, no_second_factor};
use crate::{
    ControlPlane,
    authority::Requirement,
    context::{Principal, RequestContext},
    dispatch::{Access, Handle},
    domain::{
        iam::trust::Bindings,
        session::{self as rules, SessionTags},
    },
    error::{ACCESS_DENIED, ApiError, INVALID_PARAMETER_VALUE},
    secrets::{Claims, RoleClaims, deflate},
};
use muster_ids::AccountId;
use muster_policy::{Kind, Policy};
use muster_store::{
    account,
    iam::{self, role::Role},
};
use muster_sts_api::{
    AssumeRole, AssumeRoleRequest, AssumeRoleResponse, AssumedRoleUser,
    errors::{MALFORMED_POLICY_DOCUMENT_EXCEPTION, PACKED_POLICY_TOO_LARGE_EXCEPTION},
};
use std::sync::{Arc, LazyLock};

/// Characters of a session policy.
const LONGEST_POLICY: usize = 2_048;
/// Managed policies of a session.
const MOST_POLICY_ARNS: usize = 10;

/// The trust policy of roles that do not exist.
#[expect(clippy::expect_used, reason = "the text is ours, and a test reads it")]
static NOBODY: LazyLock<Arc<Policy>> = LazyLock::new(|| {
    let document = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow",
        "Principal":{"Service":"nobody.amazonaws.com"},"Action":"sts:AssumeRole"}}"#;
    Arc::new(Policy::parse(document, Kind::Trust).expect("a policy"))
});

impl Handle<AssumeRole> for ControlPlane {
    // The role's own policy is asked, which the handler finds.
    const ACCESS: Access<AssumeRoleRequest> = Access::Handler;

    async fn handle(
        &self,
        context: &RequestContext,
        input: AssumeRoleRequest,
    ) -> Result<AssumeRoleResponse, ApiError> {
        if matches!(context.principal, Principal::Root { .. }) {
            return Err(ApiError::new(&ACCESS_DENIED, "Roles may not be assumed by root accounts."));
        }
        let (account, name) = role_arn(&input.role_arn)
            .ok_or_else(|| ApiError::validation(format!("{} is invalid", input.role_arn)))?;
        let before = Before::of(context);
        let source_identity = before.source_identity(context, &input)?;
        let role = self.assumable(&account, name, &input.role_arn).await?;
        let trust = role.as_ref().map_or_else(|| Arc::clone(&NOBODY), |role| self.trust(context, role));
        let asked = Asked { account: &account, role: role.as_ref(), trust, source_identity };
        self.authorise(context, &required(context, &input, &before, &asked)).await?;
        let role = role.ok_or_else(|| ApiError::internal("a role that is not was assumed"))?;
        no_second_factor(input.serial_number.as_deref(), input.token_code.as_deref())?;
        let seconds = rules::duration(
            input.duration_seconds.map(i64::from),
            role.max_session_seconds,
            before.is_session,
        )
        .map_err(|error| ApiError::validation(error.to_string()))?;
        let asked = input.tags.iter().flatten().map(|tag| (tag.key.clone(), tag.value.clone())).collect();
        let transitive = input.transitive_tag_keys.clone().unwrap_or_default();
        let tags = rules::tags(asked, transitive, &before.tags)
            .map_err(|error| ApiError::new(&INVALID_PARAMETER_VALUE, error.to_string()))?;
        let policy_arns = self.session_policies(&account, &input).await?;
        let packed = packed_size(&input, &policy_arns, &tags)?;

        let claims = RoleClaims {
            account: account.clone(),
            role: role.name.clone(),
            role_id: role.id.clone(),
            session: input.role_session_name.clone(),
            source_identity: source_identity.map(str::to_owned),
            policy: input.policy.clone(),
            policy_arns,
            tags: tags.tags,
            transitive: tags.transitive,
        };
        let made = self
            .secrets
            .issue_session(Claims::Role(Box::new(claims)), context.now_ms, seconds * 1000)
            .map_err(ApiError::internal)?;
        let (role_name, session) = (&role.name, &input.role_session_name);
        Ok(AssumeRoleResponse {
            credentials: Some(credentials(made)),
            assumed_role_user: Some(AssumedRoleUser {
                assumed_role_id: format!("{}:{session}", role.id),
                arn: format!("arn:aws:sts::{account}:assumed-role/{role_name}/{session}"),
            }),
            packed_policy_size: packed,
            source_identity: source_identity.map(str::to_owned),
            ..Default::default()
        })
    }
}

impl ControlPlane {
    /// The role of exactly this ARN, if its account lets anybody call.
    async fn assumable(&self, account: &AccountId, name: &str, arn: &str) -> Result<Option<Role>, ApiError> {
        let state = account::find(&self.db, account).await?.map(|account| account.status);
        if state != Some(account::Status::Active) {
            return Ok(None);
        }
        let role = iam::role::find(&self.db, account, name).await?;
        Ok(role.filter(|role| crate::account::identity_arn(account, "role", &role.path, &role.name) == arn))
    }

    /// The trust policy, as it reads for the caller: ARNs in it mean who had them when it was written.
    fn trust(&self, context: &RequestContext, role: &Role) -> Arc<Policy> {
        let (arn, role_arn) = (context.principal.arn(), context.principal.role_arn());
        let arns: Vec<&str> = std::iter::once(arn.as_str()).chain(role_arn.as_deref()).collect();
        let id = context.principal.entity_id().unwrap_or_default();
        let document = Bindings::from_json(&role.trust_principals).for_caller(&role.trust_policy, &arns, id);
        self.compiled(&document, Kind::Trust)
    }

    /// Checks the session policies; the ARNs of those that are managed.
    async fn session_policies(
        &self,
        account: &AccountId,
        input: &AssumeRoleRequest,
    ) -> Result<Vec<String>, ApiError> {
        if let Some(policy) = &input.policy {
            if policy.chars().count() > LONGEST_POLICY {
                return Err(ApiError::validation(format!(
                    "1 validation error detected: Value at 'policy' failed to satisfy constraint: Member must have \
                     length less than or equal to {LONGEST_POLICY}"
                )));
            }
            Policy::parse(policy, Kind::Identity)
                .map_err(|error| ApiError::new(&MALFORMED_POLICY_DOCUMENT_EXCEPTION, error.to_string()))?;
        }
        let arns: Vec<String> =
            input.policy_arns.iter().flatten().filter_map(|policy| policy.arn.clone()).collect();
        if arns.len() > MOST_POLICY_ARNS {
            return Err(ApiError::validation(format!(
                "1 validation error detected: Value at 'policyArns' failed to satisfy constraint: Member must have \
                 length less than or equal to {MOST_POLICY_ARNS}"
            )));
        }
        let found = self.managed_policies(account, &arns).await?;
        match arns.iter().zip(&found).find(|(_, policy)| policy.is_none()) {
            Some((missing, _)) => {
                Err(ApiError::validation(format!("Policy {missing} does not exist or is not attachable.")))
            }
            None => Ok(arns),
        }
    }
}

/// What a calling session hands down.
struct Before<'a> {
    is_session: bool,
    source_identity: Option<&'a str>,
    tags: SessionTags,
}

impl<'a> Before<'a> {
    fn of(context: &'a RequestContext) -> Self {
        let source_identity = match &context.principal {
            Principal::Role(role) => role.source_identity.as_deref(),
            _ => None,
        };
        Self {
            is_session: matches!(context.principal, Principal::Role(_) | Principal::Node { .. }),
            source_identity,
            tags: context.authority.session_tags.clone(),
        }
    }

    /// Who is behind the new session: once said, it stays.
    fn source_identity<'b>(
        &self,
        context: &RequestContext,
        input: &'b AssumeRoleRequest,
    ) -> Result<Option<&'b str>, ApiError>
    where
        'a: 'b,
    {
        match (self.source_identity, input.source_identity.as_deref()) {
            (Some(old), Some(new)) if old != new => {
                let text = format!(
                    "User: {} is not authorized to perform: sts:SetSourceIdentity on resource: {} because the \
                     session's source identity cannot be changed",
                    context.principal.arn(),
                    input.role_arn
                );
                Err(ApiError::new(&ACCESS_DENIED, text))
            }
            (Some(old), _) => Ok(Some(old)),
            (None, new) => Ok(new),
        }
    }
}

/// What is to be assumed, and for whom.
struct Asked<'a> {
    account: &'a AccountId,
    role: Option<&'a Role>,
    trust: Arc<Policy>,
    source_identity: Option<&'a str>,
}

/// The permissions that the call needs, each of the trust policy and, across accounts, of the caller's own policies.
fn required(
    context: &RequestContext,
    input: &AssumeRoleRequest,
    before: &Before<'_>,
    asked: &Asked<'_>,
) -> Vec<Requirement> {
    let Asked { account, role, ref trust, source_identity } = *asked;
    let tags = input.tags.as_deref().unwrap_or_default();
    let on = |action: &'static str| {
        let mut needed = Requirement::of(context, action, input.role_arn.as_str())
            .owned_by(account)
            .with_policy(Arc::clone(trust))
            .policy_decides()
            .requesting_tags(tags.iter().map(|tag| (tag.key.as_str(), tag.value.as_str())))
            .key("sts:RoleSessionName", input.role_session_name.as_str());
        if let Some(role) = role {
            needed = needed.tagged(iam::TAGGED_ROLE, iam::key(&role.name));
        }
        if let Some(id) = &input.external_id {
            needed = needed.key("sts:ExternalId", id.as_str());
        }
        if let Some(source_identity) = source_identity {
            needed = needed.key("sts:SourceIdentity", source_identity);
        }
        match &input.transitive_tag_keys {
            Some(keys) if !keys.is_empty() => needed.key_values("sts:TransitiveTagKeys", keys.clone()),
            _ => needed,
        }
    };
    let mut all = vec![on("sts:AssumeRole")];
    if !tags.is_empty() || !before.tags.transitive.is_empty() {
        all.push(on("sts:TagSession"));
    }
    if source_identity.is_some() {
        all.push(on("sts:SetSourceIdentity"));
    }
    all
}

/// Account and name in the ARN of a role.
fn role_arn(arn: &str) -> Option<(AccountId, &str)> {
    let (account, role) = arn.strip_prefix("arn:aws:iam::")?.split_once(":role/")?;
    let name = role.rsplit('/').next().filter(|name| !name.is_empty())?;
    Some((AccountId::parse(account).ok()?, name))
}

/// How much of what fits into a token the session policies and tags are, per cent; `None` if there are none.
fn packed_size(
    input: &AssumeRoleRequest,
    policy_arns: &[String],
    tags: &SessionTags,
) -> Result<Option<i32>, ApiError> {
    let has_policies = input.policy.is_some() || !policy_arns.is_empty();
    if !has_policies && tags.tags.is_empty() {
        return Ok(None);
    }
    let content = serde_json::to_vec(&(&input.policy, policy_arns, &tags.tags, &tags.transitive))
        .map_err(ApiError::internal)?;
    let percent = rules::packed_size(deflate(&content).len());
    if percent > 100 {
        let text = match has_policies {
            true => {
                format!("Packed policy consumes {percent}% of allotted space, please use smaller policy.")
            }
            false => format!("Packed size of session tags consumes {percent}% of allotted space."),
        };
        return Err(ApiError::new(&PACKED_POLICY_TOO_LARGE_EXCEPTION, text));
    }
    Ok(i32::try_from(percent).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arns_of_roles() {
        let read = |arn| role_arn(arn).map(|(account, name)| (account.to_string(), name));
        let found = Some(("123456789012".to_owned(), "R"));
        assert_eq!(read("arn:aws:iam::123456789012:role/R"), found);
        assert_eq!(read("arn:aws:iam::123456789012:role/a/b/R"), found);
        for bad in [
            "",
            "R",
            "arn:aws:iam::123456789012:role/",
            "arn:aws:iam::123456789012:user/R",
            "arn:aws:iam::1:role/R",
            "arn:aws:sts::123456789012:role/R",
            "arn:aws:iam:r:123456789012:role/R",
        ] {
            assert_eq!(read(bad), None, "{bad}");
        }
        assert_eq!(NOBODY.statements().len(), 1);
    }
}
