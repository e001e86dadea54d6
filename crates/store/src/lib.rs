//! The storage seam and every query of the product.
//!
//! [`engine`] holds the two engines (embedded SQLite, PostgreSQL) behind [`Db`]; it knows no table. Each other
//! module is one resource: its row struct, functions that build a [`Batch`] for writes, and `async` functions
//! taking `&Db` for reads. No SQL lives outside this crate, and no driver is named outside `engine`.
//!
//! Not for: rules of the domain, clocks (a time is a parameter, epoch milliseconds), or retries of a lost
//! compare-and-set: the caller knows whether a [`StoreError::Conflict`] means "try again" or "refuse".

pub mod access_key;
pub mod account;
pub mod activation;
pub mod audit;
pub mod command;
pub mod command_target;
pub mod data_key;
pub mod delivery;
pub mod engine;
pub mod event;
pub mod event_target;
mod filter;
pub mod iam;
pub mod invocation;
pub mod invocation_step;
pub mod kms;
pub mod managed_node;
pub mod parameter;
pub mod service_setting;
pub mod sns;
pub mod tag;
#[cfg(any(test, feature = "testing"))]
pub mod testing;

pub use engine::{Batch, DatabaseUrl, Db, Expect, OpenOptions, Query, Row, Statement, StoreError, Value};
