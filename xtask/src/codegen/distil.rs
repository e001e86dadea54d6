//! Turns botocore's description of a service into the distilled, prose-free model.
//!
//! Works by allow-list: traits that matter are kept, known prose and client-side hints are dropped, and anything
//! unheard-of is an error, so that a new botocore never changes the wire behind our back.

use flate2::read::GzDecoder;
use serde_json::{Map, Value, json};
use std::error::Error;
use std::fs;
use std::io::Read as _;
use std::path::Path;

/// The release that `model/` is distilled from; moves only on purpose.
pub(crate) const BOTOCORE_VERSION: &str = "1.44.5";

const METADATA: Traits = Traits {
    what: "metadata",
    keep: &[
        "apiVersion",
        "endpointPrefix",
        "jsonVersion",
        "protocol",
        "serviceId",
        "signingName",
        "targetPrefix",
        "xmlNamespace",
    ],
    drop: &[
        "auth",
        "globalEndpoint",
        "protocols",
        "serviceAbbreviation",
        "serviceFullName",
        "signatureVersion",
        "uid",
    ],
};
const OPERATION: Traits = Traits {
    what: "operation",
    keep: &["http", "input", "output", "errors", "authtype", "readonly", "idempotent", "deprecated"],
    drop: &["name", "auth", "documentation", "documentationUrl", "deprecatedMessage", "deprecatedSince"],
};
const SHAPE: Traits = Traits {
    what: "shape",
    keep: &[
        "type",
        "required",
        "members",
        "member",
        "key",
        "value",
        "flattened",
        "min",
        "max",
        "pattern",
        "enum",
        "sensitive",
        "timestampFormat",
        "union",
        "deprecated",
        "exception",
        "fault",
        "error",
    ],
    drop: &["documentation", "box", "deprecatedMessage", "deprecatedSince"],
};
const REFERENCE: Traits = Traits {
    what: "member",
    keep: &["shape", "location", "locationName", "idempotencyToken", "deprecated"],
    drop: &["documentation", "box", "deprecatedMessage", "deprecatedSince"],
};

/// Which keys of an object are kept, in the order they are written, and which are knowingly dropped.
struct Traits {
    what: &'static str,
    keep: &'static [&'static str],
    drop: &'static [&'static str],
}

impl Traits {
    fn pick(&self, object: &Value, place: &str) -> Result<Map<String, Value>, Box<dyn Error>> {
        let object = as_object(object, place)?;
        let known = |key: &str| self.keep.contains(&key) || self.drop.contains(&key);
        if let Some(key) = object.keys().find(|key| !known(key)) {
            return Err(
                format!("{place}: unheard-of {} trait `{key}`: decide in distil.rs", self.what).into()
            );
        }
        let kept = self.keep.iter().filter_map(|key| Some(((*key).to_owned(), object.get(*key)?.clone())));
        Ok(kept.collect())
    }
}

/// Distils `<data>/<service>/<api version>/` of an installed botocore.
pub(crate) fn from_botocore(data: &Path, service: &str) -> Result<Value, Box<dyn Error>> {
    let folder = newest_version(&data.join(service))?;
    let version = folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let description =
        read(&folder, "service-2.json")?.ok_or_else(|| format!("{}: no service-2.json", folder.display()))?;
    let paginators = read(&folder, "paginators-1.json")?.unwrap_or_else(|| json!({"pagination": {}}));
    let waiters = read(&folder, "waiters-2.json")?.unwrap_or_else(|| json!({"waiters": {}}));
    let source = format!("botocore {BOTOCORE_VERSION}, {service}/{version}");
    distil(&source, &description, &paginators, &waiters).map_err(|error| format!("{service}: {error}").into())
}

/// Only the pinned release will do, so that the models do not depend on who distilled them.
pub(crate) fn check_version(data: &Path) -> Result<(), Box<dyn Error>> {
    let init = data.with_file_name("__init__.py");
    let text = fs::read_to_string(&init).map_err(|error| format!("{}: {error}", init.display()))?;
    if text.contains(&format!("__version__ = '{BOTOCORE_VERSION}'")) {
        return Ok(());
    }
    Err(format!("{}: not botocore {BOTOCORE_VERSION}", data.display()).into())
}

