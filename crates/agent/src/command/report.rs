//! Turns what happened into replies for the server. The same event always gives the same reply under the same id.

use crate::command::event::{Event, Outcome};
use crate::command::folder::JobRecord;
use crate::version;
use muster_protocol::ids::{JobId, ManagedNodeId};
use muster_protocol::iso_millis;
use muster_protocol::message::{
    AdditionalInfo, AgentInfo, AgentJobReply, CANCEL_COMMAND_TOPIC, REPLY_CONTENT_LIMIT, ReplyContent,
    RuntimeStatus, SEND_COMMAND_TOPIC, Status, write_text,
};
use std::collections::BTreeMap;
use uuid::Uuid;

/// How the agent names itself in replies.
fn agent_info() -> AgentInfo {
    AgentInfo {
        lang: "en-US".to_owned(),
        name: version::WIRE_NAME.to_owned(),
        os: "linux".to_owned(),
        osver: "1".to_owned(),
        ver: version::ON_THE_WIRE.to_owned(),
    }
}

/// The message id of the reply about an event: the same in every life of the agent.
pub(super) fn message_id(job_id: &str, number: usize) -> Uuid {
    let digest =
        aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, format!("{job_id}#{number}").as_bytes());
    let mut bytes = [0; 16];
    for (to, from) in bytes.iter_mut().zip(digest.as_ref()) {
        *to = *from;
    }
    uuid::Builder::from_random_bytes(bytes).into_uuid()
}

/// Whether an event is reported. A document of one step reports the step together with the end.
pub(super) fn is_reported(event: &Event, steps: usize) -> bool {
    match event {
        Event::StepStarted { .. } | Event::StepProcess { .. } => false,
        Event::StepFinished { .. } => steps > 1,
        Event::Reboot { .. } | Event::Done { .. } => true,
    }
}

/// The outcome whose whole output should be at the server before `event` is reported.
pub(super) fn outcome_of<'a>(
    event: &'a Event,
    all: &'a [(usize, Event)],
    steps: usize,
) -> Option<(usize, &'a Outcome)> {
    match event {
        Event::StepFinished { step, outcome, .. } | Event::Reboot { step, outcome, .. } => {
            Some((*step, outcome))
        }
        Event::Done { .. } if steps <= 1 => finished(all).next_back(),
        _ => None,
    }
}

fn finished(all: &[(usize, Event)]) -> impl DoubleEndedIterator<Item = (usize, &Outcome)> {
    all.iter().filter_map(|(_, event)| match event {
        Event::StepFinished { step, outcome, .. } => Some((*step, outcome)),
        _ => None,
    })
}

/// The reply about an event; `all` are the events so far.
pub(super) fn reply(job: &JobRecord, event: &Event, all: &[(usize, Event)]) -> AgentJobReply {
    let shown = outcome_of(event, all, job.steps).map(|(_, outcome)| outcome);
    let mut content = ReplyContent {
        additional_info: AdditionalInfo {
            agent: agent_info(),
            date_time: iso_millis(time_of(event)),
            run_id: String::new(),
            runtime_status_counts: None,
            able_to_open_mgs_connection: None,
        },
        document_status: Status::InProgress,
        document_trace_output: String::new(),
        runtime_status: Some(
            shown.map(|outcome| (outcome.id.clone(), runtime_status(outcome))).into_iter().collect(),
        ),
    };
    let counted: Vec<Status> = match event {
        Event::Done { status, trace, .. } => {
            content.document_status = *status;
            content.document_trace_output.clone_from(trace);
            finished(all).map(|(_, outcome)| outcome.status).collect()
        }
        Event::Reboot { .. } => {
            content.document_status = Status::SuccessAndReboot;
            shown.map(|outcome| outcome.status).into_iter().collect()
        }
        _ => shown.map(|outcome| outcome.status).into_iter().collect(),
    };
    content.additional_info.runtime_status_counts = counts(counted);
    AgentJobReply {
        schema_version: 1,
        job_id: job.job_id.clone(),
        content: bounded(content),
        topic: SEND_COMMAND_TOPIC.to_owned(),
    }
}

fn time_of(event: &Event) -> i64 {
    match event {
        Event::StepStarted { at_ms, .. } | Event::Done { at_ms, .. } => *at_ms,
        Event::StepFinished { outcome, .. } | Event::Reboot { outcome, .. } => outcome.ended_ms,
        Event::StepProcess { .. } => 0,
    }
}

fn counts(statuses: Vec<Status>) -> Option<BTreeMap<String, i64>> {
    let mut counts = BTreeMap::new();
    for status in statuses {
        *counts.entry(status.as_str().to_owned()).or_insert(0) += 1;
    }
    (!counts.is_empty()).then_some(counts)
}

fn runtime_status(outcome: &Outcome) -> RuntimeStatus {
    RuntimeStatus {
        status: outcome.status,
        code: outcome.code,
        name: outcome.plugin.clone(),
        output: outcome.output.clone(),
        start_date_time: iso_millis(outcome.started_ms),
        end_date_time: iso_millis(outcome.ended_ms),
        standard_output: outcome.standard_output.clone(),
        standard_error: outcome.standard_error.clone(),
        ..RuntimeStatus::default()
    }
}

