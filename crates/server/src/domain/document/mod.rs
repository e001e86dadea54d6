//! Documents as the control plane sees them: what they are called, what they ask for, how long they may run.

mod builtin;
mod parameter;

pub(crate) use builtin::{BuiltinDocument, BuiltinDocuments};
pub(crate) use parameter::{ParameterDefinition, ParameterError};
