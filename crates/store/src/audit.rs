//! The sealed files of the audit trail and the two ends of each account's chain. Not for: the files themselves,
//! which are in the blob store, or the hashes, which the caller computes.

use crate::{Batch, Db, Expect, Query, Row, StoreError, Value, params};
use muster_ids::{AccountId, Tenant};

/// A row of `audit_file`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditFile {
    /// Whose events it holds.
    pub tenant: Tenant,
    /// Its place in the chain of the account, from 1.
    pub sequence: i64,
    /// Its key in the blob store; no two files share one.
    pub key: String,
    /// Time of its first event, milliseconds since the epoch.
    pub first_ms: i64,
    /// Time of its last event.
    pub last_ms: i64,
    /// How many events it holds.
    pub events: i64,
    /// Its length.
    pub bytes: i64,
    /// When it was sealed.
    pub sealed_ms: i64,
    /// Digest of its content.
    pub sha256: Vec<u8>,
    /// What can be looked up in it.
    pub summary: Vec<u8>,
    /// Hash of the file before it in the chain.
    pub previous_hash: Vec<u8>,
    /// Keyed hash of this row.
    pub hash: Vec<u8>,
}

/// A row of `audit_chain`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditChain {
    /// Whose chain.
    pub account: AccountId,
    /// Sequence of the oldest file that is kept; one more than `last_sequence` if none is.
    pub first_sequence: i64,
    /// Hash of the file before the oldest.
    pub anchor: Vec<u8>,
    /// Sequence of the newest file.
    pub last_sequence: i64,
    /// Hash of the newest file.
    pub hash: Vec<u8>,
    /// Events in the files that were removed because they were old.
    pub removed_events: i64,
    /// How often the end of the chain was not what the server had left there, and was begun anew.
    pub breaks: i64,
    /// Keyed hash of this row.
    pub proof: Vec<u8>,
}

/// Where a page of files goes on: before this one, in the order of `(last_ms, sequence)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// Time of the last event of the last file seen.
    pub last_ms: i64,
    /// Its sequence.
    pub sequence: i64,
}

const FILE: &str = "SELECT account_id, region, sequence, blob_key, first_ms, last_ms, events, bytes, sealed_ms, \
                    sha256, summary, previous_hash, hash FROM audit_file";
const CHAIN: &str = "SELECT account_id, first_sequence, anchor, last_sequence, hash, removed_events, breaks, proof \
                     FROM audit_chain";

fn file(row: &Row) -> Result<AuditFile, StoreError> {
    Ok(AuditFile {
        tenant: Tenant::new(row.parse(0)?, row.parse(1)?),
        sequence: row.int(2)?,
        key: row.text(3)?.to_owned(),
        first_ms: row.int(4)?,
        last_ms: row.int(5)?,
        events: row.int(6)?,
        bytes: row.int(7)?,
        sealed_ms: row.int(8)?,
        sha256: row.blob(9)?.to_vec(),
        summary: row.blob(10)?.to_vec(),
        previous_hash: row.blob(11)?.to_vec(),
        hash: row.blob(12)?.to_vec(),
    })
}

fn chain_row(row: &Row) -> Result<AuditChain, StoreError> {
    Ok(AuditChain {
        account: row.parse(0)?,
        first_sequence: row.int(1)?,
        anchor: row.blob(2)?.to_vec(),
        last_sequence: row.int(3)?,
        hash: row.blob(4)?.to_vec(),
        removed_events: row.int(5)?,
        breaks: row.int(6)?,
        proof: row.blob(7)?.to_vec(),
    })
}

/// Adds a file at the end of its account's chain, which goes from `before` (`None`: there was none) to `after`.
///
/// A conflict, or [`StoreError::Duplicate`], means that another file took the place, or that this one is in already.
pub fn append(new: &AuditFile, before: Option<&AuditChain>, after: &AuditChain) -> Batch {
    let mut batch = replace(before, after);
    batch.push(
        "INSERT INTO audit_file (account_id, region, sequence, blob_key, first_ms, last_ms, events, bytes, \
         sealed_ms, sha256, summary, previous_hash, hash) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
        params![
            &new.tenant.account,
            &new.tenant.region,
            new.sequence,
            &new.key,
            new.first_ms,
            new.last_ms,
            new.events,
            new.bytes,
            new.sealed_ms,
            &*new.sha256,
            &*new.summary,
            &*new.previous_hash,
            &*new.hash
        ],
        Expect::Exactly(1),
    );
    batch
}

