//! The agent as a process, against a scripted server that speaks the real protocol over plain http and ws.
//!
//! One file for each capability. Nothing here waits for time to pass: tests wait for what the agent does.

mod agent;
mod commands;
mod faults;
mod identity;
mod server;
mod speed;
