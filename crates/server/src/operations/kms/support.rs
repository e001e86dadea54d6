//! What the operations of KMS share: the key of a call with the caller's permission for it, changes that a key's state
//! may refuse, pages, dry runs. Not for: rules of one operation.

use crate::{
    ControlPlane,
    authority::Requirement,
    context::RequestContext,
    domain::kms::encryption_context::EncryptionContext,
    error::{ApiError, VALIDATION},
    keys::{Found, general},
};
use muster_kms_api::{
    CustomerMasterKeySpec, EncryptionAlgorithmSpec, KeyManagerType, KeyMetadata, KeySpec, KeyState,
    KeyUsageType, OriginType, Tag,
    errors::{
        DRY_RUN_OPERATION_EXCEPTION, INVALID_KEY_USAGE_EXCEPTION, INVALID_MARKER_EXCEPTION,
        NOT_FOUND_EXCEPTION, TAG_EXCEPTION,
    },
};
use muster_service_model::{ErrorSchema, Structure, Timestamp};
use muster_store::{
    Batch, StoreError,
    kms::key::{self, Key, Manager, State},
    tag,
};
use serde::{Serialize, de::DeserializeOwned};
use std::collections::BTreeSet;

/// What every list of KMS gives where no limit is asked for.
pub(super) const DEFAULT_LIMIT: i32 = 100;

pub(super) const DAY_MS: i64 = 24 * 3_600_000;

static NO_MEMBERS: Structure = Structure { name: "NotAuthorizedException", members: &[], sensitive: false };

/// The name is AWS's own.
pub(super) static NOT_AUTHORIZED: ErrorSchema = ErrorSchema {
    name: "NotAuthorizedException",
    code: "NotAuthorizedException",
    status: 400,
    fault: false,
    shape: &NO_MEMBERS,
};

/// The call's own action.
pub(super) fn action(context: &RequestContext) -> String {
    format!("kms:{}", context.operation.name)
}

/// The permission of operations that are about no key.
pub(super) fn anything(context: &RequestContext) -> Vec<Requirement> {
    vec![general(context, Requirement::anything(context))]
}

impl ControlPlane {
    /// A key of the caller's own account and region, which it may do the call's action with.
    pub(super) async fn own_key(&self, context: &RequestContext, name: &str) -> Result<Found, ApiError> {
        let action = action(context);
        let found = self.find_own_key(context, &action, name).await?;
        self.permit(context, &found, &action, None).await?;
        Ok(found)
    }

    /// A key of any account, which the caller may do the call's action with.
    pub(super) async fn any_key(
        &self,
        context: &RequestContext,
        name: &str,
        encryption_context: Option<&EncryptionContext>,
    ) -> Result<Found, ApiError> {
        let action = action(context);
        let found = self.find_key(context, &action, name).await?;
        self.permit(context, &found, &action, encryption_context).await?;
        Ok(found)
    }

    /// Changes a key; a batch that the key's state refuses is explained by that state.
    pub(super) async fn change_key(&self, found: &Found, batch: Batch) -> Result<(), ApiError> {
        match self.db.write(batch).await {
            Ok(_) => Ok(()),
            Err(StoreError::Conflict { statement: 0 }) => match key::find(&self.db, &found.key.id).await? {
                Some(key) => {
                    let now = Found { key, ..found.clone() };
                    now.usable()?;
                    Err(ApiError::internal("a key's state changed during the call"))
                }
                None => {
                    Err(ApiError::new(&NOT_FOUND_EXCEPTION, format!("Key '{}' does not exist", found.arn())))
                }
            },
            Err(error) => Err(error.into()),
        }
    }

    /// Where the page begins that the caller wants.
    pub(super) fn marker<T: DeserializeOwned>(
        &self,
        context: &RequestContext,
        marker: Option<&str>,
    ) -> Result<Option<T>, ApiError> {
        let Some(marker) = marker else { return Ok(None) };
        let position = self.secrets.read_page_token(context.operation.name, &context.tenant, marker);
        position.map(Some).map_err(|_| ApiError::new(&INVALID_MARKER_EXCEPTION, ""))
    }

