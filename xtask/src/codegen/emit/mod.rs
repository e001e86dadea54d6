//! Rust source from a placed model: one emitter per kind of item, one scope per module.

mod files;
mod operations;
mod scope;
mod tables;
mod types;

pub(crate) use files::{folder, root, single};
