//! A document as delivered to a node: what its steps are, whether each runs, how it ends, and what of it is reported.
//!
//! Pure functions in the order in which a node uses them: [`Document::parse`], [`Document::values`] and
//! [`Document::apply`] (parameters), [`precondition::decide`] before each step, [`flow`] after it, [`output`] for its
//! reply. The rules are those of the official agent, odd ones included, so that a document does the same on either.
//! JSON alone. Not for: running steps, or the checks that the service makes when a document is created or sent (types,
//! allowed values and patterns of parameters).

pub mod flow;
pub mod inputs;
pub mod output;
pub mod parameters;
pub mod precondition;
#[cfg(test)]
mod tests;

use parameters::ParameterDefinition;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::fmt;

/// The forms of documents that a node runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SchemaVersion {
    /// `runtimeConfig`: plugins by name.
    V1_0,
    /// The same.
    V1_2,
    /// `mainSteps`: steps in order.
    V2_0,
    /// The same.
    V2_0_1,
    /// The same.
    V2_0_2,
    /// The same.
    V2_0_3,
    /// With preconditions, for documents that serve several platforms.
    V2_2,
}

impl SchemaVersion {
    /// Reads the version of a document.
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "1.0" => Self::V1_0,
            "1.2" => Self::V1_2,
            "2.0" => Self::V2_0,
            "2.0.1" => Self::V2_0_1,
            "2.0.2" => Self::V2_0_2,
            "2.0.3" => Self::V2_0_3,
            "2.2" => Self::V2_2,
            _ => return None,
        })
    }

    /// Whether steps stand in `runtimeConfig`.
    pub fn is_1(self) -> bool {
        self < Self::V2_0
    }

    /// Whether steps may have preconditions; also, steps of other platforms are then skipped instead of failed.
    pub fn has_preconditions(self) -> bool {
        self >= Self::V2_2
    }
}

/// Why a document cannot be run. The texts go to the user; the first two are the official agent's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DocumentError {
    /// A version that no node runs (automation and session documents among them).
    #[error(
        "Document with schema version {version} is not supported by this version of ssm agent, \
         please update to latest version"
    )]
    SchemaVersion {
        /// At most 32 characters of what came.
        version: String,
    },
    /// No steps.
    #[error("Unsupported schema format")]
    NoSteps,
    /// A member has another type than it must.
    #[error("Document is not valid: {member} must be {expected}")]
    Shape {
        /// Which.
        member: &'static str,
        /// In words.
        expected: &'static str,
    },
}

/// A document.
#[derive(Clone, PartialEq)]
pub struct Document {
    /// Its form.
    pub schema_version: SchemaVersion,
    /// For people.
    pub description: String,
    /// What may be filled in.
    pub parameters: BTreeMap<String, ParameterDefinition>,
    /// At least one, in order of execution. (Official agents run those of 1.x documents in random order.)
    pub steps: Vec<Step>,
}

/// One step.
#[derive(Clone, PartialEq)]
pub struct Step {
    /// Name of the step (2.x) or of the plugin (1.x); key of its result in replies. Any text: not fit for a path.
    pub id: String,
    /// The plugin: `aws:runShellScript`.
    pub action: String,
    /// What the plugin works on; see [`runs`](Self::runs).
    pub inputs: Value,
    /// Seldom used; null when absent.
    pub settings: Value,
    /// Arguments by operator: see [`precondition`].
    pub precondition: BTreeMap<String, Vec<String>>,
}

// Inputs hold what parameters were given, which may be secret.
impl fmt::Debug for Document {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = formatter.debug_struct("Document");
        debug
            .field("schema_version", &self.schema_version)
            .field("steps", &self.steps)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Step {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Step({}, {})", self.id, self.action)
    }
}

