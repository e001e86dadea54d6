//! A node's words in the API's words.

use super::State;
use muster_protocol::message::Status;

/// The state that a document's status on the node puts its invocation into; `None` while it goes on.
pub(crate) fn invocation_state(document: Status) -> Option<State> {
    match document {
        Status::Success | Status::Skipped => Some(State::SUCCESS),
        Status::Failed => Some(State::FAILED),
        Status::TimedOut => Some(State::EXECUTION_TIMED_OUT),
        Status::Cancelled => Some(State::CANCELLED),
        // A node that restarts goes on with the same document afterwards.
        Status::NotStarted | Status::InProgress | Status::SuccessAndReboot | Status::PassedAndReboot => None,
    }
}

/// The state of a step in the API. The API has no word for a skipped step, so it is a success that says so.
pub(crate) fn step_state(step: Status) -> State {
    match step {
        Status::NotStarted => State::PENDING,
        Status::InProgress | Status::SuccessAndReboot | Status::PassedAndReboot => State::IN_PROGRESS,
        Status::Skipped => State { status: State::SUCCESS.status, details: "Skipped" },
        terminal => invocation_state(terminal).unwrap_or(State::IN_PROGRESS),
    }
}
