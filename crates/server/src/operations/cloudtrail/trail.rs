//! The one trail that every account has, in CloudTrail's words. Not for: what is in it.

use crate::{ControlPlane, authority::Requirement, context::RequestContext, error::ApiError};
use muster_cloudtrail_api::{Trail, errors::TRAIL_NOT_FOUND_EXCEPTION};

/// Its name.
pub(super) const NAME: &str = "muster";
/// Where its files are: no bucket, but what the server's `--blob-url` names.
const BLOB_STORE: &str = "blob-store";

/// The caller's trail.
pub(super) fn of(control_plane: &ControlPlane, context: &RequestContext) -> Trail {
    let home = control_plane.config.audit.home_region.clone();
    Trail {
        name: Some(NAME.to_owned()),
        s3_bucket_name: Some(BLOB_STORE.to_owned()),
        include_global_service_events: Some(true),
        is_multi_region_trail: Some(true),
        trail_arn: Some(format!("arn:aws:cloudtrail:{home}:{}:trail/{NAME}", context.tenant.account)),
        home_region: Some(home),
        log_file_validation_enabled: Some(true),
        has_custom_event_selectors: Some(false),
        has_insight_selectors: Some(false),
        is_organization_trail: Some(false),
        ..Trail::default()
    }
}

/// The caller's trail, by its name or ARN, if the caller may.
///
/// # Errors
/// A denial; `TrailNotFoundException` for any other name.
pub(super) async fn named(
    control_plane: &ControlPlane,
    context: &RequestContext,
    name: &str,
) -> Result<Trail, ApiError> {
    let trail = of(control_plane, context);
    let arn = trail.trail_arn.clone().unwrap_or_default();
    let is_own = name == NAME || name == arn;
    // Whatever is named, there is but one to have a permission for.
    control_plane.authorise(context, &[Requirement::on(context, arn)]).await?;
    if is_own {
        return Ok(trail);
    }
    let text = format!("Unknown trail: {name} for the user: {}", context.tenant.account);
    Err(ApiError::new(&TRAIL_NOT_FOUND_EXCEPTION, text))
}
