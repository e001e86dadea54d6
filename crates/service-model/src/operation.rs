//! Services, operations and errors as static tables, and the trait that ties one to its Rust types.

use crate::Structure;
use serde::{Serialize, de::DeserializeOwned};

/// The wire protocol of a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// AWS JSON: `X-Amz-Target: <target_prefix>.<Operation>`.
    Json {
        /// `1.0` or `1.1`.
        version: &'static str,
        /// What stands before the operation's name in the target header.
        target_prefix: &'static str,
    },
    /// AWS Query: a form with `Action` and `Version`, XML back.
    Query {
        /// Namespace of the response's root element.
        xml_namespace: &'static str,
    },
    /// EC2's dialect of Query.
    Ec2Query {
        /// Namespace of the response's root element.
        xml_namespace: &'static str,
    },
    /// REST with JSON bodies.
    RestJson,
    /// REST with XML bodies.
    RestXml {
        /// Namespace of the response's root element.
        xml_namespace: &'static str,
    },
}

/// A service.
#[derive(Debug)]
pub struct ServiceSchema {
    /// Name of its endpoint and credential scope: `ssm`, `sts`.
    pub name: &'static str,
    /// The service's name in a credential scope; differs from `name` for few.
    pub signing_name: &'static str,
    /// Version of the model, as `Version` in the Query protocol.
    pub api_version: &'static str,
    /// Wire protocol.
    pub protocol: Protocol,
    /// Every operation of the model, by name, sorted.
    pub operations: &'static [&'static OperationSchema],
    /// Every modelled error, sorted by name.
    pub errors: &'static [&'static ErrorSchema],
}

impl ServiceSchema {
    /// The operation of this name.
    pub fn operation(&self, name: &str) -> Option<&'static OperationSchema> {
        let found = self.operations.binary_search_by(|operation| operation.name.cmp(name)).ok()?;
        self.operations.get(found).copied()
    }
}

/// An operation.
#[derive(Debug)]
pub struct OperationSchema {
    /// The service it belongs to.
    pub service: &'static str,
    /// Its name: `SendCommand`.
    pub name: &'static str,
    /// Method and path in REST protocols.
    pub http: HttpBinding,
    /// Input; a structure without members if the model has none.
    pub input: &'static Structure,
    /// Output; a structure without members if the model has none.
    pub output: &'static Structure,
    /// Element that wraps the output in Query.
    pub result_wrapper: Option<&'static str>,
    /// Errors the model names for it.
    pub errors: &'static [&'static ErrorSchema],
    /// How it pages, if it does.
    pub paginator: Option<Paginator>,
}

/// Method and path of an operation.
#[derive(Debug, Clone, Copy)]
pub struct HttpBinding {
    /// `POST` for JSON and Query.
    pub method: &'static str,
    /// URI template.
    pub uri: &'static str,
}

/// The members that carry paging.
#[derive(Debug, Clone, Copy)]
pub struct Paginator {
    /// Input members that take the token.
    pub input_token: &'static [&'static str],
    /// Output members that give the next token.
    pub output_token: &'static [&'static str],
    /// Input member that limits a page.
    pub limit_key: Option<&'static str>,
    /// Output members that hold the page.
    pub result_key: &'static [&'static str],
}

/// A modelled error.
#[derive(Debug)]
pub struct ErrorSchema {
    /// The shape's name: what `__type` carries in JSON.
    pub name: &'static str,
    /// The code in Query and XML; equals `name` unless the model says otherwise.
    pub code: &'static str,
    /// HTTP status: the model's, else 400, or 500 for a server fault.
    pub status: u16,
    /// The server's fault, not the caller's.
    pub fault: bool,
    /// Members beside the message.
    pub shape: &'static Structure,
}

/// An operation with its Rust types. Generated crates implement it on one marker type per operation.
/// Servers decode inputs and encode outputs; clients do the reverse.
pub trait Operation: Send + Sync + 'static {
    /// Decoded and validated input.
    type Input: Serialize + DeserializeOwned + Send + Sync + 'static;
    /// Output before encoding.
    type Output: Serialize + DeserializeOwned + Send + 'static;
    /// The operation's tables.
    const SCHEMA: &'static OperationSchema;
}

/// Something to do with every operation of a service. Generated crates have a `visit_operations` for it.
pub trait OperationVisitor {
    /// Called once per operation, in the order of their names.
    fn visit<O: Operation>(&mut self);
}
