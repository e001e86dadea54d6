//! The audit trail: every call becomes an event in CloudTrail's form, before it is answered.
//!
//! A call's record ([`record`]) is appended to the journal ([`journal`]), a file of this replica. A task seals the
//! journal ([`sealing`]): events go by account and region into gzip files in the blob store, which are chained by
//! keyed hashes ([`chain`]), so that a change of one byte shows ([`verify`]). Look-ups ([`lookup`]) read both. See
//! `docs/decisions/0008-audit.md`. Not for: the log of the process, or metrics of calls.

mod chain;
mod identity;
mod journal;
mod line;
mod lookup;
mod record;
mod redaction;
mod resource;
mod retention;
mod sealing;
mod segment;
mod strangers;
mod summary;
#[cfg(test)]
mod tests;
mod verify;
mod witness;

pub(crate) use identity::Caller;
pub(crate) use lookup::{Attribute, Found, Search};
pub(crate) use record::{Call, TlsDetails};
pub(crate) use redaction::Parameters;
pub(crate) use verify::{Problem, Scope};

use crate::{
    Config,
    config::{AuditConfig, AuditSync},
    error::{ApiError, UNAVAILABLE},
    secrets::{Secrets, random_bytes},
};
use chain::ChainKey;
use journal::{Backlog, Journal, JournalError};
use muster_ids::{Region, Tenant};
use muster_service_model::OperationSchema;
use record::Recipient;
use serde_json::{Value, json};
use std::{
    cell::RefCell,
    io,
    path::PathBuf,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};
use strangers::Strangers;
use uuid::Uuid;
use witness::Witness;

const DAY_MS: i64 = 24 * 3_600_000;
/// A buffer that grew beyond this is not kept.
const KEPT_BUFFER: usize = 256 << 10;

/// Why the trail cannot be kept.
#[derive(Debug, thiserror::Error)]
#[error("cannot use the folder of the audit trail {}: {source}", path.display())]
pub struct AuditError {
    path: PathBuf,
    source: io::Error,
}

/// The trail of this replica.
#[derive(Debug)]
pub(crate) struct Audit {
    config: AuditConfig,
    home: Tenant,
    journal: Arc<Journal>,
    chain: Arc<ChainKey>,
    witness: Mutex<Witness>,
    strangers: Mutex<Strangers>,
    ids: EventIds,
    /// The last event could not be written.
    failing: AtomicBool,
    /// Events that could not be written, and that no event tells of yet.
    untold: AtomicU64,
    recorded: AtomicU64,
    bytes: AtomicU64,
    lost: AtomicU64,
}

/// What `/metrics` tells of the trail.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AuditMetrics {
    /// Events written.
    pub(crate) recorded: u64,
    /// Their bytes.
    pub(crate) bytes: u64,
    /// Events that could not be.
    pub(crate) lost: u64,
    /// Bytes that wait to be sealed.
    pub(crate) unsealed_bytes: u64,
}

impl Audit {
    /// Opens the journal in the data folder.
    ///
    /// # Errors
    /// [`AuditError`] if its folder cannot be made or read.
    pub(crate) fn open(config: &Config, secrets: &Secrets) -> Result<Self, AuditError> {
        let path = config.data_dir.join("audit");
        let failed = |source| AuditError { path: path.clone(), source };
        let audit = config.audit.clone();
        let home = Region::parse(&audit.home_region).map_err(|error| failed(io::Error::other(error)))?;
        let journal =
            Journal::open(&path, secrets, audit.segment_bytes, audit.journal_bytes).map_err(failed)?;
        let witness = Witness::open(path.join("witness.json")).map_err(failed)?;
        Ok(Self {
            strangers: Mutex::new(Strangers::new(audit.strangers_per_minute)),
            config: audit,
            home: Tenant::new(config.account_id.clone(), home),
            journal: Arc::new(journal),
            chain: Arc::new(ChainKey::new(secrets)),
            witness: Mutex::new(witness),
            ids: EventIds::new(),
            failing: AtomicBool::new(false),
            untold: AtomicU64::new(0),
            recorded: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            lost: AtomicU64::new(0),
        })
    }

    /// Whether a call may begin: where the trail is required, nothing is changed that cannot be recorded.
    ///
    /// # Errors
    /// `ServiceUnavailableException`: SDKs try again.
    pub(crate) fn admit(&self, operation: &OperationSchema, now_ms: i64) -> Result<(), ApiError> {
        if !self.config.required
            || !self.failing.load(Ordering::Relaxed)
            || record::is_read_only(operation)
            || self.tell_losses(now_ms)
        {
            return Ok(());
        }
        Err(ApiError::new(&UNAVAILABLE, "The audit trail cannot be written."))
    }

    /// Records a call. When this returns, it is with the operating system; [`settle`](Self::settle) waits for the
    /// disk. A failure is counted and logged, and told by an event once events can be written again.
    pub(crate) fn record(&self, call: &Call<'_>) -> Option<u64> {
        if call.outcome.is_ok() && self.is_excluded(call.operation) {
            return None;
        }
        let stranger = call.tenant.is_none();
        if stranger && !self.admit_stranger(call.now_ms) {
            return None;
        }
        if self.untold.load(Ordering::Relaxed) > 0 {
            self.tell_losses(call.now_ms);
        }
        let moved;
        let place = match call.tenant {
            None => &self.home,
            // IAM is the same in all regions; its events are in one.
            Some(tenant) if call.operation.service == "iam" && tenant.region != self.home.region => {
                moved = Tenant::new(tenant.account.clone(), self.home.region.clone());
                &moved
            }
            Some(tenant) => tenant,
        };
        let owners = call.owners(place, &self.home.region);
        let shared = (!owners.is_empty()).then(|| self.ids.next(call.now_ms));
        let write = |place: &Tenant, foreign| {
            let id = self.ids.next(call.now_ms);
            let recipient = Recipient { place, foreign, shared };
            let outcome = self.append(call.now_ms, place, |line| call.write(line, id, recipient));
            outcome.inspect_err(|error| self.mourn(error)).ok()
        };
        let mut ticket = write(place, false);
        for owner in &owners {
            ticket = write(owner, true).max(ticket);
        }
        ticket
    }

