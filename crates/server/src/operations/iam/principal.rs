//! Identities that policies of resources and trust policies name by ARN: whether they exist, and which they are.

use crate::{
    ControlPlane,
    account::identity_arn,
    domain::iam::trust::{self, Bindings, IdentityArn, Named},
    error::ApiError,
};
use muster_iam_api::errors::MALFORMED_POLICY_DOCUMENT_EXCEPTION;
use muster_ids::AccountId;
use muster_policy::Policy;
use muster_store::{
    StoreError, account,
    iam::{role, user},
};
use std::collections::BTreeMap;

impl ControlPlane {
    /// Which identities a policy names.
    ///
    /// # Errors
    /// AWS's for one that does not exist, or the store's.
    pub(crate) async fn bind_principals(&self, policy: &Policy) -> Result<Bindings, ApiError> {
        let mut bindings = Bindings::default();
        for named in trust::named(policy) {
            match named {
                Named::Account(id) => {
                    let known = match AccountId::parse(id) {
                        Ok(id) => account::find(&self.db, &id).await?.is_some(),
                        Err(_) => false,
                    };
                    if !known {
                        return Err(invalid(&format!("arn:aws:iam::{id}:root")));
                    }
                }
                Named::Identity(arn) => match self.unique_id(arn).await? {
                    Some(id) => bindings.bind(arn, &id),
                    None => return Err(invalid(arn)),
                },
            }
        }
        Ok(bindings)
    }

    /// What is to be read in place of the ARNs that a document was written with: the id of an identity that is gone, the
    /// ARN of one that was renamed.
    ///
    /// # Errors
    /// The store's.
    pub(crate) async fn changed_principals(
        &self,
        bindings: &Bindings,
    ) -> Result<BTreeMap<String, String>, StoreError> {
        let mut changed = BTreeMap::new();
        for (arn, id) in bindings.iter() {
            if self.unique_id(arn).await?.as_deref() == Some(id) {
                continue;
            }
            let now = match user::find_by_id(&self.db, id).await? {
                Some(user) => identity_arn(&user.account, "user", &user.path, &user.name),
                None => id.to_owned(),
            };
            changed.insert(arn.to_owned(), now);
        }
        Ok(changed)
    }

    /// The unique id of the user or role that has this ARN, or of the role whose session has it.
    async fn unique_id(&self, arn: &str) -> Result<Option<String>, StoreError> {
        let Some(IdentityArn { account, is_user, path, name }) = trust::identity(arn) else {
            return Ok(None);
        };
        let Ok(account) = AccountId::parse(account) else { return Ok(None) };
        let found = if is_user {
            user::find(&self.db, &account, name).await?.map(|user| (user.path, user.name, user.id))
        } else {
            role::find(&self.db, &account, name).await?.map(|role| (role.path, role.name, role.id))
        };
        // Names are unique whatever their case, and ARNs are compared letter by letter.
        let same = |(its_path, its_name, _): &(String, String, String)| {
            its_name == name && path.is_none_or(|path| path == its_path)
        };
        Ok(found.filter(same).map(|(_, _, id)| id))
    }
}

fn invalid(arn: &str) -> ApiError {
    let text = format!("Invalid principal in policy: \"AWS\":\"{arn}\"");
    ApiError::new(&MALFORMED_POLICY_DOCUMENT_EXCEPTION, text)
}
