//! One command that is not finished, or not fully reported, as the manager sees it.

use crate::command::event::{Event, Position};
use crate::command::folder::{CommandFolder, JobRecord};
use std::collections::BTreeSet;
use std::io;
use uuid::Uuid;

/// Where a command stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// Waits for a worker.
    Queued,
    /// A worker runs it, which is a child of this process or of an agent before it.
    Running,
    /// Waits for the machine to restart.
    Rebooting,
    /// Has ended; replies may be under way.
    Done,
}

/// One command.
#[derive(Debug)]
pub(super) struct Active {
    /// Its files.
    pub(super) folder: CommandFolder,
    /// The job.
    pub(super) job: JobRecord,
    /// Where it stands.
    pub(super) state: State,
    /// The worker was started by an agent before this one: its end has to be asked for.
    pub(super) foreign: bool,
    /// How far its events were read.
    pub(super) position: Position,
    /// Events that were read.
    pub(super) events: Vec<(usize, Event)>,
    /// How many of them were given to the channel.
    pub(super) reported: usize,
    /// An upload is under way; reports wait for it.
    pub(super) uploading: bool,
    /// The event whose output is at the server, or will never be.
    pub(super) uploaded: Option<usize>,
    /// Replies that the server has not acknowledged.
    pub(super) unacknowledged: BTreeSet<Uuid>,
    /// Replies that it had acknowledged before this agent started.
    pub(super) acknowledged: BTreeSet<Uuid>,
    /// Workers that died without getting anywhere.
    pub(super) futile_starts: u32,
    /// Events when the last worker was started.
    pub(super) events_at_start: usize,
}

impl Active {
    /// A command that was just accepted.
    pub(super) fn new(folder: CommandFolder, job: JobRecord) -> Self {
        Self {
            folder,
            job,
            state: State::Queued,
            foreign: false,
            position: Position::default(),
            events: Vec::new(),
            reported: 0,
            uploading: false,
            uploaded: None,
            unacknowledged: BTreeSet::new(),
            acknowledged: BTreeSet::new(),
            futile_starts: 0,
            events_at_start: 0,
        }
    }

    /// A command found on the disk when the agent starts, or when the server asks again for a finished one.
    pub(super) fn restore(folder: CommandFolder, job: JobRecord, boot: &str) -> io::Result<Self> {
        let mut this = Self::new(folder, job);
        this.acknowledged = std::fs::read_to_string(this.folder.acknowledged())
            .unwrap_or_default()
            .lines()
            .filter_map(|line| Uuid::parse_str(line).ok())
            .collect();
        this.read_events()?;
        if this.state != State::Done {
            let lives = this.folder.try_lock()?.is_none();
            this.foreign = lives;
            this.state = match (lives, this.reboot_from()) {
                (true, _) => State::Running,
                (false, Some(from)) if from == boot => State::Rebooting,
                (false, _) => State::Queued,
            };
        }
        Ok(this)
    }

    /// Reads what was added to the events. Sets the state when they tell the end.
    pub(super) fn read_events(&mut self) -> io::Result<()> {
        let new = self.position.read_new(&self.folder.events())?;
        if new.iter().any(|(_, event)| matches!(event, Event::Done { .. })) {
            self.state = State::Done;
        }
        self.events.extend(new);
        Ok(())
    }

    /// The boot that has to end, when the last thing that happened is a step that asked for that.
    pub(super) fn reboot_from(&self) -> Option<&str> {
        match self.events.last() {
            Some((_, Event::Reboot { boot, .. })) => Some(boot),
            _ => None,
        }
    }

    /// Whether nothing is left to run or to report.
    pub(super) fn is_over(&self) -> bool {
        self.state == State::Done
            && !self.uploading
            && self.reported == self.events.len()
            && self.unacknowledged.is_empty()
    }
}
