//! HTTP/1.1 to one server over few kept connections: what client and simulated nodes call with, at little cost per
//! call. Not for: signatures, or what is in a body.

mod endpoint;
mod pool;
mod stream;

pub use endpoint::Endpoint;
pub use pool::HttpPool;
pub use stream::Stream;

/// Why a call got no answer.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// The address, or the CA, is not usable.
    #[error("{0}")]
    Setting(String),
    /// No connection.
    #[error("cannot connect to {address}: {source}")]
    Connect {
        /// Host and port.
        address: String,
        /// Why.
        source: std::io::Error,
    },
    /// The connection ended before the answer.
    #[error("the connection ended: {0}")]
    Ended(#[from] hyper::Error),
    /// No answer in time.
    #[error("no answer within {0:?}")]
    Late(std::time::Duration),
    /// The request cannot be built.
    #[error("not a request: {0}")]
    Request(#[from] http::Error),
}
