//! The journal: every event is in it before its call is answered. It consists of segments, which are files of lines
//! in `DATA_DIR/audit`; one is written to, and the closed ones wait to be sealed.
//!
//! A line is one `write`, so a process that is killed loses nothing; [`Journal::sync`] puts them on the disk. Not
//! for: what stands in a line, or where sealed events go.

use super::line::{self, LineKey};
use crate::secrets::{Secrets, random_alphanumeric};
use aws_lc_rs::hmac;
use std::{
    collections::VecDeque,
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::sync::Mutex as AsyncMutex;

const SUFFIX: &str = "journal";
/// What a segment is called whose lines were altered, after the rest was sealed. It is kept for people to look at.
const DAMAGED: &str = "damaged";

/// An event could not be written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum JournalError {
    /// The system's word.
    #[error("cannot write the audit journal: {0}")]
    Write(#[from] io::Error),
    /// More waits to be sealed than may.
    #[error("the audit journal has reached its limit of {0} bytes: nothing of it can be sealed")]
    Full(u64),
}

/// A segment that is written no more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Closed {
    pub(super) id: String,
    pub(super) path: PathBuf,
    /// What this process wrote; none of a segment that an earlier one left.
    pub(super) written: Option<Written>,
}

impl Closed {
    /// When it was begun, milliseconds since the epoch: its name begins with it.
    pub(super) fn opened_ms(&self) -> i64 {
        self.id.split('-').next().and_then(|ms| ms.parse().ok()).unwrap_or(i64::MAX)
    }
}

/// How far a segment was written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Written {
    pub(super) bytes: u64,
    pub(super) lines: u32,
}

/// How much there is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Backlog {
    /// Segments, the one that is written to included.
    pub(crate) segments: usize,
    /// Bytes that are not sealed.
    pub(crate) bytes: u64,
}

#[derive(Debug)]
struct Active {
    id: String,
    path: PathBuf,
    file: Arc<File>,
    key: LineKey,
    opened_ms: i64,
    written: Written,
}

#[derive(Debug, Default)]
struct State {
    active: Option<Active>,
    closed: VecDeque<Closed>,
    /// Bytes of the closed ones.
    closed_bytes: u64,
    /// Files with lines that may not be on the disk.
    unsynced: Vec<Arc<File>>,
    /// Whether a file was made or removed since the folder was synced.
    folder_changed: bool,
    /// Lines ever written.
    appended: u64,
}

/// The journal of this replica.
#[derive(Debug)]
pub(super) struct Journal {
    folder: PathBuf,
    master: hmac::Key,
    segment_bytes: u64,
    journal_bytes: u64,
    state: Mutex<State>,
    /// How many lines are on the disk. Who holds it syncs for all that wait.
    synced: AsyncMutex<u64>,
}

