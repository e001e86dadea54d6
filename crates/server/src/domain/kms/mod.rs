//! Rules of KMS: how keys are named, what a ciphertext holds, what an encryption context binds, the policies that keys
//! are born with. Not for: rows of the store, or who may use a key.

pub(crate) mod ciphertext;
pub(crate) mod default_policy;
pub(crate) mod encryption_context;
pub(crate) mod grant;
pub(crate) mod reference;
