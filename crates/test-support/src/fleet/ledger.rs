//! What a node has been told and has done: the means to show that each command ran exactly once. Not for: surviving
//! the process, which is the real agent's ledger's work.

use super::script::Stage;
use muster_protocol::{ids::CommandId, message::Status};

/// One command on one node.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The command.
    pub command: CommandId,
    /// How often its job came.
    pub deliveries: u32,
    /// How often it was run.
    pub executions: u32,
    /// How it ended here.
    pub ended: Option<Status>,
    /// Whether the server has acknowledged the final reply.
    pub acknowledged: bool,
    broken: u8,
}

/// All commands of one node, in the order of their coming.
#[derive(Debug, Clone, Default)]
pub struct Ledger {
    entries: Vec<Entry>,
}

impl Ledger {
    /// The commands.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// One of them.
    pub fn find(&self, command: &CommandId) -> Option<&Entry> {
        self.entries.iter().rev().find(|entry| entry.command == *command)
    }

    /// A job has come.
    pub(super) fn deliver(&mut self, command: &CommandId) -> &mut Entry {
        let known = self.entries.iter().rposition(|entry| entry.command == *command);
        let index = known.unwrap_or_else(|| {
            self.entries.push(Entry {
                command: command.clone(),
                deliveries: 0,
                executions: 0,
                ended: None,
                acknowledged: false,
                broken: 0,
            });
            self.entries.len() - 1
        });
        let entry = &mut self.entries[index];
        entry.deliveries += 1;
        entry
    }

    pub(super) fn find_mut(&mut self, command: &CommandId) -> Option<&mut Entry> {
        self.entries.iter_mut().rev().find(|entry| entry.command == *command)
    }
}

impl Entry {
    /// Whether the connection has not broken at this stage of this command before; from now on it has.
    pub(super) fn first_break(&mut self, stage: Stage) -> bool {
        let bit = 1 << (stage as u8);
        let first = self.broken & bit == 0;
        self.broken |= bit;
        first
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_by_command() {
        let (one, two) = (CommandId::random(), CommandId::random());
        let mut ledger = Ledger::default();
        ledger.deliver(&one).executions += 1;
        ledger.deliver(&two);
        assert_eq!(ledger.deliver(&one).deliveries, 2);
        assert_eq!(ledger.entries().len(), 2);
        assert_eq!(ledger.find(&one).map(|entry| entry.executions), Some(1));
        let entry = ledger.find_mut(&two).unwrap();
        assert!(entry.first_break(Stage::AfterAck) && entry.first_break(Stage::Receipt));
        assert!(!entry.first_break(Stage::AfterAck));
    }
}
