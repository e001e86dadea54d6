//! Specifications: what callers see of a real server over HTTP, one file per capability, on every database engine at
//! hand. Handlers alone are tested beside themselves; official clients drive the server from the suite in Python.

mod managed_node;
mod registration;
mod tag;
mod world;
