//! Deletes what is left of finished commands: by age, and when all together take too much room. A little at a time.

use crate::command::ledger::{Ledger, REMEMBER_MS, command_id_of};
use crate::settings::Settings;
use std::fs::DirEntry;
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

/// Wait before the first sweep, so that a start is not slowed down.
pub(super) const FIRST_SWEEP: Duration = Duration::from_secs(60);
/// Between sweeps.
pub(super) const PERIOD: Duration = Duration::from_secs(3600);
/// Folders deleted in one sweep.
const BATCH: usize = 100;

/// One round. Tells whether there is more to do.
pub(super) fn sweep(ledger: &Ledger, settings: &Settings, now_ms: i64) -> bool {
    let keep_ms = i64::from(settings.retention_hours) * 3_600_000;
    let mut folders = oldest_first(&ledger.finished_folder());
    // Sizes are only looked at after what is too old anyway.
    let young = folders.iter().position(|(modified, _)| now_ms - modified < keep_ms).unwrap_or(folders.len());
    let mut doomed: Vec<(i64, DirEntry)> = folders.drain(..young).collect();
    let mut sizes: Vec<u64> = folders.iter().map(|(_, entry)| size_of(&entry.path())).collect();
    let mut total: u64 = sizes.iter().sum();
    for (folder, size) in folders.into_iter().zip(sizes.drain(..)) {
        if total <= settings.retention_bytes {
            break;
        }
        total = total.saturating_sub(size);
        doomed.push(folder);
    }
    let more = doomed.len() > BATCH;
    for (_, entry) in doomed.into_iter().take(BATCH) {
        bury(ledger, &entry.path());
    }
    for (modified, entry) in oldest_first(&ledger.marks()) {
        if now_ms - modified > REMEMBER_MS {
            let _ = std::fs::remove_file(entry.path());
        }
    }
    more
}

/// Deletes the older half of the finished folders, at most a batch. Tells whether any was deleted.
pub(super) fn make_room(ledger: &Ledger) -> bool {
    let folders = oldest_first(&ledger.finished_folder());
    let count = folders.len().div_ceil(2).min(BATCH);
    tracing::warn!("the disk is full: deleting the folders of {count} finished commands");
    folders.into_iter().take(count).filter(|(_, entry)| bury(ledger, &entry.path())).count() > 0
}

fn bury(ledger: &Ledger, path: &Path) -> bool {
    let Some(command_id) = command_id_of(path) else { return false };
    match ledger.bury(&command_id) {
        Ok(()) => true,
        Err(error) => {
            tracing::warn!("the folder of command {command_id} cannot be deleted: {error}");
            false
        }
    }
}

/// Entries of a folder with their times of modification, epoch milliseconds.
fn oldest_first(folder: &Path) -> Vec<(i64, DirEntry)> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut found: Vec<(i64, DirEntry)> = entries
        .flatten()
        .filter_map(|entry| {
            let modified = entry.metadata().ok()?.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
            Some((i64::try_from(modified.as_millis()).ok()?, entry))
        })
        .collect();
    found.sort_by_key(|(modified, _)| *modified);
    found
}

/// Bytes of the files in a folder and below. Links are not followed.
fn size_of(folder: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    entries
        .flatten()
        .map(|entry| match entry.metadata() {
            Ok(data) if data.is_dir() => size_of(&entry.path()),
            Ok(data) => data.len(),
            Err(_) => 0,
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::folder::sample_job;
    use crate::command::ledger::Known;
    use crate::paths::DataDir;

    fn with_finished(count: usize) -> (tempfile::TempDir, Ledger, Vec<String>) {
        let base = tempfile::tempdir().unwrap();
        let data = DataDir::at(base.path());
        data.create().unwrap();
        let ledger = Ledger::new(data);
        let ids: Vec<String> =
            (0..count).map(|number| format!("11111111-2222-4333-8444-{number:012}")).collect();
        for id in &ids {
            let mut job = sample_job(base.path());
            job.command_id.clone_from(id);
            let folder = ledger.accept(&job).unwrap();
            std::fs::write(folder.path().join("big"), vec![0; 10_000]).unwrap();
            ledger.finish(id).unwrap();
        }
        (base, ledger, ids)
    }

    fn remembered(ledger: &Ledger, ids: &[String]) -> usize {
        ids.iter().filter(|id| ledger.look_up(id) == Known::Remembered).count()
    }

    fn now_ms() -> i64 {
        crate::clock::Clock::from_environment().local_ms()
    }

    #[test]
    fn age_and_size_decide() {
        let (_base, ledger, ids) = with_finished(4);
        let settings = Settings::default();
        assert!(!sweep(&ledger, &settings, now_ms()));
        assert_eq!(remembered(&ledger, &ids), 0);
        sweep(&ledger, &Settings { retention_bytes: 25_000, ..settings.clone() }, now_ms());
        assert_eq!(remembered(&ledger, &ids), 2);
        let later = now_ms() + 15 * 24 * 3_600_000;
        sweep(&ledger, &settings, later);
        // The marks themselves are older than a week by then and go in the same round.
        assert!(ids.iter().all(|id| ledger.look_up(id) == Known::No));
    }

    #[test]
    fn room_is_made_from_the_oldest() {
        let (_base, ledger, ids) = with_finished(3);
        assert!(make_room(&ledger));
        assert_eq!(remembered(&ledger, &ids), 2);
    }
}
