//! Calls from the server to other servers: webhooks, subscribers of topics, external key services.
//!
//! [`Client`] speaks HTTP/1.1 over TCP or TLS, keeps connections, honours the proxies of the environment, and is bounded in
//! every direction: time to connect, time for the whole exchange, bytes of the answer. Addresses come from users, so a
//! client refuses those in networks that its options deny, after the name was resolved and for the very address that
//! it then connects to. It follows no redirects: to its caller they are answers like any other.
//!
//! Not for: retries, signatures, or what a status means.

mod client;
mod connector;
mod error;
mod network;
mod stream;
#[cfg(test)]
mod tests;
mod tls;

pub use client::{Client, Options};
pub use error::{OptionsError, OutboundError};
pub use network::{Network, default_denied_networks};
