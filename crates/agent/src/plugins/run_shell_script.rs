//! `aws:runShellScript`: lines of shell. `sh` executes the file, so that a first line `#!…` chooses another interpreter.

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
            program: PathBuf::from("sh"),
            // The path as `$0`, not as program text: it may hold spaces.
            arguments: &["-c", "\"$0\""],
            adjust: |_| {},
        };
        run(&interpreter, inputs, context)
    }
}
