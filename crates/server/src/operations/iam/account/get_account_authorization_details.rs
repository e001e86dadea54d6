//! `GetAccountAuthorizationDetails`: every identity of the account with its policies, page by page.

use super::details::Detail;
use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    domain::iam::managed,
    error::ApiError,
    operations::iam::marker,
};
use muster_iam_api::{
    EntityType, GetAccountAuthorizationDetails, GetAccountAuthorizationDetailsRequest,
    GetAccountAuthorizationDetailsResponse,
};
use muster_ids::AccountId;
use muster_store::iam::{Page, attachment, group, policy, role, user};
use serde::{Deserialize, Serialize};

/// The last identity of a page: its kind, and its name or ARN.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Place(EntityType, String);

impl Handle<GetAccountAuthorizationDetails> for ControlPlane {
    const ACCESS: Access<GetAccountAuthorizationDetailsRequest> = Access::ANY_RESOURCE;

    async fn handle(
        &self,
        context: &RequestContext,
        input: GetAccountAuthorizationDetailsRequest,
    ) -> Result<GetAccountAuthorizationDetailsResponse, ApiError> {
        let account = &context.tenant.account;
        let size = marker::size(input.max_items);
        let after: Option<Place> = marker::position(self, context, input.marker.as_deref())?;
        let mut found: Vec<(Place, Detail)> = Vec::new();
        for &kind in EntityType::ALL {
            let wanted = input.filter.as_ref().is_none_or(|kinds| kinds.is_empty() || kinds.contains(&kind));
            let after = match &after {
                Some(Place(last, _)) if *last > kind => continue,
                Some(Place(last, name)) if *last == kind => Some(name.as_str()),
                _ => None,
            };
            let room = size.rows().saturating_sub(i64::try_from(found.len()).unwrap_or(i64::MAX));
            if wanted && room > 0 {
                found.extend(self.some_of(account, kind, after, room).await?);
            }
        }
        let marker = marker::cut(self, context, size, &mut found, |(place, _)| place.clone());
        let uses = attachment::uses(&self.db, account).await?;
        let mut answer = GetAccountAuthorizationDetailsResponse {
            user_detail_list: Some(Vec::new()),
            group_detail_list: Some(Vec::new()),
            role_detail_list: Some(Vec::new()),
            policies: Some(Vec::new()),
            is_truncated: Some(marker.is_some()),
            marker,
        };
        for (_, detail) in found {
            self.add_detail(&mut answer, detail, &uses).await?;
        }
        Ok(answer)
    }
}

impl ControlPlane {
    /// The identities of one kind after `after`, `limit` of them at most.
    async fn some_of(
        &self,
        account: &AccountId,
        kind: EntityType,
        after: Option<&str>,
        limit: i64,
    ) -> Result<Vec<(Place, Detail)>, ApiError> {
        let page = Page { path_prefix: "", after, limit };
        let place = |name: &str| Place(kind, name.to_owned());
        Ok(match kind {
            EntityType::User => {
                let users = user::list(&self.db, account, page).await?;
                users.into_iter().map(|user| (place(&user.name), Detail::User(user))).collect()
            }
            EntityType::Role => {
                let roles = role::list(&self.db, account, page).await?;
                roles.into_iter().map(|role| (place(&role.name), Detail::Role(role))).collect()
            }
            EntityType::Group => {
                let groups = group::list(&self.db, account, page).await?;
                groups.into_iter().map(|group| (place(&group.name), Detail::Group(group))).collect()
            }
            EntityType::LocalManagedPolicy => {
                let policies = policy::list(&self.db, account, page).await?;
                policies.into_iter().map(|policy| (place(&policy.name), Detail::Own(policy))).collect()
            }
            // Of AWS's, those that somebody here has.
            EntityType::AwsManagedPolicy => {
                let used = attachment::uses(&self.db, account).await?;
                let rows = usize::try_from(limit).unwrap_or(usize::MAX);
                let follows = |arn: &str| used.contains_key(arn) && after.is_none_or(|after| arn > after);
                let policies = managed::all().filter(|policy| follows(&policy.arn)).take(rows);
                policies.map(|policy| (place(&policy.arn), Detail::Aws(policy))).collect()
            }
        })
    }
}
