//! What operations on a topic share: finding it, and asking whether the caller may.

use super::{PAGE, invalid};
use crate::{
    ControlPlane,
    authority::Requirement,
    context::RequestContext,
    domain::sns::arn::{self, TopicName},
    error::ApiError,
    operations::page,
};
use muster_policy::{Kind, Policy};
use muster_sns_api::errors::{NOT_FOUND_EXCEPTION, RESOURCE_NOT_FOUND_EXCEPTION};
use muster_store::{
    Batch, StoreError,
    sns::topic::{self, Topic},
};
use serde::{Serialize, de::DeserializeOwned};
use std::sync::Arc;

/// `NotFound`, in AWS's words.
pub(super) fn no_topic() -> ApiError {
    ApiError::new(&NOT_FOUND_EXCEPTION, "Topic does not exist")
}

/// The same for the operations on tags.
pub(super) fn no_resource() -> ApiError {
    ApiError::new(&RESOURCE_NOT_FOUND_EXCEPTION, "Resource does not exist")
}

/// The permission for an action on a topic. Tags of a topic of another account are that account's business.
pub(super) fn requirement(
    context: &RequestContext,
    action: &'static str,
    name: &TopicName,
    topic: Option<&Topic>,
) -> Result<Requirement, ApiError> {
    let mut requirement = Requirement::of(context, action, name.arn()).owned_by(&name.tenant.account);
    if name.tenant == context.tenant {
        requirement = requirement.tagged(topic::TAGS, name.name.as_str());
    }
    if let Some(text) = topic.and_then(|topic| topic.attributes.get("Policy")) {
        let policy = Policy::parse(text, Kind::Resource).map_err(ApiError::internal)?;
        requirement = requirement.with_policy(Arc::new(policy));
    }
    Ok(requirement)
}

impl ControlPlane {
    /// The topic that an ARN names, if the caller may do the action on it.
    pub(super) async fn topic_for(
        &self,
        context: &RequestContext,
        action: &'static str,
        parameter: &str,
        arn: &str,
    ) -> Result<(TopicName, Option<Topic>), ApiError> {
        self.topic_for_with(context, action, parameter, arn, |requirement| requirement).await
    }

    /// As [`topic_for`](Self::topic_for), with condition keys of the call.
    pub(super) async fn topic_for_with(
        &self,
        context: &RequestContext,
        action: &'static str,
        parameter: &str,
        arn: &str,
        keys: impl FnOnce(Requirement) -> Requirement + Send,
    ) -> Result<(TopicName, Option<Topic>), ApiError> {
        // Whether the caller may is decided first: a stranger learns nothing of what exists, nor of how ARNs are read.
        let name = match arn::topic(parameter, arn) {
            Ok(name) if name.tenant.region == context.tenant.region => name,
            refused => {
                self.authorise(context, &[Requirement::of(context, action, arn)]).await?;
                return Err(refused.err().map_or_else(|| invalid(parameter), ApiError::from));
            }
        };
        let topic = topic::find(&self.db, &name.tenant, &name.name).await?;
        let requirement = keys(requirement(context, action, &name, topic.as_ref())?);
        self.authorise(context, &[requirement]).await?;
        Ok((name, topic))
    }

    /// Changes a topic's attributes, however many others do the same at the same moment.
    pub(super) async fn change_topic(
        &self,
        mut topic: Topic,
        change: impl Fn(&mut Topic) -> Result<(), ApiError> + Send,
    ) -> Result<(), ApiError> {
        loop {
            change(&mut topic)?;
            match self.write_topic(topic::set_attributes(&topic)?).await {
                Err(StoreError::Conflict { .. }) => {
                    let again = topic::find(&self.db, &topic.tenant, &topic.name).await?;
                    topic = again.ok_or_else(no_topic)?;
                }
                outcome => return outcome.map_err(ApiError::from),
            }
        }
    }

    async fn write_topic(&self, batch: Batch) -> Result<(), StoreError> {
        self.db.write(batch).await.map(|_| ())
    }
}

/// Where a page begins.
pub(super) fn position<T: DeserializeOwned>(
    control_plane: &ControlPlane,
    context: &RequestContext,
    token: Option<&str>,
) -> Result<Option<T>, ApiError> {
    page::position(control_plane, context, token).map_err(|_| invalid("NextToken"))
}

/// One page of rows of which one more than a page was read, and the token of the next page.
pub(super) fn page_of<R, T: Serialize>(
    control_plane: &ControlPlane,
    context: &RequestContext,
    mut rows: Vec<R>,
    position: impl Fn(&R) -> T,
) -> (Vec<R>, Option<String>) {
    let more = rows.len() > PAGE;
    rows.truncate(PAGE);
    let last = rows.last().filter(|_| more).map(position);
    let token = page::next_token(control_plane, context, last.as_ref());
    (rows, token)
}

/// How many rows to read for a page.
pub(super) fn page_rows() -> i64 {
    i64::try_from(PAGE + 1).unwrap_or(i64::MAX)
}
