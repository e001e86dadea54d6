//! Looking events up: newest first, by one attribute, in the sealed files of a tenant and in what this replica has
//! not sealed yet, so that whoever made a call finds it at once.
//!
//! An event's id is its place in time. A page is the newest so many events before a place; a search that has looked
//! at much and found little gives back what it has, and the place to go on from. Not for: other replicas' unsealed
//! events, which appear within a minute or so.

use super::{
    Audit, id_ms,
    journal::{Closed, Journal},
    record::Read,
    segment::Segment,
    summary,
};
use crate::{ControlPlane, error::ApiError};
use flate2::read::GzDecoder;
use muster_ids::Tenant;
use muster_store::audit::{self, AuditFile, Position};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::{collections::BTreeMap, io::Read as _, sync::Arc};

/// Rows of files that are read at once.
const ROWS: i64 = 200;
/// Rows that one page looks at, and files that it opens.
const MOST_ROWS: usize = 20_000;
const MOST_FILES: usize = 50;
/// How far a clock may have been put back between two segments.
const SLACK_MS: i64 = 60_000;
/// A file is written from a segment; one that unpacks to more is none of ours.
const LARGEST_FILE: u64 = 1 << 30;

/// What an event can be looked up by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Attribute {
    /// `EventName`, …: as `LookupEvents` spells it.
    pub(crate) name: &'static str,
    /// The whole value.
    pub(crate) value: String,
}

/// What is looked for.
#[derive(Debug, Clone)]
pub(crate) struct Search {
    /// Whose events.
    pub(crate) tenant: Tenant,
    /// From this time on, milliseconds since the epoch.
    pub(crate) from_ms: i64,
    /// Up to this time, the last millisecond included.
    pub(crate) to_ms: i64,
    /// One attribute, or everything.
    pub(crate) attribute: Option<Attribute>,
    /// Events before this place; [`u128::MAX`] at the beginning.
    pub(crate) before: u128,
    /// So many of them.
    pub(crate) limit: usize,
}

/// An event that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    /// Its id.
    pub(crate) id: String,
    /// Its time, milliseconds since the epoch.
    pub(crate) time_ms: i64,
    /// The operation.
    pub(crate) name: String,
    /// The service.
    pub(crate) source: String,
    /// Whether it changed nothing.
    pub(crate) read_only: bool,
    /// Who called.
    pub(crate) user_name: String,
    /// The key that the call was signed with.
    pub(crate) access_key_id: Option<String>,
    /// Type and name of what it was about.
    pub(crate) resources: Vec<(Option<&'static str>, String)>,
    /// The record.
    pub(crate) json: String,
}

/// A page, and the place to go on from, if there may be more.
pub(crate) type Page = (Vec<Found>, Option<u128>);

impl Search {
    fn wants(&self, ms: i64) -> bool {
        (self.from_ms..=self.to_ms).contains(&ms)
    }

    fn matches(&self, read: &Read<'_>) -> bool {
        let Some(wanted) = &self.attribute else { return true };
        let mut found = false;
        read.terms(|name, value| found |= name == wanted.name && value == wanted.value);
        found
    }

    fn may_be_in(&self, file: &AuditFile) -> bool {
        let Some(wanted) = &self.attribute else { return true };
        summary::may_hold(&file.summary, wanted.name, &wanted.value)
    }
}

/// The newest events seen so far, at most one more than wanted. The same event may come twice, from the journal and
/// from the file that it was just sealed into.
#[derive(Debug)]
struct Newest<'a> {
    search: &'a Search,
    events: BTreeMap<u128, Found>,
}

impl<'a> Newest<'a> {
    fn new(search: &'a Search) -> Self {
        Self { search, events: BTreeMap::new() }
    }

    /// The place before which nothing is wanted any more; none while there is room.
    fn floor(&self) -> Option<u128> {
        let full = self.events.len() > self.search.limit;
        self.events.first_key_value().map(|(place, _)| *place).filter(|_| full)
    }

    fn offer(&mut self, json: &str) {
        let Ok(read) = serde_json::from_str::<Read<'_>>(json) else { return };
        let (place, ms) = (read.id.as_u128(), id_ms(read.id));
        let unwanted = place >= self.search.before
            || self.floor().is_some_and(|floor| place <= floor)
            || !self.search.wants(ms)
            || !self.search.matches(&read);
        if unwanted {
            return;
        }
        let found = Found {
            id: read.id.to_string(),
            time_ms: ms,
            name: read.event_name.to_string(),
            source: read.event_source.to_string(),
            read_only: read.read_only,
            user_name: read.user_name().to_owned(),
            access_key_id: read.access_key_id().map(str::to_owned),
            resources: read.resources().map(|(kind, name, _)| (kind, name.into_owned())).collect(),
            json: json.to_owned(),
        };
        self.events.insert(place, found);
        if self.events.len() > self.search.limit + 1 {
            self.events.pop_first();
        }
    }

