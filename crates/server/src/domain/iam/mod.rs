//! Rules of IAM: no I/O, no clock, no store.

pub(crate) mod document;
pub(crate) mod managed;
pub(crate) mod policy_arn;
pub(crate) mod service_role;
pub(crate) mod tag;
pub(crate) mod trust;
