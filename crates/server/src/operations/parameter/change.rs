//! `Parameter Store Change`: the event of every change, in the batch of the change itself. Not for: who listens.

use crate::{ControlPlane, arn, context::RequestContext};
use muster_bus::Notice;
use muster_store::{
    Batch, Row,
    event::{self, Event},
    parameter::Body,
};
use serde_json::{Map, Value};
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
    batch(context, name, detail(operation, name, body, old))
}

/// The event of one label that was put on a version, from another or from none.
pub(super) fn labelled(
    context: &RequestContext,
    name: &str,
    body: &Body,
    label: &str,
    from: Option<i64>,
    to: i64,
) -> Batch {
    let mut detail = detail(Operation::LabelParameterVersion, name, body, None);
    detail.insert("label".to_owned(), label.into());
    // As texts, as in AWS; empty for none.
    detail.insert("fromVersion".to_owned(), from.map(|from| from.to_string()).unwrap_or_default().into());
    detail.insert("toVersion".to_owned(), to.to_string().into());
    batch(context, name, detail)
}

fn detail(operation: Operation, name: &str, body: &Body, old: Option<&str>) -> Map<String, Value> {
    let mut detail = Map::new();
    detail.insert("operation".to_owned(), operation.as_str().into());
    detail.insert("name".to_owned(), name.into());
    detail.insert("type".to_owned(), body.kind.as_str().into());
    if let Some(description) = body.description.as_deref().or(old) {
        detail.insert("description".to_owned(), description.into());
    }
    detail
}

fn batch(context: &RequestContext, name: &str, detail: Map<String, Value>) -> Batch {
    event::insert(&Event {
        id: Uuid::new_v4(),
        tenant: context.tenant.clone(),
        time_ms: context.now_ms,
        source: "aws.ssm",
        detail_type: "Parameter Store Change".to_owned(),
        resources: vec![arn::parameter(&context.tenant, name)],
        detail: Value::Object(detail),
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
