//! `GetMessages`: a long poll for jobs. Answers at once when there are any, else when there is one, else empty.
//!
//! A message that was handed out stays out of sight for the caller's visibility time-out, then it is handed out again
//! unless it was acknowledged.

use crate::{
    ControlPlane,
    channels::deliveries,
    context::{Principal, RequestContext},
    dispatch::{Access, Handle, denied},
    error::ApiError,
};
use muster_ids::ManagedNodeId;
use muster_protocol::{
    agent_api::ec2messages::{GetMessages, GetMessagesRequest, GetMessagesResult, Message},
    iso_millis,
};
use muster_service_model::Sensitive;
use std::{pin::pin, time::Duration};
use tokio::time::{Instant, timeout_at};

/// Agents give up after 20 seconds.
const HOLD: Duration = Duration::from_secs(15);
const DEFAULT_VISIBILITY_SECONDS: i32 = 10;

impl Handle<GetMessages> for ControlPlane {
    const ACCESS: Access<GetMessagesRequest> = Access::NodeSelf(|input| Some(&input.destination));

    async fn handle(
        &self,
        context: &RequestContext,
        input: GetMessagesRequest,
    ) -> Result<GetMessagesResult, ApiError> {
        let Principal::Node { node, .. } = &context.principal else { return Err(denied(context)) };
        let seconds = input.visibility_timeout_in_seconds.unwrap_or(DEFAULT_VISIBILITY_SECONDS);
        let visibility_ms = i64::from(seconds.clamp(0, 43_200)) * 1000;
        let poll = self.channels.poll(node);
        let end = Instant::now() + HOLD;
        let messages = loop {
            self.channels.note_contact(node, self.clock.now_ms());
            // Listen before looking, or what comes in between is missed.
            let mut woken = pin!(poll.wake.notified());
            woken.as_mut().enable();
            let messages = self.messages(context, node, visibility_ms).await?;
            let done = !messages.is_empty() || self.channels.is_stopping();
            if done || timeout_at(end, woken).await.is_err() {
                break messages;
            }
        };
        Ok(GetMessagesResult {
            destination: input.destination,
            messages_request_id: input.messages_request_id,
            messages,
        })
    }
}

impl ControlPlane {
    async fn messages(
        &self,
        context: &RequestContext,
        node: &ManagedNodeId,
        visibility_ms: i64,
    ) -> Result<Vec<Message>, ApiError> {
        let now_ms = self.clock.now_ms();
        let mut messages = Vec::new();
        for delivery in deliveries(self, node).await? {
            if !self.channels.hide(&delivery.job_id, now_ms, visibility_ms) {
                continue;
            }
            let Some(job) = delivery.job(self).await? else { continue };
            messages.push(Message {
                created_date: iso_millis(now_ms),
                destination: node.to_string(),
                message_id: job.job_id,
                payload: Sensitive::new(job.content),
                payload_digest: Some(String::new()),
                topic: format!("{}.{}.1.1", job.topic, context.region().as_str().replace('-', ".")),
            });
        }
        Ok(messages)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        context::Proof,
        testing::{on_each_bench, tenant},
    };
    use serde_json::json;

    #[tokio::test]
    async fn polls_end_when_the_server_stops() {
        on_each_bench(|bench| async move {
            let node = ManagedNodeId::random();
            let caller = bench.node(&tenant("here"), &node, Proof::SecretKey);
            let input = json!({
                "Destination": node, "MessagesRequestId": "11111111-2222-3333-4444-555555555555",
                "VisibilityTimeoutInSeconds": 10,
            });
            // One is waiting then, or about to; the other one comes too late.
            let waiting = tokio::spawn({
                let (caller, input) = (caller.clone(), input.clone());
                async move { caller.must::<GetMessages>(input).await }
            });
            tokio::task::yield_now().await;
            bench.control_plane.channels.close_all();
            let both = async { (waiting.await.unwrap(), caller.must::<GetMessages>(input).await) };
            let (first, second) = tokio::time::timeout(HOLD / 3, both).await.unwrap();
            assert_eq!((&first["Messages"], &second["Messages"]), (&json!([]), &json!([])));
        })
        .await;
    }
}
