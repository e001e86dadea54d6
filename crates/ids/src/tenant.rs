//! The tenant: everything that Muster keeps belongs to one. Not for: who may act in it.

use crate::{AccountId, Region};
use serde::{Deserialize, Serialize};

/// An account in a region.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Tenant {
    /// From the principal.
    pub account: AccountId,
    /// From the credential scope.
    pub region: Region,
}

impl Tenant {
    /// A tenant of both parts.
    pub fn new(account: AccountId, region: Region) -> Self {
        Self { account, region }
    }
}

impl std::fmt::Display for Tenant {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}/{}", self.account, self.region)
    }
}
