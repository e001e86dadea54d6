//! What calls about parameters need a permission for: the parameter's ARN, with its tags.

use crate::{
    arn,
    authority::Requirement,
    context::RequestContext,
    domain::parameter::{Name, Path, Reference, secret::SecretReference},
    public_parameters::PublicName,
};
use muster_ids::Tenant;
use muster_store::parameter::TAG_KIND;

/// The call's action on a parameter that a reader refers to, by whatever name.
pub(super) fn reading(context: &RequestContext, text: &str) -> Requirement {
    if let Some(Ok(secret)) = SecretReference::parse(text) {
        return Requirement::on(context, arn::parameter(&context.tenant, &secret.name));
    }
    if let Some(public) = PublicName::parse(text, &context.tenant.region) {
        return Requirement::on(context, arn::public_parameter(&context.tenant.region, &public.path));
    }
    match Reference::parse(text, &context.tenant) {
        Ok(reference) => {
            let owner = match &reference.elsewhere {
                Some((account, region)) => Tenant::new(account.clone(), region.clone()),
                None => context.tenant.clone(),
            };
            let requirement = Requirement::on(context, arn::parameter(&owner, reference.path.as_str()));
            if reference.elsewhere.is_some() {
                requirement.owned_by(&owner.account)
            } else {
                tagged(requirement, &reference.path)
            }
        }
        // The handler says what is wrong with it.
        Err(_) => Requirement::on(context, arn::parameter(&context.tenant, text)),
    }
}

/// The call's action on a parameter that a writer names.
pub(super) fn writing(context: &RequestContext, text: &str) -> Requirement {
    match Name::parse_existing(text) {
        Ok(name) => {
            let requirement = Requirement::on(context, arn::parameter(&context.tenant, name.path().as_str()));
            tagged(requirement, name.path())
        }
        Err(_) => Requirement::on(context, arn::parameter(&context.tenant, text)),
    }
}

fn tagged(requirement: Requirement, path: &Path) -> Requirement {
    requirement.tagged(TAG_KIND, path.as_str())
}
