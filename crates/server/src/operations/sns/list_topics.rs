//! `ListTopics`: the topics of this account and region by name, a hundred on a page.

use super::topic::{page_of, page_rows, position};
use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
};
use muster_sns_api::{ListTopics, ListTopicsInput, ListTopicsResponse, Topic};
use muster_store::sns::topic;

impl Handle<ListTopics> for ControlPlane {
    const ACCESS: Access<ListTopicsInput> = Access::ANY_RESOURCE;

    async fn handle(
        &self,
        context: &RequestContext,
        input: ListTopicsInput,
    ) -> Result<ListTopicsResponse, ApiError> {
        let after: Option<String> = position(self, context, input.next_token.as_deref())?;
        let names = topic::names(&self.db, &context.tenant, after.as_deref(), page_rows()).await?;
        let (names, next_token) = page_of(self, context, names, Clone::clone);
        let view = |name: String| Topic { topic_arn: Some(crate::arn::of("sns", &context.tenant, &name)) };
        Ok(ListTopicsResponse { topics: Some(names.into_iter().map(view).collect()), next_token })
    }
}
