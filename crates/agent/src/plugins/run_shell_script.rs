//! `aws:runShellScript`: lines of shell; a first line `#!…` chooses another interpreter.

use crate::plugins::script::{Interpreter, run};
use crate::plugins::{Plugin, StepContext};
use muster_protocol::document::flow::StepResult;
use serde_json::Value;
use std::path::PathBuf;

/// The plugin.
pub(super) struct RunShellScript;

impl Plugin for RunShellScript {
    fn run(&self, inputs: &Value, context: &mut StepContext<'_>) -> StepResult {
        let interpreter = Interpreter {
            file_name: "_script.sh",
            prefix: "",
            program: shell(),
            // A plain script is read by the shell that we start. Only one with an interpreter of its own is executed, by
            // way of the shell too, which tells in its usual words what is wrong with an interpreter.
            arguments: &[],
            arguments_of_executed: &["-c", "exec \"$0\""],
            adjust: |_| {},
        };
        run(&interpreter, inputs, context)
    }
}

/// The shell: where it always is, or wherever the environment finds it.
fn shell() -> PathBuf {
    let usual = PathBuf::from("/bin/sh");
    if usual.exists() { usual } else { PathBuf::from("sh") }
}
