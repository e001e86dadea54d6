//! Background tasks, one file each, and the relay that turns notices into wake-ups.

mod audit_retention;
mod audit_seal;
mod audit_sync;
mod command_deadlines;
mod command_progress;
mod command_retention;
mod delivery;
mod event_retention;
mod event_spread;
mod identity_uses;
mod key_deletion;
mod key_rotation;
mod master_key;
mod node_contacts;
mod parameter_policies;

use crate::ControlPlane;
use command_progress::CommandProgress;
use muster_background::{Driver, Task};
use muster_bus::{Notice, Received};
use muster_ids::{ConnectionId, ManagedNodeId};
use muster_store::managed_node;
use std::sync::Arc;

#[cfg(test)]
pub(crate) fn key_deletion(control_plane: &Arc<ControlPlane>) -> impl Task + use<> {
    key_deletion::KeyDeletion::new(control_plane.clone())
}

#[cfg(test)]
pub(crate) fn key_rotation(control_plane: &Arc<ControlPlane>) -> impl Task + use<> {
    key_rotation::KeyRotation::new(control_plane.clone())
}

/// The tasks of a replica, with what wakes them.
#[derive(Debug)]
pub(crate) struct Tasks {
    /// Runs them.
    pub(crate) driver: Arc<Driver>,
    progress: Arc<CommandProgress>,
}

impl Tasks {
    /// Starts them all.
    pub(crate) fn spawn(control_plane: &Arc<ControlPlane>) -> Self {
        let progress = Arc::new(CommandProgress::new(control_plane.clone()));
        let tasks: Vec<Arc<dyn Task>> = vec![
            Arc::new(audit_retention::AuditRetention::new(control_plane.clone())),
            Arc::new(audit_seal::AuditSeal::new(control_plane.clone())),
            Arc::new(audit_sync::AuditSync::new(control_plane.clone())),
            Arc::new(command_deadlines::CommandDeadlines::new(control_plane.clone())),
            progress.clone(),
            Arc::new(command_retention::CommandRetention::new(control_plane.clone())),
            Arc::new(identity_uses::IdentityUses::new(control_plane.clone())),
            Arc::new(key_deletion::KeyDeletion::new(control_plane.clone())),
            Arc::new(key_rotation::KeyRotation::new(control_plane.clone())),
            Arc::new(master_key::MasterKey::new(control_plane.clone())),
            Arc::new(delivery::Delivery::new(control_plane.clone())),
            Arc::new(event_retention::EventRetention::new(control_plane.clone())),
            Arc::new(event_spread::EventSpread::new(control_plane.clone())),
            Arc::new(node_contacts::NodeContacts::new(control_plane.clone())),
            Arc::new(parameter_policies::ParameterPolicies::new(control_plane.clone())),
        ];
        Self { driver: Arc::new(Driver::spawn(tasks)), progress }
    }

    /// Relays notices of the bus until it closes: to the channels of this replica, and to the tasks.
    pub(crate) async fn relay(&self, control_plane: Arc<ControlPlane>) {
        let mut notices = control_plane.bus.subscribe();
        loop {
            match notices.recv().await {
                Received::Notice(Notice::NodesHaveWork(nodes)) => control_plane.channels.wake(&nodes),
                Received::Notice(Notice::ChannelOpened { node, connection }) => {
                    close_if_moved(&control_plane, &node, &connection).await;
                }
                Received::Notice(Notice::CommandChanged(command)) => {
                    self.progress.mark(command);
                    self.driver.activate(self.progress.name());
                }
                Received::Notice(Notice::EventsWaiting) => self.driver.activate("event_spread"),
                Received::Notice(Notice::DeliveriesWaiting) => self.driver.activate("delivery"),
                Received::Lagged => {
                    self.driver.activate("event_spread");
                    self.driver.activate("delivery");
                    control_plane.channels.wake_all();
                    self.progress.mark_all();
                    self.driver.activate(self.progress.name());
                }
                Received::Closed => return,
            }
        }
    }
}

/// A node opened a channel somewhere. Ours is closed if the store says that the node's channel is another replica's:
/// the notice may be old, and speak of a channel that a newer one of ours has replaced since.
async fn close_if_moved(control_plane: &ControlPlane, node: &ManagedNodeId, connection: &ConnectionId) {
    if !control_plane.channels.has_other(node, connection) {
        return;
    }
    match managed_node::find(&control_plane.db, node).await {
        Ok(Some(row))
            if row.connected_replica.as_ref().is_some_and(|replica| *replica != control_plane.replica) =>
        {
            control_plane.channels.close_other(node, connection);
        }
        Ok(_) => {}
        Err(error) => tracing::warn!(%node, %error, "whether a channel is stale cannot be told"),
    }
}
