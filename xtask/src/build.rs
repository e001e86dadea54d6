//! Building the binaries: with optimisation for use, without for tests. Not for: running them.

use crate::{Result, console, packages, project, shell};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// A target that the agent is linked for, and why.
#[derive(Debug, PartialEq, Eq)]
struct AgentTarget {
    /// The target triple; `None` builds for the host as it is.
    triple: Option<String>,
    /// Whether C's library is glibc, linked in by a compiler flag.
    static_glibc: bool,
    /// One line for the person who waits.
    reason: String,
}

/// Builds all three binaries for use and lays them side by side; the folder they are in.
pub(crate) fn release() -> Result<PathBuf> {
    packages::need_c_compiler()?;
    let step = console::step("Building muster-server and muster (release; some minutes the first time)");
    shell::show(shell::cargo()?.args(["build", "--release", "-p", "muster-server", "-p", "muster-cli"]))?;
    step.done();
    let agent = release_agent()?;

    let folder = project::scratch("muster")?;
    fs::create_dir_all(&folder)?;
    let release = project::target()?.join("release");
    place(&release.join("muster-server"), &folder)?;
    place(&release.join("muster"), &folder)?;
    place(&agent, &folder)?;
    Ok(folder)
}

/// Builds the agent alone, linked statically; where it is.
pub(crate) fn release_agent() -> Result<PathBuf> {
    let target = choose_agent_target();
    let step = console::step(format!("Building muster-agent ({})", target.reason));
    let mut build = shell::cargo()?;
    build.args(["build", "--profile", "agent", "-p", "muster-agent"]);
    let mut folder = project::target()?;
    if let Some(triple) = &target.triple {
        build.args(["--target", triple]);
        folder.push(triple);
        if target.static_glibc {
            let name = triple.to_uppercase().replace('-', "_");
            build.env(format!("CARGO_TARGET_{name}_RUSTFLAGS"), "-C target-feature=+crt-static");
        }
    }
    shell::show(&mut build)?;
    step.done();
    Ok(folder.join("agent").join("muster-agent"))
}

/// Builds everything that the tests need in one go, so that nothing is compiled twice; the folder with the binaries.
pub(crate) fn for_tests() -> Result<PathBuf> {
    packages::need_c_compiler()?;
    let step = console::step("Building the tests and the binaries they start");
    shell::show(shell::cargo()?.args(["build", "--workspace", "--bins", "--tests"]))?;
    step.done();
    Ok(project::target()?.join("debug"))
}

/// Puts a binary into a folder. A new name, not new contents: a running copy goes on as it was.
fn place(binary: &Path, folder: &Path) -> Result {
    let name = binary.file_name().ok_or("a binary without a name")?;
    let there = folder.join(name);
    match fs::remove_file(&there) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(format!("cannot replace {}: {error}", there.display()).into());
        }
        _ => {}
    }
    if fs::hard_link(binary, &there).is_err() {
        fs::copy(binary, &there)
            .map_err(|error| format!("cannot copy {} to {}: {error}", binary.display(), there.display()))?;
    }
    Ok(())
}

/// How the agent is linked here. A static binary runs on any distribution; musl makes the smallest.
fn choose_agent_target() -> AgentTarget {
    let host = host_triple();
    let Some(architecture) = host.strip_suffix("-unknown-linux-gnu") else {
        return AgentTarget { triple: None, static_glibc: false, reason: format!("for {host}") };
    };
    let musl = format!("{architecture}-unknown-linux-musl");
    match provide_musl(&musl) {
        Ok(()) => AgentTarget { reason: format!("static, {musl}"), triple: Some(musl), static_glibc: false },
        Err(why) => AgentTarget {
            reason: format!("static, glibc, since {why}"),
            triple: Some(host),
            static_glibc: true,
        },
    }
}

/// Brings the musl target and its C compiler; or says what is missing.
fn provide_musl(target: &str) -> Result<(), String> {
    let has_target = || {
        let mut ask = Command::new("rustc");
        ask.args(["--print", "target-libdir", "--target", target]);
        shell::capture(&mut ask).is_ok_and(|folder| Path::new(&folder).is_dir())
    };
    let has_compiler = || shell::find("musl-gcc").is_some();
    if !has_target() && !shell::succeeds(Command::new("rustup").args(["target", "add", target])) {
        return Err(format!("the Rust target {target} is not installed"));
    }
    if !has_compiler() && (!packages::may_install() || packages::install("musl-tools").is_err()) {
        return Err("musl-gcc (package musl-tools) is not installed".to_owned());
    }
    Ok(())
}

fn host_triple() -> String {
    let version = shell::capture(Command::new("rustc").arg("-vV")).unwrap_or_default();
    version.lines().find_map(|line| line.strip_prefix("host: ")).unwrap_or("this machine").to_owned()
}
