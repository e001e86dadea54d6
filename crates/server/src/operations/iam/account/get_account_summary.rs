//! `GetAccountSummary`: how much of what the account has, and how much it may have.

use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
};
use muster_iam_api::{GetAccountSummary, GetAccountSummaryInput, GetAccountSummaryResponse};
use muster_store::account;

impl Handle<GetAccountSummary> for ControlPlane {
    const ACCESS: Access<GetAccountSummaryInput> = Access::ANY_RESOURCE;

    async fn handle(
        &self,
        context: &RequestContext,
        _: GetAccountSummaryInput,
    ) -> Result<GetAccountSummaryResponse, ApiError> {
        let have = account::count(&self.db, &context.tenant.account).await?;
        let most = &self.config.limits;
        let number = |count: usize| i32::try_from(count).unwrap_or(i32::MAX);
        let count = |count: i64| i32::try_from(count).unwrap_or(i32::MAX);
        let per_entity = number(most.attached_policies);
        let numbers = [
            ("AccessKeysPerUserQuota", number(most.access_keys_per_user)),
            ("AccountAccessKeysPresent", i32::from(have.root_keys > 0)),
            ("AccountMFAEnabled", 0),
            ("AccountPasswordPresent", 0),
            ("AccountSigningCertificatesPresent", 0),
            ("AssumeRolePolicySizeQuota", number(most.trust_policy_characters)),
            ("AttachedPoliciesPerGroupQuota", per_entity),
            ("AttachedPoliciesPerRoleQuota", per_entity),
            ("AttachedPoliciesPerUserQuota", per_entity),
            ("GlobalEndpointTokenVersion", 2),
            ("GroupPolicySizeQuota", number(most.group_policy_characters)),
            ("Groups", count(have.groups)),
            ("GroupsPerUserQuota", number(most.groups_per_user)),
            ("GroupsQuota", number(most.groups)),
            ("InstanceProfiles", count(have.instance_profiles)),
            ("InstanceProfilesQuota", number(most.instance_profiles)),
            ("MFADevices", 0),
            ("MFADevicesInUse", 0),
            ("Policies", count(have.policies)),
            ("PoliciesQuota", number(most.policies)),
            ("PolicySizeQuota", number(most.managed_policy_characters)),
            ("PolicyVersionsInUse", count(have.policy_versions)),
            ("PolicyVersionsInUseQuota", number(most.policies.saturating_mul(most.policy_versions))),
            ("Providers", 0),
            ("RolePolicySizeQuota", number(most.role_policy_characters)),
            ("Roles", count(have.roles)),
            ("RolesQuota", number(most.roles)),
            ("ServerCertificates", 0),
            ("ServerCertificatesQuota", 0),
            ("SigningCertificatesPerUserQuota", 0),
            ("UserPolicySizeQuota", number(most.user_policy_characters)),
            ("Users", count(have.users)),
            ("UsersQuota", number(most.users)),
            ("VersionsPerPolicyQuota", number(most.policy_versions)),
        ];
        let map = numbers.into_iter().map(|(name, number)| (name.to_owned(), number)).collect();
        Ok(GetAccountSummaryResponse { summary_map: Some(map) })
    }
}
