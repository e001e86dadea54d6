//! Runs the steps of one command in order, and writes down what happened before and after each.

use super::plan::{Gate, Plan, flow_control};
use crate::clock::Clock;
use crate::command::event::{Event, EventLog, Outcome};
use crate::command::folder::{CommandFolder, JobRecord};
use crate::paths::create_private_folder;
use crate::platform;
use crate::plugins::{CapturedOutput, FAILED, Interrupts, Plugin, StepContext};
use muster_protocol::document::Step;
use muster_protocol::document::flow::StepResult;
use muster_protocol::message::Status;
use std::io;
use std::path::Path;

/// Restarts of the machine that one step may ask for.
const REBOOTS: usize = 15;

/// Runs one command.
pub(super) struct Runner<'a> {
    folder: &'a CommandFolder,
    job: &'a JobRecord,
    log: EventLog,
    clock: Clock,
    boot: String,
    interrupts: Interrupts,
}

/// What the events tell of a step.
#[derive(Debug, PartialEq, Eq)]
enum Before {
    /// It was not begun, or asked for a restart that has happened since.
    Nothing,
    /// It was begun and not ended.
    Begun,
    /// It asks for a restart again and again.
    Restless,
    /// It has asked for a restart that has not happened.
    Waiting,
    /// It has ended.
    Finished { status: Status, ends_document: bool },
}

/// The end of a step, before it is written down.
struct Ended {
    outcome: Outcome,
    ends_document: bool,
    reboots: bool,
}

impl<'a> Runner<'a> {
    pub(super) fn new(folder: &'a CommandFolder, job: &'a JobRecord, log: EventLog) -> Self {
        Self {
            folder,
            job,
            log,
            clock: Clock::from_environment(),
            boot: platform::boot_id(),
            interrupts: Interrupts::listen(folder),
        }
    }

    /// Runs what is left to run.
    pub(super) fn run(mut self) -> io::Result<()> {
        if self.log.events().iter().any(|event| matches!(event, Event::Done { .. })) {
            return Ok(());
        }
        kill_left_over(self.log.events(), &self.boot);
        let plan = match Plan::of(&self.job.content) {
            Ok(plan) => plan,
            Err(problem) => return self.write(vec![self.done(Status::Failed, problem)]),
        };
        let mut statuses = Vec::with_capacity(plan.steps.len());
        let mut ended_early = false;
        for (number, step) in plan.steps.iter().enumerate() {
            let is_last = number + 1 == plan.steps.len();
            let Ended { outcome, ends_document, reboots } = match before(self.log.events(), number, &self.boot) {
                Before::Finished { status, ends_document } => {
                    ended_early |= ends_document;
                    statuses.push(status);
                    continue;
                }
                Before::Waiting if !self.interrupts.cancelled() => return Ok(()),
                Before::Waiting => self.not_run(step, Status::Cancelled, "The command was cancelled."),
                Before::Begun => self.not_run(
                    step,
                    Status::Failed,
                    "The step was interrupted: the agent's worker process or the machine stopped while it ran. It is \
                     not run a second time.",
                ),
                Before::Restless => {
                    self.not_run(step, Status::Failed, "The step asked for a restart of the machine too often.")
                }
                Before::Nothing if self.interrupts.cancelled() => {
                    self.not_run(step, Status::Cancelled, "The command was cancelled before this step began.")
                }
                Before::Nothing => match plan.gate(number, step, ended_early) {
                    Gate::Skip(reason) => self.not_run(step, Status::Skipped, &reason),
                    Gate::Fail(reason) => self.not_run(step, Status::Failed, &reason),
                    Gate::Run(plugin) => self.perform(number, step, plugin)?,
                },
            };
            if reboots {
                return self.write(vec![Event::Reboot { step: number, outcome, boot: self.boot.clone() }]);
            }
            statuses.push(outcome.status);
            ended_early |= ends_document;
            let mut events = vec![Event::StepFinished { step: number, outcome, ends_document }];
            if is_last {
                // The last result and the end with one write to the disk.
                events.push(self.done(Status::aggregate(statuses.iter().copied()), String::new()));
            }
            self.write(events)?;
        }
        if self.log.events().iter().any(|event| matches!(event, Event::Done { .. })) {
            return Ok(());
        }
        self.write(vec![self.done(Status::aggregate(statuses), String::new())])
    }

    /// Runs a step.
    fn perform(&mut self, number: usize, step: &Step, plugin: &dyn Plugin) -> io::Result<Ended> {
        let started_ms = self.clock.local_ms();
        let started = Event::StepStarted { step: number, at_ms: started_ms, boot: self.boot.clone() };
        self.log.append(&[started])?;
        let folder = self.folder.step(number, &step.id);
        let created = create_private_folder(&folder);
        let mut output = CapturedOutput::create(&folder, self.job.output_limit);
        let result = match created {
            Ok(()) => self.run_plugin(number, step, plugin, &folder, &mut output),
            Err(error) => {
                output.say(&format!("The step's folder {} cannot be made: {error}", folder.display()));
                FAILED
            }
        };
        let finished = flow_control(step).finish(result);
        if let Some(note) = finished.note {
            output.say_both(note);
        }
        if finished.clears_error {
            output.stderr.clear();
        }
        let (standard_output, standard_error, both) = output.texts();
        let outcome = Outcome {
            id: step.id.clone(),
            plugin: step.action.clone(),
            status: finished.result.status,
            code: finished.result.code,
            standard_output,
            standard_error,
            output: both,
            started_ms,
            ended_ms: self.clock.local_ms(),
            more_stdout: output.stdout.has_more(),
            more_stderr: output.stderr.has_more(),
        };
        let reboots = outcome.status.reboots();
        Ok(Ended { outcome, ends_document: finished.ends_document, reboots })
    }

