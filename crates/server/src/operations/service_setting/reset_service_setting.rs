//! `ResetServiceSetting`: gives a setting its default again, and shows it.

use super::{find, required, shown};
use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
};
use muster_ssm_api::{ResetServiceSetting, ResetServiceSettingRequest, ResetServiceSettingResult};
use muster_store::service_setting;

impl Handle<ResetServiceSetting> for ControlPlane {
    const ACCESS: Access<ResetServiceSettingRequest> =
        Access::Policy(|context, input| vec![required(context, &input.setting_id)]);

    async fn handle(
        &self,
        context: &RequestContext,
        input: ResetServiceSettingRequest,
    ) -> Result<ResetServiceSettingResult, ApiError> {
        let setting = find(context, &input.setting_id)?;
        self.db.write(service_setting::reset(&context.tenant, setting.id)).await?;
        Ok(ResetServiceSettingResult { service_setting: Some(shown(context, setting, None)) })
    }
}
