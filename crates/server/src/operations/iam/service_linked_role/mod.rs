//! Roles that belong to services of Systems Manager. Not for: what a service does with its role.

mod create_service_linked_role;
mod delete_service_linked_role;
mod get_service_linked_role_deletion_status;

use crate::dispatch::Router;
use muster_iam_api::{CreateServiceLinkedRole, DeleteServiceLinkedRole, GetServiceLinkedRoleDeletionStatus};

pub(crate) fn register(router: Router) -> Router {
    router
        .on::<CreateServiceLinkedRole>()
        .on::<DeleteServiceLinkedRole>()
        .on::<GetServiceLinkedRoleDeletionStatus>()
}

/// What the ids of deletions are made for, in every region.
const DELETION: &str = "DeleteServiceLinkedRole";

#[cfg(test)]
mod tests;
