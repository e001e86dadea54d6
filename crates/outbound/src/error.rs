//! Why a call did not bring an answer. No text holds the path, the query, headers or a body: they may be secret.

use std::{net::IpAddr, path::PathBuf};

/// Why a call did not bring an answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OutboundError {
    /// The address of the request is no whole `http://` or `https://` URL.
    #[error("the URL is not http:// or https:// with a host")]
    Url,
    /// The host is in a network that the client must not reach.
    #[error("the address {0} is in a network that outbound calls must not reach")]
    Denied(IpAddr),
    /// The host's name has no address.
    #[error("the name of the host cannot be resolved: {0}")]
    Resolve(String),
    /// No address of the host takes connections.
    #[error("cannot connect: {0}")]
    Connect(String),
    /// The proxy of the environment does not let the call through.
    #[error("the proxy refuses: {0}")]
    Proxy(String),
    /// The host's certificate is not to be trusted, or TLS failed otherwise.
    #[error("TLS failed: {0}")]
    Tls(String),
    /// The time for connecting, or for the whole exchange, was over.
    #[error("no answer in time")]
    TimedOut,
    /// The answer is longer than the client reads.
    #[error("the answer is larger than {0} bytes")]
    TooLarge(usize),
    /// The connection broke, or what came is not HTTP.
    #[error("the exchange failed: {0}")]
    Exchange(String),
}

/// Why a client cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum OptionsError {
    /// The file of certificates cannot be read, or holds none.
    #[error("cannot read certificates from {}: {reason}", path.display())]
    CaFile {
        /// As given.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// TLS cannot be set up at all.
    #[error("TLS cannot be set up: {0}")]
    Tls(String),
}

impl OutboundError {
    /// The error of ours inside another library's, or its text with all that it came from.
    pub(crate) fn inside(error: &(dyn std::error::Error + 'static)) -> Self {
        let mut texts: Vec<String> = Vec::new();
        let mut next = Some(error);
        while let Some(error) = next {
            if let Some(own) = error.downcast_ref::<Self>() {
                return own.clone();
            }
            texts.push(error.to_string());
            next = error.source();
        }
        texts.dedup();
        Self::Exchange(texts.join(": "))
    }
}
