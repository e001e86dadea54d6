//! Whether the caller may use a key: the key's policy, with the grants that cover the call as statements of it, and what
//! conditions may ask of the call. Not for: evaluating, which is `authority`'s.

use super::{
    Found,
    error::{not_yours, not_yours_by_ciphertext},
};
use crate::{
    ControlPlane, arn,
    authority::Requirement,
    context::{Principal, RequestContext},
    domain::kms::{default_policy, encryption_context::EncryptionContext, grant},
    error::{ACCESS_DENIED, ApiError},
};
use muster_policy::{Kind, Policy};
use muster_store::kms::{alias, grant as grants, key};
use std::sync::Arc;

impl ControlPlane {
    /// That the caller may do this with the key.
    ///
    /// # Errors
    /// A denial. Of another account's key it does not tell more than if there were none.
    pub(crate) async fn permit(
        &self,
        context: &RequestContext,
        found: &Found,
        action: &str,
        encryption_context: Option<&EncryptionContext>,
    ) -> Result<(), ApiError> {
        let requirement = self.key_requirement(context, found, action, encryption_context).await?;
        self.permit_all(context, found, action, &[requirement]).await
    }

    /// As [`permit`](Self::permit), for what needs more than one permission or further condition keys.
    ///
    /// # Errors
    /// As there.
    pub(crate) async fn permit_all(
        &self,
        context: &RequestContext,
        found: &Found,
        action: &str,
        requirements: &[Requirement],
    ) -> Result<(), ApiError> {
        let denied = match self.authorise(context, requirements).await {
            Err(error) if error.schema.code == ACCESS_DENIED.code => error,
            other => return other,
        };
        let own = context.principal.account() == Some(&found.key.tenant.account);
        Err(match own {
            true => denied,
            false if found.by_ciphertext => not_yours_by_ciphertext(context, action),
            false => not_yours(context, action, &found.arn()),
        })
    }

    /// The permission that an action on a key needs.
    ///
    /// # Errors
    /// The store's.
    pub(crate) async fn key_requirement(
        &self,
        context: &RequestContext,
        found: &Found,
        action: &str,
        encryption_context: Option<&EncryptionContext>,
    ) -> Result<Requirement, ApiError> {
        let key = &found.key;
        let policy = self.effective_policy(context, found, action).await?;
        let mut requirement = general(context, Requirement::of(context, action.to_owned(), found.arn()))
            .owned_by(&key.tenant.account)
            .tagged(key::TAG_KIND, key.id.as_str())
            .key("kms:KeySpec", "SYMMETRIC_DEFAULT")
            .key("kms:KeyUsage", "ENCRYPT_DECRYPT")
            .key("kms:KeyOrigin", "AWS_KMS")
            .key("kms:MultiRegion", "false");
        if let Some(alias) = &found.alias {
            requirement = requirement.key("kms:RequestAlias", alias.as_str());
        }
        if context.authority.mentions(RESOURCE_ALIASES) || policy.mentions(RESOURCE_ALIASES) {
            let aliases = alias::of_key(&self.db, &key.id).await?;
            let names = aliases.into_iter().map(|alias| alias.name).collect();
            requirement = requirement.key_values(RESOURCE_ALIASES, names);
        }
        if encryption_context.is_some() {
            requirement = requirement.key("kms:EncryptionAlgorithm", "SYMMETRIC_DEFAULT");
        }
        if let Some(pairs) = encryption_context.filter(|pairs| !pairs.is_empty()) {
            for (name, value) in pairs {
                requirement = requirement.key(format!("kms:EncryptionContext:{name}"), value.as_str());
            }
            let names = pairs.keys().cloned().collect();
            requirement = requirement.key_values("kms:EncryptionContextKeys", names);
        }
        Ok(requirement.with_policy(policy).policy_decides())
    }

    /// The key's policy, and the grants on it that are about the caller and the action.
    async fn effective_policy(
        &self,
        context: &RequestContext,
        found: &Found,
        action: &str,
    ) -> Result<Arc<Policy>, ApiError> {
        let key = &found.key;
        if key.has_grants {
            let grantees = names(&context.principal);
            let grantees: Vec<&str> = grantees.iter().map(String::as_str).collect();
            let given = grants::of_grantees(&self.db, &key.id, &grantees).await?;
            let statements: Vec<_> =
                given.iter().filter_map(|given| grant::statement(given, action)).collect();
            if !statements.is_empty() {
                let (document, _) = self.policy_document(found).await?;
                return compile(&grant::add(&document, statements));
            }
        }
        if let Some(policy) = self.keys.policy(&key.id, key.policy_revision) {
            return Ok(policy);
        }
        let (document, revision) = self.policy_document(found).await?;
        let policy = compile(&document)?;
        self.keys.keep_policy(&key.id, revision, &policy);
        Ok(policy)
    }

    async fn policy_document(&self, found: &Found) -> Result<(String, i64), ApiError> {
        let document = key::policy(&self.db, &found.key.id).await?;
        document.ok_or_else(|| ApiError::internal("a key went while it was used"))
    }
}

/// What every permission of KMS tells of the call.
pub(crate) fn general(context: &RequestContext, mut requirement: Requirement) -> Requirement {
    if let Some(account) = context.principal.account() {
        requirement = requirement.key("kms:CallerAccount", account.as_str());
    }
    let service = context.operation.service;
    if service != "kms" {
        requirement = requirement.key("kms:ViaService", default_policy::via(&context.tenant, service));
    }
    requirement
}

const RESOURCE_ALIASES: &str = "kms:ResourceAliases";

fn compile(document: &str) -> Result<Arc<Policy>, ApiError> {
    Policy::parse(document, Kind::Resource)
        .map(Arc::new)
        .map_err(|error| ApiError::internal(error.to_string()))
}

/// Whether a grant that names this ARN means the caller.
pub(crate) fn is_called(principal: &Principal, arn: &str) -> bool {
    names(principal).iter().any(|name| name == arn)
}

/// The ARNs that a grant may name the caller by.
fn names(principal: &Principal) -> Vec<String> {
    let mut names = vec![principal.arn()];
    match principal {
        Principal::Role(role) => names.push(role.role_arn.clone()),
        Principal::Node { tenant, role, .. } => {
            names.push(arn::iam(&tenant.account, &format!("role/{}", role.trim_start_matches('/'))));
        }
        Principal::Root { .. } | Principal::User(_) | Principal::Anonymous => {}
    }
    names
}
