//! The server end of the nodes' channels: opening them, delivering commands, taking results.
//!
//! The store is the outbox and the truth; a channel is woken by a hint and looks there. Not for: HTTP, signatures,
//! or what a caller may do, which `http` has settled before it comes here.

mod control;
mod delivery;
mod output;
mod registry;
mod result;

pub(crate) use control::{open_control_channel, serve_control_channel};
pub(crate) use delivery::deliveries;
pub(crate) use output::{get_output, output_urls, put_output};
pub(crate) use registry::Channels;
pub(crate) use result::{apply_acknowledgement, apply_reply};
