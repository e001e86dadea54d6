//! Checking the trail: every file against its digest, every row against the chain, both ends of the chain, files that
//! belong to no row, and the journal. Not for: repairing anything.

use super::{
    Audit,
    journal::Journal,
    sealing::{SealError, folder},
    segment::Segment,
    witness::Seen,
};
use crate::{
    ControlPlane,
    clock::{Clock as _, SystemClock},
};
use aws_lc_rs::digest::{SHA256, digest};
use futures_util::{StreamExt as _, stream};
use muster_blob::Blobs;
use muster_ids::AccountId;
use muster_store::{
    StoreError,
    audit::{self, AuditChain, AuditFile},
};
use std::{collections::BTreeSet, sync::Arc};

/// Rows that are read at once.
const ROWS: i64 = 500;
/// Files that are read at once.
const FILES: usize = 4;
/// A trail in ruins is told by its first problems.
const MOST_PROBLEMS: usize = 1_000;
/// A file is stored before its row is: a young one without a row is no problem yet.
const YOUNG_MS: i64 = 10 * 60_000;

/// Something that is not as it should be.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Problem {
    pub(crate) account: Option<String>,
    pub(crate) region: Option<String>,
    pub(crate) sequence: Option<i64>,
    pub(crate) key: Option<String>,
    /// What, in words.
    pub(crate) text: String,
}

/// What a check found.
#[derive(Debug, Default)]
pub(crate) struct Report {
    /// Files that were read and compared.
    pub(crate) files: i64,
    /// Events in them.
    pub(crate) events: i64,
    /// Nothing, if the trail is sound.
    pub(crate) problems: Vec<Problem>,
}

/// What is checked.
#[derive(Debug, Clone)]
pub(crate) struct Scope {
    /// One account; none means all of them, and the journal.
    pub(crate) account: Option<AccountId>,
    /// Files with events of this time are read. Rows and their chain are checked for all times.
    pub(crate) from_ms: i64,
    /// The last millisecond included.
    pub(crate) to_ms: i64,
}

impl Report {
    fn add(&mut self, problem: Problem) {
        if self.problems.len() < MOST_PROBLEMS {
            self.problems.push(problem);
        }
    }

    fn of_account(&mut self, account: &AccountId, text: impl Into<String>) {
        self.add(Problem { account: Some(account.to_string()), text: text.into(), ..Problem::default() });
    }

    fn of_file(&mut self, file: &AuditFile, text: impl Into<String>) {
        self.add(Problem {
            account: Some(file.tenant.account.to_string()),
            region: Some(file.tenant.region.to_string()),
            sequence: Some(file.sequence),
            key: Some(file.key.clone()),
            text: text.into(),
        });
    }
}

impl Audit {
    /// Checks the trail.
    ///
    /// # Errors
    /// The database's or the blob store's, when they cannot be asked at all.
    pub(crate) async fn verify(control_plane: &ControlPlane, scope: &Scope) -> Result<Report, SealError> {
        let this = &control_plane.audit;
        let mut report = Report::default();
        let accounts: BTreeSet<AccountId> = match &scope.account {
            Some(account) => BTreeSet::from([account.clone()]),
            None => {
                let seen = this.witness().accounts();
                let stored = accounts_of_files(&control_plane.blobs).await?;
                audit::accounts(&control_plane.db).await?.into_iter().chain(seen).chain(stored).collect()
            }
        };
        for account in &accounts {
            Self::verify_account(control_plane, account, scope, &mut report).await?;
        }
        if scope.account.is_none() {
            let journal = Arc::clone(&this.journal);
            let found = tokio::task::spawn_blocking(move || verify_journal(&journal)).await??;
            found.into_iter().for_each(|text| report.add(Problem { text, ..Problem::default() }));
        }
        Ok(report)
    }

    /// One account; again from the beginning if retention removed files meanwhile.
    async fn verify_account(
        control_plane: &ControlPlane,
        account: &AccountId,
        scope: &Scope,
        report: &mut Report,
    ) -> Result<(), SealError> {
        for last in [false, false, true] {
            let mut found = Report::default();
            let begin = Self::verify_once(control_plane, account, scope, &mut found).await?;
            let now = audit::chain(&control_plane.db, account).await.ok().flatten();
            if last || now.map(|chain| chain.first_sequence) == begin {
                report.files += found.files;
                report.events += found.events;
                found.problems.into_iter().for_each(|problem| report.add(problem));
                break;
            }
        }
        Ok(())
    }

