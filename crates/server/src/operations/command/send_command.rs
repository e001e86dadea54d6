//! `SendCommand`: stores a command with one invocation per node, and wakes the nodes.
//!
//! Everything is durable before the answer, so that the very next call sees the invocations. Targets are resolved at
//! once: unlike AWS, the answer's `TargetCount` is already right.

use super::targets;
use crate::{
    ControlPlane, arn,
    authority::Requirement,
    context::RequestContext,
    dispatch::{Access, Handle},
    domain::{
        command::{Rate, State},
        document::{BuiltinDocument, ParameterError},
    },
    error::ApiError,
};
use muster_bus::Notice;
use muster_ids::CommandId;
use muster_protocol::message::{SendCommandContent, write_text};
use muster_service_model::Timestamp;
use muster_ssm_api::{
    AlarmConfiguration, CloudWatchOutputConfig, Command, CommandStatus, NotificationConfig, SendCommand,
    SendCommandRequest, SendCommandResult, errors,
};
use muster_store::{
    command::{self, CommandRow},
    command_target::Candidate,
    invocation::{self, Target},
    tag::MANAGED_INSTANCE,
};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

const ACTION: &str = "ssm:SendCommand";
/// Seconds in which a node must take a command, when the caller does not say.
const DEFAULT_DELIVERY_SECONDS: i32 = 3600;
const DEFAULT_MAX_CONCURRENCY: &str = "50";
const DEFAULT_MAX_ERRORS: &str = "0";
/// A document with its parameters, bytes of JSON.
const MAX_CONTENT_BYTES: usize = 100_000;

impl Handle<SendCommand> for ControlPlane {
    // Nodes may be described instead of named: which they are the handler finds out.
    const ACCESS: Access<SendCommandRequest> = Access::Handler;

    async fn handle(
        &self,
        context: &RequestContext,
        input: SendCommandRequest,
    ) -> Result<SendCommandResult, ApiError> {
        let document = self.documents.find(&input.document_name);
        self.authorise(context, &named(context, &input, document)).await?;
        let document = document.ok_or_else(|| ApiError::new(&errors::INVALID_DOCUMENT, ""))?;
        refuse_unsupported(&input)?;
        check_version(document, input.document_version.as_deref())?;
        let given = input.parameters.clone().unwrap_or_default();
        let bound = bind(document, &given)?;
        let (max_concurrency, max_errors) = rates(&input)?;

        let by_id = input.instance_ids.as_deref().unwrap_or_default();
        let by_target = input.targets.as_deref().unwrap_or_default();
        let candidates = targets::resolve(&self.db, &context.tenant, by_id, by_target).await?;
        if !by_target.is_empty() {
            let nodes: Vec<_> =
                candidates.iter().map(|node| on_node(context, node.node_id.as_str())).collect();
            self.authorise(context, &nodes).await?;
        }
        if let Some(wrong) = candidates.iter().find(|node| !by_id.is_empty() && !fits(document, node)) {
            return Err(ApiError::new(
                &errors::UNSUPPORTED_PLATFORM_TYPE,
                format!("The document {} does not run on the platform of {}.", document.name, wrong.node_id),
            ));
        }

        let id = CommandId::random();
        let content = job_content(&id, document, bound.clone())?;
        let command = describe(context, &id, &input, document.execution_seconds(&bound), candidates.len());
        let count = i64::try_from(candidates.len()).unwrap_or(i64::MAX);
        let delivery_ms = i64::from(command.timeout_seconds.unwrap_or(DEFAULT_DELIVERY_SECONDS)) * 1000;
        let expires_ms = command.expires_after.map_or(context.now_ms, Timestamp::as_millis);
        let none = candidates.is_empty();
        let state = if none { State::NO_INSTANCES_IN_TAG } else { State::PENDING };
        let row = CommandRow {
            command_id: id.clone(),
            tenant: context.tenant.clone(),
            document_name: document.name.to_owned(),
            requested_ms: context.now_ms,
            expires_ms,
            request: write_text(&command),
            target_count: count,
            max_concurrency: max_concurrency.concurrency(count),
            max_errors: max_errors.errors(count),
            status: state.status.to_owned(),
            status_details: state.details.to_owned(),
            completed_count: 0,
            error_count: 0,
            delivery_timed_out_count: 0,
            cancel_requested_ms: None,
            finished_ms: none.then_some(context.now_ms),
        };
        let released = usize::try_from(row.max_concurrency).unwrap_or(usize::MAX);
        let (unfit, nodes): (Vec<_>, Vec<_>) = candidates.into_iter().partition(|node| !fits(document, node));
        let nodes: Vec<_> = nodes.into_iter().map(target).collect();
        let unfit: Vec<_> = unfit.into_iter().map(target).collect();
        let deadline_ms = context.now_ms + delivery_ms;
        let insert = |nodes: &[Target], released| {
            invocation::insert(&context.tenant, &id, nodes, released, context.now_ms, deadline_ms, expires_ms)
        };
        let mut batch = command::insert(&row, &content);
        batch.append(insert(&nodes, released));
        batch.append(insert(&unfit, 0));
        for node in &unfit {
            let State { status, details } = State::INVALID_PLATFORM;
            batch.append(invocation::finish(&id, &node.node_id, status, details, "", context.now_ms));
        }
        self.db.write(batch).await?;

        self.channels.keep_content(&id, content.into());
        let awake: Vec<_> = nodes.into_iter().take(released).map(|node| node.node_id).collect();
        self.bus.publish(Notice::NodesHaveWork(awake.into()));
        if !unfit.is_empty() {
            self.bus.publish(Notice::CommandChanged(id));
        }
        Ok(SendCommandResult { command: Some(command) })
    }
}

