//! Specifications: what callers see of a real server over HTTP, one file per capability, on every database engine at
//! hand. Handlers alone are tested beside themselves; official clients drive the server from the suite in Python.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod cancel;
mod channel_fault;
mod clock_skew;
mod command_support;
mod delivery;
mod managed_node;
mod polling;
mod rate_control;
mod registration;
mod restart;
mod tag;
mod world;
