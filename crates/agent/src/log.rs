//! The log: short lines to standard error (systemd's journal prefixes when it listens) and to a rotated file.
//!
//! A `tracing` subscriber of its own, because the usual one costs more memory and binary than the whole logging
//! of an agent is worth. Spans are not kept: a line says all it has to say. Not for output of commands.

use crate::clock::Clock;
use muster_protocol::iso_millis;
use std::fmt::Write as _;
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Metadata, Subscriber, span};

/// A log file grows to this many bytes, then becomes `agent.log.1`.
const ROTATE_AT: u64 = 5 * 1024 * 1024;
/// Old log files kept.
const KEEP: u32 = 2;

/// Starts logging for the process. `file`: the log file, if one is wanted.
pub(crate) fn start(level: Level, file: Option<&Path>) {
    let logger = Logger {
        level,
        journal: std::env::var_os("JOURNAL_STREAM").is_some(),
        file: file.map(|path| Mutex::new(RotatedFile::open(path.to_owned()))),
        clock: Mutex::new(Clock::from_environment()),
    };
    // A second call in one process (tests) keeps the first logger.
    let _ = tracing::subscriber::set_global_default(logger);
}

struct Logger {
    level: Level,
    journal: bool,
    file: Option<Mutex<RotatedFile>>,
    clock: Mutex<Clock>,
}

impl Subscriber for Logger {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        // Libraries below us are quiet unless they have a problem; their debug lines name peers and headers.
        metadata.level() <= &self.level
            && (metadata.target().starts_with("muster") || metadata.level() <= &Level::WARN)
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut text = Text::default();
        event.record(&mut text);
        let line = text.finish();
        let level = *event.metadata().level();
        let stamp = self.clock.lock().map(|clock| iso_millis(clock.local_ms())).unwrap_or_default();
        // Failing to log must never stop the agent: results of writes are dropped on purpose.
        let _ = if self.journal {
            std::io::stderr().write_all(format!("<{}>{line}\n", journal_priority(level)).as_bytes())
        } else {
            std::io::stderr().write_all(format!("{stamp} {level:5} {line}\n").as_bytes())
        };
        if let Some(file) = &self.file
            && let Ok(mut file) = file.lock()
        {
            file.write(format!("{stamp} {level:5} {line}\n").as_bytes());
        }
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

/// Priorities of sd-daemon(3).
fn journal_priority(level: Level) -> u8 {
    match level {
        Level::ERROR => 3,
        Level::WARN => 4,
        Level::INFO => 6,
        _ => 7,
    }
}

#[derive(Default)]
struct Text {
    message: String,
    fields: String,
}

impl Text {
    fn finish(self) -> String {
        // One event, one line, whatever came from outside into its fields.
        let mut line = self.message;
        line.push_str(&self.fields);
        if line.contains(['\n', '\r']) { line.replace(['\n', '\r'], " ") } else { line }
    }
}

impl Visit for Text {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        let _ = if field.name() == "message" {
            write!(self.message, "{value:?}")
        } else {
            write!(self.fields, " {}={value:?}", field.name())
        };
    }
}

struct RotatedFile {
    path: PathBuf,
    file: Option<File>,
    size: u64,
}

impl RotatedFile {
    fn open(path: PathBuf) -> Self {
        let mut this = Self { path, file: None, size: 0 };
        this.reopen();
        this
    }

    fn reopen(&mut self) {
        self.file = OpenOptions::new().create(true).append(true).mode(0o600).open(&self.path).ok();
        self.size = self.file.as_ref().and_then(|file| file.metadata().ok()).map_or(0, |data| data.len());
    }

    fn write(&mut self, line: &[u8]) {
        if self.size >= ROTATE_AT {
            self.file = None;
            for number in (1..KEEP).rev() {
                let _ = std::fs::rename(numbered(&self.path, number), numbered(&self.path, number + 1));
            }
            let _ = std::fs::rename(&self.path, numbered(&self.path, 1));
            self.reopen();
        }
        if let Some(file) = &mut self.file
            && file.write_all(line).is_ok()
        {
            self.size += line.len() as u64;
        }
    }
}

fn numbered(path: &Path, number: u32) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{number}"));
    PathBuf::from(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rotates_and_keeps_a_few() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("agent.log");
        let mut log = RotatedFile::open(path.clone());
        for round in 0..4 {
            log.size = ROTATE_AT;
            log.write(format!("round {round}\n").as_bytes());
        }
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "round 3\n");
        assert_eq!(std::fs::read_to_string(numbered(&path, 1)).unwrap(), "round 2\n");
        assert_eq!(std::fs::read_to_string(numbered(&path, 2)).unwrap(), "round 1\n");
        assert!(!numbered(&path, 3).exists());
    }

    #[test]
    fn one_event_is_one_line() {
        let text = Text { message: "a".into(), fields: " b=x\ny".into() };
        assert_eq!(text.finish(), "a b=x y");
    }
}
