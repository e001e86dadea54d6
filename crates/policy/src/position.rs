//! Lines and columns of a document. Not for: what stands there.

use crate::json::offset;
use serde_json::value::RawValue;

/// A place in a document, both counted from 1; columns count characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The line.
    pub line: u32,
    /// The column.
    pub column: u32,
}

/// Lines and columns, for statements in the order of the text: counts each character once.
pub(crate) struct Places<'a> {
    text: &'a str,
    counted: usize,
    position: Position,
}

impl<'a> Places<'a> {
    pub(crate) const fn new(text: &'a str) -> Self {
        Self { text, counted: 0, position: Position { line: 1, column: 1 } }
    }

    /// Behind the first and behind the last character of a value.
    pub(crate) fn of(&mut self, statement: &RawValue) -> (Position, Position) {
        let start = offset(self.text, statement);
        (self.at(start.saturating_add(1)), self.at(start.saturating_add(statement.get().len())))
    }

    pub(crate) fn at(&mut self, offset: usize) -> Position {
        for character in self.text.get(self.counted..offset).unwrap_or_default().chars() {
            if character == '\n' {
                self.position = Position { line: self.position.line.saturating_add(1), column: 1 };
            } else {
                self.position.column = self.position.column.saturating_add(1);
            }
        }
        self.counted = offset;
        self.position
    }
}
