//! What happened to a command: an append-only log, one JSON object a line, durable before anybody acts on it.
//!
//! The line number of an event is its identity: the reply that reports it gets its message id from it, so an event is
//! always reported under the same id. Appending works on a full disk, because space is reserved ahead of the end.

use crate::command::folder::RESERVE_BYTES;
use crate::platform;
use muster_protocol::message::Status;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub(crate) enum Event {
    /// The step is about to run. Whoever finds this without an end must not run it again.
    StepStarted {
        /// Number of the step, from 0.
        step: usize,
        /// Epoch milliseconds.
        at_ms: i64,
        /// Boot in which it ran.
        boot: String,
    },
    /// The process group of the running step; a hint for clearing up, not waited for on its way to the disk.
    StepProcess {
        /// Number of the step.
        step: usize,
        /// Process group.
        group: u32,
        /// Session, which is the worker's process id.
        session: u32,
    },
    /// The step has ended.
    StepFinished {
        /// Number of the step.
        step: usize,
        /// Its result.
        outcome: Outcome,
        /// Whether all later steps but a final one are skipped.
        #[serde(default)]
        ends_document: bool,
    },
    /// The step asked for a restart of the machine; it runs again in another boot.
    Reboot {
        /// Number of the step.
        step: usize,
        /// Its result so far.
        outcome: Outcome,
        /// Boot that has to end.
        boot: String,
    },
    /// Nothing more will happen.
    Done {
        /// Epoch milliseconds.
        at_ms: i64,
        /// Status of the document.
        status: Status,
        /// Why, when no step says it.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        trace: String,
    },
}

/// The result of a step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Outcome {
    /// Key of the step in the reply.
    pub(crate) id: String,
    /// The plugin's name.
    pub(crate) plugin: String,
    /// Result.
    pub(crate) status: Status,
    /// Exit code.
    pub(crate) code: i64,
    /// Standard output, cut for the reply.
    #[serde(default)]
    pub(crate) standard_output: String,
    /// Standard error, cut for the reply.
    #[serde(default)]
    pub(crate) standard_error: String,
    /// Both together, cut for the reply.
    #[serde(default)]
    pub(crate) output: String,
    /// Epoch milliseconds.
    pub(crate) started_ms: i64,
    /// Epoch milliseconds.
    pub(crate) ended_ms: i64,
    /// Standard output is longer than the reply shows.
    #[serde(default)]
    pub(crate) more_stdout: bool,
    /// Standard error is longer than the reply shows.
    #[serde(default)]
    pub(crate) more_stderr: bool,
}

impl Outcome {
    /// The same result without texts, for when there is no room for them.
    fn without_texts(&self) -> Self {
        let note = "The output could not be stored: the disk of this node is full.".to_owned();
        Self {
            standard_output: String::new(),
            standard_error: note.clone(),
            output: note,
            more_stdout: false,
            more_stderr: false,
            ..self.clone()
        }
    }
}

impl Event {
    fn without_texts(&self) -> Self {
        match self {
            Self::StepFinished { step, outcome, ends_document } => Self::StepFinished {
                step: *step,
                outcome: outcome.without_texts(),
                ends_document: *ends_document,
            },
            Self::Reboot { step, outcome, boot } => {
                Self::Reboot { step: *step, outcome: outcome.without_texts(), boot: boot.clone() }
            }
            other => other.clone(),
        }
    }
}

/// The log opened for writing.
#[derive(Debug)]
pub(crate) struct EventLog {
    file: File,
    end: u64,
    events: Vec<Event>,
}