    /// Cuts what was read, one more than a page, to the page; the marker of the next page, if there is one.
    pub(super) fn cut<T, P: Serialize>(
        &self,
        context: &RequestContext,
        rows: &mut Vec<T>,
        limit: i32,
        position: impl Fn(&T) -> P,
    ) -> Option<String> {
        let limit = usize::try_from(limit).unwrap_or_default();
        if rows.len() <= limit {
            return None;
        }
        rows.truncate(limit);
        let last = position(rows.last()?);
        self.secrets.page_token(context.operation.name, &context.tenant, &last).ok()
    }
}

/// That a call is meant.
pub(super) fn not_dry(dry_run: Option<bool>) -> Result<(), ApiError> {
    if dry_run == Some(true) {
        let text = "The request would have succeeded, but the DryRun option is set.";
        return Err(ApiError::new(&DRY_RUN_OPERATION_EXCEPTION, text));
    }
    Ok(())
}

/// That the algorithm is one that a symmetric key has.
pub(super) fn symmetric(algorithm: Option<EncryptionAlgorithmSpec>) -> Result<(), ApiError> {
    match algorithm {
        None | Some(EncryptionAlgorithmSpec::SymmetricDefault) => Ok(()),
        Some(other) => Err(ApiError::new(
            &INVALID_KEY_USAGE_EXCEPTION,
            format!("Algorithm {other} is incompatible with key spec SYMMETRIC_DEFAULT."),
        )),
    }
}

/// What the API tells of a key.
pub(super) fn metadata(key: &Key) -> KeyMetadata {
    let (state, manager) = match (key.state, key.manager) {
        (State::Enabled, manager) => (KeyState::Enabled, manager),
        (State::Disabled, manager) => (KeyState::Disabled, manager),
        (State::PendingDeletion, manager) => (KeyState::PendingDeletion, manager),
    };
    KeyMetadata {
        aws_account_id: Some(key.tenant.account.to_string()),
        key_id: key.id.to_string(),
        arn: Some(crate::arn::key(&key.tenant, key.id.as_str())),
        creation_date: Some(Timestamp(key.created_ms)),
        enabled: Some(key.state == State::Enabled),
        description: Some(key.description.clone()),
        key_usage: Some(KeyUsageType::EncryptDecrypt),
        key_state: Some(state),
        deletion_date: key.deletion_ms.map(Timestamp),
        origin: Some(OriginType::AwsKms),
        key_manager: Some(match manager {
            Manager::Aws => KeyManagerType::Aws,
            Manager::Customer => KeyManagerType::Customer,
        }),
        customer_master_key_spec: Some(CustomerMasterKeySpec::SymmetricDefault),
        key_spec: Some(KeySpec::SymmetricDefault),
        encryption_algorithms: Some(vec![EncryptionAlgorithmSpec::SymmetricDefault]),
        multi_region: Some(false),
        current_key_material_id: Some(key.material_id.clone()),
        ..KeyMetadata::default()
    }
}

/// Tags as the store has them.
///
/// # Errors
/// `TagException`.
pub(super) fn tags(given: Vec<Tag>) -> Result<Vec<tag::Tag>, ApiError> {
    let keys: BTreeSet<&str> = given.iter().map(|tag| tag.tag_key.as_str()).collect();
    let wrong = |text: &str| Err(ApiError::new(&TAG_EXCEPTION, text));
    if keys.len() < given.len() {
        return wrong("Duplicate tag keys");
    }
    if crate::domain::tag::check_keys(keys).is_err() {
        return wrong("aws: prefixed tag key names are not allowed for external use.");
    }
    Ok(given.into_iter().map(|tag| tag::Tag { key: tag.tag_key, value: tag.tag_value }).collect())
}

/// A value outside what the operation takes, in the words of the model's constraints.
pub(super) fn out_of_range(value: i32, member: &str, constraint: &str) -> ApiError {
    ApiError::new(
        &VALIDATION,
        format!(
            "1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: {constraint}"
        ),
    )
}
