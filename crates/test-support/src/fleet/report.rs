//! What became of a fleet, as one JSON object. Not for: progress while it runs.

use super::{script::Answer, state::FleetState};
use muster_protocol::ids::CommandId;
use serde::Serialize;
use std::{collections::BTreeMap, sync::atomic::Ordering};

/// What became of a fleet.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Report {
    /// Its nodes.
    pub nodes: usize,
    /// Open channels.
    pub connected: usize,
    /// Channels opened since the start.
    pub opened: u64,
    /// Channels that the server, or the network, ended.
    pub closed: u64,
    /// Channels cut by the script.
    pub cut: u64,
    /// Jobs that came for a second time.
    pub repeated_deliveries: u64,
    /// Whether no command ran twice on a node.
    pub exactly_once: bool,
    /// What happened to each command.
    pub commands: BTreeMap<CommandId, CommandReport>,
    /// Failures by kind.
    pub errors: BTreeMap<String, u64>,
}

/// What happened to a command.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct CommandReport {
    /// Nodes that were told of it.
    pub nodes: usize,
    /// Nodes on which it ran exactly once.
    pub executed_once: usize,
    /// Nodes on which it ran more than once.
    pub executed_more_than_once: usize,
    /// Nodes whose final reply the server has acknowledged.
    pub acknowledged: usize,
    /// How often its job came, over all nodes.
    pub deliveries: u64,
    /// How it ended, by status.
    pub ended: BTreeMap<String, usize>,
}

pub(super) fn report(fleet: &FleetState) -> Report {
    let counters = &fleet.counters;
    let mut report = Report {
        nodes: fleet.nodes.len(),
        connected: counters.connected.load(Ordering::Relaxed),
        opened: counters.opened.load(Ordering::Relaxed),
        closed: counters.closed.load(Ordering::Relaxed),
        cut: counters.cut.load(Ordering::Relaxed),
        errors: counters.errors(),
        exactly_once: true,
        ..Report::default()
    };
    let ignores = fleet.options.script.answer == Answer::Ignore;
    for node in &fleet.nodes {
        for entry in node.ledger().entries() {
            let command = report.commands.entry(entry.command.clone()).or_default();
            command.nodes += 1;
            command.executed_once += usize::from(entry.executions == 1);
            command.executed_more_than_once += usize::from(entry.executions > 1);
            command.acknowledged += usize::from(entry.acknowledged);
            command.deliveries += u64::from(entry.deliveries);
            if let Some(status) = entry.ended {
                *command.ended.entry(status.as_str().to_owned()).or_default() += 1;
            }
            report.repeated_deliveries += u64::from(entry.deliveries.saturating_sub(1));
            report.exactly_once &= entry.executions == 1 || (ignores && entry.executions == 0);
        }
    }
    report
}
