//! What the end of a step means for the document: exit codes with a meaning, and the keys in `inputs` that end a
//! document early. Without them a failed step does not stop later ones. Not for: preconditions, or statuses of documents
//! ([`Status::aggregate`]).

use crate::message::Status;
use serde_json::Value;

/// Exit code of a script: success, and the document ends.
pub const EXIT_WITH_SUCCESS: i64 = 168;
/// Exit code of a script: failure, and the document ends.
pub const EXIT_WITH_FAILURE: i64 = 169;
/// Exit code of a script: restart the node and run this step again.
pub const EXIT_WITH_REBOOT: i64 = 194;
/// The same on Windows.
pub const EXIT_WITH_REBOOT_WINDOWS: i64 = 3010;
/// Exit code of a process that was killed.
pub const EXIT_KILLED: i64 = 137;

/// Why a step was killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interruption {
    /// A cancel job came.
    Cancelled,
    /// It took too long.
    TimedOut,
    /// The agent is stopping.
    Shutdown,
}

/// Status and code of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StepResult {
    /// How it ended.
    pub status: Status,
    /// Its exit code; never 0 for a failed step.
    pub code: i64,
}

impl StepResult {
    /// The result of a process: its exit code (on Unix, 128 and the signal's number for one killed by a signal), and
    /// why we killed it if we did.
    pub fn of_process(exit_code: i64, interruption: Option<Interruption>, windows: bool) -> Self {
        let reboot = if windows { EXIT_WITH_REBOOT_WINDOWS } else { EXIT_WITH_REBOOT };
        let (status, code) = match interruption {
            Some(Interruption::Cancelled) => (Status::Cancelled, EXIT_KILLED),
            Some(Interruption::TimedOut) => (Status::TimedOut, EXIT_KILLED),
            Some(Interruption::Shutdown) => (Status::Failed, EXIT_KILLED),
            None if exit_code == 0 || exit_code == EXIT_WITH_SUCCESS => (Status::Success, exit_code),
            None if exit_code == reboot => (Status::SuccessAndReboot, exit_code),
            None => (Status::Failed, exit_code),
        };
        Self { status, code }
    }
}

/// The keys of a step's inputs that steer the document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FlowControl {
    on_failure: OnFailure,
    exit_on_success: bool,
    finally: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum OnFailure {
    #[default]
    GoOn,
    Exit,
    SuccessAndExit,
}

/// A step's result as it is reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Finished {
    /// Status and code.
    pub result: StepResult,
    /// To be added to standard output and, unless that is cleared, to standard error.
    pub note: Option<&'static str>,
    /// Standard error is reported empty.
    pub clears_error: bool,
    /// Later steps are skipped.
    pub ends_document: bool,
}

impl FlowControl {
    /// Reads `onFailure`, `onSuccess` and `finallyStep` from a step's inputs; exact keys and values.
    pub fn of(inputs: &Value) -> Self {
        let says = |key: &str, word: &str| inputs.get(key).and_then(Value::as_str) == Some(word);
        let on_failure = if says("onFailure", "exit") {
            OnFailure::Exit
        } else if says("onFailure", "successAndExit") {
            OnFailure::SuccessAndExit
        } else {
            OnFailure::GoOn
        };
        let finally = says("finallyStep", "true") || inputs.get("finallyStep") == Some(&Value::Bool(true));
        Self { on_failure, exit_on_success: says("onSuccess", "exit"), finally }
    }

    /// Whether the step runs although an earlier one has ended the document: the last one, if it says so.
    pub fn runs_after_exit(self, index: usize, steps: usize) -> bool {
        self.finally && index + 1 == steps
    }

    /// The end of a step that was run.
    pub fn finish(self, result: StepResult) -> Finished {
        let mut finished = Finished { result, note: None, clears_error: false, ends_document: false };
        match (result.code, result.status, self.on_failure) {
            (EXIT_WITH_SUCCESS, ..) => {
                finished.result.status = Status::Success;
                finished.note = Some(
                    "\nExit code 168: the step counts as a success, and the steps after it are skipped.",
                );
                finished.clears_error = true;
                finished.ends_document = true;
            }
            (EXIT_WITH_FAILURE, ..) => {
                finished.result.status = Status::Failed;
                finished.note =
                    Some("\nExit code 169: the step has failed, and the steps after it are skipped.");
                finished.ends_document = true;
            }
            (_, Status::Failed, OnFailure::Exit | OnFailure::SuccessAndExit) => {
                finished.note =
                    Some("\nThe step has failed and has onFailure: the steps after it are skipped.");
                finished.ends_document = true;
                if self.on_failure == OnFailure::SuccessAndExit {
                    finished.result = StepResult { status: Status::Success, code: EXIT_WITH_SUCCESS };
                }
            }
            (_, Status::Success, _) => finished.ends_document = self.exit_on_success,
            _ => {}
        }
        if finished.result.status == Status::Failed && finished.result.code == 0 {
            finished.result.code = 1;
        }
        finished
    }
}
