//! The account as a whole: its alias, and what it has.

mod create_account_alias;
mod delete_account_alias;
mod get_account_summary;
mod list_account_aliases;

use crate::dispatch::Router;
use muster_iam_api::{CreateAccountAlias, DeleteAccountAlias, GetAccountSummary, ListAccountAliases};

pub(crate) fn register(router: Router) -> Router {
    router
        .on::<CreateAccountAlias>()
        .on::<DeleteAccountAlias>()
        .on::<GetAccountSummary>()
        .on::<ListAccountAliases>()
}

#[cfg(test)]
mod tests;
