//! What one account has in one region, no other account and no other region sees: every operation that lists, gets or
//! describes is called by a stranger, with and without naming what there is.

use super::{
    REGION,
    every_operation::{
        stage::{As, MARK, Stage},
        synthesis::{self, Names},
    },
    root,
};
use crate::operations;
use muster_service_model::OperationSchema;
use serde_json::Value;

/// What only reads.
const READING: [&str; 6] = ["Describe", "Get", "List", "Lookup", "Search", "Simulate"];
/// Identities are the same in every region.
const GLOBAL: [&str; 2] = ["iam", "sts"];
/// What says again what the caller said, of nothing that there is.
const ECHOES: [(&str, &str); 2] = [("ssm", "GetConnectionStatus"), ("ssm", "GetParameters")];

fn reading() -> Vec<&'static OperationSchema> {
    let router = operations::router();
    let reads = |operation: &&OperationSchema| READING.iter().any(|verb| operation.name.starts_with(verb));
    router.all().map(|(operation, _)| operation).filter(reads).collect()
}

/// Ids of what there is, which are nobody's names.
fn ids(names: &Names) -> Vec<String> {
    let members = ["InstanceId", "ActivationId", "CommandId", "KeyId", "GrantId"];
    let text = |member: &&str| names.members.get(*member).and_then(Value::as_str).map(str::to_owned);
    members.iter().filter_map(text).collect()
}

fn seen(text: &str, ids: &[String]) -> bool {
    text.contains(MARK) || ids.iter().any(|id| text.contains(id.as_str()))
}

/// Every reading operation by a caller who must see nothing; what it saw.
async fn look(stage: &Stage, caller: &As<'_>, skip: &[&str]) -> Vec<String> {
    let (ids, nothing) = (ids(&stage.names), Names::default());
    let mut found = Vec::new();
    for operation in reading().into_iter().filter(|operation| !skip.contains(&operation.service)) {
        let OperationSchema { service, name, .. } = *operation;
        // In general, and by name. Not every operation has an input that names nothing.
        for names in [&nothing, &stage.names] {
            let Ok(input) = synthesis::input(operation, names) else { continue };
            let answer = stage.send(operation, &input, caller).await;
            let status = answer.status;
            if status >= 500 {
                found.push(format!("{service}:{name} {input}: {}", answer.text()));
            }
            let echo = ECHOES.contains(&(service, name)) && seen(&input.to_string(), &ids);
            if status == 200 && !echo && seen(answer.text(), &ids) {
                found.push(format!("{service}:{name} {input}: {}", answer.text()));
            }
        }
    }
    found
}

#[tokio::test]
async fn the_owner_sees_what_there_is() {
    let stage = Stage::set().await;
    let found = look(&stage, &As::Signer(&root()), &[]).await;
    // Else the other two tests would prove nothing.
    assert!(found.len() > 40, "{} answers:\n{}", found.len(), found.join("\n"));
}

#[tokio::test]
async fn another_account_sees_nothing() {
    let stage = Stage::set().await;
    let stranger = stage.stranger().await;
    let found = look(&stage, &As::Signer(&stranger), &[]).await;
    assert!(found.is_empty(), "{} answers:\n{}", found.len(), found.join("\n"));
}

#[tokio::test]
async fn another_region_sees_nothing() {
    let stage = Stage::set().await;
    let elsewhere = "eu-north-1";
    assert_ne!(elsewhere, REGION);
    let found = look(&stage, &As::Elsewhere(&root(), elsewhere), &GLOBAL).await;
    assert!(found.is_empty(), "{} answers:\n{}", found.len(), found.join("\n"));
}
