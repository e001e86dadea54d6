//! What nodes call to become one and to stay one: registration, temporary credentials, change of key, heart-beat.
//! None of it is in the public model.

mod list_instance_associations;
mod register_managed_instance;
mod request_managed_instance_role_token;
mod update_instance_information;
mod update_managed_instance_public_key;

use crate::{
    context::{Principal, RequestContext},
    dispatch::{Router, denied},
    error::ApiError,
};
use muster_ids::ManagedNodeId;
use muster_protocol::agent_api::ssm_agent::{
    ListInstanceAssociations, RegisterManagedInstance, RequestManagedInstanceRoleToken,
    UpdateInstanceInformation, UpdateManagedInstancePublicKey, errors::INVALID_INSTANCE_ID,
};

pub(crate) fn register(router: Router) -> Router {
    router
        .on::<ListInstanceAssociations>()
        .on::<RegisterManagedInstance>()
        .on::<RequestManagedInstanceRoleToken>()
        .on::<UpdateInstanceInformation>()
        .on::<UpdateManagedInstancePublicKey>()
}

/// The node that calls, of an operation that nodes alone may call.
fn calling_node(context: &RequestContext) -> Result<&ManagedNodeId, ApiError> {
    match &context.principal {
        Principal::Node { node, .. } => Ok(node),
        _ => Err(denied(context)),
    }
}

/// The node was deregistered; AWS's words, which official agents log.
fn node_is_gone(node: &ManagedNodeId) -> ApiError {
    ApiError::new(&INVALID_INSTANCE_ID, format!("Not existing InstanceId {node}"))
}

#[cfg(test)]
mod tests;
