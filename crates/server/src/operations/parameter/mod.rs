//! Parameter Store. `read` finds and shows versions, `error` says which code a refusal has; the rules are in
//! `domain::parameter`.

mod access;
mod change;
mod delete_parameter;
mod delete_parameters;
mod describe_parameters;
mod error;
mod get_parameter;
mod get_parameter_history;
mod get_parameters;
mod get_parameters_by_path;
mod label_parameter_version;
mod lookup;
mod public;
mod put_parameter;
mod read;
mod referenced_secret;
mod secure;
#[cfg(test)]
mod tests;
mod unlabel_parameter_version;

use crate::dispatch::Router;
use muster_ssm_api::{
    DeleteParameter, DeleteParameters, DescribeParameters, GetParameter, GetParameterHistory, GetParameters,
    GetParametersByPath, LabelParameterVersion, PutParameter, UnlabelParameterVersion,
};

/// How often a writer looks again when others change the parameter under its hands.
const ATTEMPTS: usize = 100;

pub(crate) fn register(router: Router) -> Router {
    router
        .on::<DeleteParameter>()
        .on::<DeleteParameters>()
        .on::<DescribeParameters>()
        .on::<GetParameter>()
        .on::<GetParameterHistory>()
        .on::<GetParameters>()
        .on::<GetParametersByPath>()
        .on::<LabelParameterVersion>()
        .on::<PutParameter>()
        .on::<UnlabelParameterVersion>()
}
