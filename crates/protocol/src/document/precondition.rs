//! Whether a step runs, is skipped, or fails before it begins. Not for: running it.

use super::parameters::{holds_reference, substitute, text_of};
use super::{DocumentError, SchemaVersion, Step, object};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// The variable that stands for the node's platform.
const PLATFORM_TYPE: &str = "platformType";

/// Whether the node has the step's plugin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PluginSupport {
    /// It can run here.
    Supported,
    /// There is such a plugin, but not on this platform or in this agent.
    Unsupported,
    /// No agent that we know of has it.
    Unknown,
}

/// What to do with a step. The texts go to the user as the step's output; they begin as those of the official agent,
/// by which scripts tell skipped steps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Run it.
    Run,
    /// It is `Skipped` with code 0 and this text.
    Skip(String),
    /// It is `Failed` and this is its error.
    Fail(String),
}

/// What a decision rests on, beside the step.
#[derive(Debug, Clone, Copy)]
pub struct Circumstances<'a> {
    /// Of the document.
    pub schema_version: SchemaVersion,
    /// Of the step's plugin.
    pub plugin: PluginSupport,
    /// `linux`, `windows` or `macos`.
    pub platform_type: &'a str,
    /// An earlier step has [ended the document](super::flow::Finished::ends_document), and this is no
    /// [final step that runs in spite of it](super::flow::FlowControl::runs_after_exit).
    pub after_exit: bool,
    /// Values of the parameters, for preconditions that name them.
    pub values: &'a Map<String, Value>,
}

/// Decides on a step.
pub fn decide(step: &Step, circumstances: Circumstances<'_>) -> Decision {
    let Circumstances { schema_version, plugin, platform_type, after_exit, values } = circumstances;
    let Step { id, action, precondition, .. } = step;
    if after_exit {
        return Decision::Skip(format!(
            "Plugin with name {action} and id {id} skipped due to prior step with an exit condition"
        ));
    }
    let unknown = || {
        Decision::Fail(format!(
            "Plugin with name {action} is not supported by this version of ssm agent, \
             please update to latest version. Step name: {id}"
        ))
    };
    if !schema_version.has_preconditions() {
        return match plugin {
            PluginSupport::Unknown => unknown(),
            PluginSupport::Unsupported => Decision::Fail(format!(
                "Plugin with name {action} is not supported in current platform. Step name: {id}"
            )),
            PluginSupport::Supported if !precondition.is_empty() => Decision::Fail(format!(
                "Precondition is not supported for document schema version prior to 2.2. Step name: {id}"
            )),
            PluginSupport::Supported => Decision::Run,
        };
    }
    let Findings { allowed, remarks } = evaluate(precondition, platform_type, values);
    match plugin {
        PluginSupport::Unknown if allowed => unknown(),
        PluginSupport::Unknown | PluginSupport::Unsupported => Decision::Skip(format!(
            "Step execution skipped due to unsupported plugin: {action}. Step name: {id}"
        )),
        PluginSupport::Supported if !allowed => Decision::Skip(format!(
            "Step execution skipped due to unsatisfied preconditions: '{}'. Step name: {id}",
            remarks.join(", ")
        )),
        PluginSupport::Supported if !remarks.is_empty() => Decision::Fail(format!(
            "Unrecognized precondition(s): '{}', please update agent to latest version. Step name: {id}",
            remarks.join(", ")
        )),
        PluginSupport::Supported => Decision::Run,
    }
}

struct Findings {
    /// No precondition is unmet (some may not be understood).
    allowed: bool,
    /// Those unmet or not understood.
    remarks: Vec<String>,
}

/// The outcome of one operator.
enum Finding {
    Met,
    Unmet(String),
    Unrecognized(String),
}

fn evaluate(
    preconditions: &BTreeMap<String, Vec<String>>,
    platform_type: &str,
    values: &Map<String, Value>,
) -> Findings {
    let mut findings = Findings { allowed: true, remarks: Vec::new() };
    for (operator, arguments) in preconditions {
        let finding = match (operator.as_str(), arguments.as_slice()) {
            ("StringEquals", [left, right]) => string_equals(left, right, platform_type, values),
            ("StringEquals", _) => {
                Finding::Unrecognized(r#""StringEquals": takes exactly two arguments"#.to_owned())
            }
            _ => Finding::Unrecognized(format!("\"{operator}\": unknown operator")),
        };
        match finding {
            Finding::Met => {}
            Finding::Unmet(remark) => {
                findings.allowed = false;
                findings.remarks.push(remark);
            }
            Finding::Unrecognized(remark) => findings.remarks.push(remark),
        }
    }
    findings
}

fn string_equals(left: &str, right: &str, platform_type: &str, values: &Map<String, Value>) -> Finding {
    let unrecognized = |problem: &str| Finding::Unrecognized(format!("\"StringEquals\": {problem}"));
    let compared = |equal: bool| {
        if equal { Finding::Met } else { Finding::Unmet(format!("\"StringEquals\": [{left}, {right}]")) }
    };
    if left == right {
        return if left == PLATFORM_TYPE {
            unrecognized(&format!("[{left} {right}]"))
        } else {
            // The arguments themselves may be secret.
            unrecognized("its arguments are the same")
        };
    }
    for (kind, problem) in [
        ("ssm", "its arguments must not refer to Parameter Store"),
        ("ssm-secure", "its arguments must not refer to secure parameters"),
    ] {
        if holds_reference(left, kind) || holds_reference(right, kind) {
            return unrecognized(problem);
        }
    }
    let resolve = |argument: &str| text_of(&substitute(&Value::from(argument), values)).into_owned();
    if left == PLATFORM_TYPE || right == PLATFORM_TYPE {
        let literal = if left == PLATFORM_TYPE { right } else { left };
        if literal.to_lowercase() != resolve(literal).to_lowercase() {
            return unrecognized("platformType must be compared with plain text");
        }
        return compared(literal.to_lowercase() == platform_type);
    }
    let (resolved_left, resolved_right) = (resolve(left), resolve(right));
    if resolved_left == left && resolved_right == right {
        return unrecognized("one of its arguments must name a parameter of the document");
    }
    compared(resolved_left == resolved_right)
}

/// Reads the `precondition` of a step: lists of strings by operator.
pub(super) fn parse(precondition: &Value) -> Result<BTreeMap<String, Vec<String>>, DocumentError> {
    let shape = || DocumentError::Shape { member: "precondition", expected: "lists of strings by operator" };
    let mut operators = BTreeMap::new();
    for (operator, arguments) in object(precondition, "precondition")? {
        let arguments = arguments.as_array().ok_or_else(shape)?;
        let arguments =
            arguments.iter().map(|argument| argument.as_str().map(str::to_owned).ok_or_else(shape));
        operators.insert(operator.clone(), arguments.collect::<Result<_, _>>()?);
    }
    Ok(operators)
}
