//! The Python that drives Muster from outside: boto3, the aws CLI and pytest in `target/venv`, at pinned releases.

use crate::{Result, console, packages, project, shell};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// The folder with the programs of the environment, made anew when `tests/requirements.txt` or Python changed.
pub(crate) fn environment() -> Result<PathBuf> {
    let version = shell::capture(Command::new("python3").args(["-c", CHECK_VERSION]))
        .map_err(|error| format!("Python 3.10 or later is needed for the end-to-end tests: {error}"))?;
    let requirements_file = project::root()?.join("tests/requirements.txt");
    let requirements = fs::read_to_string(&requirements_file)
        .map_err(|error| format!("cannot read {}: {error}", requirements_file.display()))?;
    let folder = project::scratch("venv")?;
    let stamp = folder.join("muster-stamp.txt");
    let wanted = format!("{version}\n{requirements}");
    let programs = folder.join("bin");
    if fs::read_to_string(&stamp).is_ok_and(|found| found == wanted) && programs.join("pytest").is_file() {
        return Ok(programs);
    }

    let step = console::step("Installing boto3, the aws CLI and pytest into target/venv (pip)");
    if folder.exists() {
        fs::remove_dir_all(&folder)
            .map_err(|error| format!("cannot remove {}: {error}", folder.display()))?;
    }
    make(&folder)?;
    let mut pip = Command::new(programs.join("python"));
    pip.args(["-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check", "-r"]);
    shell::capture(pip.arg(&requirements_file)).map_err(|error| {
        format!(
            "{error}    pip could not install tests/requirements.txt. Can this machine reach a Python package index? \
             A proxy or a mirror is set with `pip config`, or HTTPS_PROXY and PIP_INDEX_URL."
        )
    })?;
    fs::write(&stamp, wanted)?;
    step.done();
    Ok(programs)
}

const CHECK_VERSION: &str = "import sys; print(sys.version); sys.exit(sys.version_info < (3, 10))";

/// An empty environment.
pub(crate) fn make(folder: &Path) -> Result {
    let create = || shell::capture(Command::new("python3").args(["-m", "venv"]).arg(folder));
    if create().is_ok() {
        return Ok(());
    }
    // Debian splits the module's main part off into a package of its own.
    let usable = || shell::succeeds(Command::new("python3").args(["-c", "import ensurepip, venv"]));
    packages::need("python3-venv", "Python's venv module", usable)?;
    create().map(|_| ())
}
