//! The audit trail as CloudTrail shows it: looking events up, and the one trail that every account has. Trails are
//! not made or changed here; `[audit]` in the configuration says how they are kept.

mod describe_trails;
mod get_event_selectors;
mod get_trail;
mod get_trail_status;
mod list_trails;
mod lookup_events;
#[cfg(test)]
mod tests;
mod trail;

use crate::dispatch::Router;
use muster_cloudtrail_api::{
    DescribeTrails, GetEventSelectors, GetTrail, GetTrailStatus, ListTrails, LookupEvents,
};

pub(crate) fn register(router: Router) -> Router {
    router
        .on::<DescribeTrails>()
        .on::<GetEventSelectors>()
        .on::<GetTrail>()
        .on::<GetTrailStatus>()
        .on::<ListTrails>()
        .on::<LookupEvents>()
}
