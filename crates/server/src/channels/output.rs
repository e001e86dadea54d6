//! Full outputs of steps: taken from nodes that have more than a reply carries, given to operators.
//!
//! One address serves both: `/v1/muster/outputs/<command>/<node>/<step>/<stdout|stderr>` for an operator, and the
//! same without the node, which is the caller, for a node.

use crate::{
    ControlPlane,
    authority::Requirement,
    context::{Principal, RequestContext},
    dispatch::denied,
    error::ApiError,
};
use bytes::Bytes;
use futures_util::{Stream, StreamExt as _};
use muster_ids::{CommandId, ManagedNodeId};
use muster_ssm_api::errors::INVOCATION_DOES_NOT_EXIST;
use muster_store::{command, invocation, invocation_step};
use std::{error::Error, pin::pin};

fn key(
    context: &RequestContext,
    command: &CommandId,
    node: &ManagedNodeId,
    step: &str,
    stream: &str,
) -> String {
    let tenant = &context.tenant;
    // A step's name may hold anything: it is one segment of the key, in hex.
    format!("outputs/{}/{}/{command}/{node}/{}/{stream}", tenant.account, tenant.region, hex::encode(step))
}

fn unknown(command: &str, node: &str) -> ApiError {
    ApiError::new(&INVOCATION_DOES_NOT_EXIST, format!("Invocation not found for {command}, {node}"))
}

fn check_stream(stream: &str) -> Result<(), ApiError> {
    match stream {
        "stdout" | "stderr" => Ok(()),
        _ => Err(ApiError::validation("The stream is neither stdout nor stderr.")),
    }
}

/// Takes one stream of a step from the node that is the caller. It is there whole, or not at all.
///
/// # Errors
/// No such invocation of this node, a stream that is too long, a body that breaks off, or the store's.
pub(crate) async fn put_output<E: Error + Send + Sync + 'static>(
    control_plane: &ControlPlane,
    context: &RequestContext,
    command: &str,
    step: &str,
    stream: &str,
    body: impl Stream<Item = Result<Bytes, E>> + Send,
) -> Result<(), ApiError> {
    let Principal::Node { node, .. } = &context.principal else { return Err(denied(context)) };
    check_stream(stream)?;
    let id = CommandId::parse(command).map_err(|_| unknown(command, node.as_str()))?;
    let found = invocation::find(&control_plane.db, &context.tenant, &id, node).await?;
    if found.is_none() {
        return Err(unknown(command, node.as_str()));
    }
    // Only steps that the command has: a node cannot fill the store with others.
    let command_row = command::find(&control_plane.db, &context.tenant, &id).await?;
    let document = command_row.and_then(|row| control_plane.documents.find(&row.document_name));
    if !document.is_some_and(|document| document.steps.iter().any(|known| known == step)) {
        return Err(ApiError::validation("The command has no such step."));
    }
    let mut writer = control_plane
        .blobs
        .writer(&key(context, &id, node, step, stream))
        .await
        .map_err(ApiError::internal)?;
    let (mut bytes, mut body) = (0u64, pin!(body));
    while let Some(chunk) = body.next().await {
        let problem = match chunk {
            Ok(chunk) => {
                bytes += chunk.len() as u64;
                if bytes <= control_plane.config.limits.output_bytes {
                    writer.write(&chunk).await.map_err(ApiError::internal)?;
                    continue;
                }
                ApiError::validation("The output is longer than this server keeps.")
            }
            Err(error) => {
                ApiError { cause: Some(Box::new(error)), ..ApiError::validation("The body broke off.") }
            }
        };
        writer.abort().await.map_err(ApiError::internal)?;
        return Err(problem);
    }
    writer.finish().await.map_err(ApiError::internal)?;
    let length = i64::try_from(bytes).unwrap_or(i64::MAX);
    let noted = invocation_step::output_stored(&id, node, step, stream, length, context.now_ms);
    control_plane.db.write(noted).await?;
    Ok(())
}

