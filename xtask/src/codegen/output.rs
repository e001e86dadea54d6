//! The files a run makes: collected first, then compared with the tree or written to it.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Files by their path below the project's root.
pub(crate) struct Tree {
    root: PathBuf,
    files: BTreeMap<String, String>,
    /// Sources that rustfmt has yet to see.
    unformatted: BTreeSet<String>,
    /// Folders in which every file is generated, so that others must go.
    owned: Vec<String>,
}

impl Tree {
    pub(crate) fn new(root: &Path) -> Self {
        Self {
            root: root.to_owned(),
            files: BTreeMap::new(),
            unformatted: BTreeSet::new(),
            owned: Vec::new(),
        }
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// A file made by this run.
    pub(crate) fn get(&self, path: &str) -> Option<&str> {
        self.files.get(path).map(String::as_str)
    }

    pub(crate) fn put(&mut self, path: String, text: String) {
        self.files.insert(path, text);
    }

    /// A Rust source, to be formatted like the rest of the project.
    pub(crate) fn put_rust(&mut self, path: String, text: String) {
        self.unformatted.insert(path.clone());
        self.put(path, text);
    }

    /// Everything in `folder` is generated.
    pub(crate) fn own(&mut self, folder: &str) {
        self.owned.push(folder.to_owned());
    }

    /// Paths whose content differs from the tree, and files that should not be there.
    pub(crate) fn differences(&mut self) -> Result<Vec<PathBuf>, Box<dyn Error>> {
        self.format()?;
        let differs = |(path, text): &(&String, &String)| {
            std::fs::read(self.root.join(path)).map_or(true, |found| found != text.as_bytes())
        };
        let mut paths: Vec<_> =
            self.files.iter().filter(differs).map(|(path, _)| PathBuf::from(path)).collect();
        paths.extend(self.stale()?);
        Ok(paths)
    }

    /// Brings the tree up to date; touches only what differs, so that cargo rebuilds only that.
    pub(crate) fn write(&mut self) -> Result<Vec<PathBuf>, Box<dyn Error>> {
        let differing = self.differences()?;
        for path in &differing {
            let full = self.root.join(path);
            match path.to_str().and_then(|path| self.files.get(path)) {
                Some(text) => {
                    if let Some(folder) = full.parent() {
                        std::fs::create_dir_all(folder)?;
                    }
                    std::fs::write(&full, text).map_err(|error| format!("{}: {error}", full.display()))?;
                }
                None => std::fs::remove_file(&full)?,
            }
        }
        Ok(differing)
    }

    fn stale(&self) -> Result<Vec<PathBuf>, Box<dyn Error>> {
        let mut stale = Vec::new();
        for folder in &self.owned {
            let Ok(entries) = std::fs::read_dir(self.root.join(folder)) else { continue };
            for entry in entries {
                let path = format!("{folder}/{}", entry?.file_name().to_string_lossy());
                if !self.files.contains_key(&path) {
                    stale.push(PathBuf::from(path));
                }
            }
        }
        stale.sort();
        Ok(stale)
    }

    fn format(&mut self) -> Result<(), Box<dyn Error>> {
        for path in std::mem::take(&mut self.unformatted) {
            if let Some(text) = self.files.get_mut(&path) {
                *text = rustfmt(&self.root, text).map_err(|error| format!("{path}: {error}"))?;
            }
        }
        Ok(())
    }
}

/// The source as `cargo fmt` would leave it.
fn rustfmt(root: &Path, source: &str) -> Result<String, Box<dyn Error>> {
    let mut child = Command::new("rustfmt")
        .args(["--edition", "2024", "--config-path"])
        .arg(root)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| format!("rustfmt: {error} (`rustup component add rustfmt`)"))?;
    // rustfmt reads all of its input before it writes, so this cannot block on a full pipe.
    child.stdin.take().ok_or("rustfmt has no input")?.write_all(source.as_bytes())?;
    let output = child.wait_with_output()?;
    if !output.status.success() {
        return Err(format!("rustfmt: {}", String::from_utf8_lossy(&output.stderr)).into());
    }
    Ok(String::from_utf8(output.stdout)?)
}
