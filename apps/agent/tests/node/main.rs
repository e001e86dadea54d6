//! The agent as a process, against a scripted server that speaks the real protocol over plain http and ws.
//!
//! One file for each capability. Nothing here waits for time to pass: tests wait for what the agent does.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a helper that fails fails its test")]
#![allow(clippy::print_stdout, reason = "shown when a test fails")]
#![allow(clippy::result_large_err, reason = "answers of the scripted server")]

mod agent;
mod commands;
mod faults;
mod identity;
mod server;
mod speed;