/// Gives one stream of a step: from the blob store if the node sent it in full, else what its reply carried.
///
/// # Errors
/// Who may not call `GetCommandInvocation`, no such invocation or step, or the store's.
pub(crate) async fn get_output(
    control_plane: &ControlPlane,
    context: &RequestContext,
    command: &str,
    node: &str,
    step: &str,
    stream: &str,
) -> Result<Bytes, ApiError> {
    // What `GetCommandInvocation` shows the beginning of.
    let read = Requirement::of(context, "ssm:GetCommandInvocation", "*");
    control_plane.authorise(context, &[read]).await?;
    check_stream(stream)?;
    let parsed = CommandId::parse(command).ok().zip(ManagedNodeId::parse(node).ok());
    let (id, node_id) = parsed.ok_or_else(|| unknown(command, node))?;
    let db = &control_plane.db;
    if invocation::find(db, &context.tenant, &id, &node_id).await?.is_none() {
        return Err(unknown(command, node));
    }
    let stored = invocation_step::stored_outputs(db, &id, &node_id).await?;
    if stored.iter().any(|(of, which, _)| of == step && which == stream) {
        let blob = control_plane.blobs.get(&key(context, &id, &node_id, step, stream)).await;
        return blob.map_err(ApiError::internal)?.ok_or_else(|| unknown(command, node));
    }
    let steps = invocation_step::list(db, &id, &node_id).await?;
    let found =
        steps.into_iter().find(|found| found.step_id == step).ok_or_else(|| unknown(command, node))?;
    Ok(Bytes::from(if stream == "stdout" { found.stdout } else { found.stderr }))
}

/// Where an operator finds the streams that were sent in full; empty for the others.
pub(crate) fn output_urls(
    control_plane: &ControlPlane,
    command: &CommandId,
    node: &ManagedNodeId,
    step: &str,
    stored: &[(String, String, i64)],
) -> [String; 2] {
    ["stdout", "stderr"].map(|stream| {
        if !stored.iter().any(|(of, which, _)| of == step && which == stream) {
            return String::new();
        }
        let step: String = step.bytes().map(percent_encoded).collect();
        format!("{}/v1/muster/outputs/{command}/{node}/{step}/{stream}", control_plane.config.base_url())
    })
}

fn percent_encoded(byte: u8) -> String {
    match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        clock::Clock as _,
        context::Proof,
        testing::{Bench, on_each_bench, tenant},
    };
    use muster_service_model::Operation as _;
    use muster_ssm_api::SendCommand;
    use muster_store::invocation::Target;
    use serde_json::json;
    use std::{convert::Infallible, net::Ipv4Addr};

    /// A command with an invocation on a node.
    async fn sent(bench: &Bench, node: &ManagedNodeId) -> CommandId {
        let targets = json!([{ "Key": "tag:nobody", "Values": ["x"] }]);
        let input = json!({
            "DocumentName": "AWS-RunShellScript", "Targets": targets, "Parameters": { "commands": ["id"] }
        });
        let sent = bench.root("us-east-1").must::<SendCommand>(input).await;
        let id = CommandId::parse(sent["Command"]["CommandId"].as_str().unwrap()).unwrap();
        let target = [Target { node_id: node.clone(), node_name: String::new() }];
        let insert = invocation::insert(&tenant("us-east-1"), &id, &target, 1, 0, 1, 1);
        bench.control_plane.db.write(insert).await.unwrap();
        id
    }

    #[tokio::test]
    async fn a_node_sends_streams_of_its_own_commands_steps_and_no_others() {
        on_each_bench(|bench| async move {
            let (node, other) = (ManagedNodeId::random(), ManagedNodeId::random());
            let id = sent(&bench, &node).await;
            let put = |node: &ManagedNodeId, step: &'static str, stream: &'static str| {
                let tenant = tenant("us-east-1");
                let principal = Principal::Node {
                    tenant: tenant.clone(),
                    node: node.clone(),
                    role: "role".to_owned(),
                    role_id: None,
                    issued_ms: None,
                };
                let context = RequestContext {
                    request_id: "test".to_owned(),
                    principal,
                    proof: Proof::SecretKey,
                    tenant,
                    now_ms: bench.clock.now_ms(),
                    source_ip: Ipv4Addr::LOCALHOST.into(),
                    secure: false,
                    user_agent: "test".to_owned(),
                    referer: None,
                    operation: SendCommand::SCHEMA,
                    authority: std::sync::Arc::default(),
                    decisions: std::sync::Arc::default(),
                };
                let (control_plane, id) = (bench.control_plane.clone(), id.clone());
                async move {
                    let body = futures_util::stream::iter([Ok::<_, Infallible>(Bytes::from_static(b"x"))]);
                    let put = put_output(&control_plane, &context, id.as_str(), step, stream, body).await;
                    put.map_err(|error| error.schema.code)
                }
            };
            assert_eq!(put(&node, "aws:runShellScript", "stdout").await, Ok(()));
            assert_eq!(put(&node, "another", "stdout").await, Err("ValidationException"));
            assert_eq!(put(&node, "aws:runShellScript", "stdin").await, Err("ValidationException"));
            assert_eq!(put(&other, "aws:runShellScript", "stdout").await, Err("InvocationDoesNotExist"));
        })
        .await;
    }
}
