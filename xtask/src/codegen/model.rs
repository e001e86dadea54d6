//! The distilled service model (`model/*.json`) as Rust types: read, patched, checked.
//!
//! Not for: where a model comes from (`distil`) or what is made of it (`emit`).

use serde::{Deserialize, Deserializer, de};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::fmt;
use std::marker::PhantomData;
use std::path::Path;

/// A service as `model/<service>.json` describes it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Model {
    /// Where it came from, for people.
    #[serde(rename = "source")]
    _source: String,
    pub(crate) metadata: Metadata,
    pub(crate) operations: BTreeMap<String, Operation>,
    pub(crate) shapes: BTreeMap<String, Shape>,
    #[serde(default)]
    pub(crate) paginators: BTreeMap<String, Paginator>,
    /// Kept for clients; nothing is generated from them.
    #[serde(default, rename = "waiters")]
    _waiters: Value,
}

/// What holds for the whole service.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Metadata {
    pub(crate) api_version: String,
    pub(crate) endpoint_prefix: String,
    pub(crate) protocol: String,
    pub(crate) json_version: Option<String>,
    pub(crate) target_prefix: Option<String>,
    pub(crate) signing_name: Option<String>,
    pub(crate) xml_namespace: Option<String>,
    #[serde(rename = "serviceId")]
    _service_id: Option<String>,
}

/// An operation.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Operation {
    pub(crate) http: Http,
    pub(crate) input: Option<String>,
    pub(crate) output: Option<String>,
    pub(crate) result_wrapper: Option<String>,
    #[serde(default)]
    pub(crate) errors: Vec<String>,
    /// Traits that nothing is generated from.
    #[serde(default, rename = "authtype")]
    _authtype: Option<String>,
    #[serde(default, rename = "readonly")]
    _readonly: bool,
    #[serde(default, rename = "idempotent")]
    _idempotent: bool,
    #[serde(default, rename = "deprecated")]
    _deprecated: bool,
}

/// Method and path.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Http {
    pub(crate) method: String,
    pub(crate) request_uri: String,
}

/// How an operation pages. Each token is one name or several.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Paginator {
    pub(crate) input_token: OneOrMany,
    pub(crate) output_token: OneOrMany,
    pub(crate) limit_key: Option<String>,
    #[serde(default)]
    pub(crate) result_key: OneOrMany,
    #[serde(default, rename = "more_results")]
    _more_results: Option<String>,
    #[serde(default, rename = "non_aggregate_keys")]
    _non_aggregate_keys: Vec<String>,
}

/// One string, or a list of them.
#[derive(Debug, Default)]
pub(crate) struct OneOrMany(pub(crate) Vec<String>);

impl<'de> Deserialize<'de> for OneOrMany {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Either {
            One(String),
            Many(Vec<String>),
        }
        Ok(Self(match Either::deserialize(deserializer)? {
            Either::One(one) => vec![one],
            Either::Many(many) => many,
        }))
    }
}

/// The kinds of shapes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Kind {
    Structure,
    List,
    Map,
    String,
    Integer,
    Long,
    Float,
    Double,
    Boolean,
    Timestamp,
    Blob,
}

/// A shape; which fields count depends on its kind.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Shape {
    #[serde(rename = "type")]
    pub(crate) kind: Kind,
    /// Members of a structure, in the model's order.
    #[serde(default, deserialize_with = "ordered")]
    pub(crate) members: Vec<(String, Reference)>,
    #[serde(default)]
    pub(crate) required: Vec<String>,
    /// Element of a list.
    pub(crate) member: Option<Reference>,
    /// Key and value of a map.
    pub(crate) key: Option<Reference>,
    pub(crate) value: Option<Reference>,
    #[serde(default)]
    pub(crate) flattened: bool,
    pub(crate) min: Option<i64>,
    pub(crate) max: Option<i64>,
    pub(crate) pattern: Option<String>,
    #[serde(default, rename = "enum")]
    pub(crate) values: Vec<String>,
    #[serde(default)]
    pub(crate) sensitive: bool,
    pub(crate) timestamp_format: Option<String>,
    #[serde(default)]
    pub(crate) exception: bool,
    #[serde(default)]
    pub(crate) fault: bool,
    pub(crate) error: Option<ErrorTrait>,
    /// Exactly one member is set; nothing is generated from it.
    #[serde(default, rename = "union")]
    _union: bool,
    #[serde(default, rename = "deprecated")]
    _deprecated: bool,
}

/// How an error shows in other protocols than JSON.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ErrorTrait {
    pub(crate) code: Option<String>,
    pub(crate) http_status_code: Option<u16>,
    #[serde(default, rename = "senderFault")]
    _sender_fault: bool,
}

/// A use of a shape, with what holds at this place alone.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Reference {
    pub(crate) shape: String,
    pub(crate) location: Option<String>,
    pub(crate) location_name: Option<String>,
    #[serde(default)]
    pub(crate) idempotency_token: bool,
    #[serde(default, rename = "deprecated")]
    _deprecated: bool,
}

