//! Where things are: the project's root, cargo's target folder, the binaries in it. Not for: making any of them.

use crate::Result;
use std::{
    env, fs,
    path::{Path, PathBuf},
};

/// The project's folder: the parent of this crate's.
pub(crate) fn root() -> Result<PathBuf> {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    Ok(manifest.parent().ok_or("xtask has no parent folder")?.to_path_buf())
}

/// Cargo's target folder: `CARGO_TARGET_DIR`, or `target` in the root.
pub(crate) fn target() -> Result<PathBuf> {
    let root = root()?;
    Ok(match env::var_os("CARGO_TARGET_DIR") {
        Some(folder) => root.join(folder),
        None => root.join("target"),
    })
}

/// A folder for what the tasks install and run: always `target` in the root, made if it is missing.
pub(crate) fn scratch(name: &str) -> Result<PathBuf> {
    let folder = root()?.join("target").join(name);
    let parent = folder.parent().ok_or("the target folder has no parent")?;
    fs::create_dir_all(parent).map_err(|error| format!("cannot make {}: {error}", parent.display()))?;
    Ok(folder)
}

/// `path` as seen from the root, for messages.
pub(crate) fn shown(path: &Path) -> String {
    let root = root().unwrap_or_default();
    path.strip_prefix(&root).unwrap_or(path).display().to_string()
}
