//! `GetAccessKeyLastUsed`: when, where and for what a key was last used, and whose it is.

use super::not_found;
use crate::{
    ControlPlane,
    account::identity_arn,
    authority::Requirement,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
    operations::iam::user::plain,
};
use muster_iam_api::{
    AccessKeyLastUsed, GetAccessKeyLastUsed, GetAccessKeyLastUsedRequest, GetAccessKeyLastUsedResponse,
};
use muster_service_model::Timestamp;
use muster_store::access_key;

/// In place of region and service of a key that was never used.
const NEVER: &str = "N/A";

impl Handle<GetAccessKeyLastUsed> for ControlPlane {
    const ACCESS: Access<GetAccessKeyLastUsedRequest> = Access::Handler;

    async fn handle(
        &self,
        context: &RequestContext,
        input: GetAccessKeyLastUsedRequest,
    ) -> Result<GetAccessKeyLastUsedResponse, ApiError> {
        let account = &context.tenant.account;
        let found = access_key::find(&self.db, &input.access_key_id).await?;
        let Some(key) = found.filter(|key| key.account == *account) else {
            // Who may not ask about every user learns nothing about keys that are not there.
            let requirement = Requirement::on(context, identity_arn(account, "user", "/", "*"));
            self.authorise(context, &[requirement]).await?;
            return Err(not_found(&input.access_key_id));
        };
        match &key.user {
            Some(name) => drop(self.user_for(context, name, plain).await?),
            None => {
                let root = crate::arn::iam(account, "root");
                self.authorise(context, &[Requirement::on(context, root)]).await?;
            }
        }
        let pending = self.uses.of_key(&key.access_key_id);
        let last = pending.into_iter().chain(key.last_used).max_by_key(|last| last.time_ms);
        let last_used = match last {
            Some(last) => AccessKeyLastUsed {
                last_used_date: Some(Timestamp::from_millis(last.time_ms)),
                service_name: last.service,
                region: last.region,
            },
            None => AccessKeyLastUsed {
                last_used_date: None,
                service_name: NEVER.to_owned(),
                region: NEVER.to_owned(),
            },
        };
        Ok(GetAccessKeyLastUsedResponse { user_name: key.user, access_key_last_used: Some(last_used) })
    }
}