    fn offer_file(&mut self, content: &[u8]) -> Result<(), ApiError> {
        #[derive(Deserialize)]
        struct File<'a> {
            #[serde(rename = "Records", borrow)]
            records: Vec<&'a RawValue>,
        }
        let mut text = String::new();
        let mut unpacked = GzDecoder::new(content).take(LARGEST_FILE);
        unpacked.read_to_string(&mut text).map_err(ApiError::internal)?;
        let file: File<'_> = serde_json::from_str(&text).map_err(ApiError::internal)?;
        file.records.into_iter().for_each(|record| self.offer(record.get()));
        Ok(())
    }

    /// The page, where nothing that was not looked at is later than `unseen_ms`, if that much is left.
    fn page(mut self, unseen_ms: Option<i64>) -> Page {
        let mut next = None;
        if let Some(unseen_ms) = unseen_ms {
            // Everything of that millisecond comes on a later page.
            let place = after_ms(unseen_ms);
            self.events = self.events.split_off(&place);
            next = Some(place);
        }
        if self.events.len() > self.search.limit {
            self.events.pop_first();
            next = self.events.first_key_value().map(|(place, _)| *place);
        }
        (self.events.into_values().rev().collect(), next)
    }
}

impl Audit {
    /// Looks events up.
    ///
    /// # Errors
    /// The database's or the blob store's; a file that cannot be read.
    pub(crate) async fn look_up(control_plane: &ControlPlane, mut search: Search) -> Result<Page, ApiError> {
        let before_ms = i64::try_from(search.before.saturating_sub(1) >> 80).unwrap_or(i64::MAX);
        search.to_ms = search.to_ms.min(before_ms);
        let search = Arc::new(search);
        // The journal first: what is sealed meanwhile is seen twice, and nothing is missed.
        let unsealed = tokio::task::spawn_blocking({
            let (journal, search) = (Arc::clone(&control_plane.audit.journal), Arc::clone(&search));
            move || unsealed(&journal, &search)
        });
        let mut newest = Newest { search: &search, events: unsealed.await.map_err(ApiError::internal)? };
        let ControlPlane { db, blobs, .. } = control_plane;
        let (mut after, mut rows, mut opened) = (None, 0, 0);
        loop {
            let files = audit::page(db, &search.tenant, search.from_ms, search.to_ms, after, ROWS).await?;
            for file in &files {
                if newest.floor().is_some_and(|floor| file.last_ms < ms_of(floor)) {
                    return Ok(newest.page(None));
                }
                let unseen_ms = file.last_ms.min(search.to_ms);
                // A page must get on, even where very many files share a millisecond.
                if (rows >= MOST_ROWS || opened >= MOST_FILES) && after_ms(unseen_ms) < search.before {
                    return Ok(newest.page(Some(unseen_ms)));
                }
                rows += 1;
                after = Some(Position { last_ms: file.last_ms, sequence: file.sequence });
                if !search.may_be_in(file) {
                    continue;
                }
                opened += 1;
                // Gone because it is too old, just now; that it is gone before its time is for `verify` to say.
                let Some(content) = blobs.get(&file.key).await.map_err(ApiError::internal)? else { continue };
                let (search, events) = (Arc::clone(&search), std::mem::take(&mut newest.events));
                newest.events = tokio::task::spawn_blocking(move || {
                    let mut newest = Newest { search: &search, events };
                    newest.offer_file(&content).map(|()| newest.events)
                })
                .await
                .map_err(ApiError::internal)??;
            }
            if i64::try_from(files.len()).unwrap_or(i64::MAX) < ROWS {
                return Ok(newest.page(None));
            }
        }
    }
}

/// What of the journal is wanted.
fn unsealed(journal: &Journal, search: &Search) -> BTreeMap<u128, Found> {
    let mut newest = Newest::new(search);
    let (account, region) = (search.tenant.account.as_str(), search.tenant.region.as_str());
    let mut no_later_than = i64::MAX;
    for segment in journal.all() {
        // Everything in it was recorded before the segment after it was begun.
        let floor_ms = newest.floor().map_or(search.from_ms, ms_of);
        if floor_ms.saturating_sub(SLACK_MS) > no_later_than {
            break;
        }
        no_later_than = segment.opened_ms();
        let Some(content) = load(&segment) else { continue };
        for line in content.peek() {
            if line.account == account && line.region == region && search.wants(line.ms) {
                newest.offer(line.json);
            }
        }
    }
    newest.events
}
/// A segment may be sealed and removed while we look; then its events are in the files.
fn load(segment: &Closed) -> Option<Segment> {
    match Segment::load(segment) {
        Ok(content) => Some(content),
        Err(error) => {
            if error.kind() != std::io::ErrorKind::NotFound {
                tracing::warn!(segment = segment.id, %error, "the audit journal cannot be read");
            }
            None
        }
    }
}

/// The place before which everything up to this millisecond is.
fn after_ms(ms: i64) -> u128 {
    u128::from(u64::try_from(ms.saturating_add(1)).unwrap_or_default()) << 80
}

fn ms_of(place: u128) -> i64 {
    i64::try_from(place >> 80).unwrap_or(i64::MAX)
}
