//! `ListSigningCertificates`: none.

use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
};
use muster_iam_api::{
    ListSigningCertificates, ListSigningCertificatesRequest, ListSigningCertificatesResponse,
};

impl Handle<ListSigningCertificates> for ControlPlane {
    const ACCESS: Access<ListSigningCertificatesRequest> = Access::Handler;

    async fn handle(
        &self,
        context: &RequestContext,
        input: ListSigningCertificatesRequest,
    ) -> Result<ListSigningCertificatesResponse, ApiError> {
        self.credentials_of(context, input.user_name).await?;
        Ok(ListSigningCertificatesResponse {
            certificates: Vec::new(),
            is_truncated: Some(false),
            marker: None,
        })
    }
}