/// Removes the files of the account before `after.first_sequence`. A conflict means that the chain moved on.
pub fn forget(before: &AuditChain, after: &AuditChain) -> Batch {
    let mut batch = replace(Some(before), after);
    batch.push(
        "DELETE FROM audit_file WHERE account_id = ?1 AND sequence < ?2",
        params![&after.account, after.first_sequence],
        Expect::Any,
    );
    batch
}

fn replace(before: Option<&AuditChain>, after: &AuditChain) -> Batch {
    let mut values: Vec<Value> = params![
        &after.account,
        after.first_sequence,
        &*after.anchor,
        after.last_sequence,
        &*after.hash,
        after.removed_events,
        after.breaks,
        &*after.proof
    ];
    let Some(before) = before else {
        return Batch::of(
            "INSERT INTO audit_chain \
             (account_id, first_sequence, anchor, last_sequence, hash, removed_events, breaks, proof) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            values,
            Expect::Exactly(1),
        );
    };
    values.extend(params![&*before.proof]);
    Batch::of(
        "UPDATE audit_chain SET first_sequence = ?2, anchor = ?3, last_sequence = ?4, hash = ?5, \
         removed_events = ?6, breaks = ?7, proof = ?8 WHERE account_id = ?1 AND proof = ?9",
        values,
        Expect::Exactly(1),
    )
}

/// The account's chain, or `None` before its first file.
///
/// # Errors
/// The store's.
pub async fn chain(db: &Db, account: &AccountId) -> Result<Option<AuditChain>, StoreError> {
    let rows = Query::new(CHAIN).and("account_id = ?", account).read(db).await?;
    rows.first().map(chain_row).transpose()
}

/// Accounts that have a chain or files, by their number.
///
/// # Errors
/// The store's.
pub async fn accounts(db: &Db) -> Result<Vec<AccountId>, StoreError> {
    const SQL: &str = "SELECT account_id FROM audit_chain UNION SELECT account_id FROM audit_file ORDER BY 1";
    db.scan(SQL, Vec::new()).await?.iter().map(|row| row.parse(0)).collect()
}

/// The file of this key.
///
/// # Errors
/// The store's.
pub async fn by_key(db: &Db, key: &str) -> Result<Option<AuditFile>, StoreError> {
    let rows = Query::new(FILE).and("blob_key = ?", key).read(db).await?;
    rows.first().map(file).transpose()
}

/// Files of an account from a place in its chain on, at most `limit`.
///
/// # Errors
/// The store's.
pub async fn following(
    db: &Db,
    account: &AccountId,
    sequence: i64,
    limit: i64,
) -> Result<Vec<AuditFile>, StoreError> {
    let query = Query::new(FILE).and("account_id = ?", account).and("sequence >= ?", sequence);
    query.order_by("sequence").limit(limit).scan(db).await?.iter().map(file).collect()
}

/// The file at the end of an account's chain, as its files have it.
///
/// # Errors
/// The store's.
pub async fn newest(db: &Db, account: &AccountId) -> Result<Option<AuditFile>, StoreError> {
    let query = Query::new(FILE).and("account_id = ?", account).order_by("sequence DESC").limit(1);
    query.read(db).await?.first().map(file).transpose()
}