impl Document {
    /// Reads a document. Keys may come in any case; members that nodes do not use are left out.
    ///
    /// # Errors
    /// [`DocumentError`].
    pub fn parse(document: &Value) -> Result<Self, DocumentError> {
        let document = object(document, "the document")?;
        let version = text(document, "schemaVersion")?;
        let Some(schema_version) = SchemaVersion::parse(&version) else {
            return Err(DocumentError::SchemaVersion { version: version.chars().take(32).collect() });
        };
        let mut parameters = BTreeMap::new();
        if let Some(definitions) = member(document, "parameters") {
            for (name, definition) in object(definitions, "parameters")? {
                parameters.insert(name.clone(), ParameterDefinition::parse(definition)?);
            }
        }
        let steps = if schema_version.is_1() { plugins(document)? } else { main_steps(document)? };
        if steps.is_empty() {
            return Err(DocumentError::NoSteps);
        }
        Ok(Self { schema_version, description: text(document, "description")?, parameters, steps })
    }

    /// The value of each parameter: as given, else the default. Those with neither are absent, as are names that no
    /// token can hold.
    pub fn values(&self, given: &Map<String, Value>) -> Map<String, Value> {
        let defaults = self
            .parameters
            .iter()
            .filter_map(|(name, definition)| Some((name.clone(), definition.default.clone()?)));
        let mut values: Map<String, Value> = defaults.collect();
        values.extend(given.iter().map(|(name, value)| (name.clone(), value.clone())));
        values.retain(|name, _| parameters::is_name(name));
        values
    }

    /// Puts values in the place of tokens, in inputs and settings of all steps. (Those in preconditions are compared
    /// with and without, so they stay: see [`precondition::decide`].)
    pub fn apply(&mut self, values: &Map<String, Value>) {
        for step in &mut self.steps {
            step.inputs = parameters::substitute(&step.inputs, values);
            step.settings = parameters::substitute(&step.settings, values);
        }
    }
}

impl Step {
    /// The inputs, one set for each run of the plugin. Only old documents have several: the plugin runs for each in
    /// turn and the step's result is that of all together.
    pub fn runs(&self) -> &[Value] {
        match &self.inputs {
            Value::Array(runs) => runs,
            single => std::slice::from_ref(single),
        }
    }
}

fn plugins(document: &Map<String, Value>) -> Result<Vec<Step>, DocumentError> {
    let Some(plugins) = member(document, "runtimeConfig") else { return Ok(Vec::new()) };
    let mut steps = Vec::new();
    for (name, plugin) in object(plugins, "runtimeConfig")? {
        let plugin = object(plugin, "a plugin of runtimeConfig")?;
        steps.push(Step {
            id: name.clone(),
            action: name.clone(),
            inputs: member(plugin, "properties").cloned().unwrap_or_default(),
            settings: member(plugin, "settings").cloned().unwrap_or_default(),
            precondition: BTreeMap::new(),
        });
    }
    Ok(steps)
}

fn main_steps(document: &Map<String, Value>) -> Result<Vec<Step>, DocumentError> {
    let steps = match member(document, "mainSteps") {
        None => return Ok(Vec::new()),
        Some(Value::Array(steps)) => steps,
        Some(_) => return Err(DocumentError::Shape { member: "mainSteps", expected: "a list" }),
    };
    let steps = steps.iter().map(|step| {
        let step = object(step, "a step of mainSteps")?;
        Ok(Step {
            id: text(step, "name")?,
            action: text(step, "action")?,
            inputs: member(step, "inputs").cloned().unwrap_or_default(),
            settings: member(step, "settings").cloned().unwrap_or_default(),
            precondition: match member(step, "precondition") {
                None => BTreeMap::new(),
                Some(precondition) => precondition::parse(precondition)?,
            },
        })
    });
    steps.collect()
}

/// A member by name, in any case; null is absent.
fn member<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    let exact = object.get(name);
    exact
        .or_else(|| object.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value))
        .filter(|value| !value.is_null())
}

fn object<'a>(value: &'a Value, member: &'static str) -> Result<&'a Map<String, Value>, DocumentError> {
    value.as_object().ok_or(DocumentError::Shape { member, expected: "an object" })
}

/// A member that is text, or empty when absent.
fn text(object: &Map<String, Value>, name: &'static str) -> Result<String, DocumentError> {
    match member(object, name) {
        None => Ok(String::new()),
        Some(Value::String(text)) => Ok(text.clone()),
        Some(_) => Err(DocumentError::Shape { member: name, expected: "a string" }),
    }
}
