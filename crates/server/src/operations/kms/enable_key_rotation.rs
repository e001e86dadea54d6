//! `EnableKeyRotation`: new material every so many days, from now on. Who turns on what is on already, and names no period,
//! changes nothing.

use super::support::{DAY_MS, action};
use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
};
use muster_kms_api::{EnableKeyRotation, EnableKeyRotationOutput, EnableKeyRotationRequest};
use muster_store::kms::key;

impl Handle<EnableKeyRotation> for ControlPlane {
    const ACCESS: Access<EnableKeyRotationRequest> = Access::Handler;

    async fn handle(
        &self,
        context: &RequestContext,
        input: EnableKeyRotationRequest,
    ) -> Result<EnableKeyRotationOutput, ApiError> {
        let action = action(context);
        let found = self.find_own_key(context, &action, &input.key_id).await?;
        let days = input.rotation_period_in_days.map(i64::from);
        let mut requirement = self.key_requirement(context, &found, &action, None).await?;
        if let Some(days) = days {
            requirement = requirement.key("kms:RotationPeriodInDays", days.to_string());
        }
        self.permit_all(context, &found, &action, &[requirement]).await?;
        found.usable()?;
        if days.is_none() && found.key.rotation_period_days.is_some() {
            return Ok(EnableKeyRotationOutput {});
        }
        let days = days.unwrap_or(DEFAULT_DAYS);
        let next_ms = context.now_ms.saturating_add(days * DAY_MS);
        self.change_key(&found, key::set_rotation(&found.key.id, Some((days, next_ms)))).await?;
        Ok(EnableKeyRotationOutput {})
    }
}

const DEFAULT_DAYS: i64 = 365;
