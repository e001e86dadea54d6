//! Making many nodes: activations by the operator's client, registrations by the nodes, many at once. Not for:
//! connecting them.

use super::{
    api::{NodeApi, NodeError},
    identity::{Identities, IdentityError},
};
use crate::{
    client::{ApiFailure, Client},
    http::Endpoint,
    time::TimeSource,
};
use serde_json::{Value, json};
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};
use tokio::task::JoinSet;

/// What AWS lets one activation register.
const REGISTRATIONS_PER_ACTIVATION: usize = 1000;
/// The role of simulated nodes.
/// The role that every account is born with.
const ROLE: &str = "service-role/AmazonEC2RunCommandRoleForManagedInstances";

/// An activation, as nodes need it.
#[derive(Debug, Clone)]
pub struct Activation {
    /// Its id.
    pub id: String,
    /// Its code.
    pub code: String,
    /// How many may register.
    pub registrations: usize,
}

/// Creates as many activations as `nodes` need; the nodes will carry these tags.
///
/// # Errors
/// What the server said.
pub async fn create_activations(
    client: &Client,
    nodes: usize,
    tags: &[(String, String)],
) -> Result<Vec<Activation>, ApiFailure> {
    let tags: Vec<Value> = tags.iter().map(|(key, value)| json!({ "Key": key, "Value": value })).collect();
    let mut activations = Vec::new();
    let mut missing = nodes;
    while missing > 0 {
        let registrations = missing.min(REGISTRATIONS_PER_ACTIVATION);
        let input = json!({
            "IamRole": ROLE, "Description": "Simulated nodes", "DefaultInstanceName": "simulated",
            "RegistrationLimit": registrations, "Tags": tags,
        });
        let output = client.call("ssm", "CreateActivation", input).await?;
        let text = |name| output.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        activations.push(Activation {
            id: text("ActivationId"),
            code: text("ActivationCode"),
            registrations,
        });
        missing -= registrations;
    }
    Ok(activations)
}

/// Registers as many nodes as the activations allow, `concurrency` at once. `registered` counts along.
///
/// # Errors
/// The first failure of a registration; the region.
pub async fn enrol(
    endpoint: Arc<Endpoint>,
    region: &str,
    activations: &[Activation],
    concurrency: usize,
    time: TimeSource,
    registered: Arc<AtomicUsize>,
) -> Result<Identities, EnrolError> {
    let mut identities = Identities::none(region)?;
    let concurrency = concurrency.max(1);
    let api = NodeApi::new(endpoint, region, identities.key.clone(), concurrency, time)
        .map_err(IdentityError::Key)?;
    let api = Arc::new(api);
    let all: Vec<Activation> = activations
        .iter()
        .flat_map(|activation| std::iter::repeat_n(activation.clone(), activation.registrations))
        .collect();
    let (all, next) = (Arc::new(all), Arc::new(AtomicUsize::new(0)));
    let mut workers = JoinSet::new();
    for _ in 0..concurrency.min(all.len()) {
        let (api, all, next, registered) = (api.clone(), all.clone(), next.clone(), registered.clone());
        workers.spawn(async move {
            let mut made = Vec::new();
            while let Some(activation) = all.get(next.fetch_add(1, Ordering::Relaxed)) {
                made.push(api.register(&activation.id, &activation.code).await?);
                registered.fetch_add(1, Ordering::Relaxed);
            }
            Ok::<_, NodeError>(made)
        });
    }
    while let Some(ended) = workers.join_next().await {
        let made = ended.map_err(|_| EnrolError::Lost)?;
        identities.nodes.extend(made?);
    }
    Ok(identities)
}

/// Why nodes could not be made.
#[derive(Debug, thiserror::Error)]
pub enum EnrolError {
    /// The region or the key.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// A registration.
    #[error(transparent)]
    Node(#[from] NodeError),
    /// A task of this process ended early.
    #[error("a registration was abandoned")]
    Lost,
}
