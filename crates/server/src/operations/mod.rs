//! API operations: one folder per domain, one file per operation. A domain's `mod.rs` lists its operations; this
//! file lists the domains.

mod activation;
mod admin;
mod cloudtrail;
mod command;
mod iam;
mod kms;
mod managed_node;
mod message;
mod page;
mod parameter;
mod registration;
mod resource_policy;
mod service_setting;
mod sns;
mod sts;
mod tag;

use crate::dispatch::Router;

/// The handlers of every operation that is built.
pub(crate) fn router() -> Router {
    let domains: &[fn(Router) -> Router] = &[
        activation::register,
        admin::register,
        cloudtrail::register,
        command::register,
        iam::register,
        kms::register,
        managed_node::register,
        message::register,
        parameter::register,
        registration::register,
        resource_policy::register,
        service_setting::register,
        sns::register,
        sts::register,
        tag::register,
    ];
    domains.iter().fold(Router::default(), |router, register| register(router))
}
