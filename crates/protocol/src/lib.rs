//! All that node and server share: frames, messages, channel machines, signing, documents.
//!
//! Nothing here opens a socket, reads a clock, spawns a task or touches a file: bytes and the time come in, bytes and
//! events go out, so that every rule of the wire can be tested in memory. Layout: [`frame`] is the binary
//! envelope, [`message`] what is inside it, [`control_channel`] who says what when, [`signing`] who may say it,
//! [`document`] what a node is asked to do, [`agent_api`] what nodes call over HTTP (generated from the model).

pub mod control_channel;
mod digest;
pub mod document;
pub mod frame;
mod generated;
pub mod message;
pub mod signing;
mod time;

/// What nodes call over HTTP beside the public API: one module per service, types and schemas from the model.
pub mod agent_api {
    pub use crate::generated::*;
}

pub use muster_ids as ids;
pub use time::{iso_millis, parse_iso};
