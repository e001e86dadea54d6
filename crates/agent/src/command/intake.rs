//! Takes jobs in: checks them, enters them in the ledger, cancels them.

use crate::command::active::{Active, State};
use crate::command::folder::{CommandFolder, JobRecord};
use crate::command::ledger::Known;
use crate::command::manager::Manager;
use crate::command::{report, retention};
use crate::worker::Plan;
use muster_protocol::message::{AckCode, SendCommandContent};
use std::io;

impl Manager {
    /// Takes a job, or says why not. When this answers [`AckCode::Successful`], the job is on disk.
    pub(super) fn take_job(&mut self, job_id: &str, content: Result<SendCommandContent, String>) -> AckCode {
        let Some(command_id) = report::command_id(job_id) else { return AckCode::ParseError };
        match self.ledger.look_up(&command_id) {
            Known::No => {}
            Known::Active(_) | Known::Remembered => return AckCode::DuplicateCommand,
            Known::Finished(_) => {
                self.report_again(&command_id);
                return AckCode::DuplicateCommand;
            }
        }
        if self.queue.len() >= self.around.settings.command_queue {
            return AckCode::ProcessorBufferFull;
        }
        // What cannot be understood is kept too: its failure is reported like any other result, until it is heard.
        let checked = content.and_then(|content| match Plan::of(&content) {
            Ok(plan) => Ok((content, plan.steps.len())),
            Err(error) => Err(error.to_string()),
        });
        let (content, steps, problem) = match checked {
            Ok((content, steps)) => (content, steps, None),
            Err(problem) => (SendCommandContent::default(), 0, Some(problem)),
        };
        let job = JobRecord {
            version: 1,
            job_id: job_id.to_owned(),
            command_id: command_id.clone(),
            accepted_ms: self.around.api.clock.local_ms(),
            steps,
            content,
            node: self.around.facts.clone(),
            output_limit: self.around.settings.output_limit_bytes,
            agent_poke: self.around.data.poke(),
        };
        let folder = match self.enter(&job) {
            Ok(folder) => folder,
            Err(error) => {
                tracing::error!("command {command_id} refused, it cannot be stored: {error}");
                return if is_full(&error) { AckCode::ProcessorBufferFull } else { AckCode::UnexpectedError };
            }
        };
        self.active.insert(command_id.clone(), Active::new(folder, job));
        match problem {
            None => {
                tracing::info!("command {command_id} accepted");
                self.queue.push_back(command_id);
                AckCode::Successful
            }
            Some(problem) => {
                self.fail(&command_id, &problem);
                AckCode::ParseError
            }
        }
    }

    /// Enters a job in the ledger; on a full disk, once more after old folders have made room.
    fn enter(&mut self, job: &JobRecord) -> io::Result<CommandFolder> {
        match self.ledger.accept(job) {
            Err(error) if is_full(&error) => {
                if !retention::make_room(&self.ledger) {
                    return Err(error);
                }
                self.ledger.accept(job)
            }
            other => other,
        }
    }

    /// Has a command ended.
    pub(super) fn cancel(&mut self, job_id: &str) {
        let Some(command_id) = report::command_id(job_id) else { return };
        let Some(active) = self.active.get(&command_id) else { return };
        tracing::info!("command {command_id} is cancelled");
        if let Err(error) = active.folder.request_cancel() {
            tracing::warn!("the cancellation of command {command_id} is not marked on disk: {error}");
        }
        // A worker is the one who ends a command, also one that has not begun. It does not take long for that, so it
        // does not wait for its turn.
        if matches!(active.state, State::Queued | State::Rebooting) {
            self.queue.retain(|queued| *queued != command_id);
            self.launch(&command_id);
        }
    }
}

fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}
