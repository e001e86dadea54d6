//! `LookupEvents`: recorded calls of the account in the region, the newest first.
//!
//! As in AWS there is one attribute at most, and its value must be the event's whole value. A page may be empty and
//! have a successor: then much was searched and little found. There are no Insights events, so that category is empty.

use crate::{
    ControlPlane,
    audit::{Attribute, Audit, Found, Search},
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
};
use muster_cloudtrail_api::{
    Event, LookupEvents, LookupEventsRequest, LookupEventsResponse, Resource,
    errors::{
        INVALID_LOOKUP_ATTRIBUTES_EXCEPTION, INVALID_NEXT_TOKEN_EXCEPTION, INVALID_TIME_RANGE_EXCEPTION,
    },
};
use muster_service_model::Timestamp;
use serde::{Deserialize, Serialize};

const MOST_EVENTS: usize = 50;
const WRONG_TOKEN: &str = "The token is not valid, or was not given for this request.";

/// Where a page goes on: it holds for the same request alone.
#[derive(Debug, Serialize, Deserialize)]
struct Position {
    #[serde(rename = "p")]
    before: String,
    #[serde(rename = "q")]
    question: String,
}

impl Handle<LookupEvents> for ControlPlane {
    const ACCESS: Access<LookupEventsRequest> = Access::ANY_RESOURCE;

    async fn handle(
        &self,
        context: &RequestContext,
        input: LookupEventsRequest,
    ) -> Result<LookupEventsResponse, ApiError> {
        let attribute = attribute(&input)?;
        let time = |time: Option<Timestamp>, default| time.map_or(default, Timestamp::as_millis);
        let (from_ms, to_ms) = (time(input.start_time, i64::MIN), time(input.end_time, i64::MAX));
        if from_ms > to_ms {
            let text = "The start time must not be later than the end time.";
            return Err(ApiError::new(&INVALID_TIME_RANGE_EXCEPTION, text));
        }
        if input.event_category.is_some() {
            return Ok(LookupEventsResponse { events: Some(Vec::new()), next_token: None });
        }
        let question = format!("{from_ms}/{to_ms}/{:?}", attribute);
        let question = hex::encode(self.secrets.digest("lookup-events", question.as_bytes()));
        let before = match input.next_token.as_deref().filter(|token| !token.is_empty()) {
            None => u128::MAX,
            Some(token) => self
                .secrets
                .read_page_token::<Position>(context.operation.name, &context.tenant, token)
                .ok()
                .filter(|position| position.question == question)
                .and_then(|position| position.before.parse().ok())
                .ok_or_else(|| ApiError::new(&INVALID_NEXT_TOKEN_EXCEPTION, WRONG_TOKEN))?,
        };
        let wanted = input.max_results.and_then(|wanted| usize::try_from(wanted).ok());
        let search = Search {
            tenant: context.tenant.clone(),
            from_ms,
            to_ms,
            attribute,
            before,
            limit: wanted.unwrap_or(MOST_EVENTS).clamp(1, MOST_EVENTS),
        };
        let (found, next) = Audit::look_up(self, search).await?;
        let next_token = next
            .map(|before| {
                let position = Position { before: before.to_string(), question };
                self.secrets.page_token(context.operation.name, &context.tenant, &position)
            })
            .transpose()
            .map_err(ApiError::internal)?;
        Ok(LookupEventsResponse { events: Some(found.into_iter().map(event).collect()), next_token })
    }
}

fn attribute(input: &LookupEventsRequest) -> Result<Option<Attribute>, ApiError> {
    let wrong = |text: &str| Err(ApiError::new(&INVALID_LOOKUP_ATTRIBUTES_EXCEPTION, text));
    match input.lookup_attributes.as_deref().unwrap_or_default() {
        [] => Ok(None),
        [only] => {
            let name = only.attribute_key.as_str();
            let value = only.attribute_value.clone();
            if name == "ReadOnly" && !matches!(value.as_str(), "true" | "false") {
                return wrong("The value of the lookup attribute ReadOnly must be true or false.");
            }
            Ok(Some(Attribute { name, value }))
        }
        _ => wrong("A request can have only one lookup attribute."),
    }
}

fn event(found: Found) -> Event {
    let resource = |(kind, name): (Option<&str>, String)| Resource {
        resource_type: kind.map(str::to_owned),
        resource_name: Some(name),
    };
    Event {
        event_id: Some(found.id),
        event_name: Some(found.name),
        read_only: Some(found.read_only.to_string()),
        access_key_id: found.access_key_id,
        event_time: Some(Timestamp::from_millis(found.time_ms.div_euclid(1000) * 1000)),
        event_source: Some(found.source),
        username: Some(found.user_name).filter(|name| !name.is_empty()),
        resources: Some(found.resources.into_iter().map(resource).collect()),
        cloud_trail_event: Some(found.json),
    }
}
