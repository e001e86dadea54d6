//! The registry of what can carry tags. A domain adds its type by an arm in each `match`: how an id is read, whether
//! such a resource exists, and what holds it in place while its tags change.

use crate::{
    arn,
    authority::Requirement,
    context::RequestContext,
    domain::parameter::{Name, Path},
    error::ApiError,
};
use muster_ids::{ManagedNodeId, Tenant};
use muster_ssm_api::{ResourceTypeForTagging as Kind, errors::INVALID_RESOURCE_ID};
use muster_store::{Batch, Db, StoreError, managed_node, parameter, tag};

/// A resource that may exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Taggable {
    /// A managed node.
    ManagedNode(ManagedNodeId),
    /// A parameter.
    Parameter(Path),
}

impl Taggable {
    /// The resource of this type and id.
    ///
    /// # Errors
    /// An id of the wrong form, or of a type of which there is no resource that could carry tags: Amazon's
    /// documents cannot, and the other types have none yet.
    pub(super) fn parse(kind: Kind, id: &str) -> Result<Self, ApiError> {
        match kind {
            Kind::ManagedInstance => ManagedNodeId::parse(id).map(Self::ManagedNode).map_err(|_| {
                ApiError::validation(
                    "resourceId should be in format mi-[0-9a-f]{17} for resource type ManagedInstance",
                )
            }),
            Kind::Parameter => match Name::parse_existing(id) {
                Ok(name) => Ok(Self::Parameter(name.path().clone())),
                Err(_) => Err(no_such_resource()),
            },
            Kind::Document
            | Kind::MaintenanceWindow
            | Kind::PatchBaseline
            | Kind::OpsItem
            | Kind::OpsMetadata
            | Kind::Automation
            | Kind::Association
            | Kind::CloudConnector => Err(no_such_resource()),
        }
    }

    /// As the table of tags knows it.
    pub(super) fn resource<'a>(&'a self, tenant: &'a Tenant) -> tag::Resource<'a> {
        match self {
            Self::ManagedNode(node) => tag::Resource::node(tenant, node),
            Self::Parameter(path) => tag::Resource { tenant, kind: parameter::TAG_KIND, id: path.as_str() },
        }
    }

    /// Whether the tenant has it.
    pub(super) async fn exists(&self, db: &Db, tenant: &Tenant) -> Result<bool, StoreError> {
        match self {
            Self::ManagedNode(node) => Ok(managed_node::find_in(db, tenant, node).await?.is_some()),
            Self::Parameter(path) => Ok(parameter::find(db, tenant, path.as_str()).await?.is_some()),
        }
    }

    /// One statement that fails if the tenant does not have it, and else keeps it until the batch ends.
    pub(super) fn guard(&self, tenant: &Tenant) -> Batch {
        match self {
            Self::ManagedNode(node) => managed_node::require(tenant, node),
            Self::Parameter(path) => parameter::require(tenant, path.as_str()),
        }
    }
}

/// The call's own action on the resource, whether there is one or not.
pub(super) fn required(context: &RequestContext, kind: Kind, id: &str) -> Requirement {
    let tenant = &context.tenant;
    let arn = match kind {
        Kind::ManagedInstance => arn::node(tenant, id),
        Kind::Document => arn::document(tenant, id),
        Kind::Parameter => arn::parameter(tenant, id),
        Kind::MaintenanceWindow => arn::of("ssm", tenant, &format!("maintenancewindow/{id}")),
        Kind::PatchBaseline => arn::of("ssm", tenant, &format!("patchbaseline/{id}")),
        Kind::OpsItem => arn::of("ssm", tenant, &format!("opsitem/{id}")),
        Kind::Automation => arn::of("ssm", tenant, &format!("automation-execution/{id}")),
        Kind::Association => arn::of("ssm", tenant, &format!("association/{id}")),
        Kind::CloudConnector => arn::of("ssm", tenant, &format!("cloud-connector/{id}")),
        // Named by its whole ARN.
        Kind::OpsMetadata => id.to_owned(),
    };
    let requirement = Requirement::on(context, arn);
    // Tags stand under the one spelling of a name.
    match Taggable::parse(kind, id) {
        Ok(Taggable::Parameter(path)) => requirement.tagged(kind.as_str(), path.as_str()),
        _ => requirement.tagged(kind.as_str(), id),
    }
}

/// Without a text, as in AWS.
pub(super) fn no_such_resource() -> ApiError {
    ApiError::new(&INVALID_RESOURCE_ID, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_is_decided() {
        for kind in Kind::ALL {
            let code = Taggable::parse(*kind, "AWS RunShellScript").unwrap_err().schema.code;
            let expected =
                if *kind == Kind::ManagedInstance { "ValidationException" } else { "InvalidResourceId" };
            assert_eq!(code, expected, "{kind}");
        }
        assert!(Taggable::parse(Kind::ManagedInstance, "mi-0123456789abcdef0").is_ok());
        let spelled = |name| Taggable::parse(Kind::Parameter, name).unwrap();
        assert_eq!(spelled("x"), spelled("/x"));
        assert!(Taggable::parse(Kind::Parameter, "/a//b").is_err());
    }
}
