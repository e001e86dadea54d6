//! `UpdateServiceSetting`: changes a setting. A role that it names is passed to Systems Manager.

use super::{find, required};
use crate::{
    ControlPlane,
    authority::Requirement,
    context::RequestContext,
    dispatch::{Access, Handle},
    domain::service_setting::Setting,
    error::ApiError,
};
use muster_ssm_api::{UpdateServiceSetting, UpdateServiceSettingRequest, UpdateServiceSettingResult};
use muster_store::service_setting::{self, Changed};

impl Handle<UpdateServiceSetting> for ControlPlane {
    const ACCESS: Access<UpdateServiceSettingRequest> = Access::Policy(|context, input| {
        let mut requirements = vec![required(context, &input.setting_id)];
        let setting = Setting::find(&input.setting_id, &context.tenant);
        if let Some(role) = setting.and_then(|setting| setting.passed_role(&input.setting_value)) {
            requirements.push(Requirement::pass_role(context, role, "ssm.amazonaws.com"));
        }
        requirements
    });

    async fn handle(
        &self,
        context: &RequestContext,
        input: UpdateServiceSettingRequest,
    ) -> Result<UpdateServiceSettingResult, ApiError> {
        let setting = find(context, &input.setting_id)?;
        if !setting.takes(&input.setting_value) {
            // AWS's text is not known.
            let text = format!("The value is not valid for the service setting {}.", setting.id);
            return Err(ApiError::validation(text));
        }
        let (modified_ms, modified_by) = (context.now_ms, context.principal.arn());
        let changed = Changed { value: input.setting_value, modified_ms, modified_by };
        self.db.write(service_setting::set(&context.tenant, setting.id, &changed)).await?;
        Ok(UpdateServiceSettingResult {})
    }
}
