//! The account as a whole: its alias, what it has, and who may what.

mod create_account_alias;
mod delete_account_alias;
mod details;
mod get_account_authorization_details;
mod get_account_summary;
mod list_account_aliases;

use crate::dispatch::Router;
use muster_iam_api::{
    CreateAccountAlias, DeleteAccountAlias, GetAccountAuthorizationDetails, GetAccountSummary,
    ListAccountAliases,
};

pub(crate) fn register(router: Router) -> Router {
    router
        .on::<CreateAccountAlias>()
        .on::<DeleteAccountAlias>()
        .on::<GetAccountAuthorizationDetails>()
        .on::<GetAccountSummary>()
        .on::<ListAccountAliases>()
}

#[cfg(test)]
mod tests;
