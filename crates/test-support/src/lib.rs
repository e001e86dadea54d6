//! What tests and benchmarks drive Muster with, over the wire alone: a signed client, simulated nodes by the thousand
//! or step by step, a server inside the test's process, and a way to wait.
//!
//! Nothing of the product uses this crate. The nodes speak the real protocol through `muster-protocol`'s machines; what
//! they do with a command is scripted. Not for: running documents, which is the agent's work.

mod client;
mod credentials;
mod eventually;
pub mod fleet;
pub mod http;
mod limits;
mod random;
#[cfg(feature = "server")]
mod server;
mod time;

pub use client::{ApiFailure, Client};
pub use credentials::shared_credentials;
pub use eventually::eventually;
pub use fleet::{SimulatedFleet, SimulatedNode};
pub use limits::raise_open_files;
pub use random::Random;
#[cfg(feature = "server")]
pub use server::{REGION, TestServer};
pub use time::TimeSource;
