//! Sealing: closed segments of the journal become files in the blob store, one for each account and region, in
//! CloudTrail's key layout, and rows in the chain of their account.
//!
//! It may be interrupted anywhere and is done again: the same segment gives the same keys and the same bytes, and a
//! file that is in the chain already is left alone. Not for: when it happens, which is a task's affair.

use super::{
    Audit,
    chain::{self, ChainKey},
    journal::{Closed, Journal},
    record::Read,
    segment::{Lines, Segment},
    summary::Terms,
};
use crate::ControlPlane;
use aws_lc_rs::digest::{SHA256, digest};
use bytes::Bytes;
use flate2::{Compression, GzBuilder};
use muster_ids::{AccountId, Region, Tenant};
use muster_store::{
    StoreError,
    audit::{self, AuditChain, AuditFile},
};
use serde_json::json;
use std::{collections::BTreeMap, error::Error, io::Write as _, sync::Arc};

/// What went wrong; for the task's status.
pub(crate) type SealError = Box<dyn Error + Send + Sync>;

/// Other replicas may take a place in the chain first, this often.
const ATTEMPTS: usize = 100;
/// A tenth of the text; a better packing costs several times the work.
const LEVEL: u32 = 1;

/// A file that is not stored yet.
struct Draft {
    tenant: Tenant,
    key: String,
    first_ms: i64,
    last_ms: i64,
    events: i64,
    content: Vec<u8>,
    summary: Vec<u8>,
}

/// What one run did.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Sealed {
    pub(crate) segments: usize,
    pub(crate) files: usize,
    pub(crate) events: i64,
}

impl Audit {
    /// Seals what was recorded before this time; `i64::MAX` means everything.
    ///
    /// # Errors
    /// The blob store's or the database's. What is sealed by then stays sealed.
    pub(crate) async fn seal(
        control_plane: &ControlPlane,
        opened_before_ms: i64,
    ) -> Result<Sealed, SealError> {
        let this = &control_plane.audit;
        this.journal.close_before(opened_before_ms);
        let mut sealed = Sealed::default();
        let outcome = async {
            for segment in this.journal.closed() {
                Self::seal_segment(control_plane, segment, &mut sealed).await?;
            }
            Ok(())
        }
        .await;
        this.witness().save()?;
        outcome.map(|()| sealed)
    }

    async fn seal_segment(
        control_plane: &ControlPlane,
        segment: Closed,
        sealed: &mut Sealed,
    ) -> Result<(), SealError> {
        // Reading, checking and packing take a while.
        let (drafts, damage) = tokio::task::spawn_blocking({
            let this = &control_plane.audit;
            let (journal, chain, segment) =
                (Arc::clone(&this.journal), Arc::clone(&this.chain), segment.clone());
            move || draft(&journal, &chain, &segment)
        })
        .await??;
        for draft in drafts {
            sealed.files += 1;
            sealed.events += draft.events;
            Self::store(control_plane, draft).await?;
        }
        if let Some(damage) = &damage {
            let this = &control_plane.audit;
            tracing::error!(segment = segment.id, damage = damage.first(), "the audit journal was altered");
            let details = json!({ "segment": segment.id, "damage": damage });
            this.notice(control_plane.clock.now_ms(), "AuditJournalAltered", &details);
        }
        sealed.segments += 1;
        let journal = Arc::clone(&control_plane.audit.journal);
        tokio::task::spawn_blocking(move || journal.remove(&segment, damage.is_some())).await??;
        Ok(())
    }

    async fn store(control_plane: &ControlPlane, draft: Draft) -> Result<(), SealError> {
        let ControlPlane { db, blobs, clock, audit: this, .. } = control_plane;
        if audit::by_key(db, &draft.key).await?.is_some() {
            return Ok(());
        }
        let Draft { tenant, key, first_ms, last_ms, events, content, summary } = draft;
        let mut file = AuditFile {
            tenant,
            sequence: 0,
            key,
            first_ms,
            last_ms,
            events,
            bytes: i64::try_from(content.len()).unwrap_or(i64::MAX),
            sealed_ms: clock.now_ms(),
            sha256: digest(&SHA256, &content).as_ref().to_vec(),
            summary,
            previous_hash: Vec::new(),
            hash: Vec::new(),
        };
        blobs.put(&file.key, Bytes::from(content)).await?;
        for _ in 0..ATTEMPTS {
            let found = audit::chain(db, &file.tenant.account).await?;
            let before = this.sound_end(control_plane, &file.tenant.account, found.as_ref()).await?;
            file.sequence = before.last_sequence + 1;
            file.previous_hash.clone_from(&before.hash);
            file.hash = this.chain.hash(&file);
            let after = this.chain.proven(AuditChain {
                last_sequence: file.sequence,
                hash: file.hash.clone(),
                ..before
            });
            match db.write(audit::append(&file, found.as_ref(), &after)).await {
                Ok(_) => {
                    this.witness().note(&after);
                    return Ok(());
                }
                Err(StoreError::Conflict { .. } | StoreError::Duplicate { .. }) => {
                    // Another replica was faster; or an attempt of ours got through whose answer was lost.
                    if audit::by_key(db, &file.key).await?.is_some() {
                        return Ok(());
                    }
                }
                Err(error) => return Err(error.into()),
            }
        }
        Err(format!("no place in the audit chain of account {}", file.tenant.account).into())
    }

