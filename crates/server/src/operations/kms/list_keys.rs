//! `ListKeys`: all keys of the account in the region, by id.

use super::support::{DEFAULT_LIMIT, anything};
use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
};
use muster_ids::KeyId;
use muster_kms_api::{KeyListEntry, ListKeys, ListKeysRequest, ListKeysResponse};
use muster_store::kms::key;

impl Handle<ListKeys> for ControlPlane {
    const ACCESS: Access<ListKeysRequest> = Access::Policy(|context, _| anything(context));

    async fn handle(
        &self,
        context: &RequestContext,
        input: ListKeysRequest,
    ) -> Result<ListKeysResponse, ApiError> {
        let limit = input.limit.unwrap_or(DEFAULT_LIMIT);
        let after: Option<KeyId> = self.marker(context, input.marker.as_deref())?;
        let mut keys = key::list(&self.db, &context.tenant, after.as_ref(), i64::from(limit) + 1).await?;
        let next_marker = self.cut(context, &mut keys, limit, |key| key.id.clone());
        let keys = keys.into_iter().map(|key| KeyListEntry {
            key_arn: Some(crate::arn::key(&key.tenant, key.id.as_str())),
            key_id: Some(key.id.to_string()),
        });
        Ok(ListKeysResponse {
            keys: Some(keys.collect()),
            truncated: Some(next_marker.is_some()),
            next_marker,
        })
    }
}
