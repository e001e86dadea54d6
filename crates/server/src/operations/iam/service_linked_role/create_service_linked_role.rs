//! `CreateServiceLinkedRole`: the role of a service, with the service's policy. There is one of each in an account.

use crate::{
    ControlPlane, arn,
    authority::Requirement,
    context::RequestContext,
    dispatch::{Access, Handle},
    domain::iam::service_role,
    error::ApiError,
    secrets::random_identity_id,
};
use muster_iam_api::{
    CreateServiceLinkedRole, CreateServiceLinkedRoleRequest, CreateServiceLinkedRoleResponse,
    errors::INVALID_INPUT_EXCEPTION,
};
use muster_store::iam::{
    Entity, attachment,
    role::{self, Role},
};

/// Longest session, seconds.
const SESSION_SECONDS: i64 = 3600;

impl Handle<CreateServiceLinkedRole> for ControlPlane {
    const ACCESS: Access<CreateServiceLinkedRoleRequest> = Access::Policy(|context, input| {
        let service = &input.aws_service_name;
        let role = service_role::of(service).map_or("", |role| role.role);
        let resource = format!("role/aws-service-role/{service}/{role}");
        let requirement = Requirement::on(context, arn::iam(&context.tenant.account, &resource));
        vec![requirement.key("iam:AWSServiceName", service.as_str())]
    });

    async fn handle(
        &self,
        context: &RequestContext,
        input: CreateServiceLinkedRoleRequest,
    ) -> Result<CreateServiceLinkedRoleResponse, ApiError> {
        let account = &context.tenant.account;
        let invalid = |text: String| ApiError::new(&INVALID_INPUT_EXCEPTION, text);
        let service = input.aws_service_name;
        let Some(of_service) = service_role::of(&service) else {
            return Err(invalid(format!("{service} has no service-linked role in this version of Muster.")));
        };
        if input.custom_suffix.is_some() {
            return Err(invalid(format!("Custom suffix is not allowed for {service}")));
        }
        let role = Role {
            account: account.clone(),
            name: of_service.role.to_owned(),
            path: of_service.path(),
            id: random_identity_id("AROA"),
            created_ms: context.now_ms,
            trust_policy: of_service.trust_policy(),
            trust_principals: "{}".to_owned(),
            description: input.description,
            max_session_seconds: SESSION_SECONDS,
            boundary: None,
            last_used_ms: None,
            last_used_region: None,
        };
        self.change_identities(account, || async {
            if role::find(&self.db, account, &role.name).await?.is_some() {
                return Err(invalid(format!(
                    "Service role name {} has been taken in this account, please try a different suffix.",
                    role.name
                )));
            }
            let mut batch = role::insert(&role);
            batch.append(attachment::attach(Entity::role(account, &role.name), of_service.policy_arn));
            Ok((batch, ()))
        })
        .await?;
        let mut shown = self.role_listed(role).await?;
        shown.max_session_duration = None;
        Ok(CreateServiceLinkedRoleResponse { role: Some(shown) })
    }
}
