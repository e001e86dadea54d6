//! What operations on a subscription share: finding it, and showing it in lists.

use crate::{ControlPlane, context::RequestContext, domain::sns::arn, error::ApiError};
use muster_sns_api::{Subscription as View, errors::NOT_FOUND_EXCEPTION};
use muster_store::sns::subscription::{self, Subscription};

/// `NotFound`, in AWS's words.
pub(super) fn no_subscription() -> ApiError {
    ApiError::new(&NOT_FOUND_EXCEPTION, "Subscription does not exist")
}

impl ControlPlane {
    /// The subscription of this ARN, if there is one.
    pub(super) async fn find_subscription(&self, arn: &str) -> Result<Option<Subscription>, ApiError> {
        let (topic, id) = arn::subscription(arn)?;
        let found = subscription::find(&self.db, &id).await?;
        Ok(found.filter(|row| row.tenant == topic.tenant && row.topic == topic.name))
    }

    /// The subscription of this ARN, if it is the caller's: it subscribed, or has the topic.
    pub(super) async fn own_subscription(
        &self,
        context: &RequestContext,
        arn: &str,
    ) -> Result<Subscription, ApiError> {
        let caller = &context.tenant;
        let found = self.find_subscription(arn).await?.filter(|row| {
            row.tenant.region == caller.region && (row.owner == caller.account || row.tenant == *caller)
        });
        found.ok_or_else(no_subscription)
    }
}

/// A subscription in a list.
pub(super) fn view(row: Subscription) -> View {
    let arn = match row.expires_ms {
        Some(_) => "PendingConfirmation".to_owned(),
        None => arn::of_subscription(&row.tenant, &row.topic, &row.id),
    };
    View {
        subscription_arn: Some(arn),
        owner: Some(row.owner.to_string()),
        protocol: Some(row.protocol),
        endpoint: Some(row.endpoint),
        topic_arn: Some(crate::arn::of("sns", &row.tenant, &row.topic)),
    }
}
