//! Typed identifiers: parse once at the edge, then pass the type.
//!
//! Each is a newtype over text with `parse`, `as_str`, `Display`, `FromStr` and serde as a string, so that a command
//! id cannot be given where a node id is wanted. Not for: look-ups, ARNs, or anything that knows what an id stands for.

mod account;
mod job;
mod newtype;
mod node;
mod region;
mod tenant;
mod unique;

pub use account::AccountId;
pub use job::JobId;
pub use node::ManagedNodeId;
pub use region::Region;
pub use tenant::Tenant;
pub use unique::{ActivationId, CommandId, ConnectionId, KeyId, ReplicaId};

/// The text is not an identifier of the wanted kind. It is not repeated here: it may be anything, of any length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a valid {kind}")]
pub struct IdError {
    /// The kind that was wanted, in words: `managed node id`.
    pub kind: &'static str,
}
