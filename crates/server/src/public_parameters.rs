//! Public parameters, below `/aws/service`: the same for every account and region, and of nobody. An administrator
//! puts them into files `DATA_DIR/public-parameters/*.json`, each an object of names and values:
//! `{ "/aws/service/x/y": "value" }`. Files are read again when they change. Not for: who may read them.

use muster_ids::Region;
use serde_json::{Map, Value};
use std::{
    collections::BTreeMap,
    fs, io,
    ops::Bound,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
    time::{SystemTime, UNIX_EPOCH},
};

/// The folder in the data folder.
const FOLDER: &str = "public-parameters";
/// What the names begin with.
const ROOT: &str = "/aws/service";
/// The largest file that is read, bytes.
const LARGEST: u64 = 64 << 20;

/// A name below `/aws/service`, as a caller gives it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PublicName {
    /// With a slash in front, without a selector.
    pub(crate) path: String,
    /// What stands behind a colon.
    pub(crate) selector: Option<String>,
    /// Whether the caller gave the ARN.
    pub(crate) by_arn: bool,
}

impl PublicName {
    /// The public parameter, or the path of such, that a text names; `None` for any other name. The ARNs of public
    /// parameters have a region and no account.
    pub(crate) fn parse(text: &str, region: &Region) -> Option<Self> {
        let text = text.trim_matches(' ');
        let by_arn = text.starts_with("arn:");
        let name = if by_arn {
            let mut parts = text.strip_prefix("arn:")?.splitn(5, ':');
            let partition = parts.next()?;
            let known = partition == "aws" || partition.starts_with("aws-");
            let here = known
                && parts.next()? == "ssm"
                && parts.next()? == region.as_str()
                && parts.next()?.is_empty();
            parts.next()?.strip_prefix("parameter").filter(|_| here)?
        } else {
            text
        };
        let (path, selector) = match name.split_once(':') {
            None => (name, None),
            Some((path, selector)) => (path, Some(selector.to_owned())),
        };
        let rest = path.strip_prefix(ROOT)?;
        (rest.is_empty() || rest.starts_with('/')).then(|| Self { path: path.to_owned(), selector, by_arn })
    }
}

/// A public parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PublicParameter {
    /// Its value.
    pub(crate) value: String,
    /// When its file was changed, milliseconds since the epoch.
    pub(crate) modified_ms: i64,
}

type Tree = BTreeMap<String, PublicParameter>;

/// The files as they were read: names, times and sizes.
type Stamp = Vec<(PathBuf, SystemTime, u64)>;

/// The public parameters of this installation.
#[derive(Debug)]
pub(crate) struct PublicParameters {
    folder: PathBuf,
    read: RwLock<(Stamp, Arc<Tree>)>,
}

impl PublicParameters {
    /// Those of a data folder. Reads nothing yet.
    pub(crate) fn new(data_dir: &Path) -> Self {
        Self { folder: data_dir.join(FOLDER), read: RwLock::default() }
    }

    /// The parameter of a name. Looks at the folder, so it belongs on a thread that may wait.
    pub(crate) fn find(&self, path: &str) -> Option<PublicParameter> {
        self.tree().get(path).cloned()
    }

    /// Parameters below a path, on one level or on all, after `after`. As for [`find`](Self::find).
    pub(crate) fn below(
        &self,
        path: &str,
        recursive: bool,
        after: Option<&str>,
        limit: usize,
    ) -> Vec<(String, PublicParameter)> {
        let prefix = format!("{path}/");
        let from = match after {
            Some(after) if after > prefix.as_str() => Bound::Excluded(after),
            _ => Bound::Excluded(prefix.as_str()),
        };
        let tree = self.tree();
        let rest = tree.range::<str, _>((from, Bound::Unbounded));
        let found = rest
            .map_while(|(name, found)| Some((name.strip_prefix(&prefix)?, name, found)))
            .filter(|(rest, ..)| recursive || !rest.contains('/'));
        found.take(limit).map(|(_, name, found)| (name.clone(), found.clone())).collect()
    }

    fn tree(&self) -> Arc<Tree> {
        let stamp = match stamp(&self.folder) {
            Ok(stamp) => stamp,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Stamp::new(),
            Err(error) => {
                tracing::warn!(folder = %self.folder.display(), %error, "public parameters cannot be read");
                Stamp::new()
            }
        };
        {
            let read = self.read.read().unwrap_or_else(PoisonError::into_inner);
            if read.0 == stamp {
                return Arc::clone(&read.1);
            }
        }
        let tree = Arc::new(load(&stamp));
        *self.read.write().unwrap_or_else(PoisonError::into_inner) = (stamp, Arc::clone(&tree));
        tree
    }
}

fn stamp(folder: &Path) -> io::Result<Stamp> {
    let mut stamp = Stamp::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "json") {
            let about = fs::metadata(&path)?;
            stamp.push((path, about.modified()?, about.len()));
        }
    }
    stamp.sort();
    Ok(stamp)
}

