//! The documents that Muster ships under Amazon's names. Parsed once, at the start.

use super::{ParameterDefinition, ParameterError};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

const SOURCES: &[(&str, &[&str], &str)] = &[
    (
        "AWS-RunPowerShellScript",
        &["Windows", "Linux", "MacOS"],
        include_str!("../../../documents/AWS-RunPowerShellScript.json"),
    ),
    ("AWS-RunShellScript", &["Linux", "MacOS"], include_str!("../../../documents/AWS-RunShellScript.json")),
];

/// Seconds that a step may run when its document or caller does not say.
const DEFAULT_EXECUTION_SECONDS: i64 = 3600;

/// A document that Muster ships.
#[derive(Debug)]
pub(crate) struct BuiltinDocument {
    /// Its name: `AWS-RunShellScript`.
    pub(crate) name: &'static str,
    /// Its one version.
    pub(crate) version: &'static str,
    /// Platforms it runs on.
    pub(crate) platform_types: &'static [&'static str],
    /// The document itself.
    pub(crate) content: Value,
    /// Its parameters, in its order.
    pub(crate) parameters: Vec<ParameterDefinition>,
    /// Ids of its steps, in order: plugin names in schema 1, step names in schema 2.
    pub(crate) steps: Vec<String>,
}

/// All documents that Muster ships.
#[derive(Debug)]
pub(crate) struct BuiltinDocuments(BTreeMap<&'static str, BuiltinDocument>);

impl BuiltinDocuments {
    /// Parses them.
    ///
    /// # Errors
    /// The name of a document that does not parse, and why: a fault of the build.
    pub(crate) fn load() -> Result<Self, String> {
        let documents = SOURCES.iter().map(|(name, platforms, source)| {
            let document =
                parse(name, platforms, source).map_err(|error| format!("document {name}: {error}"))?;
            Ok((*name, document))
        });
        documents.collect::<Result<_, String>>().map(Self)
    }

    /// The document of this name, or of this ARN of Amazon's.
    pub(crate) fn find(&self, name_or_arn: &str) -> Option<&BuiltinDocument> {
        let name = match name_or_arn.split_once(":document/") {
            Some((arn, name)) if arn.starts_with("arn:aws:ssm:") => name,
            Some(_) => return None,
            None => name_or_arn,
        };
        self.0.get(name)
    }
}

fn parse(
    name: &'static str,
    platform_types: &'static [&'static str],
    source: &str,
) -> Result<BuiltinDocument, String> {
    let content: Value = serde_json::from_str(source).map_err(|error| error.to_string())?;
    let parameters = content.get("parameters").and_then(Value::as_object).into_iter().flatten();
    let parameters = parameters
        .map(|(name, definition)| ParameterDefinition::parse(name, definition))
        .collect::<Result<Vec<_>, _>>()?;
    let steps = match (content.get("runtimeConfig"), content.get("mainSteps")) {
        (Some(Value::Object(plugins)), None) => plugins.keys().cloned().collect(),
        (None, Some(Value::Array(steps))) => steps
            .iter()
            .filter_map(|step| step.get("name").and_then(Value::as_str))
            .map(str::to_owned)
            .collect(),
        _ => return Err("neither runtimeConfig nor mainSteps".to_owned()),
    };
    Ok(BuiltinDocument { name, version: "1", platform_types, content, parameters, steps })
}

impl BuiltinDocument {
    /// The values a node gets for what the caller gave: text, or a list of texts, as each parameter's type says.
    ///
    /// # Errors
    /// The first parameter that is unknown, missing, or not allowed.
    pub(crate) fn bind(
        &self,
        given: &BTreeMap<String, Vec<String>>,
    ) -> Result<Map<String, Value>, ParameterError> {
        if let Some(unknown) = given.keys().find(|name| self.parameters.iter().all(|p| &p.name != *name)) {
            return Err(ParameterError::Unknown(unknown.clone()));
        }
        let mut bound = Map::new();
        for parameter in &self.parameters {
            match given.get(&parameter.name) {
                Some(values) => {
                    bound.insert(parameter.name.clone(), parameter.accept(values)?);
                }
                None if parameter.default.is_some() => {}
                None => return Err(ParameterError::Missing(parameter.name.clone())),
            }
        }
        Ok(bound)
    }

