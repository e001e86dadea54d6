//! Rules about what a file says: its opening, unfinished work, languages and libraries that belong elsewhere.

use super::{Fault, Source};

/// Every file says first what it is for.
pub(super) fn opens_with_what_it_is_for(source: &Source, faults: &mut Vec<Fault>) {
    // A generated file names its generator before.
    let before = |line: &&str| line.trim().is_empty() || line.starts_with("#!/") || line.starts_with("// ");
    let mut lines = source.text.lines().skip_while(before);
    let first = lines.next().unwrap_or_default();
    if source.is_rust() && !first.starts_with("//!") {
        faults.push(source.fault(1, "the file must open with `//!`: what it is for, and what not"));
    }
    if source.is_python() && !first.starts_with("\"\"\"") {
        faults.push(source.fault(1, "the file must open with a docstring: what it is for, and what not"));
    }
}

/// What is committed is done.
pub(super) fn nothing_unfinished(source: &Source, faults: &mut Vec<Fault>) {
    // Put together here, so that this file passes.
    const MARKS: &[&str] = &[
        concat!("TO", "DO"),
        concat!("FIX", "ME"),
        concat!("XX", "X:"),
        concat!("#[ig", "nore"),
        concat!("dbg", "!("),
        concat!("todo", "!("),
        concat!("unimplemented", "!("),
        concat!("break", "point()"),
    ];
    for (index, line) in source.text.lines().enumerate() {
        if let Some(mark) = MARKS.iter().find(|mark| line.contains(**mark)) {
            faults.push(source.fault(index + 1, format!("`{mark}` is left in: finish it, or file an issue")));
        }
    }
}

/// Every query of the product is in the store, where both engines run it.
pub(super) fn only_the_store_speaks_sql(source: &Source, faults: &mut Vec<Fault>) {
    let elsewhere = source.path.starts_with("crates/") || source.path.starts_with("apps/");
    if !source.is_rust() || !elsewhere || source.path.starts_with("crates/store/") {
        return;
    }
    for (number, line) in source.code() {
        let text = line.split_once('"').map_or("", |(_, rest)| rest);
        let query = ["SELECT ", "INSERT INTO ", "DELETE FROM ", "CREATE TABLE "]
            .iter()
            .any(|word| text.contains(word))
            || (text.contains("UPDATE ") && text.contains(" SET "));
        if query {
            faults.push(source.fault(number, "SQL outside crates/store: make it a function there"));
        }
    }
}

/// Only the engine files of a seam name what is behind it.
pub(super) fn drivers_stay_behind_their_seam(source: &Source, faults: &mut Vec<Fault>) {
    const SEAMS: &[(&str, &[&str])] = &[
        ("crates/store/src/engine/", &["rusqlite", "tokio_postgres", "deadpool_postgres"]),
        ("crates/bus/src/nats", &["async_nats"]),
        ("crates/blob/src/", &["object_store"]),
    ];
    if !source.is_rust() || source.path.starts_with("xtask/") {
        return;
    }
    for (home, drivers) in SEAMS.iter().filter(|(home, _)| !source.path.starts_with(home)) {
        for (number, line) in source.code() {
            if let Some(driver) = drivers.iter().find(|driver| line.contains(&format!("{driver}::"))) {
                faults.push(source.fault(number, format!("`{driver}` outside {home}")));
            }
        }
    }
}

/// Tests wait for conditions: one helper may pause between two looks.
pub(super) fn waits_go_through_one_place(source: &Source, faults: &mut Vec<Fault>) {
    if !source.is_python() || source.path == "tests/support/waiting.py" {
        return;
    }
    for (number, line) in source.code() {
        if line.contains("time.sleep(") {
            faults.push(
                source.fault(number, "wait for a condition with `eventually` of tests/support/waiting.py"),
            );
        }
    }
}
