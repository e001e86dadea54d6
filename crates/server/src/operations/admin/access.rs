//! Who may administer the installation: identities of its first account, as far as their policies let them. To any
//! other account these operations are closed, whatever its policies say.

use crate::{
    ControlPlane,
    authority::{Requirement, denial},
    context::RequestContext,
    error::ApiError,
};

impl ControlPlane {
    /// Whether the caller may do this to the installation, or to other accounts than its own.
    ///
    /// # Errors
    /// A denial.
    pub(super) async fn authorise_installation(&self, context: &RequestContext) -> Result<(), ApiError> {
        let requirement = Requirement::anything(context);
        if context.tenant.account != self.config.account_id {
            let reason =
                format!("because only account {} administers the installation", self.config.account_id);
            return Err(denial(context, &requirement.action, "*", &reason));
        }
        self.authorise(context, &[requirement]).await
    }
}
