//! The states of commands and invocations, and what the one makes of the other.
//!
//! Source: the user guide's page on command statuses, and what AWS was seen to answer.

use muster_store::{command::CommandOutcome, invocation::StateCount};

/// A status with its details, in the API's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct State {
    /// Status.
    pub(crate) status: &'static str,
    /// Details.
    pub(crate) details: &'static str,
}

macro_rules! states {
    ($($(#[$doc:meta])* $name:ident = $status:literal / $details:literal;)*) => {
        impl State {
            $($(#[$doc])* pub(crate) const $name: State = State { status: $status, details: $details };)*
        }
    };
}

states! {
    /// Not sent, or not acknowledged.
    PENDING = "Pending" / "Pending";
    /// At work.
    IN_PROGRESS = "InProgress" / "InProgress";
    /// Ended well.
    SUCCESS = "Success" / "Success";
    /// A step failed, or too many nodes failed.
    FAILED = "Failed" / "Failed";
    /// The node ran out of time.
    EXECUTION_TIMED_OUT = "TimedOut" / "ExecutionTimedOut";
    /// The node did not get it, or did not answer, in time.
    DELIVERY_TIMED_OUT = "TimedOut" / "DeliveryTimedOut";
    /// Somebody ended it.
    CANCELLED = "Cancelled" / "Cancelled";
    /// Somebody asked the node to end it.
    CANCELLING = "Cancelling" / "Cancelling";
    /// Too many errors elsewhere ended it before it was sent.
    TERMINATED = "Failed" / "Terminated";
    /// The node is gone.
    UNDELIVERABLE = "Failed" / "Undeliverable";
    /// Neither all well nor failed.
    INCOMPLETE = "Failed" / "Incomplete";
    /// The document is not for the platform of the node.
    INVALID_PLATFORM = "Failed" / "InvalidPlatform";
    /// The targets matched no node.
    NO_INSTANCES_IN_TAG = "Success" / "NoInstancesInTag";
}

/// What is to be done about a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Progress {
    /// Its state now.
    pub(crate) state: State,
    /// Terminal invocations.
    pub(crate) completed: i64,
    /// Errors.
    pub(crate) errors: i64,
    /// Delivery time-outs.
    pub(crate) delivery_timed_out: i64,
    /// Waiting invocations that may be released now.
    pub(crate) release: i64,
    /// Waiting invocations are to be ended: too many errors.
    pub(crate) terminate: bool,
    /// Every invocation is terminal.
    pub(crate) finished: bool,
}

impl Progress {
    /// The outcome to be noted, when finished.
    pub(crate) fn outcome(&self) -> CommandOutcome {
        CommandOutcome {
            status: self.state.status,
            status_details: self.state.details,
            completed: self.completed,
            errors: self.errors,
            delivery_timed_out: self.delivery_timed_out,
        }
    }
}

/// Assesses a command from its invocations, counted by state.
pub(crate) fn assess(
    counts: &[StateCount],
    max_concurrency: i64,
    max_errors: i64,
    cancelled: bool,
) -> Progress {
    let sum = |keep: &dyn Fn(&StateCount) -> bool| -> i64 {
        counts.iter().filter(|count| keep(count)).map(|count| count.count).sum()
    };
    let with = |state: State| sum(&|c| c.status == state.status && c.status_details == state.details);
    let total = sum(&|_| true);
    let completed = sum(&|c| c.finished);
    let waiting = sum(&|c| !c.finished && !c.released);
    let running = sum(&|c| !c.finished && c.released);
    let errors = with(State::FAILED) + with(State::EXECUTION_TIMED_OUT);
    let delivery_timed_out = with(State::DELIVERY_TIMED_OUT);
    let too_many_errors = errors > max_errors;
    let finished = completed == total;
    let successes = with(State::SUCCESS);
    let unreached = with(State::UNDELIVERABLE) + with(State::INVALID_PLATFORM);

    let state = if !finished {
        match (cancelled, sum(&|c| c.status != State::PENDING.status)) {
            (true, _) => State::CANCELLING,
            (false, 0) => State::PENDING,
            (false, _) => State::IN_PROGRESS,
        }
    } else if total == 0 {
        State::NO_INSTANCES_IN_TAG
    } else if cancelled && with(State::CANCELLED) > 0 {
        State::CANCELLED
    } else if too_many_errors {
        State::FAILED
    } else if successes + unreached == total {
        // Nodes out of reach fail a command only if nothing was reached.
        if successes > 0 { State::SUCCESS } else { State::FAILED }
    } else if delivery_timed_out == total {
        State::DELIVERY_TIMED_OUT
    } else if with(State::CANCELLED) == total {
        State::CANCELLED
    } else {
        State::INCOMPLETE
    };
    Progress {
        state,
        completed,
        errors,
        delivery_timed_out,
        release: if too_many_errors || cancelled { 0 } else { (max_concurrency - running).clamp(0, waiting) },
        terminate: too_many_errors && waiting > 0,
        finished,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn count(state: State, released: bool, finished: bool, count: i64) -> StateCount {
        StateCount {
            status: state.status.into(),
            status_details: state.details.into(),
            released,
            finished,
            count,
        }
    }

    fn done(state: State, n: i64) -> StateCount {
        count(state, true, true, n)
    }

    #[test]
    fn the_end_of_a_command() {
        use State as S;
        for (counts, max_errors, cancelled, expected) in [
            (vec![], 0, false, S::NO_INSTANCES_IN_TAG),
            (vec![done(S::SUCCESS, 3)], 0, false, S::SUCCESS),
            (vec![done(S::SUCCESS, 3), done(S::FAILED, 1)], 0, false, S::FAILED),
            (vec![done(S::SUCCESS, 3), done(S::FAILED, 1)], 1, false, S::INCOMPLETE),
            (vec![done(S::EXECUTION_TIMED_OUT, 1)], 0, false, S::FAILED),
            (vec![done(S::DELIVERY_TIMED_OUT, 1)], 0, false, S::DELIVERY_TIMED_OUT),
            (vec![done(S::DELIVERY_TIMED_OUT, 1), done(S::SUCCESS, 1)], 0, false, S::INCOMPLETE),
            (vec![done(S::UNDELIVERABLE, 1), done(S::SUCCESS, 1)], 0, false, S::SUCCESS),
            (vec![done(S::UNDELIVERABLE, 2)], 0, false, S::FAILED),
            (vec![done(S::CANCELLED, 1), done(S::SUCCESS, 1)], 0, true, S::CANCELLED),
            (vec![done(S::SUCCESS, 1)], 0, true, S::SUCCESS),
        ] {
            let progress = assess(&counts, 50, max_errors, cancelled);
            assert!(progress.finished);
            assert_eq!(progress.state, expected, "{counts:?}");
        }
    }

    #[test]
    fn on_the_way() {
        let pending = count(State::PENDING, true, false, 2);
        let waiting = count(State::PENDING, false, false, 8);
        let running = count(State::IN_PROGRESS, true, false, 1);
        let progress = assess(&[pending.clone(), waiting.clone()], 4, 0, false);
        assert_eq!((progress.state, progress.release, progress.terminate), (State::PENDING, 2, false));
        let progress = assess(&[running.clone(), waiting.clone(), done(State::FAILED, 1)], 4, 0, false);
        assert_eq!((progress.state, progress.release, progress.terminate), (State::IN_PROGRESS, 0, true));
        let progress = assess(&[running, waiting], 4, 0, true);
        assert_eq!((progress.state, progress.release), (State::CANCELLING, 0));
    }

    proptest! {
        #[test]
        fn concurrency_is_never_exceeded(running in 0i64..100, waiting in 0i64..100, max in 1i64..100) {
            let counts = [count(State::IN_PROGRESS, true, false, running), count(State::PENDING, false, false, waiting)];
            let progress = assess(&counts, max, 0, false);
            prop_assert!(progress.release >= 0 && progress.release <= waiting);
            prop_assert!(progress.release == 0 || running + progress.release <= max);
            // Something moves: either a node is at work, or one is released.
            prop_assert!(waiting == 0 || running + progress.release > 0);
        }
    }
}
