//! API operations: one folder per domain, one file per operation.
