//! Accounts as the API shows them.

use muster_admin_api::{Account, AccountStatus};
use muster_service_model::Timestamp;
use muster_store::account;

pub(super) fn account(row: account::Account) -> Account {
    Account {
        account_id: row.id.to_string(),
        name: row.name,
        status: match row.status {
            account::Status::Active => AccountStatus::Active,
            account::Status::Suspended => AccountStatus::Suspended,
        },
        created_date: Timestamp::from_millis(row.created_ms),
    }
}
