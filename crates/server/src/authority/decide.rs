//! The decision for one call: every requirement against the caller's policies, with AWS's words for a denial.

use super::Requirement;
use crate::{
    ControlPlane,
    context::{Principal, RequestContext},
    error::{ACCESS_DENIED, ApiError},
};

impl ControlPlane {
    /// Whether the caller may all of this; the first requirement that fails is the answer.
    ///
    /// # Errors
    /// A denial in AWS's words, or the store's.
    pub(crate) async fn authorise(
        &self,
        context: &RequestContext,
        requirements: &[Requirement],
    ) -> Result<(), ApiError> {
        context.note_decision(requirements);
        for requirement in requirements {
            self.decide(context, requirement).await?;
        }
        Ok(())
    }
}

impl ControlPlane {
    async fn decide(&self, context: &RequestContext, requirement: &Requirement) -> Result<(), ApiError> {
        let own = context.principal.account() == Some(&requirement.resource_account);
        match &context.principal {
            Principal::Root { .. } if own && !requirement.policy_decides => Ok(()),
            _ => {
                let Requirement { action, resource, .. } = requirement;
                let reason = format!("because no identity-based policy allows the {action} action");
                Err(denial(context, action, resource, &reason))
            }
        }
    }
}

/// The denial in AWS's words; `reason` is the rest of the sentence.
pub(crate) fn denial(context: &RequestContext, action: &str, resource: &str, reason: &str) -> ApiError {
    let caller = context.principal.arn();
    // Of actions without a resource, AWS names the service's whole namespace.
    let resource = match resource {
        "*" => crate::arn::of(context.operation.service, &context.tenant, "*"),
        named => named.to_owned(),
    };
    let text =
        format!("User: {caller} is not authorized to perform: {action} on resource: {resource} {reason}");
    ApiError::new(&ACCESS_DENIED, text)
}
