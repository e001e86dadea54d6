//! Identities of an account: users, groups, roles, policies and how they hang together.
//!
//! Names are unique whatever their case; functions take a name in any case, rows hold it as it was given. The batches
//! here carry no guards of their own: a change begins with [`account::touch_iam_at`](crate::account::touch_iam_at), is
//! worked out from reads made after that revision, and so finds what those reads found. Not for: AWS-managed policies,
//! which are not in the database, quotas, or the forms of names.

pub mod attachment;
pub mod group;
pub mod inline;
pub mod instance_profile;
pub mod policy;
pub mod role;
#[cfg(test)]
mod tests;
pub mod user;

use crate::{Query, Value, params, tag};
use muster_ids::{AccountId, Region, Tenant};

/// Resource types of the table of tags, and the region that stands there: identities belong to no region.
pub const TAGGED_USER: &str = "iam-user";
/// A role's tags.
pub const TAGGED_ROLE: &str = "iam-role";
/// A policy's tags.
pub const TAGGED_POLICY: &str = "iam-policy";
/// An instance profile's tags.
pub const TAGGED_INSTANCE_PROFILE: &str = "iam-instance-profile";
/// The region of identities in the table of tags.
pub const GLOBAL: &str = "global";

/// What policies hang on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A user.
    User,
    /// A group.
    Group,
    /// A role.
    Role,
}

impl Kind {
    /// The word in the tables.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Group => "group",
            Self::Role => "role",
        }
    }

    fn read(text: &str) -> Result<Self, crate::StoreError> {
        match text {
            "user" => Ok(Self::User),
            "group" => Ok(Self::Group),
            "role" => Ok(Self::Role),
            _ => Err(crate::StoreError::Corrupt("entity_kind holds an unknown word".to_owned())),
        }
    }
}

/// An identity that policies hang on.
#[derive(Debug, Clone, Copy)]
pub struct Entity<'a> {
    /// Its account.
    pub account: &'a AccountId,
    /// What it is.
    pub kind: Kind,
    /// Its name, in any case.
    pub name: &'a str,
}

impl<'a> Entity<'a> {
    /// A user.
    pub fn user(account: &'a AccountId, name: &'a str) -> Self {
        Self { account, kind: Kind::User, name }
    }

    /// A group.
    pub fn group(account: &'a AccountId, name: &'a str) -> Self {
        Self { account, kind: Kind::Group, name }
    }

    /// A role.
    pub fn role(account: &'a AccountId, name: &'a str) -> Self {
        Self { account, kind: Kind::Role, name }
    }

    fn params(self) -> Vec<Value> {
        params![self.account, self.kind.as_str(), key(self.name)]
    }
}

/// Which part of a list: identities whose path begins with `path_prefix`, in the order of their keys.
#[derive(Debug, Clone, Copy)]
pub struct Page<'a> {
    /// Empty or `/` for all.
    pub path_prefix: &'a str,
    /// Key of the last one seen.
    pub after: Option<&'a str>,
    /// Rows at most.
    pub limit: i64,
}

impl Page<'_> {
    /// The first `limit` of all.
    pub fn first(limit: i64) -> Page<'static> {
        Page { path_prefix: "", after: None, limit }
    }
}

/// A name as it is compared: in lower case.
pub fn key(name: &str) -> String {
    name.to_ascii_lowercase()
}

/// The tenant under which an account's identities are tagged.
#[expect(clippy::expect_used, reason = "the word is ours, and a test parses it")]
pub fn tag_tenant(account: &AccountId) -> Tenant {
    Tenant::new(account.clone(), Region::parse(GLOBAL).expect("a region's name"))
}

/// An identity in the table of tags; `key` is [`key`] of its name, `tenant` is [`tag_tenant`]'s.
pub fn tagged<'a>(tenant: &'a Tenant, kind: &'a str, key: &'a str) -> tag::Resource<'a> {
    tag::Resource { tenant, kind, id: key }
}

/// A page of the identities of an account, by their key.
fn page(
    select: &'static str,
    key_above: &'static str,
    order: &'static str,
    account: &AccountId,
    page: Page<'_>,
) -> Query {
    let mut query = Query::new(select).and("account_id = ?", account).and_prefix("path", page.path_prefix);
    if let Some(after) = page.after {
        query = query.and(key_above, key(after));
    }
    query.order_by(order).limit(page.limit)
}
