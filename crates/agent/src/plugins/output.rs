//! Where a step's output goes: in full to a private file, and its beginning to memory for the reply.
//!
//! A disk that is full or a file that reaches its limit never disturbs the step: the rest is read and dropped, and a
//! note says so.

use crate::paths::private_file;
use muster_protocol::document::output::{OUTPUT_LIMIT, combine, cut_stream};
use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;

/// Bytes that certainly hold all characters that a reply shows: four for each, and one more character.
const HEAD_BYTES: usize = (OUTPUT_LIMIT + 1) * 4;

/// What a file gives back when the disk is full, so that results can be written.
const GIVE_BACK: u64 = 1 << 20;

/// Standard output and standard error of one step.
#[derive(Debug)]
pub(crate) struct CapturedOutput {
    /// Standard output.
    pub(crate) stdout: Captured,
    /// Standard error.
    pub(crate) stderr: Captured,
}

impl CapturedOutput {
    /// Starts both streams in the step's folder. `limit`: most bytes kept of each.
    pub(crate) fn create(folder: &Path, limit: u64) -> Self {
        let stream = |name| Captured::create(&folder.join(name), limit);
        Self { stdout: stream("stdout"), stderr: stream("stderr") }
    }

    /// Appends a line of the agent's own to standard error.
    pub(crate) fn say(&mut self, line: &str) {
        self.conclude(&format!("{line}\n"));
    }

    /// Appends last words of the agent's own to standard error, on a line of their own that they do not end.
    pub(crate) fn conclude(&mut self, words: &str) {
        let separator = if self.stderr.ends_line() { "" } else { "\n" };
        self.stderr.write(format!("{separator}{words}").as_bytes());
    }

    /// Appends a line of the agent's own to both.
    pub(crate) fn say_both(&mut self, line: &str) {
        self.stdout.write(format!("\n{line}\n").as_bytes());
        self.say(line);
    }

    /// Texts for the reply: standard output, standard error, and both together. Standard error also tells what could
    /// not be kept on this node.
    pub(crate) fn texts(&self) -> (String, String, String) {
        let (stdout, stderr) = (self.stdout.text(), self.stderr.text());
        let both = combine(&stdout, &stderr);
        let mut shown = cut_stream(&stderr);
        for (name, stream) in [("Standard output", &self.stdout), ("Standard error", &self.stderr)] {
            if let Some(reason) = &stream.lost {
                shown.push_str(&format!("\n{name} is not complete on this node: {reason}.\n"));
            }
        }
        (cut_stream(&stdout), shown, both)
    }
}

/// One stream.
#[derive(Debug)]
pub(crate) struct Captured {
    file: Option<File>,
    room: u64,
    limit: u64,
    head: Vec<u8>,
    total: u64,
    lost: Option<String>,
}

impl Captured {
    fn create(path: &Path, limit: u64) -> Self {
        let mut this = Self { file: None, room: limit, limit, head: Vec::new(), total: 0, lost: None };
        match private_file().write(true).create(true).truncate(true).open(path) {
            Ok(file) => this.file = Some(file),
            Err(error) => this.lost = Some(describe(&error)),
        }
        this
    }

    /// Takes bytes of the stream.
    pub(crate) fn write(&mut self, bytes: &[u8]) {
        self.total = self.total.saturating_add(bytes.len() as u64);
        self.keep_head(bytes);
        let Some(file) = &mut self.file else { return };
        let fitting = usize::try_from(self.room).unwrap_or(usize::MAX).min(bytes.len());
        let written = file.write_all(bytes.get(..fitting).unwrap_or_default());
        self.room = self.room.saturating_sub(fitting as u64);
        let problem = match written {
            Err(error) => {
                if is_full(&error)
                    && let Ok(data) = file.metadata()
                {
                    let _ = file.set_len(data.len().saturating_sub(GIVE_BACK));
                }
                Some(describe(&error))
            }
            Ok(()) if fitting < bytes.len() => Some(format!("the limit of {} bytes was reached", self.limit)),
            Ok(()) => None,
        };
        if problem.is_some() {
            self.lost = problem;
            self.file = None;
        }
    }

    fn keep_head(&mut self, bytes: &[u8]) {
        let room = HEAD_BYTES.saturating_sub(self.head.len()).min(bytes.len());
        self.head.extend_from_slice(bytes.get(..room).unwrap_or_default());
    }

    fn ends_line(&self) -> bool {
        self.head.last().is_none_or(|byte| *byte == b'\n')
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.head).into_owned()
    }

    /// Whether the stream is longer than a reply shows and its file has more.
    pub(crate) fn has_more(&self) -> bool {
        self.total > 0 && self.text().chars().nth(OUTPUT_LIMIT).is_some()
    }

    /// Forgets what was captured; for results that clear their error text.
    pub(crate) fn clear(&mut self) {
        self.head.clear();
    }
}

fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

fn describe(error: &io::Error) -> String {
    if is_full(error) { "the disk is full".to_owned() } else { error.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_all_in_files_and_the_head_for_replies() {
        let folder = tempfile::tempdir().unwrap();
        let mut output = CapturedOutput::create(folder.path(), 1 << 20);
        for _ in 0..100 {
            output.stdout.write(&[b'x'; 1000]);
        }
        output.say("note");
        let (stdout, stderr, _) = output.texts();
        assert!(stdout.starts_with("xxx") && stdout.chars().count() < 25_000);
        assert_eq!(stderr, "note\n");
        assert!(output.stdout.has_more() && !output.stderr.has_more());
        assert_eq!(std::fs::metadata(folder.path().join("stdout")).unwrap().len(), 100_000);
    }

    #[test]
    fn limits_and_missing_folders_leave_a_note() {
        let folder = tempfile::tempdir().unwrap();
        let mut output = CapturedOutput::create(folder.path(), 10);
        output.stdout.write(b"0123456789abc");
        let (stdout, stderr, _) = output.texts();
        assert_eq!(stdout, "0123456789abc");
        assert!(stderr.contains("the limit of 10 bytes was reached"), "{stderr}");
        assert_eq!(std::fs::metadata(folder.path().join("stdout")).unwrap().len(), 10);

        let mut output = CapturedOutput::create(Path::new("/nowhere"), 10);
        output.stdout.write(b"ok");
        assert!(output.texts().1.contains("not complete"));
    }
}