    /// Checks an account as it is now; gives the sequence that its chain begins with.
    async fn verify_once(
        control_plane: &ControlPlane,
        account: &AccountId,
        scope: &Scope,
        report: &mut Report,
    ) -> Result<Option<i64>, SealError> {
        let ControlPlane { db, blobs, clock, audit: this, .. } = control_plane;
        // In this order, since files are added all the time: a file is stored before its row is written, and the
        // row before the witness notes it.
        let seen = this.witness().of(account);
        let chain = match audit::chain(db, account).await {
            Ok(chain) => chain,
            Err(StoreError::Corrupt(text)) => {
                report.of_account(account, format!("the row of the chain cannot be read: {text}"));
                None
            }
            Err(error) => return Err(error.into()),
        };
        this.verify_ends(account, chain.as_ref(), report);
        let mut stored = BTreeSet::new();
        // The blob store's times are the machine's.
        let young_ms = SystemClock.now_ms() - YOUNG_MS;
        for (key, changed_ms) in blobs.list(&folder(account)).await? {
            if changed_ms < young_ms {
                stored.insert(key);
            }
        }
        let due_ms = this.due_ms(clock.now_ms()).unwrap_or(i64::MIN);
        let mut walk = Walk { chain: chain.as_ref(), seen, before: None, due_ms, scope };
        let mut next = i64::MIN;
        loop {
            let rows = match audit::following(db, account, next, ROWS).await {
                Ok(rows) => rows,
                Err(StoreError::Corrupt(text)) => {
                    report.of_account(account, format!("a row of a file cannot be read: {text}"));
                    break;
                }
                Err(error) => return Err(error.into()),
            };
            for row in &rows {
                stored.remove(&row.key);
                walk.row(this, row, report);
            }
            walk.contents(blobs, &rows, report).await?;
            match rows.last() {
                Some(last) if i64::try_from(rows.len()).is_ok_and(|count| count == ROWS) => {
                    next = last.sequence + 1;
                }
                _ => break,
            }
        }
        walk.end(account, report);
        for key in stored {
            let text = "this file is in no row of the chain".to_owned();
            let account = Some(account.to_string());
            report.add(Problem { account, key: Some(key), text, ..Problem::default() });
        }
        Ok(chain.map(|chain| chain.first_sequence))
    }

    fn verify_ends(&self, account: &AccountId, chain: Option<&AuditChain>, report: &mut Report) {
        let Some(chain) = chain else { return };
        if !self.chain.is_proven(chain) {
            report.of_account(account, "the row of the chain was altered");
        }
        if chain.breaks > 0 {
            let text =
                format!("the end of the chain was altered before a file was added: {} times", chain.breaks);
            report.of_account(account, text);
        }
    }
}

fn verify_journal(journal: &Journal) -> Result<Vec<String>, std::io::Error> {
    let mut problems = Vec::new();
    for name in journal.damaged()? {
        problems.push(format!("the journal's segment {name} was altered before it was sealed; see its file"));
    }
    for segment in journal.all() {
        let content = match Segment::load(&segment) {
            Ok(content) => content,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                // Sealed and removed just now, or taken away.
                if journal.all().iter().any(|one| one.id == segment.id) {
                    problems.push(format!("the journal's segment {} is missing", segment.id));
                }
                continue;
            }
            Err(error) => return Err(error),
        };
        let found = content.lines(&segment, journal).damage;
        problems.extend(
            found.into_iter().take(20).map(|text| format!("the journal's segment {}: {text}", segment.id)),
        );
    }
    Ok(problems)
}

/// One walk along a chain.
struct Walk<'a> {
    chain: Option<&'a AuditChain>,
    /// What this replica remembers of it.
    seen: Option<Seen>,
    /// Sequence and hash of the row before.
    before: Option<(i64, Vec<u8>)>,
    /// Files that ended before this time may be gone already.
    due_ms: i64,
    scope: &'a Scope,
}

