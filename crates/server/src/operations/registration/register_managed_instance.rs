//! `RegisterManagedInstance`: a machine becomes a node. Unsigned, for it has no credentials yet: the activation's
//! code is what it knows. An operator's own signature does in its place (`amazon-ssm-agent -register -role`).
//!
//! A machine that registers again becomes another node, as in AWS: the old one stays until somebody deregisters it.

use crate::{
    ControlPlane,
    authority::Requirement,
    context::RequestContext,
    dispatch::{Access, Handle},
    domain::{
        activation::{Refusal, admit, code_hash},
        tag::check_new,
    },
    error::ApiError,
    operations::activation::{SERVICE_PRINCIPAL, check_role},
};
use muster_ids::{ActivationId, ManagedNodeId, Region};
use muster_protocol::{
    agent_api::ssm_agent::{
        PublicKeyType, RegisterManagedInstance, RegisterManagedInstanceRequest,
        RegisterManagedInstanceResult,
        errors::{
            ACTIVATION_EXPIRED, INVALID_ACTIVATION, INVALID_PUBLIC_KEY, REGISTRATION_LIMIT_EXCEEDED,
            TOO_MANY_UPDATES,
        },
    },
    signing::rsa,
};
use muster_store::{
    Batch, StoreError, activation,
    managed_node::{self, Registration},
    tag::{self, Tag},
};

/// The region of a request that does not tell its own.
const UNKNOWN_REGION: &str = "unknown";

impl Handle<RegisterManagedInstance> for ControlPlane {
    const ACCESS: Access<RegisterManagedInstanceRequest> = Access::Anonymous;

    async fn handle(
        &self,
        context: &RequestContext,
        input: RegisterManagedInstanceRequest,
    ) -> Result<RegisterManagedInstanceResult, ApiError> {
        let grant = if input.activation_id.is_none() && context.principal.is_operator() {
            by_operator(self, context, &input).await?
        } else {
            by_activation(self, context, &input).await?
        };
        let public_key = rsa::verify_public_key(&input.public_key)
            .map_err(|error| ApiError::new(&INVALID_PUBLIC_KEY, error.to_string()))?;
        let node = Registration {
            id: ManagedNodeId::random(),
            fingerprint: input.fingerprint.clone(),
            public_key,
            public_key_type: input.public_key_type.unwrap_or(PublicKeyType::Rsa).as_str().to_owned(),
            registered_ms: context.now_ms,
            ..grant.node
        };
        let tags = tag::put(tag::Resource::node(&node.tenant, &node.id), &grant.tags, usize::MAX);
        let mut batch = grant.claim;
        batch.append(managed_node::insert(&node)).append(tags);
        match self.db.write(batch).await {
            Ok(_) => {}
            Err(StoreError::Conflict { .. }) => return Err(lost_race(self, context, &input).await),
            Err(error) => return Err(error.into()),
        }
        tracing::info!(node = %node.id, tenant = %node.tenant, "node registered");
        Ok(RegisterManagedInstanceResult { instance_id: node.id.into() })
    }
}

/// What a machine may become.
struct Grant {
    /// What must hold while it does.
    claim: Batch,
    /// The node, but for what the machine brings itself.
    node: Registration,
    tags: Vec<Tag>,
}

async fn by_activation(
    control_plane: &ControlPlane,
    context: &RequestContext,
    input: &RegisterManagedInstanceRequest,
) -> Result<Grant, ApiError> {
    let id = input.activation_id.as_deref().and_then(|id| ActivationId::parse(id).ok());
    let found = match &id {
        Some(id) => activation::find(&control_plane.db, id).await?,
        None => None,
    };
    let hash = code_hash(input.activation_code.as_ref().map_or("", |code| code.expose()));
    admit(found.as_ref(), &hash, context.now_ms).map_err(refused)?;
    // Regions do not know each other's activations. Unsigned requests seldom tell theirs.
    let elsewhere = |region: &Region| {
        context.tenant.region != *region && context.tenant.region.as_str() != UNKNOWN_REGION
    };
    let activation = found
        .filter(|activation| !elsewhere(&activation.tenant.region))
        .ok_or_else(|| refused(Refusal::Invalid))?;
    // Nobody signed this call; it is the affair of whoever made the activation.
    context.decisions.concerns(&activation.tenant);
    Ok(Grant {
        claim: activation::claim(&activation.id, &hash, context.now_ms),
        node: Registration {
            id: ManagedNodeId::random(),
            tenant: activation.tenant,
            activation_id: Some(activation.id),
            name: activation.default_instance_name,
            iam_role: activation.iam_role,
            registered_ms: context.now_ms,
            fingerprint: String::new(),
            public_key: Vec::new(),
            public_key_type: String::new(),
        },
        tags: activation.tags,
    })
}

async fn by_operator(
    control_plane: &ControlPlane,
    context: &RequestContext,
    input: &RegisterManagedInstanceRequest,
) -> Result<Grant, ApiError> {
    let iam_role = input.iam_role.clone().unwrap_or_default();
    let given = input.tags.as_deref().unwrap_or_default();
    let tags = given.iter().map(|tag| (tag.key.as_str(), tag.value.as_str()));
    let needed = [
        Requirement::anything(context).requesting_tags(tags),
        Requirement::pass_role(context, &iam_role, SERVICE_PRINCIPAL),
    ];
    control_plane.authorise(context, &needed).await?;
    check_role(control_plane, context, &iam_role).await?;
    check_new(given.iter().map(|tag| tag.key.as_str()), control_plane.config.limits.tags_per_resource)
        .map_err(|error| ApiError::validation(error.to_string()))?;
    Ok(Grant {
        claim: Batch::new(),
        node: Registration {
            id: ManagedNodeId::random(),
            tenant: context.tenant.clone(),
            activation_id: None,
            name: None,
            iam_role,
            registered_ms: context.now_ms,
            fingerprint: String::new(),
            public_key: Vec::new(),
            public_key_type: String::new(),
        },
        tags: given.iter().map(|tag| Tag { key: tag.key.clone(), value: tag.value.clone() }).collect(),
    })
}

/// Another machine took the last registration, or somebody deleted the activation, since it was looked at.
async fn lost_race(
    control_plane: &ControlPlane,
    context: &RequestContext,
    input: &RegisterManagedInstanceRequest,
) -> ApiError {
    match by_activation(control_plane, context, input).await {
        Err(error) => error,
        Ok(_) => ApiError::new(&TOO_MANY_UPDATES, "The activation was changed at the same time; try again."),
    }
}

/// AWS sends these without a text; a person reads what the agent prints, so they have one here.
fn refused(refusal: Refusal) -> ApiError {
    match refusal {
        Refusal::Invalid => ApiError::new(
            &INVALID_ACTIVATION,
            "The activation does not exist, or its id and its code do not belong together.",
        ),
        Refusal::Expired => ApiError::new(&ACTIVATION_EXPIRED, "The activation has expired."),
        Refusal::UsedUp => {
            ApiError::new(&REGISTRATION_LIMIT_EXCEEDED, "All registrations of the activation have been used.")
        }
    }
}
