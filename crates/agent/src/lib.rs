//! The node agent: registers this machine, keeps a channel to the server, runs commands, reports each result once.
//!
//! The agent only ever dials out; nothing listens. It knows the server by [`muster_protocol`] alone. Order of reading:
//! [`cli`] (what can be called), `run` (the tasks), `command` (the agent's half of a command) and `worker` (the other half).

mod api;
mod channel;
pub mod cli;
mod clock;
mod command;
mod credentials;
mod endpoint;
mod heartbeat;
mod identity;
mod log;
mod net;
mod paths;
mod platform;
mod plugins;
mod random;
mod run;
mod settings;
mod status;
mod version;
mod worker;