impl Walk<'_> {
    fn row(&mut self, audit: &Audit, row: &AuditFile, report: &mut Report) {
        if audit.chain.hash(row) != row.hash {
            report.of_file(row, "the row of this file was altered");
        }
        let begin = || self.chain.map(|chain| (chain.first_sequence - 1, chain.anchor.clone()));
        match self.before.take().or_else(begin) {
            None => report.of_account(&row.tenant.account, "the row of the chain is missing"),
            Some((sequence, _)) if row.sequence <= sequence => {
                report.of_file(row, "this file should have been removed");
            }
            Some((sequence, _)) if row.sequence > sequence + 1 => {
                report.of_file(row, missing(sequence + 1, row.sequence - 1));
            }
            Some((_, hash)) if row.previous_hash != hash => {
                report.of_file(row, "this file does not follow the one before it");
            }
            Some(_) => {}
        }
        let seen = self.seen.as_ref().filter(|seen| seen.sequence == row.sequence);
        if seen.is_some_and(|seen| seen.hash != hex::encode(&row.hash)) {
            report.of_file(row, "this is not the file that this server added here");
        }
        if self.chain.is_some_and(|chain| chain.last_sequence == row.sequence && chain.hash != row.hash) {
            report.of_file(row, "this is not the file that the chain ends with");
        }
        self.before = Some((row.sequence, row.hash.clone()));
    }

    /// Reads the files of some rows.
    async fn contents(
        &self,
        blobs: &Blobs,
        rows: &[AuditFile],
        report: &mut Report,
    ) -> Result<(), SealError> {
        let wanted: Vec<_> = rows
            .iter()
            .filter(|row| row.last_ms >= self.scope.from_ms && row.first_ms <= self.scope.to_ms)
            .collect();
        let reads: Vec<_> = wanted.iter().map(|row| hash_of(blobs.clone(), row.key.clone())).collect();
        let mut read = stream::iter(reads).buffered(FILES);
        for row in wanted {
            let Some(hash) = read.next().await.transpose()?.flatten() else {
                // Files of old rows may be gone already.
                if row.last_ms >= self.due_ms {
                    report.of_file(row, "this file is missing");
                }
                continue;
            };
            report.files += 1;
            report.events += row.events;
            if hash != row.sha256 {
                report.of_file(row, "the content of this file was altered");
            }
        }
        Ok(())
    }

    /// The last row against what the chain's row and this replica's memory say.
    fn end(&self, account: &AccountId, report: &mut Report) {
        let last = self.before.as_ref().map(|(sequence, _)| *sequence);
        if let Some(chain) = self.chain {
            let last = last.unwrap_or(chain.first_sequence - 1);
            if last < chain.last_sequence {
                report.of_account(account, missing(last + 1, chain.last_sequence));
            }
        }
        let known = self.chain.map_or(0, |chain| chain.last_sequence);
        if let Some(seen) = self.seen.as_ref().filter(|seen| seen.sequence > known) {
            let text = format!(
                "the chain ends at {known}, but this server added files up to {}: the database is an older state",
                seen.sequence
            );
            report.of_account(account, text);
        }
    }
}

fn missing(from: i64, to: i64) -> String {
    if from == to {
        format!("the file {from} is missing")
    } else {
        format!("the files {from} to {to} are missing")
    }
}

/// The digest of a file, if it is there.
async fn hash_of(blobs: Blobs, key: String) -> Result<Option<Vec<u8>>, SealError> {
    let content = blobs.get(&key).await?;
    Ok(content.map(|content| digest(&SHA256, &content).as_ref().to_vec()))
}

/// Accounts with a folder in the blob store.
async fn accounts_of_files(blobs: &Blobs) -> Result<BTreeSet<AccountId>, SealError> {
    let keys = blobs.list("AWSLogs/").await?;
    let account = |key: &str| AccountId::parse(key.strip_prefix("AWSLogs/")?.split('/').next()?).ok();
    Ok(keys.iter().filter_map(|(key, _)| account(key)).collect())
}
