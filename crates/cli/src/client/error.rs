//! Why a call did not give an answer.

use std::{error::Error, fmt};

/// What went wrong with a call.
#[derive(Debug)]
pub(crate) enum ClientError {
    /// The address cannot be used as it stands.
    Address(String),
    /// Nobody answered, or the answer broke off.
    Unreachable {
        /// Where.
        endpoint: String,
        /// Why.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The server answered with an error.
    Refused {
        /// Which operation.
        operation: &'static str,
        /// AWS's code: `InvalidInstanceId`.
        code: String,
        /// Its text; often empty.
        message: String,
    },
    /// The answer is not one of this operation.
    Unreadable {
        /// Which operation.
        operation: &'static str,
        /// What is wrong with it.
        reason: String,
    },
}

impl ClientError {
    /// AWS's code, if the server gave one.
    pub(crate) fn code(&self) -> Option<&str> {
        match self {
            Self::Refused { code, .. } => Some(code),
            _ => None,
        }
    }
}

impl fmt::Display for ClientError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(why) => formatter.write_str(why),
            Self::Unreachable { endpoint, source } => {
                write!(formatter, "cannot reach {endpoint}: {source}")?;
                let mut cause = source.source();
                while let Some(inner) = cause {
                    write!(formatter, ": {inner}")?;
                    cause = inner.source();
                }
                Ok(())
            }
            Self::Refused { operation, code, message } if message.is_empty() => {
                write!(formatter, "{operation} was refused: {code}")
            }
            Self::Refused { operation, code, message } => {
                write!(formatter, "{operation} was refused: {code}: {message}")
            }
            Self::Unreadable { operation, reason } => {
                write!(formatter, "the answer to {operation} cannot be read: {reason}")
            }
        }
    }
}

impl Error for ClientError {}
