//! Lists that grow by a line: in alphabetical order, so that two additions do not meet, and nothing is there twice.

use super::{Fault, Source};
use std::collections::BTreeSet;

/// `.on::<A>().on::<B>()` of a router.
pub(super) fn operations_in_order(source: &Source, faults: &mut Vec<Fault>) {
    if !source.is_rust() || !source.path.starts_with("crates/server/src/operations/") {
        return;
    }
    let mut last = String::new();
    for (number, line) in source.code() {
        for (at, found) in line.match_indices(".on::<") {
            let rest = &line[at + found.len()..];
            let name = rest.split('>').next().unwrap_or_default().to_owned();
            if name <= last {
                faults.push(source.fault(number, format!("`{name}` after `{last}`: keep the list in order")));
            }
            last = name;
        }
    }
}

/// A module with parts is a folder with a `mod.rs`.
pub(super) fn modules_are_folders(sources: &[Source], faults: &mut Vec<Fault>) {
    let folders: BTreeSet<&str> =
        sources.iter().filter_map(|source| source.path.rsplit_once('/')).map(|(f, _)| f).collect();
    for source in sources.iter().filter(|source| source.is_rust() && source.path.contains("/src/")) {
        let module = source.path.trim_end_matches(".rs");
        if folders.contains(module) {
            faults.push(source.fault(0, format!("a module with parts: move it to {module}/mod.rs")));
        }
    }
}
