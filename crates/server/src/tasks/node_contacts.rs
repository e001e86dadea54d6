//! Writes the nodes' signs of life to the store, many at once: a ping a minute from each of 50,000 nodes must not
//! be 50,000 writes a minute, one by one.

use crate::ControlPlane;
use muster_background::{Outcome, Run, Task};
use muster_store::managed_node;
use serde_json::json;
use std::{sync::Arc, time::Duration};

/// Nodes in one batch: a long batch would keep other writers waiting.
const BATCH: usize = 500;

#[derive(Debug)]
pub(crate) struct NodeContacts {
    control_plane: Arc<ControlPlane>,
}

impl NodeContacts {
    pub(crate) fn new(control_plane: Arc<ControlPlane>) -> Self {
        Self { control_plane }
    }
}

impl Task for NodeContacts {
    fn name(&self) -> &'static str {
        "node_contacts"
    }

    fn description(&self) -> &'static str {
        "Writes the nodes' signs of life to the store."
    }

    fn period(&self) -> Duration {
        Duration::from_secs(30)
    }

    fn run(&self) -> Run<'_> {
        Box::pin(async {
            let contacts = self.control_plane.channels.take_contacts();
            for some in contacts.chunks(BATCH) {
                let batch = managed_node::touch_ping_many(some);
                self.control_plane.db.write(batch).await.map_err(|error| error.to_string())?;
            }
            Ok(Outcome { detail: json!({ "nodes": contacts.len() }), next_within: None })
        })
    }
}
