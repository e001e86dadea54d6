//! Finding a version by what a caller says, and showing it.

use super::secure;
use crate::{
    ControlPlane, arn,
    context::RequestContext,
    domain::parameter::{Kind, ParameterError, Reference, Selector, policy::Policies},
    error::ApiError,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use muster_ids::Tenant;
use muster_service_model::{Sensitive, Timestamp};
use muster_ssm_api::{Parameter, ParameterInlinePolicy, ParameterTier, ParameterType};
use muster_store::{
    StoreError,
    parameter::{self, Body, Version},
};
use std::borrow::Cow;

impl ControlPlane {
    /// The version that a caller refers to.
    ///
    /// # Errors
    /// `NotFound`, `NoVersion`, or the store's.
    pub(super) async fn version_of(
        &self,
        context: &RequestContext,
        reference: &Reference,
    ) -> Result<Version, ApiError> {
        let owner = self.owner_of(context, reference)?;
        let (db, tenant, path) = (&self.db, &*owner, reference.path.as_str());
        let found = match &reference.selector {
            None => {
                let found = parameter::find(db, tenant, path).await?;
                return found.map(|found| found.latest).ok_or_else(|| ParameterError::NotFound.into());
            }
            Some(Selector::Version(number)) => parameter::find_version(db, tenant, path, *number).await?,
            Some(Selector::Label(label)) => parameter::find_labelled(db, tenant, path, label).await?,
        };
        match (found, &reference.selector) {
            (Some(version), _) => Ok(version),
            (None, Some(selector)) if parameter::find(db, tenant, path).await?.is_some() => {
                let (name, version) = (reference.told().to_owned(), selector.to_string());
                Err(ParameterError::NoVersion { name, version }.into())
            }
            (None, _) => Err(ParameterError::NotFound.into()),
        }
    }

    /// Whose parameter a caller refers to. Those of other regions are not there, even by ARN.
    ///
    /// # Errors
    /// `NotFound`.
    pub(super) fn owner_of<'a>(
        &self,
        context: &'a RequestContext,
        reference: &Reference,
    ) -> Result<Cow<'a, Tenant>, ApiError> {
        let owner = reference.owner(&context.tenant);
        if owner.region == context.tenant.region { Ok(owner) } else { Err(ParameterError::NotFound.into()) }
    }

    /// A version as callers see it, under the name that they asked for.
    ///
    /// # Errors
    /// Those of the key, if it shall be decrypted.
    pub(super) async fn shown(
        &self,
        context: &RequestContext,
        version: Version,
        reference: Option<&Reference>,
        decrypt: bool,
    ) -> Result<Parameter, ApiError> {
        let here = Cow::Borrowed(&context.tenant);
        let owner = reference.map_or(here, |reference| reference.owner(&context.tenant));
        let arn = arn::parameter(&owner, &version.name);
        let value = self.value(context, &arn, &version.body, decrypt).await?;
        let name = reference.and_then(|reference| reference.name.clone()).unwrap_or(version.name);
        let selector = reference.and_then(|reference| reference.selector.as_ref());
        Ok(Parameter {
            name: Some(name),
            r#type: kind(&version.body),
            value: Some(value),
            version: Some(version.number),
            selector: selector.map(|selector| format!(":{selector}")),
            source_result: None,
            last_modified_date: Some(Timestamp::from_millis(version.modified_ms)),
            arn: Some(arn),
            data_type: Some(version.body.data_type),
        })
    }

    /// A value as callers see it: the ciphertext in base 64, where it is not to be decrypted.
    ///
    /// # Errors
    /// Those of the key.
    pub(super) async fn value(
        &self,
        context: &RequestContext,
        arn: &str,
        body: &Body,
        decrypt: bool,
    ) -> Result<Sensitive, ApiError> {
        let bytes = body.value.bytes();
        if body.kind != Kind::SecureString.as_str() {
            return plain(bytes);
        }
        if !decrypt {
            return Ok(Sensitive::new(STANDARD.encode(bytes)));
        }
        plain(&secure::decrypt(self, context, arn, bytes).await?)
    }
}

fn plain(bytes: &[u8]) -> Result<Sensitive, ApiError> {
    let unreadable = || StoreError::Corrupt("a parameter's value is not UTF-8".to_owned());
    Ok(Sensitive::new(std::str::from_utf8(bytes).map_err(|_| unreadable())?))
}

/// The type on the wire.
pub(super) fn kind(body: &Body) -> Option<ParameterType> {
    ParameterType::from_wire(&body.kind)
}

/// The tier on the wire.
pub(super) fn tier(body: &Body) -> Option<ParameterTier> {
    ParameterTier::from_wire(&body.tier)
}

/// The policies of a version.
///
/// # Errors
/// They are not what was stored.
pub(super) fn policies(body: &Body) -> Result<Policies, ApiError> {
    let Some(stored) = &body.policies else { return Ok(Policies::default()) };
    let unreadable = || StoreError::Corrupt("a parameter's policies cannot be read".to_owned());
    Ok(Policies::from_stored(stored).ok_or_else(unreadable)?)
}

/// Policies on the wire. What has become of them is told of the latest version alone, as in AWS.
pub(super) fn inline(policies: &Policies, with_status: bool) -> Vec<ParameterInlinePolicy> {
    let shown = policies.shown().map(|policy| ParameterInlinePolicy {
        policy_text: Some(policy.text.to_owned()),
        policy_type: Some(policy.kind.to_owned()),
        policy_status: with_status.then(|| policy.status.to_owned()),
    });
    shown.collect()
}
