//! The status words of steps and documents on the node. Not for: the API's statuses of commands and invocations.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Of a step, or of a whole document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize)]
pub enum Status {
    /// Not begun.
    #[default]
    NotStarted,
    /// Running, or some steps are left.
    InProgress,
    /// Done.
    Success,
    /// Done for now: the node restarts and the step runs again.
    SuccessAndReboot,
    /// An older word for the same.
    PassedAndReboot,
    /// Ended badly.
    Failed,
    /// Ended by a cancel job.
    Cancelled,
    /// Ended by its time limit.
    TimedOut,
    /// Not run: not for this platform, or an earlier step ended the document.
    Skipped,
}

impl Status {
    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotStarted => "NotStarted",
            Self::InProgress => "InProgress",
            Self::Success => "Success",
            Self::SuccessAndReboot => "SuccessAndReboot",
            Self::PassedAndReboot => "PassedAndReboot",
            Self::Failed => "Failed",
            Self::Cancelled => "Cancelled",
            Self::TimedOut => "TimedOut",
            Self::Skipped => "Skipped",
        }
    }

    /// Whether nothing more will come.
    pub const fn terminal(self) -> bool {
        matches!(self, Self::Success | Self::Failed | Self::Cancelled | Self::TimedOut | Self::Skipped)
    }

    /// Whether the node restarts and goes on afterwards.
    pub const fn reboots(self) -> bool {
        matches!(self, Self::SuccessAndReboot | Self::PassedAndReboot)
    }

    /// The status of a document from those of all its steps: the first that holds of reboot, failed, timed out,
    /// cancelled, success (every step a success or skipped); else in progress, as for no steps at all.
    pub fn aggregate(steps: impl IntoIterator<Item = Self>) -> Self {
        let (mut any, mut all_good) = (false, true);
        let mut worst = None;
        for step in steps {
            any = true;
            all_good &= matches!(step, Self::Success | Self::Skipped);
            let rank = match step {
                Self::SuccessAndReboot | Self::PassedAndReboot => Some((0, Self::SuccessAndReboot)),
                Self::Failed => Some((1, step)),
                Self::TimedOut => Some((2, step)),
                Self::Cancelled => Some((3, step)),
                Self::NotStarted | Self::InProgress | Self::Success | Self::Skipped => None,
            };
            worst = worst.into_iter().chain(rank).min();
        }
        match worst {
            Some((_, status)) => status,
            None if any && all_good => Self::Success,
            None => Self::InProgress,
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}
