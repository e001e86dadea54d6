//! `GetEventSelectors`: what is recorded: all calls of the API, reading and writing.

use super::trail;
use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
};
use muster_cloudtrail_api::{
    EventSelector, GetEventSelectors, GetEventSelectorsRequest, GetEventSelectorsResponse, ReadWriteType,
};

impl Handle<GetEventSelectors> for ControlPlane {
    const ACCESS: Access<GetEventSelectorsRequest> = Access::Handler;

    async fn handle(
        &self,
        context: &RequestContext,
        input: GetEventSelectorsRequest,
    ) -> Result<GetEventSelectorsResponse, ApiError> {
        let own = trail::named(self, context, &input.trail_name).await?;
        let selector = EventSelector {
            read_write_type: Some(ReadWriteType::All),
            include_management_events: Some(true),
            data_resources: Some(Vec::new()),
            exclude_management_event_sources: Some(Vec::new()),
        };
        Ok(GetEventSelectorsResponse {
            trail_arn: own.trail_arn,
            event_selectors: Some(vec![selector]),
            advanced_event_selectors: None,
        })
    }
}
