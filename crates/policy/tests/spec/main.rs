//! The specification of IAM policies, as tables, and against a second reading of AWS's documentation.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod actions;
mod conditions;
mod decision;
mod documents;
mod explained;
mod principals;
mod properties;
mod reference;
mod resources;
mod situation;
mod support;
mod variables;
