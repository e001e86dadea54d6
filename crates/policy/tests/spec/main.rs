//! The specification of IAM policies, as tables, and against a second reading of AWS's documentation.

mod actions;
mod conditions;
mod decision;
mod documents;
mod explained;
mod principals;
mod properties;
mod reference;
mod resources;
mod support;
mod variables;
