//! Commands on this node: accepted once, run in a worker process, reported until the server has the result.
//!
//! The agent's half. The worker's half is in [`crate::worker`]; between them lie only the files of [`folder`].

mod active;
pub(crate) mod event;
pub(crate) mod folder;
mod intake;
mod launch;
mod ledger;
mod manager;
mod reboot;
mod report;
mod reporting;
mod retention;
mod upload;

pub(crate) use launch::WORKER;
pub(crate) use manager::{Manager, Outgoing, Surroundings, ToManager};
