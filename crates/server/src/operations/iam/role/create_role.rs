//! `CreateRole`: a new role. Its trust policy must name identities that exist.

use super::{SERVICE_PATH, trust};
use crate::{
    ControlPlane,
    account::identity_arn,
    authority::Requirement,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
    operations::iam::{boundary, quota, tags},
    secrets::random_identity_id,
};
use muster_iam_api::{
    CreateRole, CreateRoleRequest, CreateRoleResponse, errors::ENTITY_ALREADY_EXISTS_EXCEPTION,
};
use muster_store::{
    account,
    iam::{
        TAGGED_ROLE,
        role::{self, Role},
    },
};

/// Longest session of a role that does not say, seconds.
const DEFAULT_SESSION_SECONDS: i64 = 3600;

impl Handle<CreateRole> for ControlPlane {
    const ACCESS: Access<CreateRoleRequest> = Access::Policy(|context, input| {
        let path = input.path.as_deref().unwrap_or("/");
        let arn = identity_arn(&context.tenant.account, "role", path, &input.role_name);
        let own = boundary::key(Requirement::on(context, arn), input.permissions_boundary.as_deref());
        tags::to_create(context, own, "iam:TagRole", input.tags.as_deref())
    });

    async fn handle(
        &self,
        context: &RequestContext,
        input: CreateRoleRequest,
    ) -> Result<CreateRoleResponse, ApiError> {
        let account = &context.tenant.account;
        let path = input.path.unwrap_or_else(|| "/".to_owned());
        if path.starts_with(SERVICE_PATH) {
            return Err(ApiError::validation(format!(
                "The path {SERVICE_PATH} is reserved for roles of services."
            )));
        }
        let tags = tags::checked(input.tags)?;
        let role = Role {
            account: account.clone(),
            name: input.role_name,
            path,
            id: random_identity_id("AROA"),
            created_ms: context.now_ms,
            trust_policy: input.assume_role_policy_document,
            trust_principals: String::new(),
            description: input.description,
            max_session_seconds: input.max_session_duration.map_or(DEFAULT_SESSION_SECONDS, i64::from),
            boundary: input.permissions_boundary,
            last_used_ms: None,
            last_used_region: None,
        };
        let role = self
            .change_identities(account, || async {
                let bindings = trust(self, &role.trust_policy).await?;
                if let Some(arn) = &role.boundary {
                    boundary::check(self, account, arn).await?;
                }
                if role::find(&self.db, account, &role.name).await?.is_some() {
                    let text = format!("Role with name {} already exists.", role.name);
                    return Err(ApiError::new(&ENTITY_ALREADY_EXISTS_EXCEPTION, text));
                }
                let there = account::count(&self.db, account).await?.roles;
                quota::check("RolesPerAccount", there, self.config.limits.roles)?;
                let role = Role { trust_principals: bindings.to_json(), ..role.clone() };
                let mut batch = role::insert(&role);
                batch.append(tags::put(self, account, TAGGED_ROLE, &role.name, &tags).await?);
                Ok((batch, role))
            })
            .await?;
        let boundary = role.boundary.clone();
        let mut shown = self.role_listed(role).await?;
        shown.max_session_duration = input.max_session_duration;
        shown.permissions_boundary = boundary::shown(boundary);
        shown.tags = tags::shown(tags);
        Ok(CreateRoleResponse { role: shown })
    }
}
