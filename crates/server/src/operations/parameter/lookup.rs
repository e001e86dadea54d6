//! What a reader's name means: a kept parameter of the caller's account or one shared with it, a public parameter, or a
//! secret of Secrets Manager; and whether the caller may read it. Not for: how they are kept or fetched.

use super::access;
use crate::{
    ControlPlane,
    authority::Requirement,
    context::RequestContext,
    domain::parameter::{Reference, secret::SecretReference, share},
    error::ApiError,
    public_parameters::PublicName,
};
use muster_ids::Tenant;
use muster_policy::{Kind, Policy};
use muster_ssm_api::Parameter;
use muster_store::parameter;
use std::sync::Arc;

impl ControlPlane {
    /// That the caller may read all of these.
    ///
    /// # Errors
    /// A denial: for other accounts' parameters also where there is no such parameter, or it is not shared.
    pub(super) async fn permit_reading<'a>(
        &self,
        context: &RequestContext,
        names: impl IntoIterator<Item = &'a str>,
    ) -> Result<(), ApiError> {
        let mut requirements = Vec::new();
        for name in names {
            let requirement = access::reading(context, name);
            requirements.push(match shared(context, name) {
                Some((owner, path)) => self.with_shares(requirement, &owner, &path).await?,
                None => requirement,
            });
        }
        self.authorise(context, &requirements).await
    }

    /// The requirement with what the parameter's owner allows.
    pub(super) async fn with_shares(
        &self,
        requirement: Requirement,
        owner: &Tenant,
        path: &str,
    ) -> Result<Requirement, ApiError> {
        let policies = parameter::resource_policies(&self.db, owner, path).await?;
        if policies.is_empty() {
            return Ok(requirement);
        }
        let document = share::together(policies.iter().map(|policy| policy.document.as_str()));
        let policy = Policy::parse(&document, Kind::Resource)
            .map_err(|error| ApiError::internal(format!("a kept resource policy cannot be read: {error}")))?;
        Ok(requirement.with_policy(Arc::new(policy)))
    }

    /// What a name that the caller may read stands for.
    ///
    /// # Errors
    /// What is wrong with the name, that there is nothing, or those of the key.
    pub(super) async fn look_up(
        &self,
        context: &RequestContext,
        name: &str,
        decrypt: bool,
    ) -> Result<Parameter, ApiError> {
        if let Some(secret) = SecretReference::parse(name) {
            return self.referenced_secret(context, secret?, decrypt).await;
        }
        if let Some(public) = PublicName::parse(name, &context.tenant.region) {
            return self.public_parameter(context, &public).await;
        }
        let reference = Reference::parse(name, &context.tenant)?;
        let version = self.version_of(context, &reference).await?;
        self.shown(context, version, Some(&reference), decrypt).await
    }
}

/// The other account's parameter that a name refers to. There is no sharing over regions.
fn shared(context: &RequestContext, name: &str) -> Option<(Tenant, String)> {
    if !name.trim_start_matches(' ').starts_with("arn:") {
        return None;
    }
    let reference = Reference::parse(name, &context.tenant).ok()?;
    let (account, region) = reference.elsewhere?;
    let other = account != context.tenant.account && region == context.tenant.region;
    other.then(|| (Tenant::new(account, region), reference.path.as_str().to_owned()))
}