    /// Runs the plugin for each set of inputs in turn. There is one, but in old documents; there the worst result
    /// stands for all.
    fn run_plugin(
        &mut self,
        number: usize,
        step: &Step,
        plugin: &dyn Plugin,
        folder: &Path,
        output: &mut CapturedOutput,
    ) -> StepResult {
        let session = std::process::id();
        let runs = step.runs();
        let mut results = Vec::with_capacity(runs.len());
        for (index, inputs) in runs.iter().enumerate() {
            let folder =
                if runs.len() > 1 { folder.join(format!("{:03}", index + 1)) } else { folder.to_owned() };
            if let Err(error) = create_private_folder(&folder) {
                output.say(&format!("The folder {} cannot be made: {error}", folder.display()));
                return FAILED;
            }
            let log = &mut self.log;
            let mut context = StepContext {
                node: &self.job.node,
                command_id: &self.job.command_id,
                folder,
                downloads: self.folder.downloads(),
                output: &mut *output,
                interrupts: &self.interrupts,
                on_process: &mut |group| log.note(Event::StepProcess { step: number, group, session }),
            };
            results.push(plugin.run(inputs, &mut context));
            if self.interrupts.cancelled() {
                break;
            }
        }
        let status = Status::aggregate(results.iter().map(|result| result.status));
        results.into_iter().find(|result| result.status == status).unwrap_or(FAILED)
    }

    /// The end of a step that is not run.
    fn not_run(&self, step: &Step, status: Status, reason: &str) -> Ended {
        let now = self.clock.local_ms();
        let is_error = status != Status::Skipped;
        let outcome = Outcome {
            id: step.id.clone(),
            plugin: step.action.clone(),
            status,
            code: i64::from(is_error),
            standard_output: String::new(),
            standard_error: if is_error { reason.to_owned() } else { String::new() },
            output: reason.to_owned(),
            started_ms: now,
            ended_ms: now,
            more_stdout: false,
            more_stderr: false,
        };
        Ended { outcome, ends_document: false, reboots: false }
    }

    fn done(&self, status: Status, trace: String) -> Event {
        Event::Done { at_ms: self.clock.local_ms(), status, trace }
    }

    /// Writes events durably, and tells the agent, if one runs.
    fn write(&mut self, events: Vec<Event>) -> io::Result<()> {
        self.log.append(&events)?;
        platform::poke(&self.job.agent_poke, format!("{}\n", self.job.command_id).as_bytes());
        Ok(())
    }
}

/// What happened to a step so far.
fn before(events: &[Event], number: usize, boot: &str) -> Before {
    let mut found = Before::Nothing;
    let mut reboots = 0;
    for event in events {
        match event {
            Event::StepStarted { step, .. } if *step == number => found = Before::Begun,
            Event::StepFinished { step, outcome, ends_document } if *step == number => {
                found = Before::Finished { status: outcome.status, ends_document: *ends_document };
            }
            Event::Reboot { step, boot: old, .. } if *step == number => {
                reboots += 1;
                found = match (reboots > REBOOTS, old == boot) {
                    (true, _) => Before::Restless,
                    (false, true) => Before::Waiting,
                    (false, false) => Before::Nothing,
                };
            }
            _ => {}
        }
    }
    found
}

/// Kills what a worker before us left running: its step counts as failed, and must not go on behind our back.
fn kill_left_over(events: &[Event], boot: &str) {
    let mut running = None;
    let mut this_boot = false;
    for event in events {
        match event {
            Event::StepStarted { boot: old, .. } => {
                running = None;
                this_boot = old == boot;
            }
            Event::StepProcess { group, session, .. } => running = Some((*group, *session)),
            Event::StepFinished { .. } | Event::Reboot { .. } | Event::Done { .. } => running = None,
        }
    }
    if let Some((group, session)) = running
        && this_boot
        && platform::group_is_ours(group, session)
    {
        platform::kill_group(group);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn started(step: usize) -> Event {
        Event::StepStarted { step, at_ms: 1, boot: "now".into() }
    }

    fn outcome(status: Status) -> Outcome {
        Outcome {
            id: "s".into(),
            plugin: "p".into(),
            status,
            code: 0,
            standard_output: String::new(),
            standard_error: String::new(),
            output: String::new(),
            started_ms: 1,
            ended_ms: 2,
            more_stdout: false,
            more_stderr: false,
        }
    }

    fn reboot(boot: &str) -> Event {
        Event::Reboot { step: 0, outcome: outcome(Status::SuccessAndReboot), boot: boot.into() }
    }

    #[test]
    fn the_events_tell_what_may_run() {
        let finished =
            Event::StepFinished { step: 0, outcome: outcome(Status::Success), ends_document: true };
        let ended = Before::Finished { status: Status::Success, ends_document: true };
        for (events, expected) in [
            (vec![], Before::Nothing),
            (vec![started(1)], Before::Nothing),
            (vec![started(0)], Before::Begun),
            (vec![started(0), finished], ended),
            (vec![started(0), reboot("now")], Before::Waiting),
            (vec![started(0), reboot("before")], Before::Nothing),
            (vec![started(0), reboot("before"), started(0)], Before::Begun),
            (vec![reboot("before"); REBOOTS], Before::Nothing),
            (vec![reboot("before"); REBOOTS + 1], Before::Restless),
        ] {
            assert_eq!(before(&events, 0, "now"), expected, "{events:?}");
        }
    }
}
