//! `PublishBatch`: up to ten messages; each is taken or refused by itself.

use super::{
    message::{Draft, waiting},
    topic::no_topic,
};
use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::{ApiError, query_code},
};
use muster_bus::Notice;
use muster_sns_api::{
    BatchResultErrorEntry, PublishBatch, PublishBatchInput, PublishBatchRequestEntry, PublishBatchResponse,
    PublishBatchResultEntry,
    errors::{
        BATCH_ENTRY_IDS_NOT_DISTINCT_EXCEPTION, BATCH_REQUEST_TOO_LONG_EXCEPTION,
        EMPTY_BATCH_REQUEST_EXCEPTION, INVALID_BATCH_ENTRY_ID_EXCEPTION,
        TOO_MANY_ENTRIES_IN_BATCH_REQUEST_EXCEPTION,
    },
};
use muster_store::{Batch, event};
use std::collections::BTreeSet;
use uuid::Uuid;

const ENTRIES: usize = 10;
const ID_LETTERS: usize = 80;

impl Handle<PublishBatch> for ControlPlane {
    const ACCESS: Access<PublishBatchInput> = Access::Handler;

    async fn handle(
        &self,
        context: &RequestContext,
        input: PublishBatchInput,
    ) -> Result<PublishBatchResponse, ApiError> {
        let (name, topic) = self.topic_for(context, "sns:Publish", "TopicArn", &input.topic_arn).await?;
        let entries = input.publish_batch_request_entries;
        check_ids(&entries)?;
        let limit = self.config.notifications.message_bytes;
        let drafts: Vec<(String, Draft)> = entries.into_iter().map(draft).collect();
        if drafts.iter().map(|(_, draft)| draft.bytes()).sum::<usize>() > limit {
            let text = "The length of all the messages put together is more than the limit.";
            return Err(ApiError::new(&BATCH_REQUEST_TOO_LONG_EXCEPTION, text));
        }
        if topic.is_none() {
            return Err(no_topic());
        }
        let (mut batch, mut successful, mut failed) = (Batch::new(), Vec::new(), Vec::new());
        for (entry, draft) in drafts {
            match draft.check(limit) {
                Ok(message) => {
                    let id = Uuid::new_v4().to_string();
                    batch.append(event::publish(&waiting(&id, &name, &message, context.now_ms)));
                    successful.push(PublishBatchResultEntry {
                        id: Some(entry),
                        message_id: Some(id),
                        sequence_number: None,
                    });
                }
                Err(error) => failed.push(BatchResultErrorEntry {
                    id: entry,
                    code: query_code(error.schema).0.to_owned(),
                    message: Some(error.message),
                    sender_fault: true,
                }),
            }
        }
        if self.db.write(batch).await?.iter().any(|rows| !rows.is_empty()) {
            self.bus.publish(Notice::EventsWaiting);
        }
        Ok(PublishBatchResponse { successful: Some(successful), failed: Some(failed) })
    }
}

fn check_ids(entries: &[PublishBatchRequestEntry]) -> Result<(), ApiError> {
    if entries.is_empty() {
        let text = "The batch request doesn't contain any entries.";
        return Err(ApiError::new(&EMPTY_BATCH_REQUEST_EXCEPTION, text));
    }
    if entries.len() > ENTRIES {
        let text = "The batch request contains more entries than permissible.";
        return Err(ApiError::new(&TOO_MANY_ENTRIES_IN_BATCH_REQUEST_EXCEPTION, text));
    }
    let mut seen = BTreeSet::new();
    for PublishBatchRequestEntry { id, .. } in entries {
        let start = "The Id of a batch entry in the batch request";
        let wrong = |text: String| Err(ApiError::new(&INVALID_BATCH_ENTRY_ID_EXCEPTION, text));
        if id.len() > ID_LETTERS {
            return wrong(format!("{start} is too long: {id}"));
        }
        let letter = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        if id.is_empty() || !id.bytes().all(letter) {
            return wrong(format!("{start} contains an impermissible character: {id}"));
        }
        if !seen.insert(id) {
            let text = "Two or more batch entries in the request have the same Id.";
            return Err(ApiError::new(&BATCH_ENTRY_IDS_NOT_DISTINCT_EXCEPTION, text));
        }
    }
    Ok(())
}

fn draft(entry: PublishBatchRequestEntry) -> (String, Draft) {
    let draft = Draft {
        text: entry.message,
        subject: entry.subject,
        structure: entry.message_structure,
        attributes: entry.message_attributes,
        deduplication_id: entry.message_deduplication_id,
    };
    (entry.id, draft)
}
