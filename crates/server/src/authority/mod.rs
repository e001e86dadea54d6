//! What a caller may: its policies, loaded once and kept while the account's identities stay as they are, and the
//! decision for a call. Not for: who calls (`http/auth`), or the policy language (the `policy` crate).

mod decide;
mod requirement;

pub(crate) use decide::denial;
pub use requirement::Requirement;

use std::{collections::BTreeMap, sync::Arc};

/// The policies and tags of a caller.
#[derive(Debug, Default)]
pub struct Authority {
    /// Policies of the user and its groups, or of the role.
    pub(crate) identity: Vec<Arc<Policy>>,
    /// The permissions boundary.
    pub(crate) boundary: Option<Arc<Policy>>,
    /// Policies of the session; `None` for a session without, and for what is no session.
    pub(crate) session: Option<Vec<Arc<Policy>>>,
    /// `aws:PrincipalTag/…`: tags of the user or role, those of the session over them.
    pub(crate) tags: BTreeMap<String, String>,
}

/// A compiled policy.
#[derive(Debug)]
pub(crate) struct Policy;