/// Reads a JSON object as pairs in the order of the file.
fn ordered<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<(String, Reference)>, D::Error> {
    struct Pairs(PhantomData<()>);
    impl<'de> de::Visitor<'de> for Pairs {
        type Value = Vec<(String, Reference)>;
        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("an object of members")
        }
        fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut pairs = Vec::new();
            while let Some(pair) = map.next_entry()? {
                pairs.push(pair);
            }
            Ok(pairs)
        }
    }
    deserializer.deserialize_map(Pairs(PhantomData))
}

impl Shape {
    /// The shapes this one is made of.
    pub(crate) fn references(&self) -> impl Iterator<Item = &Reference> {
        self.members
            .iter()
            .map(|(_, reference)| reference)
            .chain(&self.member)
            .chain(&self.key)
            .chain(&self.value)
    }

    /// Text with a fixed set of values.
    pub(crate) fn is_enum(&self) -> bool {
        self.kind == Kind::String && !self.values.is_empty()
    }
}

impl Model {
    /// Takes a model from its JSON, applies the patch if there is one, and checks that the result is whole.
    pub(crate) fn from_value(mut value: Value, patch: Option<Value>) -> Result<Self, Box<dyn Error>> {
        if let Some(patch) = patch {
            merge(&mut value, patch);
        }
        let mut model: Self = serde_json::from_value(value)?;
        model.name_missing_ends();
        model.check()?;
        Ok(model)
    }

    /// Gives an empty structure to operations that the model leaves without input or output.
    fn name_missing_ends(&mut self) {
        for (name, operation) in &mut self.operations {
            for (end, suffix) in [(&mut operation.input, "Input"), (&mut operation.output, "Output")] {
                let shape = end.get_or_insert_with(|| format!("{name}{suffix}"));
                self.shapes.entry(shape.clone()).or_insert_with(empty_structure);
            }
        }
    }

    /// Every name leads somewhere, every constraint fits its shape.
    fn check(&self) -> Result<(), Box<dyn Error>> {
        for (name, shape) in &self.shapes {
            for reference in shape.references() {
                self.find(&reference.shape).map_err(|error| format!("{name}: {error}"))?;
            }
            for required in &shape.required {
                if !shape.members.iter().any(|(member, _)| member == required) {
                    return Err(format!("{name}: requires `{required}`, which is no member").into());
                }
            }
            let complete = match shape.kind {
                Kind::List => shape.member.is_some(),
                Kind::Map => match &shape.key {
                    Some(key) => self.find(&key.shape)?.kind == Kind::String && shape.value.is_some(),
                    None => false,
                },
                _ => true,
            };
            if !complete {
                return Err(format!("{name}: lacks its member, or its key of text, or its value").into());
            }
        }
        for (name, operation) in &self.operations {
            for shape in [&operation.input, &operation.output].into_iter().flatten() {
                if self.find(shape)?.kind != Kind::Structure {
                    return Err(format!("{name}: `{shape}` is no structure").into());
                }
            }
            for shape in &operation.errors {
                if !self.find(shape)?.exception {
                    return Err(format!("{name}: `{shape}` is no error").into());
                }
            }
        }
        match self.paginators.keys().find(|name| !self.operations.contains_key(*name)) {
            Some(name) => Err(format!("paginator of an unknown operation `{name}`").into()),
            None => Ok(()),
        }
    }

    /// The shape of this name.
    pub(crate) fn find(&self, name: &str) -> Result<&Shape, Box<dyn Error>> {
        self.shapes.get(name).ok_or_else(|| format!("unknown shape `{name}`").into())
    }

    /// Names of the modelled errors.
    pub(crate) fn errors(&self) -> impl Iterator<Item = (&String, &Shape)> {
        self.shapes.iter().filter(|(_, shape)| shape.exception)
    }

    /// Adds every shape that can be reached from `name`, itself included.
    pub(crate) fn reach(&self, name: &str, reached: &mut BTreeSet<String>) -> Result<(), Box<dyn Error>> {
        if reached.insert(name.to_owned()) {
            for reference in self.find(name)?.references() {
                self.reach(&reference.shape, reached)?;
            }
        }
        Ok(())
    }
}

fn empty_structure() -> Shape {
    Shape {
        kind: Kind::Structure,
        members: Vec::new(),
        required: Vec::new(),
        member: None,
        key: None,
        value: None,
        flattened: false,
        min: None,
        max: None,
        pattern: None,
        values: Vec::new(),
        sensitive: false,
        timestamp_format: None,
        exception: false,
        fault: false,
        error: None,
        _union: false,
        _deprecated: false,
    }
}

/// Reads a JSON file; the error names it.
pub(crate) fn read_json(path: &Path) -> Result<Value, Box<dyn Error>> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    serde_json::from_str(&text).map_err(|error| format!("{}: {error}", path.display()).into())
}

/// JSON merge patch (RFC 7386): objects are merged, `null` removes, anything else replaces.
fn merge(target: &mut Value, patch: Value) {
    match (target, patch) {
        (Value::Object(target), Value::Object(patch)) => {
            for (key, change) in patch {
                if change.is_null() {
                    target.shift_remove(&key);
                } else {
                    merge(target.entry(key).or_insert(Value::Null), change);
                }
            }
        }
        (target, patch) => *target = patch,
    }
}
