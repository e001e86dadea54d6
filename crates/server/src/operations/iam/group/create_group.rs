//! `CreateGroup`: a new group, without members and policies.

use super::{already_exists, shown};
use crate::{
    ControlPlane,
    account::identity_arn,
    authority::Requirement,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
    operations::iam::quota,
    secrets::random_identity_id,
};
use muster_iam_api::{CreateGroup, CreateGroupRequest, CreateGroupResponse};
use muster_store::{
    account,
    iam::group::{self, Group},
};

impl Handle<CreateGroup> for ControlPlane {
    const ACCESS: Access<CreateGroupRequest> = Access::Policy(|context, input| {
        let path = input.path.as_deref().unwrap_or("/");
        vec![Requirement::on(
            context,
            identity_arn(&context.tenant.account, "group", path, &input.group_name),
        )]
    });

    async fn handle(
        &self,
        context: &RequestContext,
        input: CreateGroupRequest,
    ) -> Result<CreateGroupResponse, ApiError> {
        let account = &context.tenant.account;
        let group = Group {
            account: account.clone(),
            name: input.group_name,
            path: input.path.unwrap_or_else(|| "/".to_owned()),
            id: random_identity_id("AGPA"),
            created_ms: context.now_ms,
        };
        self.change_identities(account, || async {
            if group::find(&self.db, account, &group.name).await?.is_some() {
                return Err(already_exists(&group.name));
            }
            let groups = account::count(&self.db, account).await?.groups;
            quota::check("GroupsPerAccount", groups, self.config.limits.groups)?;
            Ok((group::insert(&group), ()))
        })
        .await?;
        Ok(CreateGroupResponse { group: shown(group) })
    }
}
