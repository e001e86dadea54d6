//! `GetTrailStatus`: whether calls are recorded, which they always are, and when the last file was sealed.

use super::trail;
use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
};
use muster_cloudtrail_api::{GetTrailStatus, GetTrailStatusRequest, GetTrailStatusResponse};
use muster_service_model::Timestamp;
use muster_store::audit;
impl Handle<GetTrailStatus> for ControlPlane {
    const ACCESS: Access<GetTrailStatusRequest> = Access::Handler;

    async fn handle(
        &self,
        context: &RequestContext,
        input: GetTrailStatusRequest,
    ) -> Result<GetTrailStatusResponse, ApiError> {
        trail::named(self, context, &input.name).await?;
        let newest = audit::newest(&self.db, &context.tenant.account).await?;
        let sealed = newest.map(|file| Timestamp::from_millis(file.sealed_ms));
        Ok(GetTrailStatusResponse {
            is_logging: Some(true),
            latest_delivery_time: sealed,
            ..GetTrailStatusResponse::default()
        })
    }
}
