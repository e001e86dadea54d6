//! `cargo xtask ci`: all that stands between a change and the main branch, cheapest first. `.ci/run` calls it.

use crate::{Result, build, check_deps, codegen, console, project, python, shell, suites, tidy};
use std::{fs, process::Command};

/// Runs every check; stops at the first that fails.
pub(crate) fn run() -> Result {
    let whole = console::step("Checking everything");
    let formatting = console::step("Checking the formatting");
    shell::show(shell::cargo()?.args(["fmt", "--all", "--check"]))?;
    formatting.done();
    tidy::run()?;
    check_deps::run()?;
    generated_code()?;
    let lints = console::step("Linting");
    shell::show(shell::cargo()?.args(["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]))?;
    lints.done();
    suites::run(&suites::TestArgs::default())?;
    first_start()?;
    whole.done();
    Ok(())
}

/// Codegen must leave the tree as it is, from the service models on.
fn generated_code() -> Result {
    let botocore = suites::botocore(&python::environment()?)?;
    let step = console::step("Checking the generated code");
    codegen::run(codegen::CodegenArgs { check: true, distil: true, botocore: Some(botocore) })?;
    step.done();
    Ok(())
}

/// The README's first command, as a newcomer gives it: release binaries, an empty folder, one command.
fn first_start() -> Result {
    let binaries = build::release()?;
    let step = console::step("Starting for the first time");
    let folder = project::scratch("first-start")?;
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    let mut muster = Command::new(binaries.join("muster"));
    shell::show(muster.args(["up", "--exit", "--port", "0", "--data-dir"]).arg(&folder))?;
    step.done();
    Ok(())
}
