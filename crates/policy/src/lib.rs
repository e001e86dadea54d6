//! IAM JSON policies: [`Policy::parse`] validates a document as IAM does and compiles it, [`evaluate`] decides about one
//! request, [`explain`] says why for the policy simulators. The rules are those of AWS's pages "Policy evaluation
//! logic" and "IAM JSON policy elements reference". Everything here is a function of its input: no store, no clock, no
//! sockets.
//!
//! Not for: knowing which actions, resources and condition keys an operation has, which policies a caller has, how long
//! a document may be, and whether the principals that a document names exist.

mod action;
mod condition;
mod context;
mod draft;
mod error;
mod evaluate;
mod explain;
mod json;
mod pattern;
mod policy;
mod position;
mod principal;
mod request;
mod validate;

pub use context::Context;
pub use error::PolicyError;
pub use evaluate::evaluate;
pub use explain::{Explanation, Matched, Verdict, explain};
pub use policy::{Effect, Kind, Policy, Statement, Version};
pub use position::Position;
pub use principal::PrincipalRef;
pub use request::{Caller, CallerKind, Decision, Policies, Reason, Request, Source};