    /// The end of the chain to go on from. If it is not what was left there, the new file must not make it look
    /// sound: the chain then goes on behind all that is known, and keeps count of it.
    async fn sound_end(
        &self,
        control_plane: &ControlPlane,
        account: &AccountId,
        found: Option<&AuditChain>,
    ) -> Result<AuditChain, SealError> {
        let seen = self.witness().of(account);
        let seen_sequence = seen.as_ref().map_or(0, |seen| seen.sequence);
        let newest = audit::newest(&control_plane.db, account).await?;
        let in_files = newest.as_ref().map_or(0, |file| file.sequence);
        let chain = match found {
            Some(chain) => chain.clone(),
            None => chain::empty(account),
        };
        let proven = found.map_or(newest.is_none(), |chain| self.chain.is_proven(chain));
        // Another replica may have added a file since the chain was read; then the write does not get through.
        if proven && chain.last_sequence >= seen_sequence && chain.last_sequence >= in_files {
            return Ok(chain);
        }
        if proven && audit::chain(&control_plane.db, account).await?.as_ref() != found {
            return Ok(chain);
        }
        tracing::error!(%account, "the end of the audit chain is not what was left there");
        let mut chain = AuditChain { breaks: chain.breaks.saturating_add(1), ..chain };
        if let Some(newest) = newest.filter(|newest| newest.sequence > chain.last_sequence) {
            (chain.last_sequence, chain.hash) = (newest.sequence, newest.hash);
        }
        if let Some(seen) = seen.filter(|seen| seen.sequence > chain.last_sequence) {
            (chain.last_sequence, chain.hash) = (seen.sequence, hex::decode(seen.hash)?);
        }
        if found.is_none() {
            let first = audit::following(&control_plane.db, account, i64::MIN, 1).await?;
            if let Some(first) = first.first() {
                (chain.first_sequence, chain.anchor) = (first.sequence, first.previous_hash.clone());
            }
        }
        Ok(chain)
    }
}

/// The files of a segment, and what is wrong with it.
fn draft(
    journal: &Journal,
    chain: &ChainKey,
    segment: &Closed,
) -> Result<(Vec<Draft>, Option<Vec<String>>), SealError> {
    let content = Segment::load(segment)?;
    let Lines { good, mut damage } = content.lines(segment, journal);
    let mut groups: BTreeMap<(&str, &str), Vec<_>> = BTreeMap::new();
    for line in good {
        groups.entry((line.account, line.region)).or_default().push(line);
    }
    let mut drafts = Vec::new();
    for ((account, region), lines) in groups {
        let tenant = Tenant::new(AccountId::parse(account)?, Region::parse(region)?);
        let (mut terms, mut first_ms, mut last_ms) = (Terms::default(), i64::MAX, i64::MIN);
        let mut packed = GzBuilder::new().write(Vec::new(), Compression::new(LEVEL));
        let mut separator: &[u8] = b"{\"Records\":[";
        for line in &lines {
            first_ms = first_ms.min(line.ms);
            last_ms = last_ms.max(line.ms);
            packed.write_all(separator)?;
            packed.write_all(line.json.as_bytes())?;
            separator = b",";
            if let Ok(read) = serde_json::from_str::<Read<'_>>(line.json) {
                read.terms(|attribute, value| terms.add(attribute, value));
            }
        }
        packed.write_all(b"]}")?;
        let name = chain.file_name(&segment.id, account, region);
        drafts.push(Draft {
            key: key(&tenant, first_ms, &name),
            tenant,
            first_ms,
            last_ms,
            events: i64::try_from(lines.len()).unwrap_or(i64::MAX),
            content: packed.finish()?,
            summary: terms.into_filter(),
        });
    }
    damage.truncate(20);
    Ok((drafts, (!damage.is_empty()).then_some(damage)))
}

/// `AWSLogs/ACCOUNT/CloudTrail/REGION/YYYY/MM/DD/ACCOUNT_CloudTrail_REGION_YYYYMMDDTHHMMZ_NAME.json.gz`
fn key(tenant: &Tenant, first_ms: i64, name: &str) -> String {
    let Tenant { account, region } = tenant;
    let time = jiff::Timestamp::from_millisecond(first_ms).unwrap_or_default();
    let (day, minute) = (time.strftime("%Y/%m/%d"), time.strftime("%Y%m%dT%H%MZ"));
    format!("{}{region}/{day}/{account}_CloudTrail_{region}_{minute}_{name}.json.gz", folder(account))
}

/// Where the files of an account are.
pub(super) fn folder(account: &AccountId) -> String {
    format!("AWSLogs/{account}/CloudTrail/")
}
