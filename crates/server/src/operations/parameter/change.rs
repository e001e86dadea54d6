//! `Parameter Store Change`: the event of every change, in the batch of the change itself. Not for: who listens.

use crate::{ControlPlane, arn, context::RequestContext};
use muster_bus::Notice;
use muster_store::{
    Batch, Row,
    event::{self, Event},
    parameter::Body,
};
use serde_json::json;
use uuid::Uuid;

/// What happened, as EventBridge words it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operation {
    Create,
    Update,
    Delete,
    LabelParameterVersion,
}

impl Operation {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Create => "Create",
            Self::Update => "Update",
            Self::Delete => "Delete",
            Self::LabelParameterVersion => "LabelParameterVersion",
        }
    }
}

/// The event, to be appended last to the batch of the change. `old` is the description that stays where the body has
/// none.
pub(super) fn event(
    context: &RequestContext,
    operation: Operation,
    name: &str,
    body: &Body,
    old: Option<&str>,
) -> Batch {
    let mut detail = json!({ "operation": operation.as_str(), "name": name, "type": body.kind });
    if let (Some(description), Some(detail)) = (body.description.as_deref().or(old), detail.as_object_mut()) {
        detail.insert("description".to_owned(), description.into());
    }
    event::insert(&Event {
        id: Uuid::new_v4(),
        tenant: context.tenant.clone(),
        time_ms: context.now_ms,
        source: "aws.ssm",
        detail_type: "Parameter Store Change".to_owned(),
        resources: vec![arn::parameter(&context.tenant, name)],
        detail,
    })
}

impl ControlPlane {
    /// Wakes delivery, if the last statement of the batch found that anybody listens.
    pub(super) fn announce(&self, answer: &[Vec<Row>]) {
        if answer.last().is_some_and(|rows| !rows.is_empty()) {
            self.bus.publish(Notice::EventsWaiting);
        }
    }
}
