//! Which nodes this replica holds a control channel of, and how to reach the task that serves it.
//!
//! Not durable and not the truth: the store says which connection is a node's channel.

use muster_ids::{CommandId, ConnectionId, JobId, ManagedNodeId};
use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
    sync::{Arc, Mutex, MutexGuard, PoisonError, atomic::AtomicBool, atomic::Ordering},
};
use tokio::sync::Notify;

const SHARDS: usize = 64;
/// Contents of jobs kept at hand: a command to many nodes reads its content once.
const CACHED_CONTENTS: usize = 64;

/// What the rest of the server may tell the task that serves a channel.
#[derive(Debug)]
pub(crate) struct Channel {
    /// The connection.
    pub(crate) connection: ConnectionId,
    /// When it was opened, epoch milliseconds; later than any channel of the node before it.
    pub(crate) opened_ms: i64,
    /// Wakes the task: look into the outbox, or at `closing`.
    pub(crate) wake: Notify,
    closing: AtomicBool,
}

impl Channel {
    /// The task must end.
    pub(crate) fn is_closing(&self) -> bool {
        self.closing.load(Ordering::Acquire)
    }

    fn close(&self) {
        self.closing.store(true, Ordering::Release);
        self.wake.notify_one();
    }
}

type Shard = HashMap<ManagedNodeId, Arc<Channel>>;

/// The channels of this replica.
#[derive(Debug)]
pub(crate) struct Channels {
    hasher: RandomState,
    shards: Vec<Mutex<Shard>>,
    pollers: Mutex<HashMap<ManagedNodeId, Arc<Notify>>>,
    contacts: Mutex<HashMap<ManagedNodeId, i64>>,
    hidden: Mutex<HashMap<JobId, i64>>,
    contents: Mutex<Vec<(CommandId, Arc<str>)>>,
    stopping: AtomicBool,
}

impl Default for Channels {
    fn default() -> Self {
        Self {
            hasher: RandomState::new(),
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
            pollers: Mutex::default(),
            contacts: Mutex::default(),
            hidden: Mutex::default(),
            contents: Mutex::default(),
            stopping: AtomicBool::new(false),
        }
    }
}

/// A node that polls.
pub(crate) struct Poll<'a> {
    channels: &'a Channels,
    node: &'a ManagedNodeId,
    /// Wakes it: look into the outbox.
    pub(crate) wake: Arc<Notify>,
}