impl Journal {
    /// Opens the folder, and finds what an earlier process left.
    pub(super) fn open(
        folder: &Path,
        secrets: &Secrets,
        segment_bytes: u64,
        journal_bytes: u64,
    ) -> io::Result<Self> {
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        let mut found = Vec::new();
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == SUFFIX) {
                found.push((fs::metadata(&path)?.len(), path));
            }
        }
        // By name, which begins with the time.
        found.sort_by(|one, other| one.1.cmp(&other.1));
        let mut state = State::default();
        for (bytes, path) in found {
            let id = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            state.closed_bytes += bytes;
            state.closed.push_back(Closed { id, path, written: None });
        }
        Ok(Self {
            folder: folder.to_owned(),
            master: hmac::Key::new(hmac::HMAC_SHA256, &secrets.digest("audit-journal", b"")),
            segment_bytes,
            journal_bytes,
            state: Mutex::new(state),
            synced: AsyncMutex::new(0),
        })
    }

    /// Appends a line that [`line::begin`] began and that is whole but for tag and number. Its place among all
    /// lines, to wait for with [`sync_to`](Self::sync_to).
    pub(super) fn append(&self, now_ms: i64, line: &mut [u8]) -> Result<u64, JournalError> {
        let mut state = self.state();
        let length = line.len() as u64;
        let active_bytes = state.active.as_ref().map_or(0, |active| active.written.bytes);
        if state.closed_bytes + active_bytes + length > self.journal_bytes {
            return Err(JournalError::Full(self.journal_bytes));
        }
        if active_bytes + length > self.segment_bytes {
            state.close();
        }
        let mut active = match state.active.take() {
            Some(active) => active,
            None => self.begin(&mut state, now_ms)?,
        };
        let outcome = active.append(line);
        state.active = Some(active);
        if let Err(error) = outcome {
            // Whatever part of the line is there, it is beyond what counts. The number is not used again.
            state.close();
            return Err(error.into());
        }
        state.appended += 1;
        Ok(state.appended)
    }

    fn begin(&self, state: &mut State, now_ms: i64) -> io::Result<Active> {
        let id = format!("{now_ms:013}-{}", random_alphanumeric(16));
        let path = self.folder.join(format!("{id}.{SUFFIX}"));
        let file = OpenOptions::new().read(true).append(true).create_new(true).mode(0o600).open(&path)?;
        let file = Arc::new(file);
        let key = self.key(&id).ok_or_else(|| io::Error::other("no key"))?;
        state.unsynced.push(Arc::clone(&file));
        state.folder_changed = true;
        Ok(Active { id, path, file, key, opened_ms: now_ms, written: Written::default() })
    }

    /// The key of a segment's lines.
    pub(super) fn key(&self, id: &str) -> Option<LineKey> {
        LineKey::new(hmac::sign(&self.master, id.as_bytes()).as_ref())
    }

    /// Closes the segment that is written to if it was opened before this time.
    pub(super) fn close_before(&self, ms: i64) {
        let mut state = self.state();
        // A clock that was put back must not keep it open for ever, but then the size ends it.
        if state.active.as_ref().is_some_and(|active| active.opened_ms <= ms) {
            state.close();
        }
    }

    /// Segments that wait to be sealed, the oldest first.
    pub(super) fn closed(&self) -> Vec<Closed> {
        self.state().closed.iter().cloned().collect()
    }

    /// Every segment, the newest first, the one that is written to as it is now.
    pub(super) fn all(&self) -> Vec<Closed> {
        let state = self.state();
        let active = state.active.as_ref().map(Active::as_closed);
        active.into_iter().chain(state.closed.iter().rev().cloned()).collect()
    }

    /// Removes a segment whose events are sealed; keeps it under another name if it was damaged.
    pub(super) fn remove(&self, segment: &Closed, damaged: bool) -> io::Result<()> {
        let bytes = fs::metadata(&segment.path).map_or(0, |metadata| metadata.len());
        if damaged {
            fs::rename(&segment.path, segment.path.with_extension(DAMAGED))?;
        } else {
            match fs::remove_file(&segment.path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        let mut state = self.state();
        let before = state.closed.len();
        state.closed.retain(|closed| closed.id != segment.id);
        if state.closed.len() < before {
            let counted = segment.written.map_or(bytes, |written| written.bytes);
            state.closed_bytes = state.closed_bytes.saturating_sub(counted);
        }
        state.folder_changed = true;
        Ok(())
    }

    /// Names of segments that were found damaged and kept.
    pub(super) fn damaged(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == DAMAGED) {
                names.push(path.file_name().unwrap_or_default().to_string_lossy().into_owned());
            }
        }
        names.sort();
        Ok(names)
    }

    /// How much waits to be sealed.
    pub(super) fn backlog(&self) -> Backlog {
        let state = self.state();
        let active = state.active.as_ref();
        Backlog {
            segments: state.closed.len() + usize::from(active.is_some()),
            bytes: state.closed_bytes + active.map_or(0, |active| active.written.bytes),
        }
    }

    /// Puts everything written so far on the disk.
    pub(super) async fn sync(&self) -> io::Result<()> {
        let appended = self.state().appended;
        self.sync_to(appended).await
    }

    /// Returns when the line at this place is on the disk. Many that wait share one sync.
    pub(super) async fn sync_to(&self, place: u64) -> io::Result<()> {
        let mut synced = self.synced.lock().await;
        let (appended, files, folder) = {
            let mut state = self.state();
            if *synced >= place && !state.folder_changed {
                return Ok(());
            }
            let folder = std::mem::take(&mut state.folder_changed).then(|| self.folder.clone());
            let files = state.unsynced.clone();
            // The active one stays: it will be written to again.
            let active = state.active.as_ref().map(|active| Arc::clone(&active.file));
            state.unsynced = active.into_iter().collect();
            (state.appended, files, folder)
        };
        let changed = folder.is_some();
        let outcome = tokio::task::spawn_blocking(move || {
            files.iter().try_for_each(|file| file.sync_data())?;
            folder.map_or(Ok(()), |folder| File::open(folder)?.sync_all())
        })
        .await
        .map_err(io::Error::other)
        .flatten();
        match outcome {
            Ok(()) => {
                *synced = appended;
                Ok(())
            }
            Err(error) => {
                // What the system has thrown away it never writes: the next lines go to another file.
                let mut state = self.state();
                state.close();
                state.folder_changed |= changed;
                Err(error)
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn close(&mut self) {
        if let Some(active) = self.active.take() {
            self.closed_bytes += active.written.bytes;
            self.closed.push_back(active.as_closed());
        }
    }
}

impl Active {
    fn append(&mut self, content: &mut [u8]) -> io::Result<()> {
        let wrong = || io::Error::from(io::ErrorKind::InvalidInput);
        line::finish(content, &self.key, self.written.lines).ok_or_else(wrong)?;
        // The file is opened for appending: one call of the system for a line, and nobody reads half of one but
        // after a failure.
        (&*self.file).write_all(content)?;
        self.written.bytes += content.len() as u64;
        self.written.lines += 1;
        Ok(())
    }

    fn as_closed(&self) -> Closed {
        Closed { id: self.id.clone(), path: self.path.clone(), written: Some(self.written) }
    }
}
