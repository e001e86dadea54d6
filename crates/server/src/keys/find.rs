//! From a name, or a ciphertext, to the key. Not for: whether the caller may use it.

use super::error::{no_alias, no_key, no_reference, not_yours, not_yours_by_ciphertext};
use crate::{
    ControlPlane, arn,
    authority::Requirement,
    context::RequestContext,
    domain::kms::{ciphertext::Parsed, reference::Reference},
    error::ApiError,
};
use muster_ids::{KeyId, Tenant};
use muster_kms_api::errors::{DISABLED_EXCEPTION, KMS_INVALID_STATE_EXCEPTION};
use muster_store::kms::{
    alias,
    key::{self, Key, State},
};

/// A key, and how the caller named it.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    /// The key.
    pub(crate) key: Key,
    /// The alias that the caller used.
    pub(crate) alias: Option<String>,
    /// Whether only a ciphertext named it.
    pub(crate) by_ciphertext: bool,
}

impl Found {
    /// The key's ARN.
    pub(crate) fn arn(&self) -> String {
        arn::key(&self.key.tenant, self.key.id.as_str())
    }

    /// That the key can encrypt and decrypt now.
    ///
    /// # Errors
    /// `DisabledException`, `KMSInvalidStateException`.
    pub(crate) fn usable(&self) -> Result<(), ApiError> {
        match self.key.state {
            State::Enabled => Ok(()),
            State::Disabled => {
                Err(ApiError::new(&DISABLED_EXCEPTION, format!("{} is disabled.", self.arn())))
            }
            State::PendingDeletion => Err(self.pending_deletion()),
        }
    }

    /// That the key is not about to be deleted.
    ///
    /// # Errors
    /// `KMSInvalidStateException`.
    pub(crate) fn kept(&self) -> Result<(), ApiError> {
        if self.key.state == State::PendingDeletion { Err(self.pending_deletion()) } else { Ok(()) }
    }

    pub(crate) fn pending_deletion(&self) -> ApiError {
        ApiError::new(&KMS_INVALID_STATE_EXCEPTION, format!("{} is pending deletion.", self.arn()))
    }
}

impl ControlPlane {
    /// The key of this name, for an action; of any account.
    ///
    /// # Errors
    /// `NotFoundException`, `InvalidArnException`; of other accounts' names `AccessDeniedException`.
    pub(crate) async fn find_key(
        &self,
        context: &RequestContext,
        action: &str,
        name: &str,
    ) -> Result<Found, ApiError> {
        let here = &context.tenant;
        let reference = match Reference::parse(name, &here.region) {
            Ok(reference) => reference,
            Err(reason) => {
                return Err(self.missing(context, action, "*", no_reference(reason, name)).await);
            }
        };
        let (tenant, id, alias) = match reference {
            Reference::Id(id) => (here.clone(), id, None),
            Reference::Arn(tenant, id) => (tenant, id, None),
            Reference::Alias(alias) => self.key_of_alias(context, action, here.clone(), alias).await?,
            Reference::AliasArn(tenant, alias) => self.key_of_alias(context, action, tenant, alias).await?,
        };
        match key::find(&self.db, &id).await? {
            Some(key) if key.tenant == tenant => Ok(Found { key, alias, by_ciphertext: false }),
            _ if tenant != *here => Err(not_yours(context, action, &arn::key(&tenant, id.as_str()))),
            _ => {
                let arn = arn::key(&tenant, id.as_str());
                Err(self.missing(context, action, &arn, no_key(&tenant, id.as_str())).await)
            }
        }
    }

    /// The key of this name, for what only the key's own account can do.
    ///
    /// # Errors
    /// As [`find_key`](Self::find_key).
    pub(crate) async fn find_own_key(
        &self,
        context: &RequestContext,
        action: &str,
        name: &str,
    ) -> Result<Found, ApiError> {
        let found = self.find_key(context, action, name).await?;
        if found.key.tenant == context.tenant {
            Ok(found)
        } else {
            Err(not_yours(context, action, &found.arn()))
        }
    }

    /// The answer for a key that is not there: nobody learns even that who could not use it if it were.
    async fn missing(
        &self,
        context: &RequestContext,
        action: &str,
        resource: &str,
        error: ApiError,
    ) -> ApiError {
        let requirement = Requirement::of(context, action.to_owned(), resource);
        self.authorise(context, &[requirement]).await.err().unwrap_or(error)
    }

    async fn key_of_alias(
        &self,
        context: &RequestContext,
        action: &str,
        tenant: Tenant,
        alias: String,
    ) -> Result<(Tenant, KeyId, Option<String>), ApiError> {
        let found = match alias::find(&self.db, &tenant, &alias).await? {
            Some(found) => Some(found.key),
            None if tenant == context.tenant => self.make_managed_key(context, &alias).await?,
            None => None,
        };
        match found {
            Some(key) => Ok((tenant, key, Some(alias))),
            None if tenant != context.tenant => {
                Err(not_yours(context, action, &arn::of("kms", &tenant, &alias)))
            }
            None => {
                let arn = arn::of("kms", &tenant, &alias);
                Err(self.missing(context, action, &arn, no_alias(&tenant, &alias)).await)
            }
        }
    }

    /// The key that a ciphertext names.
    ///
    /// # Errors
    /// `AccessDeniedException`: gone, of another region, or never there.
    pub(crate) async fn find_key_of(
        &self,
        context: &RequestContext,
        action: &str,
        ciphertext: &Parsed<'_>,
    ) -> Result<Found, ApiError> {
        match key::find(&self.db, &ciphertext.key).await? {
            Some(key) if key.tenant.region == context.tenant.region => {
                Ok(Found { key, alias: None, by_ciphertext: true })
            }
            _ => Err(not_yours_by_ciphertext(context, action)),
        }
    }
}
