//! The driver of background tasks: runs each on a period, on demand, never twice at once; keeps a status.
//!
//! A task is a reconciler: it takes no input, looks at the store, does bounded work, and may be run again at any
//! time with no harm. It never retries inside. Knows no domain.

mod driver;

pub use driver::{Driver, TaskStatus};

use std::{future::Future, pin::Pin, time::Duration};

/// What a run says of itself.
#[derive(Debug, Clone, Default)]
pub struct Outcome {
    /// A serialised status for people: what was looked at, what was changed.
    pub detail: serde_json::Value,
    /// Run again no later than this; `None` waits for the period.
    pub next_within: Option<Duration>,
}

/// The future of one run.
pub type Run<'a> = Pin<Box<dyn Future<Output = Result<Outcome, String>> + Send + 'a>>;

/// A background task.
pub trait Task: Send + Sync + 'static {
    /// Its name in the status and in configuration: `command_timeouts`.
    fn name(&self) -> &'static str;
    /// One sentence for the status page.
    fn description(&self) -> &'static str;
    /// The longest time between two runs.
    fn period(&self) -> Duration;
    /// One run. An error is counted, kept and logged; the next run comes as planned.
    fn run(&self) -> Run<'_>;
}
