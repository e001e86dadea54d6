//! The replies of a simulated node, in the forms that agents send. Not for: when they are sent.

use super::{
    api::AGENT_VERSION,
    script::{Answer, Script, Style},
};
use muster_protocol::{
    iso_millis,
    message::{AdditionalInfo, AgentInfo, ReplyContent, RuntimeStatus, Status},
};
use serde_json::Value;
use std::collections::BTreeMap;

/// What the server may show of a merged output.
const MERGED: usize = 2500;

impl Answer {
    /// The status of a document that ends so.
    pub(super) const fn status(self) -> Status {
        match self {
            Self::Success | Self::Ignore => Status::Success,
            Self::Failed => Status::Failed,
            Self::TimedOut => Status::TimedOut,
        }
    }
}

/// A reply about steps.
pub fn content(
    document: Status,
    steps: Option<BTreeMap<String, RuntimeStatus>>,
    now_ms: i64,
) -> ReplyContent {
    let counts = steps.as_ref().filter(|steps| !steps.is_empty()).map(|steps| {
        let mut counts = BTreeMap::new();
        for step in steps.values() {
            *counts.entry(step.status.as_str().to_owned()).or_insert(0) += 1;
        }
        counts
    });
    ReplyContent {
        additional_info: AdditionalInfo {
            agent: AgentInfo {
                lang: "en-US".to_owned(),
                name: "amazon-ssm-agent".to_owned(),
                os: "linux".to_owned(),
                osver: "1".to_owned(),
                ver: AGENT_VERSION.to_owned(),
            },
            date_time: iso_millis(now_ms),
            run_id: String::new(),
            runtime_status_counts: counts,
            able_to_open_mgs_connection: None,
        },
        document_status: document,
        document_trace_output: String::new(),
        runtime_status: steps,
    }
}

/// A step with its result.
pub fn step(status: Status, code: i64, stdout: &str, stderr: &str, now_ms: i64) -> RuntimeStatus {
    let time = iso_millis(now_ms);
    RuntimeStatus {
        status,
        code,
        name: "aws:runShellScript".to_owned(),
        output: stdout.chars().chain(stderr.chars()).take(MERGED).collect(),
        start_date_time: time.clone(),
        end_date_time: time,
        standard_output: stdout.to_owned(),
        standard_error: stderr.to_owned(),
        ..RuntimeStatus::default()
    }
}

/// The names of a document's steps, as the server sent it: of schema 2, or the plugins of schema 1. Those that a script
/// asks for beyond them are made up.
pub(super) fn step_names(document: &Value, wanted: u32) -> Vec<String> {
    let steps = document.get("mainSteps").and_then(Value::as_array);
    let mut names: Vec<String> = steps
        .into_iter()
        .flatten()
        .filter_map(|step| step.get("name")?.as_str().map(str::to_owned))
        .collect();
    let plugins = document.get("runtimeConfig").and_then(Value::as_object);
    names.extend(plugins.into_iter().flat_map(serde_json::Map::keys).cloned());
    while names.len() < wanted as usize {
        names.push(format!("step{}", names.len() + 1));
    }
    names
}

/// The replies of a command that has run: those about steps, then the final one.
pub(super) fn replies(script: &Script, names: &[String], now_ms: i64) -> (Vec<ReplyContent>, ReplyContent) {
    let last = names.len().saturating_sub(1);
    let results: Vec<(String, RuntimeStatus)> = names
        .iter()
        .enumerate()
        .map(|(index, name)| {
            let (status, code) =
                if index == last { (script.answer.status(), script.exit_code) } else { (Status::Success, 0) };
            (name.clone(), step(status, code, &script.stdout, &script.stderr, now_ms))
        })
        .collect();
    let single = |(name, result): &(String, RuntimeStatus)| {
        content(Status::InProgress, Some(BTreeMap::from([(name.clone(), result.clone())])), now_ms)
    };
    let separate = script.style == Style::Official || names.len() > 1;
    let steps = if separate { results.iter().map(single).collect() } else { Vec::new() };
    // As agents do: the step of a one-step document once more, nothing of a longer one.
    let shown = if names.len() > 1 { BTreeMap::new() } else { results.into_iter().collect() };
    (steps, content(script.answer.status(), Some(shown), now_ms))
}

/// The replies of a command that was cancelled while it ran.
pub(super) fn cancelled(names: &[String], now_ms: i64) -> ReplyContent {
    let steps = names.iter().map(|name| (name.clone(), step(Status::Cancelled, 137, "", "", now_ms)));
    content(Status::Cancelled, Some(steps.collect()), now_ms)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn forms_of_both_agents() {
        let document = json!({ "mainSteps": [{ "name": "runShellScript" }] });
        let names = step_names(&document, 1);
        assert_eq!(names, ["runShellScript"]);
        assert_eq!(
            step_names(&json!({ "runtimeConfig": { "aws:runShellScript": {} } }), 1),
            ["aws:runShellScript"]
        );
        let mut script = Script::default();
        let (steps, last) = replies(&script, &names, 0);
        assert!(steps.is_empty() && last.document_status == Status::Success);
        assert_eq!(last.runtime_status.unwrap()["runShellScript"].standard_output, "simulated\n");

        script = Script { style: Style::Official, answer: Answer::Failed, exit_code: 3, ..script };
        let names = step_names(&document, 2);
        let (steps, last) = replies(&script, &names, 0);
        assert_eq!((steps.len(), last.document_status), (2, Status::Failed));
        assert_eq!(steps[0].runtime_status.as_ref().unwrap()["runShellScript"].status, Status::Success);
        assert_eq!(steps[1].runtime_status.as_ref().unwrap()["step2"].code, 3);
        assert_eq!(last.runtime_status, Some(BTreeMap::new()));
    }
}
