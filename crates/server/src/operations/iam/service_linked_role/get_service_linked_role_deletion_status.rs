//! `GetServiceLinkedRoleDeletionStatus`: how a deletion ended: whoever has its id was told when it was over.

use super::DELETION;
use crate::{
    ControlPlane, arn,
    authority::Requirement,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
};
use muster_iam_api::{
    DeletionTaskStatusType, GetServiceLinkedRoleDeletionStatus, GetServiceLinkedRoleDeletionStatusRequest,
    GetServiceLinkedRoleDeletionStatusResponse, errors::NO_SUCH_ENTITY_EXCEPTION,
};
use muster_store::iam::tag_tenant;

impl Handle<GetServiceLinkedRoleDeletionStatus> for ControlPlane {
    const ACCESS: Access<GetServiceLinkedRoleDeletionStatusRequest> = Access::Policy(|context, input| {
        let role = input.deletion_task_id.strip_prefix("task/").and_then(|rest| rest.rsplit_once('/'));
        let resource = format!("role/{}", role.map_or("", |(role, _)| role));
        vec![Requirement::on(context, arn::iam(&context.tenant.account, &resource))]
    });

    async fn handle(
        &self,
        context: &RequestContext,
        input: GetServiceLinkedRoleDeletionStatusRequest,
    ) -> Result<GetServiceLinkedRoleDeletionStatusResponse, ApiError> {
        let id = &input.deletion_task_id;
        let token = id.rsplit('/').next().unwrap_or_default();
        let tenant = tag_tenant(&context.tenant.account);
        match self.secrets.read_page_token::<i64>(DELETION, &tenant, token) {
            Ok(_) => Ok(GetServiceLinkedRoleDeletionStatusResponse {
                status: DeletionTaskStatusType::Succeeded,
                reason: None,
            }),
            Err(_) => {
                let text = format!("The deletion task {id} cannot be found.");
                Err(ApiError::new(&NO_SUCH_ENTITY_EXCEPTION, text))
            }
        }
    }
}
