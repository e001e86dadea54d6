//! How a command ends when it does not end well: a text for the reader and an exit code for scripts.

use crate::client::ClientError;

/// Why, and with which exit code.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) message: String,
    pub(crate) code: u8,
}

impl Failure {
    /// The command line asks for something that cannot be.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self { message: message.into(), code: 2 }
    }

    /// Something outside does not do its part.
    pub(crate) fn other(message: impl Into<String>) -> Self {
        Self { message: message.into(), code: 3 }
    }

    /// The user ended it.
    pub(crate) fn interrupted() -> Self {
        Self { message: "interrupted".to_owned(), code: 130 }
    }
}

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Self {
        Self::other(error.to_string())
    }
}
