//! `ListMFADevices`: none.

use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
};
use muster_iam_api::{ListMFADevices, ListMFADevicesRequest, ListMFADevicesResponse};

impl Handle<ListMFADevices> for ControlPlane {
    const ACCESS: Access<ListMFADevicesRequest> = Access::Handler;

    async fn handle(
        &self,
        context: &RequestContext,
        input: ListMFADevicesRequest,
    ) -> Result<ListMFADevicesResponse, ApiError> {
        self.credentials_of(context, input.user_name).await?;
        Ok(ListMFADevicesResponse { mfa_devices: Vec::new(), is_truncated: Some(false), marker: None })
    }
}
