//! `ListInstanceProfilesForRole`: the profiles that a role is in.

use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
    operations::iam::marker,
};
use muster_iam_api::{
    ListInstanceProfilesForRole, ListInstanceProfilesForRoleRequest, ListInstanceProfilesForRoleResponse,
};
use muster_store::iam::{instance_profile, key};

impl Handle<ListInstanceProfilesForRole> for ControlPlane {
    const ACCESS: Access<ListInstanceProfilesForRoleRequest> = Access::Handler;

    async fn handle(
        &self,
        context: &RequestContext,
        input: ListInstanceProfilesForRoleRequest,
    ) -> Result<ListInstanceProfilesForRoleResponse, ApiError> {
        let role = self.role_for(context, &input.role_name, |requirement, _| requirement).await?;
        let profiles = instance_profile::of_role(&self.db, &role.account, &role.name).await?;
        let page = (input.marker.as_deref(), input.max_items);
        let (rows, marker) = marker::page_of(self, context, page, profiles, |profile| key(&profile.name))?;
        let mut instance_profiles = Vec::with_capacity(rows.len());
        for profile in rows {
            instance_profiles.push(self.profile_listed(profile).await?);
        }
        Ok(ListInstanceProfilesForRoleResponse {
            instance_profiles,
            is_truncated: Some(marker.is_some()),
            marker,
        })
    }
}