/// Files of a tenant with events of that time, both ends included, at most `limit`: the latest first, by their last
/// event.
///
/// # Errors
/// The store's.
pub async fn page(
    db: &Db,
    tenant: &Tenant,
    from_ms: i64,
    to_ms: i64,
    before: Option<Position>,
    limit: i64,
) -> Result<Vec<AuditFile>, StoreError> {
    let mut query = Query::new(FILE)
        .and("account_id = ?", &tenant.account)
        .and("region = ?", &tenant.region)
        .and("last_ms >= ?", from_ms)
        .and("first_ms <= ?", to_ms);
    if let Some(Position { last_ms, sequence }) = before {
        query = query.and_all("(last_ms, sequence) < (?, ?)", params![last_ms, sequence]);
    }
    let rows = query.order_by("last_ms DESC, sequence DESC").limit(limit).scan(db).await?;
    rows.iter().map(file).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::on_each_engine;
    use muster_ids::Region;

    fn tenant(region: &str) -> Tenant {
        Tenant::new(AccountId::parse("123456789012").unwrap(), Region::parse(region).unwrap())
    }

    fn sealed(sequence: i64, region: &str, last_ms: i64) -> AuditFile {
        AuditFile {
            tenant: tenant(region),
            sequence,
            key: format!("k{sequence}"),
            first_ms: last_ms - 10,
            last_ms,
            events: 3,
            bytes: 4,
            sealed_ms: 5,
            sha256: vec![1; 32],
            summary: vec![0, 255],
            previous_hash: vec![2; 32],
            hash: vec![3; 32],
        }
    }

    fn end(first_sequence: i64, last_sequence: i64) -> AuditChain {
        AuditChain {
            account: tenant("r").account,
            first_sequence,
            anchor: vec![0; 32],
            last_sequence,
            hash: vec![9; 32],
            removed_events: first_sequence - 1,
            breaks: 0,
            proof: format!("{first_sequence}-{last_sequence}").into_bytes(),
        }
    }

    async fn chained(db: &Db, list: &[(&str, i64)]) {
        for (sequence, (region, last_ms)) in (1..).zip(list) {
            let before = (sequence > 1).then(|| end(1, sequence - 1));
            let file = sealed(sequence, region, *last_ms);
            db.write(append(&file, before.as_ref(), &end(1, sequence))).await.unwrap();
        }
    }

    #[tokio::test]
    async fn a_place_in_the_chain_is_taken_once() {
        on_each_engine(|db| async move {
            let account = tenant("r").account;
            assert_eq!(chain(&db, &account).await.unwrap(), None);
            assert!(accounts(&db).await.unwrap().is_empty());
            chained(&db, &[("r", 100)]).await;
            // Another replica had the same idea at the very beginning, and later.
            let again =
                db.write(append(&AuditFile { key: "x".into(), ..sealed(1, "r", 1) }, None, &end(1, 1)));
            assert!(matches!(again.await, Err(StoreError::Duplicate { .. })));
            let rivals = (0..8).map(|rival| {
                let file = AuditFile { key: format!("rival{rival}"), ..sealed(2, "r", 200) };
                db.write(append(&file, Some(&end(1, 1)), &end(1, 2)))
            });
            let won = futures_util::future::join_all(rivals).await.into_iter().filter(Result::is_ok).count();
            assert_eq!(won, 1);
            // The same file at another place.
            let again = db.write(append(
                &AuditFile { key: "k1".into(), ..sealed(3, "r", 1) },
                Some(&end(1, 2)),
                &end(1, 3),
            ));
            assert!(matches!(again.await, Err(StoreError::Duplicate { .. })));
            assert_eq!(chain(&db, &account).await.unwrap(), Some(end(1, 2)));
            assert_eq!(accounts(&db).await.unwrap(), [account]);
            assert_eq!(by_key(&db, "k1").await.unwrap(), Some(sealed(1, "r", 100)));
            assert_eq!(by_key(&db, "k9").await.unwrap(), None);
        })
        .await;
    }

    #[tokio::test]
    async fn files_are_listed_by_place_and_by_time() {
        on_each_engine(|db| async move {
            chained(&db, &[("r", 100), ("s", 300), ("r", 200), ("r", 200), ("r", 150)]).await;
            let account = tenant("r").account;
            let places = |files: Vec<AuditFile>| files.iter().map(|file| file.sequence).collect::<Vec<_>>();
            assert_eq!(newest(&db, &account).await.unwrap().map(|file| file.sequence), Some(5));
            assert_eq!(places(following(&db, &account, 2, 3).await.unwrap()), [2, 3, 4]);
            let all = page(&db, &tenant("r"), 0, 1000, None, 9).await.unwrap();
            assert_eq!(places(all), [4, 3, 5, 1]);
            let after = Position { last_ms: 200, sequence: 3 };
            assert_eq!(places(page(&db, &tenant("r"), 0, 1000, Some(after), 1).await.unwrap()), [5]);
            // A file counts from its first event to its last.
            assert_eq!(places(page(&db, &tenant("r"), 150, 190, None, 9).await.unwrap()), [4, 3, 5]);
            assert_eq!(places(page(&db, &tenant("r"), 151, 189, None, 9).await.unwrap()), Vec::<i64>::new());
        })
        .await;
    }

    #[tokio::test]
    async fn the_oldest_files_are_forgotten() {
        on_each_engine(|db| async move {
            chained(&db, &[("r", 100), ("r", 200), ("r", 300)]).await;
            let stale = db.write(forget(&end(1, 2), &end(3, 3))).await;
            assert_eq!(stale, Err(StoreError::Conflict { statement: 0 }));
            db.write(forget(&end(1, 3), &end(3, 3))).await.unwrap();
            let account = tenant("r").account;
            assert_eq!(following(&db, &account, 0, 9).await.unwrap(), [sealed(3, "r", 300)]);
            assert_eq!(chain(&db, &account).await.unwrap().map(|chain| chain.removed_events), Some(2));
        })
        .await;
    }
}
