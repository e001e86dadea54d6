//! Muster's own administration: what AWS has no API for.

mod access;
mod create_account;
mod delete_event_target;
mod describe_master_key;
mod list_accounts;
mod list_event_targets;
mod list_failed_deliveries;
mod list_tasks;
mod master_key;
mod put_event_target;
mod rotate_master_key;
mod run_task;
#[cfg(test)]
mod tests;
mod update_account;
mod verify_audit;
mod view;

use crate::dispatch::Router;
use muster_admin_api::{
    CreateAccount, DeleteEventTarget, DescribeMasterKey, ListAccounts, ListEventTargets,
    ListFailedDeliveries, ListTasks, PutEventTarget, RotateMasterKey, RunTask, UpdateAccount, VerifyAudit,
};

pub(crate) fn register(router: Router) -> Router {
    router
        .on::<CreateAccount>()
        .on::<DeleteEventTarget>()
        .on::<DescribeMasterKey>()
        .on::<ListAccounts>()
        .on::<ListEventTargets>()
        .on::<ListFailedDeliveries>()
        .on::<ListTasks>()
        .on::<PutEventTarget>()
        .on::<RotateMasterKey>()
        .on::<RunTask>()
        .on::<UpdateAccount>()
        .on::<VerifyAudit>()
}