/// The pure part: botocore's three files in, the distilled model out.
pub(crate) fn distil(
    source: &str,
    description: &Value,
    paginators: &Value,
    waiters: &Value,
) -> Result<Value, Box<dyn Error>> {
    let mut operations = Map::new();
    for (name, value) in sorted(field(description, "operations")?)? {
        operations.insert(name.clone(), operation(&name, value)?);
    }
    let mut shapes = Map::new();
    for (name, value) in sorted(field(description, "shapes")?)? {
        shapes.insert(name.clone(), shape(&name, value)?);
    }
    let mut pages = Map::new();
    for (name, value) in sorted(field(paginators, "pagination")?)? {
        pages.insert(name, value.clone());
    }
    Ok(json!({
        "source": source,
        "metadata": METADATA.pick(field(description, "metadata")?, "metadata")?,
        "operations": operations,
        "shapes": shapes,
        "paginators": pages,
        "waiters": without_prose(field(waiters, "waiters")?),
    }))
}

fn operation(name: &str, value: &Value) -> Result<Value, Box<dyn Error>> {
    let picked = OPERATION.pick(value, name)?;
    let mut operation = Map::new();
    for (key, value) in picked {
        match key.as_str() {
            "input" => {
                operation.insert(key, shape_name(&value, name)?);
            }
            "output" => {
                operation.insert(key, shape_name(&value, name)?);
                if let Some(wrapper) = value.get("resultWrapper") {
                    operation.insert("resultWrapper".to_owned(), wrapper.clone());
                }
            }
            "errors" => {
                let errors = value.as_array().ok_or_else(|| format!("{name}: errors are no list"))?;
                let names: Result<Vec<_>, _> = errors.iter().map(|error| shape_name(error, name)).collect();
                operation.insert(key, Value::Array(names?));
            }
            _ => {
                operation.insert(key, value);
            }
        }
    }
    Ok(Value::Object(operation))
}

fn shape(name: &str, value: &Value) -> Result<Value, Box<dyn Error>> {
    let mut shape = SHAPE.pick(value, name)?;
    for key in ["member", "key", "value"] {
        if let Some(reference) = shape.get_mut(key) {
            *reference = Value::Object(REFERENCE.pick(reference, name)?);
        }
    }
    if let Some(members) = shape.get_mut("members") {
        let mut distilled = Map::new();
        for (member, reference) in as_object(members, name)? {
            let place = format!("{name}.{member}");
            distilled.insert(member.clone(), Value::Object(REFERENCE.pick(reference, &place)?));
        }
        *members = Value::Object(distilled);
    }
    Ok(Value::Object(shape))
}

fn shape_name(reference: &Value, place: &str) -> Result<Value, Box<dyn Error>> {
    Ok(reference.get("shape").cloned().ok_or_else(|| format!("{place}: names no shape"))?)
}

/// Waiters carry free text beside their acceptors.
fn without_prose(value: &Value) -> Value {
    match value {
        Value::Object(members) => members
            .iter()
            .filter(|(name, _)| !matches!(name.as_str(), "documentation" | "description"))
            .map(|(name, member)| (name.clone(), without_prose(member)))
            .collect(),
        Value::Array(elements) => elements.iter().map(without_prose).collect(),
        other => other.clone(),
    }
}

fn field<'a>(value: &'a Value, name: &str) -> Result<&'a Value, Box<dyn Error>> {
    value.get(name).ok_or_else(|| format!("no `{name}`").into())
}

fn as_object<'a>(value: &'a Value, place: &str) -> Result<&'a Map<String, Value>, Box<dyn Error>> {
    value.as_object().ok_or_else(|| format!("{place}: no object").into())
}

fn sorted(value: &Value) -> Result<Vec<(String, &Value)>, Box<dyn Error>> {
    let mut entries: Vec<_> =
        as_object(value, "section")?.iter().map(|(name, value)| (name.clone(), value)).collect();
    entries.sort_by(|left, right| left.0.cmp(&right.0));
    Ok(entries)
}

/// A service has one folder per API version, named by date.
fn newest_version(service: &Path) -> Result<std::path::PathBuf, Box<dyn Error>> {
    let entries = fs::read_dir(service).map_err(|error| format!("{}: {error}", service.display()))?;
    let mut versions = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() {
            versions.push(path);
        }
    }
    versions.into_iter().max().ok_or_else(|| format!("{}: no version", service.display()).into())
}

/// Reads `<folder>/<name>`, or `<name>.gz`; `None` if neither is there.
fn read(folder: &Path, name: &str) -> Result<Option<Value>, Box<dyn Error>> {
    let plain = folder.join(name);
    let packed = folder.join(format!("{name}.gz"));
    let mut bytes = Vec::new();
    if plain.exists() {
        bytes = fs::read(&plain)?;
    } else if packed.exists() {
        GzDecoder::new(fs::File::open(&packed)?).read_to_end(&mut bytes)?;
    } else {
        return Ok(None);
    }
    let value = serde_json::from_slice(&bytes).map_err(|error| format!("{}: {error}", plain.display()))?;
    Ok(Some(value))
}
