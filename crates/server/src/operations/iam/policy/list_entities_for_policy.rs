//! `ListEntitiesForPolicy`: the groups, roles and users that a policy is attached to, or is the boundary of.

use super::requirement;
use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
    operations::iam::{
        managed_policy::{self, Found},
        marker,
    },
};
use muster_iam_api::{
    EntityType, ListEntitiesForPolicy, ListEntitiesForPolicyRequest, ListEntitiesForPolicyResponse,
    PolicyGroup, PolicyRole, PolicyUsageType, PolicyUser,
};
use muster_store::iam::{
    Kind,
    attachment::{self, Holder},
    key,
};

impl Handle<ListEntitiesForPolicy> for ControlPlane {
    const ACCESS: Access<ListEntitiesForPolicyRequest> =
        Access::Policy(|context, input| vec![requirement(context, &input.policy_arn)]);

    async fn handle(
        &self,
        context: &RequestContext,
        input: ListEntitiesForPolicyRequest,
    ) -> Result<ListEntitiesForPolicyResponse, ApiError> {
        let account = &context.tenant.account;
        let Some(found) = managed_policy::find(self, account, &input.policy_arn).await? else {
            return Err(managed_policy::not_found(&input.policy_arn));
        };
        let mut holders = Vec::new();
        if input.policy_usage_filter != Some(PolicyUsageType::PermissionsBoundary) {
            holders.extend(attachment::holders(&self.db, account, &input.policy_arn).await?);
        }
        if input.policy_usage_filter != Some(PolicyUsageType::PermissionsPolicy) {
            holders.extend(attachment::bounded(&self.db, account, &input.policy_arn).await?);
        }
        let prefix = input.path_prefix.as_deref().unwrap_or("/");
        holders.retain(|holder| {
            let wanted = match input.entity_filter {
                None => true,
                Some(EntityType::User) => holder.kind == Kind::User,
                Some(EntityType::Role) => holder.kind == Kind::Role,
                Some(EntityType::Group) => holder.kind == Kind::Group,
                Some(EntityType::LocalManagedPolicy) => matches!(found, Found::Own(_)),
                Some(EntityType::AwsManagedPolicy) => matches!(found, Found::Aws(_)),
            };
            wanted && holder.path.starts_with(prefix)
        });
        holders.sort_by_key(place);
        holders.dedup_by(|one, other| one.id == other.id);
        let page = (input.marker.as_deref(), input.max_items);
        let (holders, marker) = marker::page_of(self, context, page, holders, place)?;
        let mut output = ListEntitiesForPolicyResponse {
            policy_groups: Some(Vec::new()),
            policy_users: Some(Vec::new()),
            policy_roles: Some(Vec::new()),
            is_truncated: Some(marker.is_some()),
            marker,
        };
        for Holder { kind, name, id, .. } in holders {
            let (name, id) = (Some(name), Some(id));
            match kind {
                Kind::Group => {
                    output
                        .policy_groups
                        .get_or_insert_default()
                        .push(PolicyGroup { group_name: name, group_id: id });
                }
                Kind::Role => {
                    output
                        .policy_roles
                        .get_or_insert_default()
                        .push(PolicyRole { role_name: name, role_id: id });
                }
                Kind::User => {
                    output
                        .policy_users
                        .get_or_insert_default()
                        .push(PolicyUser { user_name: name, user_id: id });
                }
            }
        }
        Ok(output)
    }
}

/// By kind, then by name.
fn place(holder: &Holder) -> String {
    format!("{}/{}", holder.kind.as_str(), key(&holder.name))
}
