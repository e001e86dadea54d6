//! Credentials that users do not have here: passwords, second factors, SSH keys, certificates, passwords of single
//! services. Clients that delete a user ask for them first, so the answer is that there are none. Making one is not built.

mod delete_login_profile;
mod get_login_profile;
mod list_mfa_devices;
mod list_service_specific_credentials;
mod list_signing_certificates;
mod list_ssh_public_keys;
mod list_virtual_mfa_devices;

use super::{subject, user::plain};
use crate::{
    ControlPlane, authority::Requirement, context::RequestContext, dispatch::Router, error::ApiError,
};
use muster_iam_api::{
    DeleteLoginProfile, GetLoginProfile, ListMFADevices, ListSSHPublicKeys, ListServiceSpecificCredentials,
    ListSigningCertificates, ListVirtualMFADevices, errors::NO_SUCH_ENTITY_EXCEPTION,
};

pub(crate) fn register(router: Router) -> Router {
    router
        .on::<DeleteLoginProfile>()
        .on::<GetLoginProfile>()
        .on::<ListMFADevices>()
        .on::<ListSSHPublicKeys>()
        .on::<ListServiceSpecificCredentials>()
        .on::<ListSigningCertificates>()
        .on::<ListVirtualMFADevices>()
}

fn no_login_profile(name: &str) -> ApiError {
    let text = format!("Login Profile for User {name} cannot be found.");
    ApiError::new(&NO_SUCH_ENTITY_EXCEPTION, text)
}

impl ControlPlane {
    /// Whose credentials a call is about, if the caller may ask: a user that is there, or the root.
    ///
    /// # Errors
    /// A denial, which comes first; no such user; a caller that is none and names none.
    async fn credentials_of(
        &self,
        context: &RequestContext,
        name: Option<String>,
    ) -> Result<String, ApiError> {
        match subject::named_or_caller(context, name)? {
            Some(name) => Ok(self.user_for(context, &name, plain).await?.name),
            None => {
                self.authorise(context, &[Requirement::on(context, context.principal.arn())]).await?;
                Ok(String::new())
            }
        }
    }
}

#[cfg(test)]
mod tests;
