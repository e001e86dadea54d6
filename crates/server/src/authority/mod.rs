//! What a caller may: its policies, loaded once and kept while the account's identities stay as they are, and the
//! decision for a call. Not for: who calls (`http/auth`), or the policy language (the `policy` crate).

mod decide;
mod denial;
mod keys;
mod load;
mod requirement;
#[cfg(test)]
mod tests;
mod uses;

pub(crate) use denial::denial;
pub(crate) use load::{Authorities, RoleAuthority};
pub use requirement::Requirement;
pub(crate) use uses::Uses;

use crate::domain::session::SessionTags;
use muster_policy::Policy;
use std::{collections::BTreeMap, sync::Arc};

/// The policies and tags of a caller.
#[derive(Debug, Clone, Default)]
pub struct Authority {
    /// Policies of the user and its groups, or of the role.
    pub(crate) identity: Vec<Arc<Policy>>,
    /// The permissions boundary.
    pub(crate) boundary: Option<Arc<Policy>>,
    /// Policies of the session; `None` for a session without, and for what is no session.
    pub(crate) session: Option<Vec<Arc<Policy>>>,
    /// `aws:PrincipalTag/…`: tags of the user or role, those of the session over them.
    pub(crate) tags: BTreeMap<String, String>,
    /// Tags of the session, for those that are made with it.
    pub(crate) session_tags: SessionTags,
}

impl Authority {
    /// Whether any of the caller's policies asks for a condition key that begins so.
    pub(crate) fn mentions(&self, prefix: &str) -> bool {
        let session = self.session.iter().flatten();
        self.identity.iter().chain(&self.boundary).chain(session).any(|policy| policy.mentions(prefix))
    }
}
