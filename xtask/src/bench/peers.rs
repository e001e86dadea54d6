//! Other people's servers to be measured beside Muster: moto from PyPI, etcd from the distribution's packages. A
//! machine without them measures Muster alone, and says so. Not for: starting them.

use crate::{Result, console, packages, project, python, shell};
use std::{path::PathBuf, process::Command};

/// Pinned, so that runs compare.
const MOTO: &str = "moto[server]==5.2.5";

/// `moto_server` in an environment of its own.
pub(crate) fn moto_server() -> Option<PathBuf> {
    installed("moto_server", || {
        let folder = project::scratch("bench-venv")?;
        let program = folder.join("bin/moto_server");
        if !program.is_file() {
            let step = console::step("Installing moto_server into target/bench-venv (pip)");
            python::make(&folder)?;
            let mut pip = Command::new(folder.join("bin/python"));
            pip.args(["-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check", MOTO]);
            shell::capture(&mut pip)?;
            step.done();
        }
        Ok(program)
    })
}

/// `etcd`.
pub(crate) fn etcd() -> Option<PathBuf> {
    installed("etcd", || {
        packages::need("etcd-server", "etcd, to compare with", || shell::find("etcd").is_some())?;
        shell::find("etcd").ok_or_else(|| "etcd is not found".into())
    })
}

fn installed(name: &str, find: impl FnOnce() -> Result<PathBuf>) -> Option<PathBuf> {
    find().inspect_err(|error| console::warn(&format!("{name} is not measured: {error}"))).ok()
}
