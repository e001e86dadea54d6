//! What a fresh machine lacks: installed from the distribution's packages when we may, else named with the command
//! that installs it. Not for: anything that pip or cargo fetch.

use crate::{Result, console, shell};
use std::process::Command;

/// Makes sure that something is there: `present` tells; `package` brings it; `purpose` says what it is needed for.
pub(crate) fn need(package: &str, purpose: &str, present: impl Fn() -> bool) -> Result {
    if present() {
        return Ok(());
    }
    if !may_install() {
        return Err(missing(package, purpose, "").into());
    }
    install(package).map_err(|error| missing(package, purpose, &format!("\n{error}")))?;
    if present() {
        return Ok(());
    }
    Err(format!("`{package}` was installed, but {purpose} is still not found").into())
}

/// A C compiler: SQLite and the crypto library are compiled with the rest.
pub(crate) fn need_c_compiler() -> Result {
    need("gcc libc6-dev", "a C compiler (`cc`)", || {
        shell::find("cc").is_some() || std::env::var_os("CC").is_some()
    })
}

/// Whether packages can be installed here without asking anybody.
pub(crate) fn may_install() -> bool {
    shell::is_root() && shell::find("apt-get").is_some()
}

/// Installs packages, separated by spaces.
pub(crate) fn install(packages: &str) -> Result {
    let step = console::step(format!("Installing {packages} (apt-get)"));
    let get = || {
        let mut command = Command::new("apt-get");
        command.env("DEBIAN_FRONTEND", "noninteractive");
        command
    };
    let mut install = get();
    install.args(["install", "-y", "-q", "--no-install-recommends"]).args(packages.split(' '));
    if !shell::succeeds(&mut install) {
        // A fresh machine has no package lists, an old one stale ones.
        shell::capture(get().args(["update", "-q"]))?;
        shell::capture(&mut install)?;
    }
    step.done();
    Ok(())
}

fn missing(packages: &str, purpose: &str, detail: &str) -> String {
    format!(
        "{purpose} is missing. Install it and run the command again:\n    sudo apt-get install {packages}    \
         (Debian, Ubuntu; other systems have it under a similar name){detail}"
    )
}
