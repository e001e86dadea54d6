//! Files of keys and values: dotenv, JSON, YAML. Keys of nested objects are joined by slashes, as paths are. Not for:
//! what is done with them.

mod dotenv;
mod tree;

use crate::Failure;
use std::{
    collections::BTreeMap,
    fs,
    io::{self, Read as _},
    path::Path,
};

/// Keys, such as `db/host`, and their values.
pub(crate) type Entries = BTreeMap<String, String>;

/// A file's format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// KEY=value, a line each
    Dotenv,
    /// One object, nested as the paths are
    Json,
    /// The same as YAML
    Yaml,
}

/// Reads a file; `-` is standard input. Without a format the name tells it: .json, .yaml, .yml, else dotenv.
///
/// # Errors
/// A file that cannot be read, or is not of the format: with the line, never with a value.
pub(crate) fn read(file: &Path, format: Option<Format>) -> Result<Entries, Failure> {
    let failed = |why: String| Failure::usage(format!("cannot read {}: {why}", file.display()));
    let mut text = String::new();
    let read = match file == Path::new("-") {
        true => io::stdin().read_to_string(&mut text).map(|_| ()),
        false => fs::read_to_string(file).map(|content| text = content),
    };
    read.map_err(|error| failed(error.to_string()))?;
    let format = format.unwrap_or_else(|| match file.extension().and_then(|extension| extension.to_str()) {
        Some("json") => Format::Json,
        Some("yaml" | "yml") => Format::Yaml,
        _ => Format::Dotenv,
    });
    let entries = format.parse(&text).map_err(failed)?;
    match entries.iter().find(|(_, value)| value.is_empty()) {
        Some((key, _)) => Err(failed(format!("{key} is empty, and a parameter cannot be"))),
        None => Ok(entries),
    }
}

impl Format {
    fn parse(self, text: &str) -> Result<Entries, String> {
        match self {
            Self::Dotenv => dotenv::parse(text),
            Self::Json => {
                let value = serde_json::from_str(text).map_err(|error| {
                    format!("it is no JSON at line {}, column {}", error.line(), error.column())
                })?;
                tree::flatten(&value)
            }
            Self::Yaml => {
                let value = serde_saphyr::from_str(text).map_err(|_| "it is no YAML".to_owned())?;
                tree::flatten(&value)
            }
        }
    }

    /// The entries as text, with a line break at the end.
    ///
    /// # Errors
    /// Entries that the format cannot hold.
    pub(crate) fn write(self, entries: &Entries) -> Result<String, Failure> {
        let failed = |why: String| Failure::usage(format!("this cannot be written: {why}"));
        match self {
            Self::Dotenv => dotenv::write(entries).map_err(failed),
            Self::Json => {
                let tree = tree::nest(entries).map_err(failed)?;
                Ok(format!("{tree:#}\n"))
            }
            Self::Yaml => {
                let tree = tree::nest(entries).map_err(failed)?;
                serde_saphyr::to_string(&tree).map_err(|error| failed(error.to_string()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// What is written is read back, whatever the values are.
        #[test]
        fn every_format_gives_back_what_it_took(
            entries in prop::collection::btree_map("[A-Za-z][A-Za-z0-9_]{0,8}", "[^\\x00]{1,40}", 0..6),
        ) {
            for format in [Format::Dotenv, Format::Json, Format::Yaml] {
                let text = format.write(&entries).unwrap();
                prop_assert_eq!(format.parse(&text).unwrap(), entries.clone(), "{:?}: {}", format, text);
            }
        }
    }

    #[test]
    fn nested_keys_are_paths() {
        let entries = Format::Yaml.parse("db:\n  host: h\n  port: 5432\n  tls: true\n").unwrap();
        let expected = [("db/host", "h"), ("db/port", "5432"), ("db/tls", "true")];
        assert_eq!(entries, expected.map(|(key, value)| (key.to_owned(), value.to_owned())).into());
        let json = Format::Json.write(&entries).unwrap();
        assert_eq!(Format::Json.parse(&json).unwrap(), entries);
    }

    #[test]
    fn an_error_shows_no_value() {
        let error = Format::Json.parse("{\"password\": \"secret\", }").unwrap_err();
        assert!(!error.contains("secret"), "{error}");
        let error = Format::Dotenv.parse("A=1\nsecret line\n").unwrap_err();
        assert!(error.contains("line 2") && !error.contains("secret"), "{error}");
    }
}
