//! The static description of an AWS-shaped service: shapes, constraints, operations, errors.
//!
//! Generated crates fill these tables from `model/*.json`; the server's front end walks them to
//! decode, validate and encode any operation on any wire protocol without knowing one of them.
//! Not for: decoding, validation or any input/output themselves.

mod operation;
mod scalar;
mod shape;

pub use operation::{
    ErrorSchema, HttpBinding, Operation, OperationSchema, OperationVisitor, Paginator, Protocol,
    ServiceSchema,
};
pub use scalar::{Blob, Sensitive, Timestamp};
pub use shape::{
    BlobShape, Bounds, Constraint, ListShape, Location, MapShape, Member, Shape, StringShape, Structure,
    TimestampFormat,
};
