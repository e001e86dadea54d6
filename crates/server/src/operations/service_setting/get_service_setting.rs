//! `GetServiceSetting`: what a setting is, and whether anybody changed it.

use super::{find, required, shown};
use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
};
use muster_ssm_api::{GetServiceSetting, GetServiceSettingRequest, GetServiceSettingResult};
use muster_store::service_setting;

impl Handle<GetServiceSetting> for ControlPlane {
    const ACCESS: Access<GetServiceSettingRequest> =
        Access::Policy(|context, input| vec![required(context, &input.setting_id)]);

    async fn handle(
        &self,
        context: &RequestContext,
        input: GetServiceSettingRequest,
    ) -> Result<GetServiceSettingResult, ApiError> {
        let setting = find(context, &input.setting_id)?;
        let changed = service_setting::find(&self.db, &context.tenant, setting.id).await?;
        Ok(GetServiceSettingResult { service_setting: Some(shown(context, setting, changed)) })
    }
}
