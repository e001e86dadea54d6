//! `GetKeyRotationStatus`: whether and when a key rotates by itself. One that is about to be deleted does not.

use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
};
use muster_kms_api::{GetKeyRotationStatus, GetKeyRotationStatusRequest, GetKeyRotationStatusResponse};
use muster_service_model::Timestamp;
use muster_store::kms::key::State;

impl Handle<GetKeyRotationStatus> for ControlPlane {
    const ACCESS: Access<GetKeyRotationStatusRequest> = Access::Handler;

    async fn handle(
        &self,
        context: &RequestContext,
        input: GetKeyRotationStatusRequest,
    ) -> Result<GetKeyRotationStatusResponse, ApiError> {
        let found = self.any_key(context, &input.key_id, None).await?;
        let key = &found.key;
        let pending = key.state == State::PendingDeletion;
        let period = key.rotation_period_days.filter(|_| !pending);
        Ok(GetKeyRotationStatusResponse {
            key_id: Some(key.id.to_string()),
            key_rotation_enabled: Some(period.is_some()),
            rotation_period_in_days: period.and_then(|days| i32::try_from(days).ok()),
            next_rotation_date: key.next_rotation_ms.filter(|_| period.is_some()).map(Timestamp),
            on_demand_rotation_start_date: None,
        })
    }
}
