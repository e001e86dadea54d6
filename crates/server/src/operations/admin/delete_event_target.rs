//! `DeleteEventTarget`: ends a target, and what was still to be sent to it.

use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
};
use muster_admin_api::{
    DeleteEventTarget, DeleteEventTargetRequest, DeleteEventTargetResponse, errors::NOT_FOUND_EXCEPTION,
};
use muster_store::{StoreError, event_target};

impl Handle<DeleteEventTarget> for ControlPlane {
    const ACCESS: Access<DeleteEventTargetRequest> = Access::ANY_RESOURCE;

    async fn handle(
        &self,
        context: &RequestContext,
        input: DeleteEventTargetRequest,
    ) -> Result<DeleteEventTargetResponse, ApiError> {
        match self.db.write(event_target::delete(&context.tenant, &input.name)).await {
            Ok(_) => Ok(DeleteEventTargetResponse {}),
            Err(StoreError::Conflict { .. }) => {
                Err(ApiError::new(&NOT_FOUND_EXCEPTION, "There is no event target of this name."))
            }
            Err(error) => Err(error.into()),
        }
    }
}
