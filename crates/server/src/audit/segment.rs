//! Reading a segment of the journal: which of its lines are as they were written, and what is wrong with the rest.
//! Not for: where the lines go.

use super::{
    journal::{Closed, Journal},
    line::{self, Fault, Line},
};
use std::{fs, io};

/// The content of a segment.
#[derive(Debug)]
pub(super) struct Segment {
    content: Vec<u8>,
    /// Bytes that were there and do not count, or that should be there and are not.
    beyond: bool,
}

/// What a segment holds.
#[derive(Debug, Default)]
pub(super) struct Lines<'a> {
    /// Lines as they were written.
    pub(super) good: Vec<Line<'a>>,
    /// What is wrong; empty in an untouched segment.
    pub(super) damage: Vec<String>,
}

impl Segment {
    /// Reads the file, as far as this process wrote it.
    pub(super) fn load(segment: &Closed) -> io::Result<Self> {
        let mut content = fs::read(&segment.path)?;
        let mut beyond = false;
        if let Some(written) = segment.written {
            let length = usize::try_from(written.bytes).unwrap_or(usize::MAX);
            beyond = content.len() < length;
            content.truncate(length);
        }
        Ok(Self { content, beyond })
    }

    /// Every line, checked.
    pub(super) fn lines(&self, segment: &Closed, journal: &Journal) -> Lines<'_> {
        let mut lines = Lines::default();
        let Some(key) = journal.key(&segment.id) else { return lines };
        let mut next = 0_u32;
        for (place, content) in self.content.split_inclusive(|byte| *byte == b'\n').enumerate() {
            let place = place + 1;
            match line::read(content, &key, next) {
                Ok(line) => lines.good.push(line),
                // The process ended in the middle of it, so its call was never answered.
                Err(_) if !content.ends_with(b"\n") && segment.written.is_none() => continue,
                Err(Fault::Altered) => lines.damage.push(format!("line {place} was altered")),
                Err(Fault::OutOfPlace) => {
                    lines.damage.push(format!("lines are missing or out of order at line {place}"));
                    // It is genuine all the same, and the following are counted from it.
                    if let Some(number) = line::number(content) {
                        lines.good.extend(line::read(content, &key, number));
                        next = number;
                    }
                }
            }
            next = next.wrapping_add(1);
        }
        let missing = segment.written.is_some_and(|written| written.lines != next);
        if (self.beyond || missing) && lines.damage.is_empty() {
            lines.damage.push("lines are missing at its end".to_owned());
        }
        lines
    }

    /// Every line, unchecked: for a look-up of what is not sealed yet.
    pub(super) fn peek(&self) -> impl Iterator<Item = Line<'_>> {
        let lines = self.content.split_inclusive(|byte| *byte == b'\n');
        lines.filter_map(|content| line::peek(std::str::from_utf8(content).ok()?))
    }
}
