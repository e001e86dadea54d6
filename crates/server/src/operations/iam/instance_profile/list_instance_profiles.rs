//! `ListInstanceProfiles`: the profiles of the account, under a path.

use crate::{
    ControlPlane,
    account::identity_arn,
    authority::Requirement,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
    operations::iam::marker,
};
use muster_iam_api::{ListInstanceProfiles, ListInstanceProfilesRequest, ListInstanceProfilesResponse};
use muster_store::iam::{Page, instance_profile, key};

impl Handle<ListInstanceProfiles> for ControlPlane {
    const ACCESS: Access<ListInstanceProfilesRequest> = Access::Policy(|context, input| {
        let prefix = input.path_prefix.as_deref().unwrap_or("/");
        vec![Requirement::on(context, identity_arn(&context.tenant.account, "instance-profile", prefix, ""))]
    });

    async fn handle(
        &self,
        context: &RequestContext,
        input: ListInstanceProfilesRequest,
    ) -> Result<ListInstanceProfilesResponse, ApiError> {
        let size = marker::size(input.max_items);
        let after: Option<String> = marker::position(self, context, input.marker.as_deref())?;
        let page = Page {
            path_prefix: input.path_prefix.as_deref().unwrap_or_default(),
            after: after.as_deref(),
            limit: size.rows(),
        };
        let mut rows = instance_profile::list(&self.db, &context.tenant.account, page).await?;
        let marker = marker::cut(self, context, size, &mut rows, |profile| key(&profile.name));
        let mut instance_profiles = Vec::with_capacity(rows.len());
        for profile in rows {
            instance_profiles.push(self.profile_listed(profile).await?);
        }
        Ok(ListInstanceProfilesResponse { instance_profiles, is_truncated: Some(marker.is_some()), marker })
    }
}
