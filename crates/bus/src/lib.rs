//! The messaging seam: wake-ups between tasks of one server, and between replicas.
//!
//! A notice is a hint to look into the store, never the data itself: it may be lost, doubled or late, and a
//! receiver that falls behind is told so and looks at everything. Not for: anything that must survive.

mod in_process;

use in_process::InProcess;
use muster_ids::{CommandId, ConnectionId, ManagedNodeId};
use std::sync::Arc;

/// Something changed; look into the store.
#[derive(Debug, Clone)]
pub enum Notice {
    /// These nodes have commands or cancellations to be delivered.
    NodesHaveWork(Arc<[ManagedNodeId]>),
    /// An invocation of this command changed its state.
    CommandChanged(CommandId),
    /// Events or messages wait for their deliveries to be made.
    EventsWaiting,
    /// Deliveries are due.
    DeliveriesWaiting,
    /// A node opened a new control channel, wherever; an older one elsewhere is stale.
    ChannelOpened {
        /// The node.
        node: ManagedNodeId,
        /// The connection that is now its channel.
        connection: ConnectionId,
    },
}

/// What a subscription yields.
#[derive(Debug, Clone)]
pub enum Received {
    /// One notice.
    Notice(Notice),
    /// Notices were missed: look at everything.
    Lagged,
    /// The bus is gone.
    Closed,
}

/// The bus. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Bus {
    engine: InProcess,
}

impl Bus {
    /// A bus for a single server process.
    pub fn in_process() -> Self {
        Self { engine: InProcess::new() }
    }

    /// Tells every subscriber. Never waits and never fails: see the crate's rule on hints.
    pub fn publish(&self, notice: Notice) {
        self.engine.publish(notice);
    }

    /// All notices from now on.
    pub fn subscribe(&self) -> Subscription {
        Subscription { receiver: self.engine.subscribe() }
    }
}

/// A reader of the bus.
#[derive(Debug)]
pub struct Subscription {
    receiver: in_process::Receiver,
}

impl Subscription {
    /// The next notice, in order. Cancel safe.
    pub async fn recv(&mut self) -> Received {
        self.receiver.recv().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn every_subscriber_sees_a_notice_in_order() {
        let bus = Bus::in_process();
        let (mut one, mut two) = (bus.subscribe(), bus.subscribe());
        let ids = [CommandId::random(), CommandId::random()];
        ids.iter().cloned().for_each(|id| bus.publish(Notice::CommandChanged(id)));
        for subscription in [&mut one, &mut two] {
            for id in &ids {
                assert!(
                    matches!(subscription.recv().await, Received::Notice(Notice::CommandChanged(seen)) if seen == *id)
                );
            }
        }
    }

    #[tokio::test]
    async fn a_reader_that_falls_behind_is_told_so() {
        let bus = Bus::in_process();
        let mut slow = bus.subscribe();
        let id = CommandId::random();
        (0..40_000).for_each(|_| bus.publish(Notice::CommandChanged(id.clone())));
        assert!(matches!(slow.recv().await, Received::Lagged));
        assert!(matches!(slow.recv().await, Received::Notice(_)));
    }
}
