//! The Security Token Service: whom a signature speaks for.

mod get_caller_identity;
#[cfg(test)]
mod tests;

use crate::dispatch::Router;
use muster_sts_api::GetCallerIdentity;

pub(crate) fn register(router: Router) -> Router {
    router.on::<GetCallerIdentity>()
}
