//! The keys of KMS: what they are, what they encrypt with (sealed), their other names, and grants on them. Not for:
//! encrypting, or who may use a key.

pub mod alias;
pub mod grant;
pub mod key;
pub mod material;
#[cfg(test)]
mod tests;
