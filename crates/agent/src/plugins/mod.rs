//! The document plugins: one file each, one line here.
//!
//! A plugin runs inside the worker process, does one step, and blocks until the step has ended. It knows nothing of
//! replies, of the channel or of other steps.

mod output;
mod process;
mod run_power_shell_script;
mod run_shell_script;
mod script;

use crate::command::folder::NodeFacts;
use muster_protocol::document::flow::StepResult;
use muster_protocol::message::Status;
use serde_json::Value;
use std::path::PathBuf;

pub(crate) use output::{Captured, CapturedOutput};
pub(crate) use process::Interrupts;

/// A failure that is not the exit code of a program.
pub(crate) const FAILED: StepResult = StepResult { status: Status::Failed, code: 1 };

/// What a plugin may use.
pub(crate) struct StepContext<'a> {
    /// Facts about the node, for the environment of scripts.
    pub(crate) node: &'a NodeFacts,
    /// The command's id.
    pub(crate) command_id: &'a str,
    /// Folder of this step; exists.
    pub(crate) folder: PathBuf,
    /// Where relative working directories lie; may not exist.
    pub(crate) downloads: PathBuf,
    /// Where output goes.
    pub(crate) output: &'a mut CapturedOutput,
    /// Cancellation.
    pub(crate) interrupts: &'a Interrupts,
    /// Told of the process group as soon as there is one.
    pub(crate) on_process: &'a mut dyn FnMut(u32),
}

/// A document plugin.
pub(crate) trait Plugin: Sync {
    /// Runs one step to its end.
    fn run(&self, inputs: &Value, context: &mut StepContext<'_>) -> StepResult;
}

/// What is known of an action.
pub(crate) enum Lookup {
    /// This node can do it.
    Supported(&'static dyn Plugin),
    /// A plugin of that name exists, but not here.
    Unsupported,
    /// No such plugin.
    Unknown,
}

/// Finds the plugin of an action.
pub(crate) fn find(action: &str) -> Lookup {
    match action {
        "aws:runShellScript" => Lookup::Supported(&run_shell_script::RunShellScript),
        "aws:runPowerShellScript" => Lookup::Supported(&run_power_shell_script::RunPowerShellScript),
        name if KNOWN_ELSEWHERE.contains(&name) => Lookup::Unsupported,
        _ => Lookup::Unknown,
    }
}

/// Plugins that official agents know and this one does not run (yet).
const KNOWN_ELSEWHERE: [&str; 14] = [
    "aws:applications",
    "aws:cloudWatch",
    "aws:configureDaemon",
    "aws:configureDocker",
    "aws:configurePackage",
    "aws:domainJoin",
    "aws:downloadContent",
    "aws:psModule",
    "aws:refreshAssociation",
    "aws:runDockerAction",
    "aws:runDocument",
    "aws:softwareInventory",
    "aws:updateAgent",
    "aws:updateSsmAgent",
];
