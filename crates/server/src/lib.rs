//! The control plane: one process that answers every AWS API call, holds the channels of the nodes and runs the
//! background tasks. `Server::start` brings it up; binaries and tests use the same entry.

pub mod authority;
pub mod clock;
pub mod config;
pub mod context;
pub mod control_plane;
pub mod dispatch;
pub mod error;
pub mod secrets;

mod account;
mod arn;
mod audit;
mod channels;
mod domain;
mod http;
mod keys;
mod notify;
mod operations;
mod public_parameters;
mod server;
mod tasks;
#[cfg(test)]
mod testing;

pub use config::Config;
pub use control_plane::ControlPlane;
#[cfg(feature = "fuzz")]
pub use http::fuzz;
pub use server::{Server, StartError};
