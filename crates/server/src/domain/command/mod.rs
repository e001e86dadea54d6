//! Rules of commands: how states of invocations make the state of a command, how many nodes may run at once, what a
//! node's words mean.

mod rate;
mod reply;
mod state;

pub(crate) use rate::Rate;
pub(crate) use reply::{invocation_state, step_state};
pub(crate) use state::{State, assess};
