//! `cargo xtask tidy`: the house rules that no lint knows. Each rule is a function from a source file to faults; the
//! list is [`RULES`]. What a lint can say is said in `Cargo.toml` and `clippy.toml` instead.

mod imports;
mod lists;
mod manifests;
mod size;
mod text;

#[cfg(test)]
mod tests;

use crate::{Result, console, project, shell};
use std::{fs, process::Command};

/// A source file.
#[derive(Debug)]
struct Source {
    /// From the root, with `/`: `crates/store/src/lib.rs`.
    path: String,
    text: String,
}

/// What is wrong where.
#[derive(Debug, PartialEq, Eq)]
struct Fault {
    path: String,
    /// From 1; 0 speaks of the whole file.
    line: usize,
    what: String,
    /// Reported, but no failure.
    only_a_warning: bool,
}

type Rule = fn(&Source, &mut Vec<Fault>);

const RULES: &[Rule] = &[
    text::opens_with_what_it_is_for,
    text::nothing_unfinished,
    text::only_the_store_speaks_sql,
    text::drivers_stay_behind_their_seam,
    text::waits_go_through_one_place,
    imports::modules_of_the_server,
    lists::operations_in_order,
    size::not_too_long,
    manifests::inherits_lints,
];

impl Source {
    fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    fn is_python(&self) -> bool {
        self.path.ends_with(".py")
    }

    fn is_generated(&self) -> bool {
        self.path.contains("/generated/")
    }

    /// Lines of code, with their numbers: no comments.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let comment = if self.is_python() { "#" } else { "//" };
        let lines = self.text.lines().enumerate().map(|(index, line)| (index + 1, line));
        lines.filter(move |(_, line)| !line.trim_start().starts_with(comment))
    }

    fn fault(&self, line: usize, what: impl Into<String>) -> Fault {
        Fault { path: self.path.clone(), line, what: what.into(), only_a_warning: false }
    }
}

/// Checks all files that git knows or would add.
pub(crate) fn run() -> Result {
    let step = console::step("Checking the house rules");
    let root = project::root()?;
    let mut list = Command::new("git");
    list.args(["ls-files", "--cached", "--others", "--exclude-standard"]).current_dir(&root);
    let mut sources = Vec::new();
    for path in shell::capture(&mut list)?.lines() {
        let wanted = [".rs", ".py", "Cargo.toml"].iter().any(|end| path.ends_with(end));
        // A file that git still lists may be gone from the disk.
        if let (true, Ok(text)) = (wanted, fs::read_to_string(root.join(path))) {
            sources.push(Source { path: path.to_owned(), text });
        }
    }

    let mut faults = check(&sources);
    lists::modules_are_folders(&sources, &mut faults);
    size::exceptions_are_needed(&sources, &mut faults);
    for fault in &faults {
        let place =
            if fault.line == 0 { fault.path.clone() } else { format!("{}:{}", fault.path, fault.line) };
        let say = if fault.only_a_warning { console::warn } else { console::error };
        say(&format!("{place}: {}", fault.what));
    }
    match faults.iter().filter(|fault| !fault.only_a_warning).count() {
        0 => {
            step.done();
            Ok(())
        }
        count => Err(format!("{count} faults against the house rules").into()),
    }
}

fn check(sources: &[Source]) -> Vec<Fault> {
    let mut faults = Vec::new();
    for source in sources {
        for rule in RULES {
            rule(source, &mut faults);
        }
    }
    faults
}