/// JSON of a reply, with texts cut further while it is too long for a message: characters that take many bytes, or
/// many escapes, fit less often than their number promises.
fn bounded(mut content: ReplyContent) -> String {
    loop {
        let text = write_text(&content);
        if text.len() <= REPLY_CONTENT_LIMIT || !halve_texts(&mut content) {
            return text;
        }
    }
}

fn halve_texts(content: &mut ReplyContent) -> bool {
    const NOTE: &str = "\n--output truncated--";
    let mut shortened = false;
    for status in content.runtime_status.iter_mut().flat_map(BTreeMap::values_mut) {
        for text in [&mut status.standard_output, &mut status.standard_error, &mut status.output] {
            let length = text.chars().count();
            if length > 200 {
                *text = text.chars().take(length / 2 - NOTE.len()).chain(NOTE.chars()).collect();
                shortened = true;
            }
        }
    }
    shortened
}

/// The reply that says that a command has begun, or that a cancel job was heard. It may be lost.
pub(super) fn in_progress(now_ms: i64) -> ReplyContent {
    ReplyContent {
        additional_info: AdditionalInfo {
            agent: agent_info(),
            date_time: iso_millis(now_ms),
            ..AdditionalInfo::default()
        },
        document_status: Status::InProgress,
        document_trace_output: String::new(),
        runtime_status: None,
    }
}

/// Topic of the reply about a job.
pub(super) fn topic(cancel: bool) -> &'static str {
    if cancel { CANCEL_COMMAND_TOPIC } else { SEND_COMMAND_TOPIC }
}

/// The command id of a job id, as text that is safe as a file name.
pub(super) fn command_id(job_id: &str) -> Option<String> {
    JobId::parts(job_id).ok().map(|(command, _)| command.as_str().to_owned())
}

/// Whether a job is one of this node.
pub(super) fn belongs_to(job_id: &str, node: &ManagedNodeId) -> bool {
    JobId::parts(job_id).is_ok_and(|(_, owner)| owner == *node)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::folder::sample_job;
    use std::path::Path;

    fn outcome(id: &str, text: &str) -> Outcome {
        Outcome {
            id: id.into(),
            plugin: "aws:runShellScript".into(),
            status: Status::Success,
            code: 0,
            standard_output: text.into(),
            standard_error: String::new(),
            output: text.into(),
            started_ms: 1_727_786_096_000,
            ended_ms: 1_727_786_096_789,
            more_stdout: false,
            more_stderr: false,
        }
    }

    fn events(steps: usize) -> Vec<(usize, Event)> {
        let mut events: Vec<Event> = (0..steps)
            .map(|step| Event::StepFinished {
                step,
                outcome: outcome(&format!("s{step}"), "x"),
                ends_document: false,
            })
            .collect();
        events.push(Event::Done { at_ms: 1_727_786_096_790, status: Status::Success, trace: String::new() });
        events.into_iter().enumerate().collect()
    }

    #[test]
    fn one_step_is_reported_with_the_end() {
        let job = sample_job(Path::new("/d"));
        let all = events(1);
        assert!(!is_reported(&all[0].1, 1) && is_reported(&all[1].1, 1));
        let content = reply(&job, &all[1].1, &all).parse_content().unwrap();
        assert_eq!(content.document_status, Status::Success);
        assert_eq!(content.runtime_status.unwrap()["s0"].standard_output, "x");
        assert_eq!(content.additional_info.runtime_status_counts.unwrap()["Success"], 1);
    }

    #[test]
    fn several_steps_are_reported_each_and_the_end_is_empty() {
        let job = JobRecord { steps: 2, ..sample_job(Path::new("/d")) };
        let all = events(2);
        let step = reply(&job, &all[1].1, &all).parse_content().unwrap();
        assert_eq!(step.document_status, Status::InProgress);
        assert_eq!(step.runtime_status.unwrap().keys().collect::<Vec<_>>(), ["s1"]);
        let end = reply(&job, &all[2].1, &all).parse_content().unwrap();
        assert_eq!(end.runtime_status.unwrap().len(), 0);
        assert_eq!(end.additional_info.runtime_status_counts.unwrap()["Success"], 2);
    }

    #[test]
    fn ids_are_fixed_and_different() {
        assert_eq!(message_id("j", 1), message_id("j", 1));
        assert_ne!(message_id("j", 1), message_id("j", 2));
        assert_ne!(message_id("j", 1), message_id("k", 1));
    }

    #[test]
    fn replies_always_fit_into_a_message() {
        let job = sample_job(Path::new("/d"));
        let mut all = events(1);
        all[0].1 = Event::StepFinished {
            step: 0,
            outcome: Outcome {
                standard_error: "\u{1}".repeat(24_000), ..outcome("s", &"😀".repeat(24_000))
            },
            ends_document: false,
        };
        let reply = reply(&job, &all[1].1, &all);
        assert!(reply.content.len() <= REPLY_CONTENT_LIMIT);
        assert!(
            reply.parse_content().unwrap().runtime_status.unwrap()["s"].standard_output.contains("truncated")
        );
    }
}
