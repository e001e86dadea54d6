//! Pure rules of the product: no I/O, no clock, no store.

pub(crate) mod activation;
pub(crate) mod command;
pub(crate) mod document;
pub(crate) mod event;
pub(crate) mod iam;
pub(crate) mod java_pattern;
pub(crate) mod kms;
pub(crate) mod managed_node;
pub(crate) mod paging;
pub(crate) mod parameter;
pub(crate) mod service_setting;
pub(crate) mod session;
pub(crate) mod sns;
pub(crate) mod tag;