/// All files in the order of their names; a later one wins. What cannot be read is left out, and said.
fn load(stamp: &Stamp) -> Tree {
    let mut tree = Tree::new();
    for (path, modified, length) in stamp {
        let file = path.display();
        if *length > LARGEST {
            tracing::warn!(%file, "a file of public parameters is too large");
            continue;
        }
        let content: Map<String, Value> = match fs::read(path).map(|bytes| serde_json::from_slice(&bytes)) {
            Ok(Ok(content)) => content,
            Ok(Err(error)) => {
                tracing::warn!(%file, %error, "a file of public parameters is no JSON object");
                continue;
            }
            Err(error) => {
                tracing::warn!(%file, %error, "a file of public parameters cannot be read");
                continue;
            }
        };
        let since = modified.duration_since(UNIX_EPOCH).unwrap_or_default();
        let modified_ms = i64::try_from(since.as_millis()).unwrap_or(i64::MAX);
        for (name, value) in content {
            match value {
                Value::String(value) if name.starts_with("/aws/service/") => {
                    tree.insert(name, PublicParameter { value, modified_ms });
                }
                _ => tracing::warn!(%file, name, "a public parameter is a text below /aws/service/"),
            }
        }
    }
    tree
}

#[cfg(test)]
mod tests {
    use super::*;

    fn region() -> Region {
        Region::parse("us-east-1").unwrap()
    }

    #[test]
    fn names_and_arns_without_an_account() {
        let parse = |text: &str| PublicName::parse(text, &region());
        let name = parse(" /aws/service/a/b:1 ").unwrap();
        assert_eq!(
            (name.path.as_str(), name.selector.as_deref(), name.by_arn),
            ("/aws/service/a/b", Some("1"), false)
        );
        let arn = parse("arn:aws:ssm:us-east-1::parameter/aws/service/a").unwrap();
        assert_eq!((arn.path.as_str(), arn.selector, arn.by_arn), ("/aws/service/a", None, true));
        assert!(parse("/aws/service").is_some());
        for other in [
            "/aws/services/a",
            "/aws/reference/a",
            "/a",
            "arn:aws:ssm:eu-west-1::parameter/aws/service/a",
            "arn:aws:ssm:us-east-1:123456789012:parameter/aws/service/a",
            "arn:aws:s3:us-east-1::parameter/aws/service/a",
        ] {
            assert_eq!(parse(other), None, "{other}");
        }
    }

    #[test]
    fn files_are_read_again_when_they_change() {
        let data = tempfile::tempdir().unwrap();
        let public = PublicParameters::new(data.path());
        assert_eq!(public.find("/aws/service/a"), None);
        let folder = data.path().join(FOLDER);
        fs::create_dir(&folder).unwrap();
        let value = |name: &str| public.find(name).map(|found| found.value);
        let write = |file: &str, content: &str| fs::write(folder.join(file), content).unwrap();
        write("1.json", r#"{"/aws/service/a":"1","/aws/service/b":"1","/other":"x","/aws/service/n":1}"#);
        write("2.json", r#"{"/aws/service/b":"2 longer"}"#);
        write("3.json", "no JSON");
        write("4.txt", r#"{"/aws/service/a":"4"}"#);
        assert_eq!(value("/aws/service/a").as_deref(), Some("1"));
        assert_eq!(value("/aws/service/b").as_deref(), Some("2 longer"));
        assert_eq!((value("/other"), value("/aws/service/n")), (None, None));
        write("2.json", "{}");
        assert_eq!(value("/aws/service/b").as_deref(), Some("1"));
        fs::remove_file(folder.join("1.json")).unwrap();
        assert_eq!(value("/aws/service/a"), None);
    }

    #[test]
    fn what_is_below_a_path_comes_in_pages() {
        let data = tempfile::tempdir().unwrap();
        let folder = data.path().join(FOLDER);
        fs::create_dir(&folder).unwrap();
        let content =
            r#"{"/aws/service/a":"","/aws/service/a/b":"","/aws/service/a/c/d":"","/aws/service/ab":""}"#;
        fs::write(folder.join("x.json"), content).unwrap();
        let public = PublicParameters::new(data.path());
        let names = |path: &str, recursive, after: Option<&str>, limit| -> Vec<String> {
            public.below(path, recursive, after, limit).into_iter().map(|(name, _)| name).collect()
        };
        assert_eq!(names("/aws/service", false, None, 9), ["/aws/service/a", "/aws/service/ab"]);
        assert_eq!(names("/aws/service/a", true, None, 9), ["/aws/service/a/b", "/aws/service/a/c/d"]);
        assert_eq!(names("/aws/service/a", true, None, 1), ["/aws/service/a/b"]);
        assert_eq!(names("/aws/service/a", true, Some("/aws/service/a/b"), 9), ["/aws/service/a/c/d"]);
        assert_eq!(names("/aws/service/a", false, None, 9), ["/aws/service/a/b"]);
        assert_eq!(names("/aws/service/x", true, None, 9), [""; 0]);
    }
}
