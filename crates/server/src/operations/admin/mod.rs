//! Muster's own administration: what AWS has no API for.

mod access;
mod create_account;
mod describe_master_key;
mod list_accounts;
mod list_tasks;
mod master_key;
mod rotate_master_key;
mod run_task;
#[cfg(test)]
mod tests;
mod update_account;
mod verify_audit;
mod view;

use crate::dispatch::Router;
use muster_admin_api::{
    CreateAccount, DescribeMasterKey, ListAccounts, ListTasks, RotateMasterKey, RunTask, UpdateAccount,
    VerifyAudit,
};

pub(crate) fn register(router: Router) -> Router {
    router
        .on::<CreateAccount>()
        .on::<DescribeMasterKey>()
        .on::<ListAccounts>()
        .on::<ListTasks>()
        .on::<RotateMasterKey>()
        .on::<RunTask>()
        .on::<UpdateAccount>()
        .on::<VerifyAudit>()
}
