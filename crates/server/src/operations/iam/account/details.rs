//! Identities with their policies, as `GetAccountAuthorizationDetails` shows them.

use crate::{
    ControlPlane,
    domain::iam::{document, managed::ManagedPolicy, policy_arn},
    error::ApiError,
    operations::iam::{boundary, group, policy, role, tags, user},
};
use muster_iam_api::{
    AttachedPolicy, GetAccountAuthorizationDetailsResponse, GroupDetail, ManagedPolicyDetail,
    Policy as PolicyShown, PolicyDetail, PolicyVersion, RoleDetail, UserDetail,
};
use muster_service_model::Timestamp;
use muster_store::{
    StoreError,
    iam::{
        self, Entity, TAGGED_USER,
        attachment::{self, Uses},
        inline, instance_profile,
    },
};
use std::collections::BTreeMap;

/// An identity.
pub(super) enum Detail {
    /// A user.
    User(iam::user::User),
    /// A role.
    Role(iam::role::Role),
    /// A group.
    Group(iam::group::Group),
    /// A policy of the account.
    Own(iam::policy::Policy),
    /// A policy that AWS manages.
    Aws(&'static ManagedPolicy),
}

impl ControlPlane {
    /// Adds an identity to its list.
    ///
    /// # Errors
    /// The store's.
    pub(super) async fn add_detail(
        &self,
        answer: &mut GetAccountAuthorizationDetailsResponse,
        detail: Detail,
        uses: &BTreeMap<String, Uses>,
    ) -> Result<(), ApiError> {
        let uses_of = |arn: &str| uses.get(arn).copied().unwrap_or_default();
        match detail {
            Detail::User(user) => {
                answer.user_detail_list.get_or_insert_default().push(self.user_detail(user).await?)
            }
            Detail::Role(role) => {
                answer.role_detail_list.get_or_insert_default().push(self.role_detail(role).await?)
            }
            Detail::Group(group) => {
                answer.group_detail_list.get_or_insert_default().push(self.group_detail(group).await?);
            }
            Detail::Own(own) => {
                let mut versions = Vec::new();
                for version in iam::policy::versions(&self.db, &own).await? {
                    let shown = policy::version_listed(&own, &version);
                    versions.push(PolicyVersion {
                        document: Some(document::encoded(&version.document)),
                        ..shown
                    });
                }
                let description = own.description.clone();
                let uses = uses_of(&own.arn);
                let shown = PolicyShown { description, ..policy::own_listed(own, uses) };
                answer.policies.get_or_insert_default().push(policy_detail(shown, versions));
            }
            Detail::Aws(aws) => {
                let document = Some(document::encoded(aws.document));
                let version = PolicyVersion { document, ..policy::aws_version_listed(aws) };
                let shown = policy::aws_listed(aws, uses_of(&aws.arn));
                answer.policies.get_or_insert_default().push(policy_detail(shown, vec![version]));
            }
        }
        Ok(())
    }

    async fn user_detail(&self, user: iam::user::User) -> Result<UserDetail, ApiError> {
        let entity = Entity::user(&user.account, &user.name);
        let groups = iam::group::of_user(&self.db, &user.account, &user.name, None, i64::MAX).await?;
        let tags = tags::of(self, &user.account, TAGGED_USER, &user.name).await?;
        Ok(UserDetail {
            arn: Some(user::arn(&user)),
            user_policy_list: Some(self.inline_details(entity).await?),
            group_list: Some(groups.into_iter().map(|group| group.name).collect()),
            attached_managed_policies: Some(self.attached_details(entity).await?),
            permissions_boundary: boundary::shown(user.boundary),
            tags: tags::shown(tags),
            path: Some(user.path),
            user_name: Some(user.name),
            user_id: Some(user.id),
            create_date: Some(Timestamp::from_millis(user.created_ms)),
        })
    }

    async fn group_detail(&self, group: iam::group::Group) -> Result<GroupDetail, ApiError> {
        let entity = Entity::group(&group.account, &group.name);
        Ok(GroupDetail {
            arn: Some(group::arn(&group)),
            group_policy_list: Some(self.inline_details(entity).await?),
            attached_managed_policies: Some(self.attached_details(entity).await?),
            path: Some(group.path),
            group_name: Some(group.name),
            group_id: Some(group.id),
            create_date: Some(Timestamp::from_millis(group.created_ms)),
        })
    }

    async fn role_detail(&self, role: iam::role::Role) -> Result<RoleDetail, ApiError> {
        let entity = Entity::role(&role.account, &role.name);
        let (policies, attached) = (self.inline_details(entity).await?, self.attached_details(entity).await?);
        let mut profiles = Vec::new();
        for profile in instance_profile::of_role(&self.db, &role.account, &role.name).await? {
            profiles.push(self.profile_listed(profile).await?);
        }
        let arn = role::arn(&role);
        let role = self.role_whole(role).await?;
        Ok(RoleDetail {
            path: Some(role.path),
            role_name: Some(role.role_name),
            role_id: Some(role.role_id),
            arn: Some(arn),
            create_date: Some(role.create_date),
            assume_role_policy_document: role.assume_role_policy_document,
            instance_profile_list: Some(profiles),
            role_policy_list: Some(policies),
            attached_managed_policies: Some(attached),
            permissions_boundary: role.permissions_boundary,
            tags: role.tags,
            role_last_used: role.role_last_used,
        })
    }

    async fn inline_details(&self, entity: Entity<'_>) -> Result<Vec<PolicyDetail>, StoreError> {
        let detail = |policy: inline::Inline| PolicyDetail {
            policy_document: Some(document::encoded(&policy.document)),
            policy_name: Some(policy.name),
        };
        Ok(inline::of_entity(&self.db, entity).await?.into_iter().map(detail).collect())
    }

    async fn attached_details(&self, entity: Entity<'_>) -> Result<Vec<AttachedPolicy>, StoreError> {
        let detail = |arn: String| AttachedPolicy {
            policy_name: Some(policy_arn::name(&arn).to_owned()),
            policy_arn: Some(arn),
        };
        Ok(attachment::of_entity(&self.db, entity).await?.into_iter().map(detail).collect())
    }
}

fn policy_detail(policy: PolicyShown, versions: Vec<PolicyVersion>) -> ManagedPolicyDetail {
    ManagedPolicyDetail {
        policy_name: policy.policy_name,
        policy_id: policy.policy_id,
        arn: policy.arn,
        path: policy.path,
        default_version_id: policy.default_version_id,
        attachment_count: policy.attachment_count,
        permissions_boundary_usage_count: policy.permissions_boundary_usage_count,
        is_attachable: policy.is_attachable,
        description: policy.description,
        create_date: policy.create_date,
        update_date: policy.update_date,
        policy_version_list: Some(versions),
    }
}
