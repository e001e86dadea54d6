//! Rules of events on their way out: their form, who wants which, how a webhook knows the sender, when to try again.

pub(crate) mod envelope;
pub(crate) mod pattern;
pub(crate) mod retry;
pub(crate) mod webhook;
