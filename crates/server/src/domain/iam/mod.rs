//! Rules of IAM: no I/O, no clock, no store.

pub(crate) mod managed;
