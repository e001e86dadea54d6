//! The bus of a single server process: a bounded broadcast.

use crate::{Notice, Received};
use tokio::sync::broadcast;

/// Notices a slow subscriber may fall behind before it is told to look at everything.
const CAPACITY: usize = 16_384;

#[derive(Debug, Clone)]
pub(crate) struct InProcess(broadcast::Sender<Notice>);

#[derive(Debug)]
pub(crate) struct Receiver(broadcast::Receiver<Notice>);

impl InProcess {
    pub(crate) fn new() -> Self {
        Self(broadcast::Sender::new(CAPACITY))
    }

    pub(crate) fn publish(&self, notice: Notice) {
        // An error means that nobody listens, which is no fault.
        let _ = self.0.send(notice);
    }

    pub(crate) fn subscribe(&self) -> Receiver {
        Receiver(self.0.subscribe())
    }
}

impl Receiver {
    pub(crate) async fn recv(&mut self) -> Received {
        match self.0.recv().await {
            Ok(notice) => Received::Notice(notice),
            Err(broadcast::error::RecvError::Lagged(_)) => Received::Lagged,
            Err(broadcast::error::RecvError::Closed) => Received::Closed,
        }
    }
}
