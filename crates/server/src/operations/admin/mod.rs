//! Muster's own administration: what AWS has no API for.

mod access;
mod create_account;
mod list_accounts;
mod list_tasks;
mod run_task;
#[cfg(test)]
mod tests;
mod update_account;
mod view;

use crate::dispatch::Router;
use muster_admin_api::{CreateAccount, ListAccounts, ListTasks, RunTask, UpdateAccount};

pub(crate) fn register(router: Router) -> Router {
    router.on::<CreateAccount>().on::<ListAccounts>().on::<UpdateAccount>().on::<ListTasks>().on::<RunTask>()
}
