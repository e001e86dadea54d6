//! Tests of the operations on nodes, by dispatch. `model` compares filters and pages with a naive model.

mod model;
mod nodes;

use crate::testing::{Bench, Caller, tenant};
use muster_ids::{ConnectionId, ManagedNodeId, ReplicaId};
use muster_service_model::Operation;
use muster_store::{
    managed_node::{self, Information, Registration},
    tag::{self, Tag},
};
use serde_json::{Value, json};

/// A node as a test wants it.
#[derive(Debug, Clone, Default)]
struct Made {
    role: &'static str,
    information: Information,
    last_ping_ms: Option<i64>,
    connected: bool,
    tags: Vec<(&'static str, &'static str)>,
}

async fn make(bench: &Bench, region: &str, made: &Made) -> ManagedNodeId {
    let (tenant, db) = (tenant(region), &bench.control_plane.db);
    let registration = Registration {
        id: ManagedNodeId::random(),
        tenant: tenant.clone(),
        activation_id: None,
        name: None,
        iam_role: made.role.to_owned(),
        registered_ms: 1_000,
        fingerprint: "print".to_owned(),
        public_key: vec![1],
        public_key_type: "Rsa".to_owned(),
    };
    let id = registration.id.clone();
    let mut batch = managed_node::insert(&registration);
    // What a heart-beat says without being a sign of life of its own: the last one is set below.
    batch.append(managed_node::update_information(&id, &made.information, i64::MIN));
    if made.connected {
        let (replica, connection) = (ReplicaId::random(), ConnectionId::random());
        batch.append(managed_node::set_connected(&id, &replica, &connection, i64::MIN));
    }
    if let Some(ping) = made.last_ping_ms {
        batch.append(managed_node::touch_ping_many(&[(id.clone(), ping)]));
    }
    let tags: Vec<Tag> = made
        .tags
        .iter()
        .map(|(key, value)| Tag { key: (*key).to_owned(), value: (*value).to_owned() })
        .collect();
    batch.append(tag::put(tag::Resource::node(&tenant, &id), &tags, 50));
    db.write(batch).await.unwrap();
    id
}

/// All entries of a list, page by page, each page but the last being full.
async fn all<O: Operation>(root: &Caller, list: &str, mut input: Value, size: usize) -> Vec<Value> {
    let mut found = Vec::new();
    input["MaxResults"] = json!(size);
    loop {
        let page = root.must::<O>(input.clone()).await;
        let entries = page[list].as_array().unwrap();
        found.extend(entries.iter().cloned());
        match page.get("NextToken") {
            None => return found,
            Some(token) => {
                assert_eq!(entries.len(), size);
                input["NextToken"] = token.clone();
            }
        }
    }
}

fn ids(entries: &[Value], member: &str) -> Vec<String> {
    entries.iter().map(|entry| entry[member].as_str().unwrap().to_owned()).collect()
}