    /// Waits until an event is on the disk, where the configuration wants that.
    pub(crate) async fn settle(&self, ticket: Option<u64>) {
        let Some(ticket) = ticket.filter(|_| self.config.sync == AuditSync::Always) else { return };
        if let Err(error) = self.journal.sync_to(ticket).await {
            self.failing.store(true, Ordering::Relaxed);
            tracing::error!(%error, "audit events may not be on the disk");
        }
    }

    /// Puts everything recorded so far on the disk.
    pub(crate) async fn sync(&self) -> io::Result<()> {
        self.journal.sync().await
    }

    /// Numbers for `/metrics`.
    pub(crate) fn metrics(&self) -> AuditMetrics {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        AuditMetrics {
            recorded: read(&self.recorded),
            bytes: read(&self.bytes),
            lost: read(&self.lost),
            unsealed_bytes: self.journal.backlog().bytes,
        }
    }

    /// What is not sealed yet.
    pub(crate) fn backlog(&self) -> Backlog {
        self.journal.backlog()
    }

    fn witness(&self) -> MutexGuard<'_, Witness> {
        self.witness.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_excluded(&self, operation: &OperationSchema) -> bool {
        self.config.exclude.iter().any(|entry| {
            entry.split_once(':').is_some_and(|(service, name)| {
                service == operation.service && (name == "*" || name == operation.name)
            })
        })
    }

    fn admit_stranger(&self, now_ms: i64) -> bool {
        let mut strangers = self.strangers.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(turned_away) = strangers.admit(now_ms) else { return false };
        drop(strangers);
        if turned_away > 0 {
            let details = json!({ "unrecordedCalls": turned_away, "reason": "too many calls of strangers" });
            self.notice(now_ms, "AuditEventsOmitted", &details);
        }
        true
    }

    /// Tells of events that were lost; `true` if nothing is left to tell.
    fn tell_losses(&self, now_ms: i64) -> bool {
        let untold = self.untold.swap(0, Ordering::Relaxed);
        if untold == 0 && !self.failing.load(Ordering::Relaxed) {
            return true;
        }
        let details = json!({ "lostEvents": untold, "reason": "the journal could not be written" });
        if self.notice(now_ms, "AuditEventsLost", &details).is_some() {
            tracing::warn!(lost = untold, "the audit journal can be written again");
            return true;
        }
        self.untold.fetch_add(untold, Ordering::Relaxed);
        false
    }

    /// Records something that happened to the trail itself.
    fn notice(&self, now_ms: i64, name: &str, details: &Value) -> Option<u64> {
        let id = self.ids.next(now_ms);
        let write = |line: &mut Vec<u8>| record::write_notice(line, &self.home, id, now_ms, name, details);
        self.append(now_ms, &self.home, write).ok()
    }

    fn append(&self, ms: i64, place: &Tenant, write: impl FnOnce(&mut Vec<u8>)) -> Result<u64, JournalError> {
        thread_local! {
            static LINE: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
        }
        LINE.with_borrow_mut(|line| {
            line::begin(line, ms, place);
            write(line);
            line.push(b'\n');
            let ticket = self.journal.append(ms, line)?;
            self.recorded.fetch_add(1, Ordering::Relaxed);
            self.bytes.fetch_add(line.len() as u64, Ordering::Relaxed);
            self.failing.store(false, Ordering::Relaxed);
            if line.capacity() > KEPT_BUFFER {
                *line = Vec::new();
            }
            Ok(ticket)
        })
    }

    fn mourn(&self, error: &JournalError) {
        self.lost.fetch_add(1, Ordering::Relaxed);
        self.untold.fetch_add(1, Ordering::Relaxed);
        // Once, and not for every call: the disk may be full of exactly such lines.
        if !self.failing.swap(true, Ordering::Relaxed) {
            tracing::error!(%error, "audit events are being lost");
        }
    }
}

/// Ids of events: UUIDs of version 7, so that an id tells the event's time and ids sort as the events happened.
#[derive(Debug)]
struct EventIds {
    count: AtomicU64,
    replica: [u8; 4],
}

impl EventIds {
    fn new() -> Self {
        Self { count: AtomicU64::new(u64::from_be_bytes(random_bytes()) >> 24), replica: random_bytes() }
    }

    fn next(&self, now_ms: i64) -> Uuid {
        let count = self.count.fetch_add(1, Ordering::Relaxed);
        // The version takes the upper half of the first byte, the variant the upper quarter of the third: 42 bits of
        // the count go into what is left of the first six.
        let mut tail = [0; 10];
        let high = (count >> 24) & 0x3_ffff;
        let [.., middle, low, last] = count.to_be_bytes();
        let [a, b, c, d] = self.replica;
        for (place, byte) in tail.iter_mut().zip([
            (high >> 14) as u8,
            (high >> 6) as u8,
            (high & 0x3f) as u8,
            middle,
            low,
            last,
            a,
            b,
            c,
            d,
        ]) {
            *place = byte;
        }
        let ms = u64::try_from(now_ms).unwrap_or_default();
        uuid::Builder::from_unix_timestamp_millis(ms, &tail).into_uuid()
    }
}

/// The time in an event's id, milliseconds since the epoch.
fn id_ms(id: Uuid) -> i64 {
    i64::try_from(id.as_u128() >> 80).unwrap_or_default()
}
