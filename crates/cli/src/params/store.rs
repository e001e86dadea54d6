//! Reading and writing parameters over the public API: pages are followed, names go in tens. Not for: printing.

use crate::{
    Failure,
    client::{Client, ClientError},
};
use muster_service_model::Sensitive;
use muster_ssm_api::{
    DeleteParameters, DeleteParametersRequest, GetParameters, GetParametersByPath,
    GetParametersByPathRequest, GetParametersRequest, Parameter as Wire, ParameterType, PutParameter,
    PutParameterRequest,
};
use std::collections::BTreeMap;

/// Names in one call.
const NAMES: usize = 10;

/// A parameter as it is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Parameter {
    pub(crate) name: String,
    pub(crate) kind: ParameterType,
    pub(crate) value: Sensitive,
    pub(crate) version: i64,
}

impl Parameter {
    fn of(wire: Wire) -> Self {
        Self {
            name: wire.name.unwrap_or_default(),
            kind: wire.r#type.unwrap_or_default(),
            value: wire.value.unwrap_or_default(),
            version: wire.version.unwrap_or_default(),
        }
    }

    /// Whether its value is to be masked.
    pub(crate) fn is_secret(&self) -> bool {
        self.kind == ParameterType::SecureString
    }

    /// The value, or what stands for it.
    pub(crate) fn shown(&self, reveal: bool) -> &str {
        if self.is_secret() && !reveal { super::MASK } else { self.value.expose() }
    }
}

/// A path as the API wants it: a leading slash, none at the end.
pub(crate) fn path(text: &str) -> Result<String, Failure> {
    if !text.starts_with('/') {
        return Err(Failure::usage(format!("`{text}` is no path: a path begins with /")));
    }
    let trimmed = text.trim_end_matches('/');
    Ok(if trimmed.is_empty() { "/".to_owned() } else { trimmed.to_owned() })
}

/// Everything below a path, by what follows it (`db/host`). Secrets are decrypted only if they are wanted.
pub(crate) async fn below(
    client: &Client,
    path: &str,
    decrypt: bool,
) -> Result<BTreeMap<String, Parameter>, Failure> {
    let mut request = GetParametersByPathRequest {
        path: path.to_owned(),
        recursive: Some(true),
        with_decryption: Some(decrypt),
        max_results: Some(10),
        ..Default::default()
    };
    let mut found = BTreeMap::new();
    loop {
        let page = client.call::<GetParametersByPath>(&request).await?;
        for parameter in page.parameters.unwrap_or_default().into_iter().map(Parameter::of) {
            found.insert(relative(&parameter.name, path).to_owned(), parameter);
        }
        request.next_token = page.next_token;
        if request.next_token.is_none() {
            return Ok(found);
        }
    }
}

fn relative<'a>(name: &'a str, path: &str) -> &'a str {
    name.strip_prefix(path.trim_end_matches('/')).unwrap_or(name).trim_start_matches('/')
}

/// Parameters by their names, in this order; and the names of which there is none.
pub(crate) async fn named(
    client: &Client,
    names: &[String],
    decrypt: bool,
) -> Result<(Vec<Parameter>, Vec<String>), Failure> {
    let (mut found, mut missing) = (Vec::new(), Vec::new());
    for part in names.chunks(NAMES) {
        let request = GetParametersRequest { names: part.to_vec(), with_decryption: Some(decrypt) };
        let answer = client.call::<GetParameters>(&request).await?;
        let mut of_part: Vec<_> =
            answer.parameters.unwrap_or_default().into_iter().map(Parameter::of).collect();
        // The API answers in an order of its own.
        of_part.sort_by_key(|parameter| part.iter().position(|asked| is_asked_as(&parameter.name, asked)));
        found.append(&mut of_part);
        missing.extend(answer.invalid_parameters.unwrap_or_default());
    }
    Ok((found, missing))
}

/// Whether a caller asks for this parameter by `asked`: its name, or its name and a version or label.
fn is_asked_as(name: &str, asked: &str) -> bool {
    asked.strip_prefix(name).is_some_and(|selector| selector.is_empty() || selector.starts_with(':'))
}

/// Writes one; its version.
pub(crate) async fn put(client: &Client, request: &PutParameterRequest) -> Result<i64, ClientError> {
    Ok(client.call::<PutParameter>(request).await?.version.unwrap_or_default())
}

/// Deletes by name.
pub(crate) async fn delete(client: &Client, names: &[String]) -> Result<(), Failure> {
    for part in names.chunks(NAMES) {
        client.call::<DeleteParameters>(&DeleteParametersRequest { names: part.to_vec() }).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_and_what_is_below_them() {
        assert_eq!(path("/a/b/").unwrap(), "/a/b");
        assert_eq!(path("/").unwrap(), "/");
        assert!(path("a").is_err());
        assert_eq!(relative("/a/b/c", "/a"), "b/c");
        assert_eq!(relative("/a/b", "/"), "a/b");
    }

    #[test]
    fn a_name_that_begins_like_another_is_another() {
        assert!(is_asked_as("/a/b", "/a/b") && is_asked_as("/a/b", "/a/b:3"));
        assert!(!is_asked_as("/a/b", "/a/bc") && !is_asked_as("/a/bc", "/a/b"));
    }

    #[test]
    fn only_secrets_are_masked() {
        let parameter = |kind| Parameter { name: "/a".to_owned(), kind, value: "v".into(), version: 1 };
        assert_eq!(parameter(ParameterType::String).shown(false), "v");
        assert_eq!(parameter(ParameterType::SecureString).shown(false), super::super::MASK);
        assert_eq!(parameter(ParameterType::SecureString).shown(true), "v");
    }
}
