//! The generated tables and types hold together.
