//! Accounts: what each is born with, and the rows of accounts from before there were any. Not for: root keys, or who
//! may make an account.

use crate::{arn, secrets::random_identity_id};
use muster_ids::AccountId;
use muster_store::{
    Batch, Db, StoreError, account,
    iam::{Entity, attachment, role, role::Role},
};

/// The role of hybrid activations that name none, as AWS makes it.
pub(crate) const DEFAULT_NODE_ROLE: &str = "AmazonEC2RunCommandRoleForManagedInstances";
const DEFAULT_NODE_ROLE_PATH: &str = "/service-role/";
const NODE_POLICY: &str = "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore";
const TRUSTS_SSM: &str = r#"{"Version":"2012-10-17","Statement":[{"Sid":"","Effect":"Allow","Principal":{"Service":"ssm.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;

/// Makes an account: its row, and the role that its nodes get by default. [`StoreError::Duplicate`] if it is there.
pub(crate) fn create(id: &AccountId, name: &str, now_ms: i64) -> Batch {
    let mut batch = account::insert(id, name, now_ms);
    let role = Role {
        account: id.clone(),
        name: DEFAULT_NODE_ROLE.to_owned(),
        path: DEFAULT_NODE_ROLE_PATH.to_owned(),
        id: random_identity_id("AROA"),
        created_ms: now_ms,
        trust_policy: TRUSTS_SSM.to_owned(),
        trust_principals: "{}".to_owned(),
        description: Some("EC2 role for SSM".to_owned()),
        max_session_seconds: 3600,
        boundary: None,
        last_used_ms: None,
        last_used_region: None,
    };
    batch.append(role::insert(&role));
    batch.append(attachment::attach(Entity::role(id, DEFAULT_NODE_ROLE), NODE_POLICY));
    batch
}

/// Sees to it that these accounts, and all that have keys, have a row.
///
/// # Errors
/// The store's.
pub(crate) async fn ensure(db: &Db, accounts: &[&AccountId], now_ms: i64) -> Result<(), StoreError> {
    let keyed = account::without_row(db).await?;
    for id in accounts.iter().copied().chain(&keyed) {
        if account::find(db, id).await?.is_some() {
            continue;
        }
        match db.write(create(id, "", now_ms)).await {
            // Another replica was first, or the list has it twice.
            Ok(_) | Err(StoreError::Duplicate { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// The ARN of an identity: `kind` is `user`, `role`, …; the path stands between it and the name.
pub(crate) fn identity_arn(account: &AccountId, kind: &str, path: &str, name: &str) -> String {
    arn::iam(account, &format!("{kind}{path}{name}"))
}