/// What the caller names: the document, nodes, and a role to give away.
fn named(
    context: &RequestContext,
    input: &SendCommandRequest,
    document: Option<&BuiltinDocument>,
) -> Vec<Requirement> {
    let arn = match input.document_name.as_str() {
        arn if arn.starts_with("arn:") => arn.to_owned(),
        name => arn::document(&context.tenant, name),
    };
    let on_document = Requirement::of(context, ACTION, arn).tagged("Document", &input.document_name);
    let mut requirements = vec![match document {
        Some(_) => on_document.key("ssm:DocumentType", "Command"),
        None => on_document,
    }];
    let nodes = input.instance_ids.as_deref().unwrap_or_default();
    requirements.extend(nodes.iter().map(|node| on_node(context, node)));
    if let Some(role) = input.service_role_arn.as_deref().filter(|role| !role.is_empty()) {
        let pass = Requirement::of(context, "iam:PassRole", role);
        requirements.push(pass.key("iam:PassedToService", "ssm.amazonaws.com"));
    }
    requirements
}

fn on_node(context: &RequestContext, node: &str) -> Requirement {
    Requirement::of(context, ACTION, arn::node(&context.tenant, node)).tagged(MANAGED_INSTANCE, node)
}

fn target(node: Candidate) -> Target {
    Target { node_id: node.node_id, node_name: node.computer_name }
}

/// A node that has not yet said what it is may run anything.
fn fits(document: &BuiltinDocument, node: &Candidate) -> bool {
    node.platform_type.is_empty() || document.platform_types.contains(&node.platform_type.as_str())
}

/// What is accepted by AWS and not built here is refused, not ignored.
fn refuse_unsupported(input: &SendCommandRequest) -> Result<(), ApiError> {
    let given = |text: &Option<String>| text.as_deref().is_some_and(|text| !text.is_empty());
    let logs = input.cloud_watch_output_config.as_ref();
    let notifies = input.notification_config.as_ref().is_some_and(|config| given(&config.notification_arn));
    let unsupported = [
        ("Output to S3", given(&input.output_s3_bucket_name)),
        ("Output to CloudWatch Logs", logs.is_some_and(|logs| logs.cloud_watch_output_enabled == Some(true))),
        ("NotificationConfig", notifies),
        (
            "AlarmConfiguration",
            input.alarm_configuration.as_ref().is_some_and(|config| !config.alarms.is_empty()),
        ),
        ("DocumentHash", given(&input.document_hash)),
    ];
    match unsupported.iter().find(|(_, wanted)| *wanted) {
        Some((what, _)) => Err(ApiError::validation(format!(
            "{what} of SendCommand is not supported by this version of Muster."
        ))),
        None => Ok(()),
    }
}

fn check_version(document: &BuiltinDocument, version: Option<&str>) -> Result<(), ApiError> {
    match version {
        None | Some("$DEFAULT" | "$LATEST") => Ok(()),
        Some(version) if version == document.version => Ok(()),
        Some(_) => Err(ApiError::new(&errors::INVALID_DOCUMENT_VERSION, "")),
    }
}

