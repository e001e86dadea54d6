//! Resource policies, of parameters: by them an advanced parameter is shared with other accounts. AWS has them for
//! documents and operational items, too, which this version does not share.

mod delete_resource_policy;
mod error;
mod get_resource_policies;
mod put_resource_policy;
#[cfg(test)]
mod tests;

use crate::{
    authority::Requirement,
    context::RequestContext,
    dispatch::Router,
    domain::parameter::{Path, Reference},
    error::ApiError,
};
use error::invalid;
use muster_ssm_api::{DeleteResourcePolicy, GetResourcePolicies, PutResourcePolicy};
use muster_store::parameter::TAG_KIND;

/// How often a writer looks again when others change the parameter under its hands.
const ATTEMPTS: usize = 100;

pub(crate) fn register(router: Router) -> Router {
    router.on::<DeleteResourcePolicy>().on::<GetResourcePolicies>().on::<PutResourcePolicy>()
}

/// The call's own action on the resource of this ARN.
fn required(context: &RequestContext, arn: &str) -> Requirement {
    let requirement = Requirement::on(context, arn);
    match Reference::parse(arn, &context.tenant) {
        Ok(Reference { elsewhere: Some((account, _)), .. }) => requirement.owned_by(&account),
        Ok(reference) => requirement.tagged(TAG_KIND, reference.path.as_str()),
        Err(_) => requirement,
    }
}

/// The caller's parameter of this ARN, whether there is such a one or not.
fn target(context: &RequestContext, arn: &str) -> Result<Path, ApiError> {
    match Reference::parse(arn, &context.tenant) {
        Ok(Reference { path, name: None, selector: None, elsewhere: None }) => Ok(path),
        _ => Err(invalid(
            "ResourceArn",
            "The resource must be a parameter of this account and Region, by its ARN.",
        )),
    }
}
