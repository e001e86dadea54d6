//! Roles that nodes shall get: they must exist, and let Systems Manager assume them. Not for: whether the caller may
//! give them away, which is `iam:PassRole`.

use crate::{ControlPlane, arn, context::RequestContext, domain, error::ApiError};
use muster_policy::{Caller, CallerKind, Context, Kind, Policies, Request, evaluate};
use muster_store::iam::role::{self, Role};

/// Whom the role of a node must trust, and whom it is passed to.
pub(crate) const SERVICE_PRINCIPAL: &str = "ssm.amazonaws.com";

/// Checks a role, given as its name with its path in front if it has one.
///
/// # Errors
/// AWS's one text for all that can be wrong with it, or the store's.
pub(crate) async fn check_role(
    control_plane: &ControlPlane,
    context: &RequestContext,
    role: &str,
) -> Result<(), ApiError> {
    let account = &context.tenant.account;
    if domain::activation::is_role(role) {
        let name = role.rsplit('/').next().unwrap_or_default();
        let found = role::find(&control_plane.db, account, name).await?;
        let full = format!("/{}", role.strip_prefix('/').unwrap_or(role));
        if let Some(found) = found
            && format!("{}{}", found.path, found.name) == full
            && trusts_service(control_plane, context, &found)
        {
            return Ok(());
        }
    }
    let arn = arn::role(account, role);
    let text = format!("Nonexistent role or missing ssm service principal in trust policy: {arn}");
    Err(ApiError::validation(text))
}

/// Whether Systems Manager may assume the role, on behalf of the account alone: policies may ask for that.
fn trusts_service(control_plane: &ControlPlane, context: &RequestContext, role: &Role) -> bool {
    let trust = control_plane.compiled(&role.trust_policy, Kind::Trust);
    let tenant = &context.tenant;
    let resource = crate::account::identity_arn(&role.account, "role", &role.path, &role.name);
    let mut keys = Context::new();
    keys.set("aws:SourceAccount", tenant.account.as_str());
    keys.set("aws:SourceArn", arn::of("ssm", tenant, "*"));
    keys.set("aws:PrincipalIsAWSService", "true");
    keys.set("aws:PrincipalServiceName", SERVICE_PRINCIPAL);
    let caller = Caller { account: "", arn: SERVICE_PRINCIPAL, role_arn: None, kind: CallerKind::Service };
    let request = Request {
        caller: &caller,
        action: "sts:AssumeRole",
        resource: &resource,
        resource_account: role.account.as_str(),
        context: &keys,
    };
    let policies = Policies { resource: Some(&trust), resource_decides: true, ..Policies::default() };
    evaluate(&request, &policies).is_allowed()
}
