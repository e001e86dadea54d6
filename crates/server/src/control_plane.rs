//! What handlers, channels and tasks share: the seams, and nothing that must survive the process.

use crate::{
    audit::Audit,
    authority::{Authorities, Uses},
    channels::Channels,
    clock::Clock,
    config::Config,
    domain::document::BuiltinDocuments,
    keys::Keys,
    notify::MessageSigner,
    public_parameters::PublicParameters,
    secrets::Secrets,
};
use muster_background::Driver;
use muster_blob::Blobs;
use muster_bus::Bus;
use muster_ids::ReplicaId;
use muster_outbound::Client;
use muster_store::Db;
use std::sync::{Arc, OnceLock};

/// The control plane of one replica.
#[derive(Debug)]
pub struct ControlPlane {
    /// Settings and limits.
    pub config: Arc<Config>,
    /// The truth.
    pub db: Db,
    /// Wake-ups.
    pub bus: Bus,
    /// Calls to other servers.
    pub outbound: Client,
    /// Large objects.
    pub blobs: Blobs,
    /// The audit trail.
    pub(crate) audit: Audit,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Keys at rest and everything derived from them.
    pub secrets: Secrets,
    /// Key material and key policies, unsealed and compiled.
    pub(crate) keys: Keys,
    /// The key that signs messages of topics.
    pub(crate) signer: MessageSigner,
    /// This replica.
    pub replica: ReplicaId,
    /// Control channels that this replica holds.
    pub(crate) channels: Channels,
    /// What users and roles may.
    pub(crate) authorities: Authorities,
    /// When keys and roles were last used.
    pub(crate) uses: Uses,
    /// Documents that Muster ships.
    pub(crate) documents: BuiltinDocuments,
    /// Parameters that belong to nobody.
    pub(crate) public_parameters: Arc<PublicParameters>,
    /// The background tasks, once they run.
    pub(crate) driver: OnceLock<Arc<Driver>>,
}

impl ControlPlane {
    /// What runs the background tasks of this replica; `None` while it starts.
    pub(crate) fn driver(&self) -> Option<&Driver> {
        self.driver.get().map(Arc::as_ref)
    }
}
