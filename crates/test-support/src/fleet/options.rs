//! How a fleet behaves, apart from what it answers. Not for: who its nodes are.

use super::script::Script;
use crate::time::TimeSource;
use std::time::Duration;

/// When a node comes back after its channel has ended.
#[derive(Debug, Clone, Copy)]
pub struct Reconnect {
    /// Longest pause before the first try; the pause is a matter of chance.
    pub pause: Duration,
    /// Pause after the first failure, twice as long after each further one.
    pub first: Duration,
    /// Longest pause after failures.
    pub most: Duration,
}

impl Reconnect {
    /// As official agents, but for the length of the longest pause.
    pub const OFFICIAL: Self = Self {
        pause: Duration::from_millis(2500),
        first: Duration::from_secs(5),
        most: Duration::from_secs(60),
    };
    /// For tests that do not want to wait.
    pub const QUICK: Self = Self {
        pause: Duration::from_millis(20),
        first: Duration::from_millis(50),
        most: Duration::from_millis(500),
    };
}

/// How a fleet behaves.
#[derive(Debug, Clone)]
pub struct FleetOptions {
    /// What its nodes do with commands.
    pub script: Script,
    /// When they come back.
    pub reconnect: Reconnect,
    /// Between two pings on a channel.
    pub ping: Duration,
    /// Between two heart-beats; none but the first, if absent.
    pub heartbeat: Option<Duration>,
    /// How many nodes register or connect at once.
    pub concurrency: usize,
    /// Chance.
    pub seed: u64,
    /// The clock that they sign with.
    pub time: TimeSource,
}

impl Default for FleetOptions {
    fn default() -> Self {
        Self {
            script: Script::default(),
            reconnect: Reconnect::QUICK,
            ping: Duration::from_secs(54),
            heartbeat: Some(Duration::from_secs(5 * 60)),
            concurrency: 32,
            seed: 1,
            time: TimeSource::system(),
        }
    }
}
