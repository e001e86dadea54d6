//! `sts:GetCallerIdentity`: whom a signature speaks for.

mod get_caller_identity;

use crate::dispatch::Router;
use muster_sts_api::GetCallerIdentity;

pub(crate) fn register(router: Router) -> Router {
    router.on::<GetCallerIdentity>()
}
