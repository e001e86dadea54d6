//! `ScheduleKeyDeletion`: the key works no more from now on, and is gone after 7 to 30 days, with all that only it can
//! decrypt. A task removes it then.

use super::support::{DAY_MS, action, out_of_range};
use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
};
use muster_kms_api::{
    KeyState, ScheduleKeyDeletion, ScheduleKeyDeletionRequest, ScheduleKeyDeletionResponse,
};
use muster_service_model::Timestamp;
use muster_store::kms::key;

impl Handle<ScheduleKeyDeletion> for ControlPlane {
    const ACCESS: Access<ScheduleKeyDeletionRequest> = Access::Handler;

    async fn handle(
        &self,
        context: &RequestContext,
        input: ScheduleKeyDeletionRequest,
    ) -> Result<ScheduleKeyDeletionResponse, ApiError> {
        let days = input.pending_window_in_days.unwrap_or(LONGEST_DAYS);
        let action = action(context);
        let found = self.find_own_key(context, &action, &input.key_id).await?;
        let requirement = self
            .key_requirement(context, &found, &action, None)
            .await?
            .key("kms:ScheduleKeyDeletionPendingWindowInDays", days.to_string());
        self.permit_all(context, &found, &action, &[requirement]).await?;
        if days < SHORTEST_DAYS {
            let constraint = "Member must have value greater than or equal to 7";
            return Err(out_of_range(days, "pendingWindowInDays", constraint));
        }
        if days > LONGEST_DAYS {
            let constraint = "Member must have value less than or equal to 30";
            return Err(out_of_range(days, "pendingWindowInDays", constraint));
        }
        found.kept()?;
        let deletion_ms = context.now_ms.saturating_add(i64::from(days) * DAY_MS);
        let batch = key::schedule_deletion(&found.key.id, deletion_ms, i64::from(days));
        self.change_key(&found, batch).await?;
        Ok(ScheduleKeyDeletionResponse {
            key_id: Some(found.arn()),
            deletion_date: Some(Timestamp(deletion_ms)),
            key_state: Some(KeyState::PendingDeletion),
            pending_window_in_days: Some(days),
        })
    }
}

const SHORTEST_DAYS: i32 = 7;
/// And what counts where nothing is said.
const LONGEST_DAYS: i32 = 30;