impl EventLog {
    /// Opens the log and reads it. A last line that was not written to its end is dropped: nobody has acted on it.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let mut file =
            crate::paths::private_file().read(true).write(true).create(true).truncate(false).open(path)?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        let (events, end) = parse(&bytes);
        if end < bytes.len() as u64 {
            file.set_len(end)?;
        }
        Ok(Self { file, end, events })
    }

    /// All events.
    pub(crate) fn events(&self) -> &[Event] {
        &self.events
    }

    /// Appends events durably. When there is no room for texts, they are left out; when there is no room at all
    /// although it was reserved, the error comes back and nothing was appended.
    pub(crate) fn append(&mut self, events: &[Event]) -> io::Result<()> {
        let bytes = lines(events)?;
        let kept = match self.write(&bytes, RESERVE_BYTES) {
            Ok(()) => events.to_vec(),
            Err(_) => {
                let small: Vec<Event> = events.iter().map(Event::without_texts).collect();
                self.write(&lines(&small)?, 0)?;
                small
            }
        };
        self.file.sync_data()?;
        self.events.extend(kept);
        Ok(())
    }

    /// Appends a hint: not synced, and losing it is no harm.
    pub(crate) fn note(&mut self, event: Event) {
        if let Ok(bytes) = lines(std::slice::from_ref(&event))
            && self.write(&bytes, 0).is_ok()
        {
            self.events.push(event);
        }
    }

    fn write(&mut self, bytes: &[u8], reserve_after: u64) -> io::Result<()> {
        let length = bytes.len() as u64;
        if reserve_after > 0 {
            platform::reserve(&self.file, self.end, length + reserve_after)?;
        }
        self.file.seek(SeekFrom::Start(self.end))?;
        if let Err(error) = self.file.write_all(bytes) {
            self.file.set_len(self.end)?;
            return Err(error);
        }
        self.end += length;
        Ok(())
    }
}

fn lines(events: &[Event]) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    for event in events {
        serde_json::to_writer(&mut bytes, event)?;
        bytes.push(b'\n');
    }
    Ok(bytes)
}

/// The whole events in `bytes` and where they end. A line that is no event ends the reading: what follows it cannot be
/// trusted, and its steps count as not finished.
fn parse(bytes: &[u8]) -> (Vec<Event>, u64) {
    let mut events = Vec::new();
    let mut end = 0;
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        let Some(text) = line.strip_suffix(b"\n") else { break };
        let Ok(event) = serde_json::from_slice(text) else { break };
        events.push(event);
        end += line.len() as u64;
    }
    (events, end)
}

/// Where a reader of the log stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Position {
    /// Bytes read.
    offset: u64,
    /// Events read, which is the number of the next one.
    pub(crate) number: usize,
}

impl Position {
    /// Reads the whole events that were added, and moves on.
    /// Each comes with its number.
    pub(crate) fn read_new(&mut self, path: &Path) -> io::Result<Vec<(usize, Event)>> {
        let mut file = File::open(path)?;
        file.seek(SeekFrom::Start(self.offset))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        let (events, length) = parse(&bytes);
        self.offset += length;
        let first = self.number;
        self.number += events.len();
        Ok(events.into_iter().enumerate().map(|(index, event)| (first + index, event)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn done() -> Event {
        Event::Done { at_ms: 1, status: Status::Success, trace: String::new() }
    }

    fn started(step: usize) -> Event {
        Event::StepStarted { step, at_ms: 7, boot: "b".into() }
    }

    #[test]
    fn torn_tail_is_dropped_and_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("events");
        EventLog::open(&path).unwrap().append(&[started(0)]).unwrap();
        let mut bytes = std::fs::read(&path).unwrap();
        bytes.extend_from_slice(b"{\"event\":\"done\",\"at");
        std::fs::write(&path, &bytes).unwrap();

        let mut reader = Position::default();
        assert_eq!(reader.read_new(&path).unwrap(), vec![(0, started(0))]);

        let mut log = EventLog::open(&path).unwrap();
        assert_eq!(log.events(), [started(0)]);
        log.append(&[done()]).unwrap();
        assert_eq!(reader.read_new(&path).unwrap(), vec![(1, done())]);
        assert_eq!(reader.read_new(&path).unwrap(), vec![]);
    }

    #[test]
    fn a_full_disk_costs_the_texts_only() {
        // /dev/full has no room at all; a log over it shows that the error comes back and nothing is remembered.
        let mut log =
            EventLog { file: File::options().write(true).open("/dev/full").unwrap(), end: 0, events: vec![] };
        assert!(log.append(&[done()]).is_err());
        assert!(log.events().is_empty());
    }

    proptest! {
        #[test]
        fn any_cut_leaves_a_prefix(steps in proptest::collection::vec(0usize..5, 0..6), cut in 0usize..400) {
            let events: Vec<Event> = steps.into_iter().map(started).collect();
            let bytes = lines(&events).unwrap();
            let cut = cut.min(bytes.len());
            let (read, end) = parse(&bytes[..cut]);
            prop_assert!(events.starts_with(&read));
            prop_assert!(end as usize <= cut);
        }

        #[test]
        fn rubbish_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = parse(&bytes);
        }
    }
}
