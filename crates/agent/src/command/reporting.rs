//! Gives results to the channel, and closes commands whose results the server has.

use crate::command::active::Active;
use crate::command::event::Event;
use crate::command::ledger::REMEMBER_MS;
use crate::command::manager::{Manager, ToManager};
use crate::command::report;
use crate::command::upload::Uploader;
use crate::paths::private_file;
use std::io::Write as _;
use std::rc::Rc;
use uuid::Uuid;

impl Manager {
    /// Gives new events to the channel, as far as uploads allow.
    pub(super) fn report(&mut self, command_id: &str) {
        let now = self.around.api.clock.steady_ms();
        let Some(active) = self.active.get_mut(command_id) else { return };
        while !active.uploading {
            let Some((number, event)) = active.events.get(active.reported) else { break };
            let message_id = report::message_id(&active.job.job_id, *number);
            if report::is_reported(event, active.job.steps) && !active.acknowledged.contains(&message_id) {
                let outcome = report::outcome_of(event, &active.events, active.job.steps);
                if let (Some(prefix), Some((step, outcome))) =
                    (&active.job.content.muster_output_upload, outcome)
                    && (outcome.more_stdout || outcome.more_stderr)
                    && active.uploaded != Some(*number)
                {
                    if self.out.is_some() {
                        active.uploading = true;
                        let (api, keeper) = (Rc::clone(&self.around.api), Rc::clone(&self.around.keeper));
                        let (endpoint, to_self) = (self.around.endpoint.clone(), self.to_self.clone());
                        let (prefix, folder, outcome) =
                            (prefix.clone(), active.folder.clone(), outcome.clone());
                        let (command_id, event) = (command_id.to_owned(), *number);
                        tokio::task::spawn_local(async move {
                            let uploader = Uploader { api: &api, keeper: &keeper, endpoint: &endpoint };
                            uploader.send(&prefix, &folder, step, &outcome).await;
                            let _ = to_self.send(ToManager::Uploaded { command_id, event });
                        });
                    }
                    break;
                }
                let reply = report::reply(&active.job, event, &active.events);
                self.channel.restore_reply(message_id, &reply, now);
                active.unacknowledged.insert(message_id);
            }
            active.reported += 1;
        }
        self.flush();
        self.close_if_over(command_id);
    }

    /// The server has a reply.
    pub(super) fn on_reply_ack(&mut self, job_id: &str, message_id: Uuid) {
        let Some(command_id) = report::command_id(job_id) else { return };
        let Some(active) = self.active.get_mut(&command_id) else { return };
        if !active.unacknowledged.remove(&message_id) {
            return;
        }
        if !active.is_over() {
            // Not synced, and no harm if it is lost: the reply goes out again under the same id.
            let file = private_file().append(true).create(true).open(active.folder.acknowledged());
            let _ = file.and_then(|mut file| writeln!(file, "{message_id}"));
        }
        self.close_if_over(&command_id);
    }

    fn close_if_over(&mut self, command_id: &str) {
        if self.active.get(command_id).is_some_and(Active::is_over) {
            if let Err(error) = self.ledger.finish(command_id) {
                tracing::error!("command {command_id} cannot be put among the finished ones: {error}");
            }
            self.active.remove(command_id);
            tracing::info!("command {command_id} is finished and reported");
        }
    }

    /// The server asks for a finished command: all its replies go out again.
    pub(super) fn report_again(&mut self, command_id: &str) {
        let reopened = self.ledger.reopen(command_id).and_then(|folder| {
            let _ = std::fs::remove_file(folder.acknowledged());
            let job = folder.read_job()?;
            Active::restore(folder, job, &self.boot)
        });
        match reopened {
            Ok(active) => {
                self.active.insert(command_id.to_owned(), active);
                self.report(command_id);
            }
            Err(error) => tracing::error!("command {command_id} cannot be reported again: {error}"),
        }
    }

    /// Gives up results that no server has wanted to hear for as long as commands are remembered at all.
    pub(super) fn give_up_unheard(&mut self) {
        let oldest = self.around.api.clock.local_ms() - REMEMBER_MS;
        let ended_before = |active: &Active| matches!(active.events.last(), Some((_, Event::Done { at_ms, .. })) if *at_ms < oldest);
        let unheard: Vec<String> = self
            .active
            .iter()
            .filter(|(_, active)| ended_before(active) && !active.uploading)
            .map(|(command_id, _)| command_id.clone())
            .collect();
        for command_id in unheard {
            tracing::warn!("the server never acknowledged the result of command {command_id}: given up");
            if let Some(active) = self.active.get_mut(&command_id) {
                for message_id in std::mem::take(&mut active.unacknowledged) {
                    self.channel.forget_reply(message_id);
                }
            }
            self.close_if_over(&command_id);
        }
    }
}
