//! The state of a job as its replies build it up, in whatever order they come. Not for: keeping it.

use crate::message::{ReplyContent, RuntimeStatus, Status};
use std::collections::BTreeMap;

/// What is known of a job on a node.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct JobProgress {
    /// Of the document: never back from terminal.
    pub status: Status,
    /// By step; a step never goes back from terminal either.
    pub steps: BTreeMap<String, RuntimeStatus>,
    /// Why the document could not run at all.
    pub trace: String,
}

impl JobProgress {
    /// Takes a reply in; whether anything changed. The final reply of several steps holds none of them, and replies of
    /// single steps may come after it: their results count, their document status does not.
    pub fn apply(&mut self, content: ReplyContent) -> bool {
        let mut changed = false;
        for (name, result) in content.runtime_status.unwrap_or_default() {
            match self.steps.get_mut(&name) {
                Some(known) if known.status.terminal() && !result.status.terminal() => {}
                Some(known) if *known == result => {}
                Some(known) => {
                    *known = result;
                    changed = true;
                }
                None => {
                    self.steps.insert(name, result);
                    changed = true;
                }
            }
        }
        if !self.status.terminal() && self.status != content.document_status {
            self.status = content.document_status;
            changed = true;
        }
        if self.trace.is_empty() && !content.document_trace_output.is_empty() {
            self.trace = content.document_trace_output;
            changed = true;
        }
        changed
    }
}
