//! From an operation's name to its handler, through the decision whether the caller may.
//!
//! Authorisation fails closed: a handler cannot be registered without saying who may call it, and nothing runs
//! before that rule was evaluated for the caller at hand.

use crate::{
    ControlPlane,
    authority::{Requirement, denial},
    context::{Principal, Proof, RequestContext, User},
    error::{ACCESS_DENIED, ApiError, SERIALIZATION, UNRECOGNIZED_CLIENT, UNSUPPORTED_OPERATION},
};
use muster_service_model::{Operation, OperationSchema};
use serde_json::Value;
use std::{collections::BTreeMap, fmt, future::Future, pin::Pin, sync::Arc};

/// The permissions that a call needs, from its input alone.
pub type Requirements<I> = fn(&RequestContext, &I) -> Vec<Requirement>;

/// Who may call an operation. `I` is its input.
pub enum Access<I> {
    /// Whoever the policies let: the permissions that the call needs.
    Policy(Requirements<I>),
    /// Whoever the policies let; which permissions are needed only the handler finds out, and must ask for at least
    /// one before it answers or changes anything.
    Handler,
    /// A node, about itself alone: the function names the node that the input speaks of. That needs no permission,
    /// but its role may forbid it.
    NodeSelf(fn(&I) -> Option<&str>),
    /// Any operator or node: the operation tells the caller only about itself.
    Caller,
    /// A node that signed with its registered key.
    NodeKey,
    /// Anybody: the operation checks a secret of its own.
    Anonymous,
}

impl<I> Access<I> {
    /// The call's own action, for which AWS knows no resource.
    pub const ANY_RESOURCE: Self = Self::Policy(|context, _| vec![Requirement::anything(context)]);

    /// Which of them it is.
    const fn kind(&self) -> AccessKind {
        match self {
            Self::Policy(_) => AccessKind::Policy,
            Self::Handler => AccessKind::Handler,
            Self::NodeSelf(_) => AccessKind::NodeSelf,
            Self::Caller => AccessKind::Caller,
            Self::NodeKey => AccessKind::NodeKey,
            Self::Anonymous => AccessKind::Anonymous,
        }
    }
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
    kind: AccessKind,
    #[cfg(test)]
    schema: &'static OperationSchema,
}

/// Which of [`Access`] an operation has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccessKind {
    /// [`Access::Policy`]
    Policy,
    /// [`Access::Handler`]
    Handler,
    /// [`Access::NodeSelf`]
    NodeSelf,
    /// [`Access::Caller`]
    Caller,
    /// [`Access::NodeKey`]
    NodeKey,
    /// [`Access::Anonymous`]
    Anonymous,
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
                let access = <ControlPlane as Handle<O>>::ACCESS;
                authorise(&control_plane, &access, &context, &input).await?;
                let output = control_plane.handle(&context, input).await?;
                if matches!(access, Access::Handler) && !context.decisions.any() {
                    return Err(ApiError::internal("the handler answered without a decision"));
                }
                serde_json::to_value(output).map_err(ApiError::internal)
            })
        });
        let entry = Entry {
            run,
            kind: <ControlPlane as Handle<O>>::ACCESS.kind(),
            #[cfg(test)]
            schema: O::SCHEMA,
        };
        self.entries.insert((O::SCHEMA.service, O::SCHEMA.name), entry);
        self
    }

    /// Every operation that is built, with who may call it.
    #[cfg(test)]
    pub(crate) fn all(&self) -> impl Iterator<Item = (&'static OperationSchema, AccessKind)> {
        self.entries.values().map(|entry| (entry.schema, entry.kind))
    }

    /// Whether the operation is built.
    pub fn has(&self, operation: &OperationSchema) -> bool {
        self.entries.contains_key(&(operation.service, operation.name))
    }

    /// Whether the operation takes unsigned calls.
    pub fn is_anonymous(&self, operation: &OperationSchema) -> bool {
        self.entries
            .get(&(operation.service, operation.name))
            .is_some_and(|entry| entry.kind == AccessKind::Anonymous)
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

async fn authorise<I: Sync>(
    control_plane: &ControlPlane,
    access: &Access<I>,
    context: &RequestContext,
    input: &I,
) -> Result<(), ApiError> {
    refuse_from_session(context)?;
    let by_secret = context.proof == Proof::SecretKey;
    let allowed = match (access, &context.principal) {
        (Access::Anonymous, _) => true,
        (_, Principal::Anonymous) => false,
        (Access::Policy(requirements), _) if by_secret => {
            let requirements = requirements(context, input);
            if requirements.is_empty() {
                return Err(ApiError::internal("the operation names no permission"));
            }
            return control_plane.authorise(context, &requirements).await;
        }
        (Access::Handler | Access::Caller, _) => by_secret,
        (Access::NodeSelf(subject), Principal::Node { node, .. })
            if by_secret && subject(input) == Some(node.as_str()) =>
        {
            let requirement = Requirement::on_node(context, node.as_str());
            return control_plane.unless_denied(context, requirement).await;
        }
        (Access::NodeKey, Principal::Node { .. }) => context.proof == Proof::NodeKey,
        (Access::Policy(_) | Access::NodeSelf(_) | Access::NodeKey, _) => false,
    };
    if allowed { Ok(()) } else { Err(denied(context)) }
}

/// What sessions of `GetSessionToken` may not call, whatever their policies say: IAM takes their token for none, and of
/// STS there is but this much.
fn refuse_from_session(context: &RequestContext) -> Result<(), ApiError> {
    let of_key = matches!(
        &context.principal,
        Principal::User(User { issued_ms: Some(_), .. }) | Principal::Root { issued_ms: Some(_), .. }
    );
    match (context.operation.service, context.operation.name) {
        _ if !of_key => Ok(()),
        ("iam", _) => {
            Err(ApiError::new(&UNRECOGNIZED_CLIENT, "The security token included in the request is invalid"))
        }
        ("sts", name) if !matches!(name, "AssumeRole" | "GetCallerIdentity") => Err(refuse_session(context)),
        _ => Ok(()),
    }
}

/// The answer to a session that asks for what only long-term keys may.
pub(crate) fn refuse_session(context: &RequestContext) -> ApiError {
    let name = context.operation.name;
    ApiError::new(&ACCESS_DENIED, format!("Cannot call {name} with session credentials"))
}

/// The answer for what is known and not built.
pub(crate) fn unsupported(operation: &OperationSchema) -> ApiError {
    let OperationSchema { service, name, .. } = *operation;
    let message = format!("The operation {service}:{name} is not supported by this version of Muster.");
    ApiError::new(&UNSUPPORTED_OPERATION, message)
}

/// A denial where no policy is asked: the operation is not for callers of this kind.
pub(crate) fn denied(context: &RequestContext) -> ApiError {
    let OperationSchema { service, name, .. } = *context.operation;
    let reason = format!("because no identity-based policy allows the {service}:{name} action");
    denial(context, &format!("{service}:{name}"), "*", &reason)
}
