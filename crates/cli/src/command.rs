//! A command that was sent: waiting for it, and what came of it on each node. Shared by `up` and `run`.

use crate::client::{Client, ClientError};
use muster_ssm_api::{
    CommandInvocation, CommandInvocationStatus, GetCommandInvocation, GetCommandInvocationRequest,
    GetCommandInvocationResult, ListCommandInvocations, ListCommandInvocationsRequest, SendCommand,
    SendCommandRequest,
};
use std::{collections::BTreeSet, time::Duration};
use tokio::time::sleep;

/// A command's result on one node.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) node: String,
    /// The node's own name, empty if it never told one.
    pub(crate) host: String,
    pub(crate) success: bool,
    /// AWS's details: `Success`, `ExecutionTimedOut`.
    pub(crate) status: String,
    /// The exit code; -1 if there is none.
    pub(crate) exit_code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Sends a command; its id.
pub(crate) async fn send(client: &Client, request: &SendCommandRequest) -> Result<String, ClientError> {
    let answer = client.call::<SendCommand>(request).await?;
    answer.command.and_then(|command| command.command_id).ok_or_else(|| ClientError::Unreadable {
        operation: "SendCommand",
        reason: "it has no command id".to_owned(),
    })
}

/// A command whose results are fetched as they come in.
pub(crate) struct Watch<'a> {
    client: &'a Client,
    command: &'a str,
    told: BTreeSet<String>,
    pause: Duration,
}

/// The first pause between two looks, and the longest.
const PAUSES: (Duration, Duration) = (Duration::from_millis(10), Duration::from_millis(500));

impl<'a> Watch<'a> {
    pub(crate) fn new(client: &'a Client, command: &'a str) -> Self {
        Self { client, command, told: BTreeSet::new(), pause: PAUSES.0 }
    }

    /// The results that are new; waits until there is one. `None` when all have been given.
    pub(crate) async fn next(&mut self) -> Result<Option<Vec<Outcome>>, ClientError> {
        loop {
            let invocations = self.invocations().await?;
            let open = invocations.iter().any(|invocation| !is_final(invocation.status));
            let mut outcomes = Vec::new();
            for invocation in invocations.into_iter().filter(|invocation| is_final(invocation.status)) {
                let node = invocation.instance_id.clone().unwrap_or_default();
                if self.told.insert(node.clone()) {
                    outcomes.push(self.outcome(node, invocation).await?);
                }
            }
            if !outcomes.is_empty() {
                self.pause = PAUSES.0;
                return Ok(Some(outcomes));
            }
            if !open {
                return Ok(None);
            }
            sleep(self.pause).await;
            self.pause = (self.pause * 2).min(PAUSES.1);
        }
    }

    async fn invocations(&self) -> Result<Vec<CommandInvocation>, ClientError> {
        let mut all = Vec::new();
        let mut request = ListCommandInvocationsRequest {
            command_id: Some(self.command.to_owned()),
            max_results: Some(50),
            ..Default::default()
        };
        loop {
            let page = self.client.call::<ListCommandInvocations>(&request).await?;
            all.extend(page.command_invocations.unwrap_or_default());
            request.next_token = page.next_token.filter(|token| !token.is_empty());
            if request.next_token.is_none() {
                return Ok(all);
            }
        }
    }

    async fn outcome(&self, node: String, invocation: CommandInvocation) -> Result<Outcome, ClientError> {
        let request = GetCommandInvocationRequest {
            command_id: self.command.to_owned(),
            instance_id: node.clone(),
            plugin_name: None,
        };
        let detail = match self.client.call::<GetCommandInvocation>(&request).await {
            Ok(detail) => detail,
            // A document of several steps has no single output.
            Err(error) if error.code() == Some("InvalidPluginName") => GetCommandInvocationResult {
                status: invocation.status,
                status_details: invocation.status_details.clone(),
                ..Default::default()
            },
            Err(error) => return Err(error),
        };
        Ok(Outcome {
            node,
            host: invocation.instance_name.unwrap_or_default(),
            success: detail.status == Some(CommandInvocationStatus::Success),
            status: detail.status_details.unwrap_or_default(),
            exit_code: detail.response_code.unwrap_or(-1),
            stdout: detail.standard_output_content.unwrap_or_default(),
            stderr: detail.standard_error_content.unwrap_or_default(),
        })
    }
}

fn is_final(status: Option<CommandInvocationStatus>) -> bool {
    use CommandInvocationStatus::{Cancelled, Failed, Success, TimedOut};
    matches!(status, Some(Success | Failed | Cancelled | TimedOut))
}
