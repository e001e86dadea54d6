//! Service settings of a tenant: read, changed, given their defaults again. Which there are stands in
//! `domain::service_setting`.

mod get_service_setting;
mod reset_service_setting;
#[cfg(test)]
mod tests;
mod update_service_setting;

use crate::{
    ControlPlane,
    authority::Requirement,
    context::RequestContext,
    dispatch::Router,
    domain::service_setting::{self, Setting},
    error::ApiError,
};
use muster_service_model::Timestamp;
use muster_ssm_api::{
    GetServiceSetting, ResetServiceSetting, ServiceSetting, UpdateServiceSetting,
    errors::SERVICE_SETTING_NOT_FOUND,
};
use muster_store::service_setting::Changed;

/// When AWS provisioned the settings, as far as callers can see: 2019-04-17, milliseconds since the epoch.
const PROVISIONED_MS: i64 = 1_555_459_200_000;

pub(crate) fn register(router: Router) -> Router {
    router.on::<GetServiceSetting>().on::<ResetServiceSetting>().on::<UpdateServiceSetting>()
}

/// The call's own action on a setting, whether there is such a one or not.
fn required(context: &RequestContext, id: &str) -> Requirement {
    let arn = if id.starts_with("arn:") { id.to_owned() } else { service_setting::arn(&context.tenant, id) };
    Requirement::on(context, arn)
}

fn find(context: &RequestContext, id: &str) -> Result<&'static Setting, ApiError> {
    Setting::find(id, &context.tenant).ok_or_else(|| {
        let text =
            format!("The service setting {id} could not be found. Verify the setting ID and try again.");
        ApiError::new(&SERVICE_SETTING_NOT_FOUND, text)
    })
}

impl ControlPlane {
    /// What a setting is now.
    ///
    /// # Errors
    /// The store's.
    pub(super) async fn setting(
        &self,
        context: &RequestContext,
        id: &'static str,
    ) -> Result<String, ApiError> {
        let setting = find(context, id)?;
        let changed = muster_store::service_setting::find(&self.db, &context.tenant, setting.id).await?;
        Ok(changed.map_or_else(|| setting.default.to_owned(), |changed| changed.value))
    }
}

/// A setting as callers see it.
fn shown(context: &RequestContext, setting: &Setting, changed: Option<Changed>) -> ServiceSetting {
    let (status, changed) = match changed {
        Some(changed) => ("Customized", changed),
        None => {
            let (value, modified_by) = (setting.default.to_owned(), "System".to_owned());
            ("Default", Changed { value, modified_ms: PROVISIONED_MS, modified_by })
        }
    };
    ServiceSetting {
        setting_id: Some(setting.id.to_owned()),
        setting_value: Some(changed.value),
        last_modified_date: Some(Timestamp::from_millis(changed.modified_ms)),
        last_modified_user: Some(changed.modified_by),
        arn: Some(setting.arn(&context.tenant)),
        status: Some(status.to_owned()),
    }
}
