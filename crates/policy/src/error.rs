//! Why a document is refused. Not for: the error code, which depends on the operation (`MalformedPolicyDocument`,
//! `MalformedPolicyDocumentException`, `MalformedResourcePolicyDocumentException`).

use std::{borrow::Cow, error::Error, fmt};

/// Why a policy document was refused. [`fmt::Display`] is the message that AWS answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyError(Cow<'static, str>);

impl PolicyError {
    /// The document is no JSON, or not of the grammar.
    pub(crate) const SYNTAX: Self = Self(Cow::Borrowed("Syntax errors in policy."));
    /// Values that the grammar allows and the first parser of IAM did not.
    pub(crate) const LEGACY: Self = Self(Cow::Borrowed("The policy failed legacy parsing"));

    pub(crate) const fn fixed(text: &'static str) -> Self {
        Self(Cow::Borrowed(text))
    }

    pub(crate) const fn made(text: String) -> Self {
        Self(Cow::Owned(text))
    }
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for PolicyError {}