    /// Seconds that all steps together may run, as AWS reckons them for `ExpiresAfter`: literal time-outs of
    /// steps are added up; a reference counts only if the caller gave that parameter; anything else is an hour.
    pub(crate) fn execution_seconds(&self, bound: &Map<String, Value>) -> i64 {
        let seconds = |inputs: Option<&Value>| {
            let timeout = inputs.and_then(|inputs| inputs.get("timeoutSeconds"));
            let read = match timeout {
                Some(Value::Number(number)) => number.as_i64(),
                Some(Value::String(text)) => match reference(text) {
                    Some(name) => bound.get(name).and_then(Value::as_str).and_then(|text| text.parse().ok()),
                    None => text.parse().ok(),
                },
                _ => None,
            };
            read.unwrap_or(DEFAULT_EXECUTION_SECONDS)
        };
        if let Some(steps) = self.content.get("mainSteps").and_then(Value::as_array) {
            return steps.iter().map(|step| seconds(step.get("inputs"))).sum();
        }
        let plugins = self.content.get("runtimeConfig").and_then(Value::as_object);
        let first =
            plugins.and_then(|plugins| plugins.values().next()).and_then(|plugin| plugin.get("properties"));
        seconds(match first {
            Some(Value::Array(properties)) => properties.first(),
            other => other,
        })
    }
}

/// The parameter that a text of the form `{{ name }}` refers to.
fn reference(text: &str) -> Option<&str> {
    Some(text.trim().strip_prefix("{{")?.strip_suffix("}}")?.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(pairs: &[(&str, &[&str])]) -> BTreeMap<String, Vec<String>> {
        let own = |values: &[&str]| values.iter().map(|value| (*value).to_owned()).collect();
        pairs.iter().map(|(name, values)| ((*name).to_owned(), own(values))).collect()
    }

    #[test]
    fn every_document_loads_and_is_found_by_name_and_arn() {
        let documents = BuiltinDocuments::load().unwrap();
        assert!(documents.find("AWS-RunShellScript").is_some());
        assert!(documents.find("arn:aws:ssm:eu-west-1::document/AWS-RunPowerShellScript").is_some());
        assert!(documents.find("AWS-Nothing").is_none());
        assert!(documents.find("arn:aws:s3:::document/AWS-RunShellScript").is_none());
    }

    #[test]
    fn parameters_are_bound_by_their_types() {
        let documents = BuiltinDocuments::load().unwrap();
        let shell = documents.find("AWS-RunShellScript").unwrap();
        let bound = shell.bind(&given(&[("commands", &["a", "b"]), ("executionTimeout", &["60"])])).unwrap();
        assert_eq!(
            Value::Object(bound),
            serde_json::json!({"commands": ["a", "b"], "executionTimeout": "60"})
        );
        for (wrong, expected) in [
            (given(&[]), ParameterError::Missing("commands".to_owned())),
            (given(&[("commands", &["a"]), ("x", &["y"])]), ParameterError::Unknown("x".to_owned())),
            (
                given(&[("commands", &["a"]), ("executionTimeout", &["172801"])]),
                ParameterError::Refused("executionTimeout".to_owned()),
            ),
            (given(&[("commands", &[])]), ParameterError::Refused("commands".to_owned())),
            (
                given(&[("commands", &["a"]), ("workingDirectory", &["/a", "/b"])]),
                ParameterError::Refused("workingDirectory".to_owned()),
            ),
        ] {
            assert_eq!(shell.bind(&wrong).unwrap_err(), expected);
        }
    }

    #[test]
    fn execution_seconds_are_reckoned_as_aws_does() {
        let documents = BuiltinDocuments::load().unwrap();
        let shell = documents.find("AWS-RunShellScript").unwrap();
        let bound = shell.bind(&given(&[("commands", &["a"]), ("executionTimeout", &["2"])])).unwrap();
        assert_eq!(shell.execution_seconds(&bound), 2);
        assert_eq!(shell.execution_seconds(&Map::new()), 3600);
    }
}
