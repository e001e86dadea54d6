//! `ListAccessKeys`: the keys of a user, the oldest first, without their secrets.

use super::shown;
use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
    operations::iam::marker,
};
use muster_iam_api::{AccessKeyMetadata, ListAccessKeys, ListAccessKeysRequest, ListAccessKeysResponse};
use muster_service_model::Timestamp;
use muster_store::access_key::{self, AccessKey};

impl Handle<ListAccessKeys> for ControlPlane {
    const ACCESS: Access<ListAccessKeysRequest> = Access::Handler;

    async fn handle(
        &self,
        context: &RequestContext,
        input: ListAccessKeysRequest,
    ) -> Result<ListAccessKeysResponse, ApiError> {
        let owner = self.key_owner(context, input.user_name.as_deref()).await?;
        let keys = access_key::of_user(&self.db, &context.tenant.account, owner.as_deref()).await?;
        let page = (input.marker.as_deref(), input.max_items);
        let place = |key: &AccessKey| format!("{:020}/{}", key.created_ms, key.access_key_id);
        let (keys, marker) = marker::page_of(self, context, page, keys, place)?;
        let metadata = |key: AccessKey| AccessKeyMetadata {
            user_name: key.user,
            access_key_id: Some(key.access_key_id),
            status: Some(shown(key.status)),
            create_date: Some(Timestamp::from_millis(key.created_ms)),
        };
        Ok(ListAccessKeysResponse {
            access_key_metadata: keys.into_iter().map(metadata).collect(),
            is_truncated: Some(marker.is_some()),
            marker,
        })
    }
}
