//! Hybrid activations: made, listed, deleted by operators. Registering under one is in `registration`.

mod create_activation;
mod delete_activation;
mod describe_activations;
mod role;

pub(super) use role::{SERVICE_PRINCIPAL, check_role};

use crate::dispatch::Router;
use muster_ssm_api::{CreateActivation, DeleteActivation, DescribeActivations};

pub(crate) fn register(router: Router) -> Router {
    router.on::<CreateActivation>().on::<DeleteActivation>().on::<DescribeActivations>()
}

#[cfg(test)]
mod tests;
