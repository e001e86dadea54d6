//! Data keys under a master key in a file: found again, shared between replicas, wrapped anew while they are used, and
//! after a kill at any moment.

use super::*;
use crate::config::Config;
use crate::secrets::rotation::Step;
use muster_outbound::{Client, Options};
use muster_store::{Db, data_key as rows, testing::on_each_engine};
use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::Path,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
};
use tempfile::TempDir;

const MINUTE_MS: i64 = 60_000;

async fn open(folder: &Path, db: &Db, now_ms: i64) -> Result<Secrets, MasterKeyError> {
    open_with(folder, db, None, now_ms).await
}

async fn open_with(
    folder: &Path,
    db: &Db,
    sample: Option<&Sample>,
    now_ms: i64,
) -> Result<Secrets, MasterKeyError> {
    let client = Client::new(Options::default()).unwrap();
    Secrets::open(&Config::new(folder).unwrap(), &client, db, sample, now_ms).await
}

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn opened(secrets: &Secrets, sealed: &[u8]) -> bool {
    secrets.open_sealed("p", sealed).is_ok_and(|content| content.as_slice() == b"content")
}

/// Only the installation's own master key wraps anything, and it is in the folder.
async fn is_settled(db: &Db, folder: &Path) {
    let id = rows::master(db).await.unwrap().unwrap().id;
    let wrappings = rows::wrappings(db).await.unwrap();
    assert!(wrappings.iter().all(|one| one.master_key_id == id), "{id} {wrappings:?}");
    assert!(!folder.join("master.key.next").exists());
    open(folder, db, 0).await.unwrap();
}

#[tokio::test]
async fn the_master_key_is_made_once_and_kept_private() {
    on_each_engine(|db| async move {
        let folder = folder();
        let sealed = open(folder.path(), &db, 1).await.unwrap().seal("p", b"content");
        assert!(opened(&open(folder.path(), &db, 2).await.unwrap(), &sealed));
        let file = folder.path().join("master.key");
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read(&file).unwrap().len(), 32);

        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        let error = open(folder.path(), &db, 3).await.unwrap_err().to_string();
        assert!(error.contains("mode is 0640") && error.contains("chmod 600"), "{error}");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        fs::write(&file, b"short").unwrap();
        let error = open(folder.path(), &db, 3).await.unwrap_err().to_string();
        assert!(error.contains("5 bytes instead of 32"), "{error}");
        fs::remove_file(&file).unwrap();
        assert!(matches!(open(folder.path(), &db, 3).await, Err(MasterKeyError::Other { .. })));
        assert!(!file.exists(), "no key is invented for a database that has one");
    })
    .await;
}

#[tokio::test]
async fn the_master_key_of_an_older_database_becomes_its_first_data_key() {
    on_each_engine(|db| async move {
        let folder = folder();
        let sample = Sample { purpose: "purpose".to_owned(), sealed: hex::decode(super::OLDER).unwrap() };
        let missing = open_with(folder.path(), &db, Some(&sample), 1).await;
        assert!(matches!(missing, Err(MasterKeyError::Other { .. })));
        let file = folder.path().join("master.key");
        crate::secrets::write_private(&file, &[8; 32]).unwrap();
        let wrong = open_with(folder.path(), &db, Some(&sample), 1).await;
        assert!(matches!(wrong, Err(MasterKeyError::Other { .. })));
        assert_eq!(rows::master(&db).await, Ok(None), "nothing is put down by a wrong key");

        crate::secrets::write_private(&file, &[7; 32]).unwrap();
        let secrets = open_with(folder.path(), &db, Some(&sample), 1).await.unwrap();
        assert!(secrets.open_sealed("purpose", &sample.sealed).is_ok());
        let digest = secrets.digest("purpose", b"content");
        secrets.rotate_master_key(&db, 2).await.unwrap();
        assert_ne!(fs::read(&file).unwrap(), [7; 32]);
        let secrets = open_with(folder.path(), &db, Some(&sample), 3).await.unwrap();
        assert!(secrets.open_sealed("purpose", &sample.sealed).is_ok());
        assert_eq!(secrets.digest("purpose", b"content"), digest);
    })
    .await;
}

#[tokio::test]
async fn replicas_share_the_keys_of_their_database() {
    on_each_engine(|db| async move {
        let (here, there) = (folder(), folder());
        let (a, b) = (open(here.path(), &db, 1), open(there.path(), &db, 1));
        let (a, b) = tokio::join!(a, b);
        // One was first. The other has a master key of its own, which opens nothing here.
        let (first, other, secrets) = match (a, b) {
            (Ok(secrets), Err(MasterKeyError::Other { .. })) => (here, there, secrets),
            (Err(MasterKeyError::Other { .. }), Ok(secrets)) => (there, here, secrets),
            (a, b) => panic!("{:?} {:?}", a.err(), b.err()),
        };
        fs::copy(first.path().join("master.key"), other.path().join("master.key")).unwrap();
        let copy = open(other.path(), &db, 2).await.unwrap();
        assert!(opened(&copy, &secrets.seal("p", b"content")));
        assert!(opened(&secrets, &copy.seal("p", b"content")));
    })
    .await;
}

