//! Who may say it: request signatures, made and checked by the same code on both sides.
//!
//! [`sigv4`] is AWS's Signature Version 4 with a shared secret; [`rsa`] is a node's key and the form of the same
//! signature that a node makes with it before it has a secret. Not for: whose key it is, what it may do, or whether the
//! time of a request is near enough: the caller knows keys and clock.

mod percent;
mod request;
pub mod rsa;

pub mod sigv4;

pub use request::Request;
