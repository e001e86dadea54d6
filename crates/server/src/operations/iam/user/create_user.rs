//! `CreateUser`: a new user, who may nothing yet.

use super::{already_exists, whole};
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
use muster_iam_api::{CreateUser, CreateUserRequest, CreateUserResponse};
use muster_store::{
    account,
    iam::{
        TAGGED_USER,
        user::{self, User},
    },
};

impl Handle<CreateUser> for ControlPlane {
    const ACCESS: Access<CreateUserRequest> = Access::Policy(|context, input| {
        let path = input.path.as_deref().unwrap_or("/");
        let arn = identity_arn(&context.tenant.account, "user", path, &input.user_name);
        let tags = || input.tags.iter().flatten().map(|tag| (tag.key.as_str(), tag.value.as_str()));
        let requirement = Requirement::on(context, arn.clone()).requesting_tags(tags());
        let mut requirements = vec![boundary::key(requirement, input.permissions_boundary.as_deref())];
        if tags().next().is_some() {
            requirements.push(Requirement::of(context, "iam:TagUser", arn).requesting_tags(tags()));
        }
        requirements
    });

    async fn handle(
        &self,
        context: &RequestContext,
        input: CreateUserRequest,
    ) -> Result<CreateUserResponse, ApiError> {
        let account = &context.tenant.account;
        let tags = tags::checked(input.tags)?;
        let user = User {
            account: account.clone(),
            name: input.user_name,
            path: input.path.unwrap_or_else(|| "/".to_owned()),
            id: random_identity_id("AIDA"),
            created_ms: context.now_ms,
            boundary: input.permissions_boundary,
        };
        self.change_identities(account, || async {
            if let Some(arn) = &user.boundary {
                boundary::check(self, account, arn).await?;
            }
            if user::find(&self.db, account, &user.name).await?.is_some() {
                return Err(already_exists(&user.name));
            }
            let users = account::count(&self.db, account).await?.users;
            quota::check("UsersPerAccount", users, self.config.limits.users)?;
            let mut batch = user::insert(&user);
            batch.append(tags::put(self, account, TAGGED_USER, &user.name, &tags).await?);
            Ok((batch, ()))
        })
        .await?;
        Ok(CreateUserResponse { user: Some(whole(user, tags)) })
    }
}