#[tokio::test]
async fn rotation_disturbs_nobody_who_seals_and_opens() {
    on_each_engine(|db| async move {
        let folder = folder();
        let secrets = Arc::new(open(folder.path(), &db, 0).await.unwrap());
        let (stop, done) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let before = secrets.seal("p", b"content");
        let workers: Vec<_> = (0..2)
            .map(|_| {
                let (secrets, stop, done) = (Arc::clone(&secrets), Arc::clone(&stop), Arc::clone(&done));
                std::thread::spawn(move || {
                    let mut kept = Vec::new();
                    while !stop.load(Ordering::Relaxed) {
                        let sealed = secrets.seal("p", b"content");
                        assert!(opened(&secrets, &sealed));
                        if done.fetch_add(1, Ordering::Relaxed).is_multiple_of(64) {
                            kept.push(sealed);
                        }
                    }
                    kept
                })
            })
            .collect();
        for round in 1..=5 {
            let now_ms = round * 10 * MINUTE_MS;
            secrets.rotate_master_key(&db, now_ms).await.unwrap();
            let so_far = done.load(Ordering::Relaxed);
            while done.load(Ordering::Relaxed) < so_far + 100 {
                tokio::task::yield_now().await;
            }
            secrets.refresh(&db, now_ms + 6 * MINUTE_MS).await.unwrap();
            let so_far = done.load(Ordering::Relaxed);
            while done.load(Ordering::Relaxed) < so_far + 100 {
                tokio::task::yield_now().await;
            }
        }
        stop.store(true, Ordering::Relaxed);
        let kept: Vec<Vec<u8>> = workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect();
        let again = open(folder.path(), &db, 60 * MINUTE_MS).await.unwrap();
        assert!(opened(&again, &before) && kept.iter().all(|sealed| opened(&again, sealed)));
        let numbers: std::collections::BTreeSet<_> = kept.iter().map(|sealed| sealed[4]).collect();
        assert!(numbers.len() > 2, "several data keys sealed: {numbers:?}");
        is_settled(&db, folder.path()).await;
    })
    .await;
}

#[tokio::test]
async fn a_kill_at_any_step_loses_nothing() {
    on_each_engine(|db| async move {
        let folder = folder();
        let mut sealed = Vec::new();
        let mut now_ms = 0;
        for step in [Step::Written, Step::Wrapped, Step::Renamed, Step::Written, Step::Wrapped] {
            now_ms += 10 * MINUTE_MS;
            let secrets = open(folder.path(), &db, now_ms).await.unwrap();
            sealed.push(secrets.seal("p", b"content"));
            let before = rows::master(&db).await.unwrap().unwrap().id;
            let killed = secrets
                .rotate_with(&db, now_ms, |at| if at == step { Err(MasterKeyError::None) } else { Ok(()) })
                .await;
            assert!(matches!(killed, Err(MasterKeyError::None)), "{step:?}");
            drop(secrets);
            let again = open(folder.path(), &db, now_ms).await.unwrap();
            assert!(sealed.iter().all(|sealed| opened(&again, sealed)), "{step:?}");
            let changed = rows::master(&db).await.unwrap().unwrap().id != before;
            assert_eq!(changed, step != Step::Written, "{step:?}");
            is_settled(&db, folder.path()).await;
        }
        // What was begun is also finished without a start.
        let secrets = open(folder.path(), &db, now_ms).await.unwrap();
        let stop = |at| if at == Step::Wrapped { Err(MasterKeyError::None) } else { Ok(()) };
        secrets.rotate_with(&db, now_ms, stop).await.unwrap_err();
        secrets.refresh(&db, now_ms).await.unwrap();
        is_settled(&db, folder.path()).await;
        secrets.rotate_master_key(&db, now_ms).await.unwrap();
        is_settled(&db, folder.path()).await;
    })
    .await;
}

#[tokio::test]
async fn another_replica_takes_the_new_master_key_over() {
    on_each_engine(|db| async move {
        let (here, there) = (folder(), folder());
        let a = open(here.path(), &db, 0).await.unwrap();
        let key = |folder: &TempDir| fs::read(folder.path().join("master.key")).unwrap();
        fs::copy(here.path().join("master.key"), there.path().join("master.key")).unwrap();
        let b = open(there.path(), &db, 0).await.unwrap();
        a.rotate_master_key(&db, MINUTE_MS).await.unwrap();
        assert_ne!(key(&here), key(&there));
        // Until the others have had their time, the new data key seals nothing.
        assert!(opened(&b, &a.seal("p", b"content")));
        b.refresh(&db, 2 * MINUTE_MS).await.unwrap();
        assert_eq!(key(&here), key(&there));
        a.refresh(&db, 7 * MINUTE_MS).await.unwrap();
        let by_new = a.seal("p", b"content");
        assert_eq!(by_new[4], 1);
        assert!(opened(&b, &by_new));
        assert!(opened(&open(there.path(), &db, 7 * MINUTE_MS).await.unwrap(), &by_new));

        // Both at once: one of them changes it, or one after the other.
        let (first, second) =
            tokio::join!(a.rotate_master_key(&db, 9 * MINUTE_MS), b.rotate_master_key(&db, 9 * MINUTE_MS));
        assert!(first.is_ok() || second.is_ok(), "{first:?} {second:?}");
        for (secrets, folder) in [(&a, &here), (&b, &there)] {
            secrets.refresh(&db, 20 * MINUTE_MS).await.unwrap();
            is_settled(&db, folder.path()).await;
            assert!(opened(secrets, &by_new) && opened(secrets, &a.seal("p", b"content")));
        }
        assert_eq!(key(&here), key(&there));

        // Who slept through it all needs the file from another.
        let stale = folder();
        fs::copy(here.path().join("master.key"), stale.path().join("master.key")).unwrap();
        a.rotate_master_key(&db, 30 * MINUTE_MS).await.unwrap();
        let refused = open(stale.path(), &db, 31 * MINUTE_MS).await;
        assert!(matches!(refused, Err(MasterKeyError::Other { .. })));
    })
    .await;
}