fn bind(
    document: &BuiltinDocument,
    given: &BTreeMap<String, Vec<String>>,
) -> Result<Map<String, Value>, ApiError> {
    document.bind(given).map_err(|error: ParameterError| ApiError {
        cause: Some(Box::new(error)),
        ..ApiError::new(
            &errors::INVALID_PARAMETERS,
            "Parameters provided in document are invalid or not supported.",
        )
    })
}

fn rates(input: &SendCommandRequest) -> Result<(Rate, Rate), ApiError> {
    let read = |text: &Option<String>, default: &str| Rate::parse(text.as_deref().unwrap_or(default));
    let concurrency = read(&input.max_concurrency, DEFAULT_MAX_CONCURRENCY);
    let errors = read(&input.max_errors, DEFAULT_MAX_ERRORS);
    concurrency
        .zip(errors)
        .ok_or_else(|| ApiError::validation("MaxConcurrency or MaxErrors is out of range."))
}

/// What every node gets. The node's own part of a job is its id alone.
fn job_content(
    id: &CommandId,
    document: &BuiltinDocument,
    bound: Map<String, Value>,
) -> Result<String, ApiError> {
    let content = write_text(&SendCommandContent {
        parameters: bound,
        document_content: document.content.clone(),
        command_id: id.to_string(),
        document_name: document.name.to_owned(),
        cloud_watch_output_enabled: "false".to_owned(),
        muster_output_upload: Some(format!("/v1/muster/outputs/{id}")),
        ..SendCommandContent::default()
    });
    if content.len() > MAX_CONTENT_BYTES {
        return Err(ApiError::new(
            &errors::MAX_DOCUMENT_SIZE_EXCEEDED,
            "The size limit of a document with its parameters is 97KB.",
        ));
    }
    Ok(content)
}

/// The command as its caller sees it now, and, but for status and counts, ever after.
fn describe(
    context: &RequestContext,
    id: &CommandId,
    input: &SendCommandRequest,
    execution_seconds: i64,
    targets: usize,
) -> Command {
    let timeout_seconds = input.timeout_seconds.unwrap_or(DEFAULT_DELIVERY_SECONDS);
    let expires_ms = context.now_ms + (i64::from(timeout_seconds) + execution_seconds) * 1000;
    let or = |text: &Option<String>, default: &str| Some(text.clone().unwrap_or_else(|| default.to_owned()));
    Command {
        command_id: Some(id.to_string()),
        document_name: Some(input.document_name.clone()),
        document_version: or(&input.document_version, "$DEFAULT"),
        comment: or(&input.comment, ""),
        expires_after: Some(Timestamp(expires_ms)),
        parameters: Some(input.parameters.clone().unwrap_or_default()),
        instance_ids: Some(input.instance_ids.clone().unwrap_or_default()),
        targets: Some(input.targets.clone().unwrap_or_default()),
        requested_date_time: Some(Timestamp(context.now_ms)),
        status: Some(CommandStatus::Pending),
        status_details: Some(State::PENDING.details.to_owned()),
        output_s3_region: or(&input.output_s3_region, context.region().as_str()),
        output_s3_bucket_name: or(&input.output_s3_bucket_name, ""),
        output_s3_key_prefix: or(&input.output_s3_key_prefix, ""),
        max_concurrency: or(&input.max_concurrency, DEFAULT_MAX_CONCURRENCY),
        max_errors: or(&input.max_errors, DEFAULT_MAX_ERRORS),
        target_count: i32::try_from(targets).ok(),
        completed_count: Some(0),
        error_count: Some(0),
        delivery_timed_out_count: Some(0),
        service_role: or(&input.service_role_arn, ""),
        notification_config: Some(NotificationConfig {
            notification_arn: Some(String::new()),
            notification_events: Some(Vec::new()),
            notification_type: None,
        }),
        cloud_watch_output_config: Some(CloudWatchOutputConfig {
            cloud_watch_log_group_name: Some(String::new()),
            cloud_watch_output_enabled: Some(false),
        }),
        timeout_seconds: Some(timeout_seconds),
        alarm_configuration: Some(AlarmConfiguration {
            ignore_poll_alarm_failure: Some(false),
            alarms: Vec::new(),
        }),
        triggered_alarms: Some(Vec::new()),
    }
}
