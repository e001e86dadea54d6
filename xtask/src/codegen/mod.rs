//! `cargo xtask codegen`: the service models and the Rust made from them.
//!
//! Two steps. *Distil* turns botocore's description of the public services into `model/<service>.json`, without its
//! prose; it needs botocore and is left out where there is none. *Generate* turns every model, the hand-written ones
//! too, into committed Rust. Both are deterministic; `--check` compares instead of writing.

mod distil;
mod emit;
mod layout;
mod model;
mod names;
mod output;
mod pretty;
mod targets;

#[cfg(test)]
mod tests;

use output::Tree;
use std::error::Error;
use std::path::{Path, PathBuf};

/// Generate code from the service models.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct CodegenArgs {
    /// Write nothing: list the files that differ, and fail if there are any.
    #[arg(long)]
    pub(crate) check: bool,
    /// Fail if the models cannot be distilled again because botocore is absent.
    #[arg(long)]
    pub(crate) distil: bool,
    /// The `botocore/data` folder to distil from [default: the one in target/venv].
    #[arg(long, value_name = "DIR")]
    pub(crate) botocore: Option<PathBuf>,
}

/// Runs the command from anywhere inside the project.
pub(crate) fn run(args: CodegenArgs) -> Result<(), Box<dyn Error>> {
    let root = project_root()?;
    let mut tree = Tree::new(&root);
    match botocore(&root, &args)? {
        Some(data) => targets::distil(&data, &mut tree)?,
        None => say(&format!(
            "codegen: models kept as they are (no botocore {} in target/venv)",
            distil::BOTOCORE_VERSION
        )),
    }
    targets::generate(&mut tree)?;
    let differing = if args.check { tree.differences()? } else { tree.write()? };
    let verb = if args.check { "differs" } else { "written" };
    for path in &differing {
        say(&format!("codegen: {verb}: {}", path.display()));
    }
    match (args.check, differing.is_empty()) {
        (true, false) => Err("generated files are stale: run `cargo xtask codegen`".into()),
        (_, true) => {
            say("codegen: all files are up to date");
            Ok(())
        }
        (false, false) => Ok(()),
    }
}

/// The `botocore/data` to use; `None` if there is none and none was asked for.
fn botocore(root: &Path, args: &CodegenArgs) -> Result<Option<PathBuf>, Box<dyn Error>> {
    if let Some(data) = &args.botocore {
        distil::check_version(data)?;
        return Ok(Some(data.clone()));
    }
    let libraries = root.join("target/venv/lib");
    for entry in std::fs::read_dir(&libraries).into_iter().flatten() {
        let data = entry?.path().join("site-packages/botocore/data");
        if data.is_dir() {
            match distil::check_version(&data) {
                Ok(()) => return Ok(Some(data)),
                Err(error) if args.distil => return Err(error),
                Err(_) => {}
            }
        }
    }
    if args.distil {
        let version = distil::BOTOCORE_VERSION;
        return Err(format!(
            "no botocore in target/venv: `pip install botocore=={version}`, or --botocore DIR"
        )
        .into());
    }
    Ok(None)
}

fn project_root() -> Result<PathBuf, Box<dyn Error>> {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    Ok(manifest.parent().ok_or("xtask has no parent folder")?.to_path_buf())
}

#[allow(clippy::print_stdout, reason = "the output of a command")]
fn say(line: &str) {
    println!("{line}");
}
