//! `ListVirtualMFADevices`: none.

use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
};
use muster_iam_api::{ListVirtualMFADevices, ListVirtualMFADevicesRequest, ListVirtualMFADevicesResponse};

impl Handle<ListVirtualMFADevices> for ControlPlane {
    const ACCESS: Access<ListVirtualMFADevicesRequest> = Access::ANY_RESOURCE;

    async fn handle(
        &self,
        _: &RequestContext,
        _: ListVirtualMFADevicesRequest,
    ) -> Result<ListVirtualMFADevicesResponse, ApiError> {
        Ok(ListVirtualMFADevicesResponse {
            virtual_mfa_devices: Vec::new(),
            is_truncated: Some(false),
            marker: None,
        })
    }
}
