//! Every crate takes its lints from the workspace.

use super::{Fault, Source};

pub(super) fn inherits_lints(source: &Source, faults: &mut Vec<Fault>) {
    // A crate that is a workspace of its own, as for fuzzing, has nothing to inherit from.
    let is_crate = source.path.ends_with("/Cargo.toml")
        && source.text.contains("[package]")
        && !source.text.contains("[workspace]");
    if is_crate && !source.text.contains("[lints]\nworkspace = true\n") {
        faults.push(source.fault(0, "add `[lints]` with `workspace = true`"));
    }
}