impl Drop for Poll<'_> {
    fn drop(&mut self) {
        let mut pollers = lock(&self.channels.pollers);
        // The entry itself and this poll: no other poll of the node is left.
        if pollers.get(self.node).is_some_and(|wake| Arc::strong_count(wake) == 2) {
            pollers.remove(self.node);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Channels {
    fn shard(&self, node: &ManagedNodeId) -> MutexGuard<'_, Shard> {
        let index = self.hasher.hash_one(node) as usize % SHARDS;
        // There are always SHARDS shards.
        self.shards.get(index).map_or_else(|| lock(&self.shards[0]), lock)
    }

    /// Notes the channel of a node. An older one of the same node is closed: the newest wins.
    pub(crate) fn open(&self, node: &ManagedNodeId, connection: ConnectionId, now_ms: i64) -> Arc<Channel> {
        let mut shard = self.shard(node);
        let older = shard.get(node);
        let opened_ms = older.map_or(now_ms, |older| now_ms.max(older.opened_ms + 1));
        older.inspect(|older| older.close());
        let closing = AtomicBool::new(false);
        let channel = Arc::new(Channel { connection, opened_ms, wake: Notify::new(), closing });
        shard.insert(node.clone(), channel.clone());
        channel
    }

    /// Forgets a channel, unless a newer one has taken its place.
    pub(crate) fn forget(&self, node: &ManagedNodeId, channel: &Channel) {
        let mut shard = self.shard(node);
        if shard.get(node).is_some_and(|current| current.connection == channel.connection) {
            shard.remove(node);
        }
    }

    /// Closes the channel of a node, if this replica holds one.
    pub(crate) fn close(&self, node: &ManagedNodeId) {
        if let Some(channel) = self.shard(node).get(node) {
            channel.close();
        }
    }

    /// Whether this replica holds a channel of a node that is another connection than this one.
    pub(crate) fn has_other(&self, node: &ManagedNodeId, connection: &ConnectionId) -> bool {
        self.shard(node).get(node).is_some_and(|channel| channel.connection != *connection)
    }

    /// Closes the channel of a node unless it is this connection: another replica has a newer one.
    pub(crate) fn close_other(&self, node: &ManagedNodeId, connection: &ConnectionId) {
        if let Some(channel) = self.shard(node).get(node).filter(|channel| channel.connection != *connection)
        {
            channel.close();
        }
    }

    /// Tells the tasks of these nodes to look into the outbox.
    pub(crate) fn wake(&self, nodes: &[ManagedNodeId]) {
        for node in nodes {
            if let Some(channel) = self.shard(node).get(node) {
                channel.wake.notify_one();
            }
        }
        let pollers = lock(&self.pollers);
        if !pollers.is_empty() {
            nodes.iter().filter_map(|node| pollers.get(node)).for_each(|poller| poller.notify_waiters());
        }
    }

    /// Tells every task to look into the outbox.
    pub(crate) fn wake_all(&self) {
        for shard in &self.shards {
            lock(shard).values().for_each(|channel| channel.wake.notify_one());
        }
        lock(&self.pollers).values().for_each(|poller| poller.notify_waiters());
    }

    /// Closes every channel and ends every poll: the server stops.
    pub(crate) fn close_all(&self) {
        self.stopping.store(true, Ordering::Release);
        for shard in &self.shards {
            lock(shard).values().for_each(|channel| channel.close());
        }
        lock(&self.pollers).values().for_each(|poller| poller.notify_waiters());
    }

    /// Polls must end.
    pub(crate) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Acquire)
    }

    /// How many nodes have a channel here.
    pub(crate) fn count(&self) -> usize {
        self.shards.iter().map(|shard| lock(shard).len()).sum()
    }

    /// A node polls for its messages, until the poll is dropped.
    pub(crate) fn poll<'a>(&'a self, node: &'a ManagedNodeId) -> Poll<'a> {
        let wake = lock(&self.pollers).entry(node.clone()).or_default().clone();
        Poll { channels: self, node, wake }
    }

    /// Hides a polled message for a while. False if it is hidden already; a restart forgets, and the node knows a
    /// message that comes twice.
    pub(crate) fn hide(&self, job: &JobId, now_ms: i64, for_ms: i64) -> bool {
        let mut hidden = lock(&self.hidden);
        hidden.retain(|_, until_ms| *until_ms > now_ms);
        let shown = !hidden.contains_key(job);
        if shown {
            hidden.insert(job.clone(), now_ms + for_ms);
        }
        shown
    }

    /// Notes a sign of life; written to the store now and then, many at once.
    pub(crate) fn note_contact(&self, node: &ManagedNodeId, now_ms: i64) {
        lock(&self.contacts).insert(node.clone(), now_ms);
    }

    /// Takes all signs of life since the last time.
    pub(crate) fn take_contacts(&self) -> Vec<(ManagedNodeId, i64)> {
        std::mem::take(&mut *lock(&self.contacts)).into_iter().collect()
    }

    /// The content of a command's job, if it is at hand.
    pub(crate) fn content(&self, command: &CommandId) -> Option<Arc<str>> {
        lock(&self.contents).iter().find(|(id, _)| id == command).map(|(_, content)| content.clone())
    }

    /// Keeps the content of a command's job at hand.
    pub(crate) fn keep_content(&self, command: &CommandId, content: Arc<str>) {
        let mut contents = lock(&self.contents);
        if contents.len() >= CACHED_CONTENTS {
            contents.remove(0);
        }
        contents.push((command.clone(), content));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_channel_of_a_node_wins() {
        let channels = Channels::default();
        let node = ManagedNodeId::random();
        let first = channels.open(&node, ConnectionId::random(), 10);
        let second = channels.open(&node, ConnectionId::random(), 10);
        assert!(first.is_closing() && !second.is_closing());
        assert!(first.opened_ms < second.opened_ms, "the store can tell which is newer");
        channels.forget(&node, &first);
        assert_eq!(channels.count(), 1);
        channels.close_other(&node, &second.connection);
        assert!(!second.is_closing());
        channels.close_other(&node, &ConnectionId::random());
        assert!(second.is_closing());
        channels.forget(&node, &second);
        assert_eq!(channels.count(), 0);
    }

    #[test]
    fn contacts_are_taken_once_and_the_last_one_counts() {
        let channels = Channels::default();
        let node = ManagedNodeId::random();
        channels.note_contact(&node, 1);
        channels.note_contact(&node, 2);
        assert_eq!(channels.take_contacts(), [(node, 2)]);
        assert!(channels.take_contacts().is_empty());
    }
}
