//! From an operation's name to its handler, through the decision whether the caller may.
//!
//! Authorisation fails closed: a handler cannot be registered without saying who may call it, and nothing runs
//! before that rule was evaluated for the caller at hand.

use crate::{
    ControlPlane,
    context::{Principal, Proof, RequestContext},
    error::{ACCESS_DENIED, ApiError, SERIALIZATION, UNSUPPORTED_OPERATION},
};
use muster_service_model::{Operation, OperationSchema};
use serde_json::Value;
use std::{collections::BTreeMap, fmt, future::Future, pin::Pin, sync::Arc};

/// Who may call an operation. `I` is its input.
pub enum Access<I> {
    /// An operator of the account.
    Operator,
    /// A node, about itself alone: the function names the node that the input speaks of.
    NodeSelf(fn(&I) -> Option<&str>),
    /// An operator, or a node about itself alone.
    OperatorOrNodeSelf(fn(&I) -> Option<&str>),
    /// Any operator or node: the operation tells the caller only about itself.
    Caller,
    /// A node that signed with its registered key.
    NodeKey,
    /// Anybody: the operation checks a secret of its own.
    Anonymous,
}

/// The handler of one operation.
pub trait Handle<O: Operation>: Send + Sync + 'static {
    /// Who may call it. There is no default.
    const ACCESS: Access<O::Input>;

    /// Does it. The input satisfies the model's constraints and the caller may call it.
    ///
    /// # Errors
    /// What the model names, or a common error.
    fn handle(
        &self,
        context: &RequestContext,
        input: O::Input,
    ) -> impl Future<Output = Result<O::Output, ApiError>> + Send;
}

type Answer = Pin<Box<dyn Future<Output = Result<Value, ApiError>> + Send>>;
type Run = Box<dyn Fn(Arc<ControlPlane>, RequestContext, Value) -> Answer + Send + Sync>;

struct Entry {
    run: Run,
    anonymous: bool,
}

/// All handlers, by service and operation.
#[derive(Default)]
pub struct Router {
    entries: BTreeMap<(&'static str, &'static str), Entry>,
}

impl Router {
    /// Adds the handler of one operation.
    #[must_use]
    pub fn on<O: Operation>(mut self) -> Self
    where
        ControlPlane: Handle<O>,
    {
        let run: Run = Box::new(|control_plane, context, input| {
            Box::pin(async move {
                let input: O::Input = serde_json::from_value(input).map_err(|error| ApiError {
                    cause: Some(error.into()),
                    ..ApiError::new(&SERIALIZATION, "")
                })?;
                authorise(&<ControlPlane as Handle<O>>::ACCESS, &context, &input)?;
                let output = control_plane.handle(&context, input).await?;
                serde_json::to_value(output).map_err(ApiError::internal)
            })
        });
        let anonymous = matches!(<ControlPlane as Handle<O>>::ACCESS, Access::Anonymous);
        self.entries.insert((O::SCHEMA.service, O::SCHEMA.name), Entry { run, anonymous });
        self
    }

    /// Whether the operation is built.
    pub fn has(&self, operation: &OperationSchema) -> bool {
        self.entries.contains_key(&(operation.service, operation.name))
    }

    /// Whether the operation takes unsigned calls.
    pub fn is_anonymous(&self, operation: &OperationSchema) -> bool {
        self.entries.get(&(operation.service, operation.name)).is_some_and(|entry| entry.anonymous)
    }

    /// Runs an operation on decoded and validated input.
    ///
    /// # Errors
    /// The handler's, a denial, or an honest answer for what is not built.
    pub async fn dispatch(
        &self,
        control_plane: Arc<ControlPlane>,
        context: RequestContext,
        input: Value,
    ) -> Result<Value, ApiError> {
        let OperationSchema { service, name, .. } = *context.operation;
        let Some(entry) = self.entries.get(&(service, name)) else {
            return Err(unsupported(context.operation));
        };
        (entry.run)(control_plane, context, input).await
    }
}

impl fmt::Debug for Router {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_set().entries(self.entries.keys()).finish()
    }
}

fn authorise<I>(access: &Access<I>, context: &RequestContext, input: &I) -> Result<(), ApiError> {
    let allowed = match (access, &context.principal) {
        (Access::Anonymous, _) => true,
        (Access::Operator | Access::OperatorOrNodeSelf(_) | Access::Caller, Principal::Root { .. }) => true,
        (Access::NodeSelf(subject) | Access::OperatorOrNodeSelf(subject), Principal::Node { node, .. }) => {
            context.proof == Proof::SecretKey && subject(input) == Some(node.as_str())
        }
        (Access::Caller, Principal::Node { .. }) => context.proof == Proof::SecretKey,
        (Access::NodeKey, Principal::Node { .. }) => context.proof == Proof::NodeKey,
        (Access::Operator, Principal::Node { .. })
        | (Access::NodeSelf(_) | Access::NodeKey, Principal::Root { .. })
        | (_, Principal::Anonymous) => false,
    };
    if allowed { Ok(()) } else { Err(denied(context)) }
}

/// The answer for what is known and not built.
pub(crate) fn unsupported(operation: &OperationSchema) -> ApiError {
    let OperationSchema { service, name, .. } = *operation;
    let message = format!("The operation {service}:{name} is not supported by this version of Muster.");
    ApiError::new(&UNSUPPORTED_OPERATION, message)
}

/// The denial in AWS's words.
pub(crate) fn denied(context: &RequestContext) -> ApiError {
    let OperationSchema { service, name, .. } = *context.operation;
    let resource = format!("arn:aws:{service}:{}:{}:*", context.tenant.region, context.tenant.account);
    ApiError::new(
        &ACCESS_DENIED,
        format!(
            "User: {} is not authorized to perform: {service}:{name} on resource: {resource} because no \
             identity-based policy allows the {service}:{name} action",
            context.principal.arn()
        ),
    )
}
