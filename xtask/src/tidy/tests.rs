//! Each rule on a file that breaks it, and on one that does not.

use super::*;

fn faults(path: &str, text: &str) -> Vec<String> {
    let source = Source { path: path.to_owned(), text: text.to_owned() };
    check(&[source]).into_iter().map(|fault| format!("{}: {}", fault.line, fault.what)).collect()
}

#[test]
fn a_file_says_what_it_is_for() {
    assert_eq!(faults("crates/ids/src/lib.rs", "//! Ids.\n"), Vec::<String>::new());
    assert_eq!(faults("crates/ids/src/lib.rs", "use std::fmt;\n").len(), 1);
    assert_eq!(faults("tests/test_x.py", "#!/usr/bin/env python3\n\"\"\"X.\"\"\"\n"), Vec::<String>::new());
    assert_eq!(faults("tests/test_x.py", "import os\n").len(), 1);
}

#[test]
fn nothing_is_left_unfinished() {
    let mark = concat!("//! X.\n// TO", "DO: more\n");
    assert!(faults("crates/ids/src/lib.rs", mark)[0].starts_with("2: "));
}

#[test]
fn sql_is_in_the_store_alone() {
    let text = "//! X.\nlet rows = db.read(\"SELECT 1 FROM x\", vec![]);\n// \"SELECT 1\" is fine here\n";
    assert_eq!(faults("crates/store/src/x.rs", text), Vec::<String>::new());
    assert_eq!(
        faults("crates/server/src/tasks/x.rs", text),
        ["2: SQL outside crates/store: make it a function there"]
    );
}

#[test]
fn drivers_are_named_by_engines_alone() {
    let text = "//! X.\nuse rusqlite::Connection;\n";
    assert_eq!(faults("crates/store/src/engine/sqlite.rs", text), Vec::<String>::new());
    assert_eq!(faults("crates/store/src/command.rs", text).len(), 1);
}

#[test]
fn modules_of_the_server_look_one_way() {
    let text =
        "//! X.\nuse crate::{\n    domain::targets,\n    error::ApiError,\n    http::{Codec, json},\n};\n";
    let path = "crates/server/src/operations/command/send_command.rs";
    assert_eq!(
        faults(path, text),
        ["0: `operations` must not use `crate::http`: operations know nothing of the wire"]
    );
    assert_eq!(faults("crates/server/src/http/mod.rs", text), Vec::<String>::new());
    let reads = "//! X.\nuse muster_store::{Db, command};\n";
    let names_rows = "//! X.\nuse muster_store::command::CommandRow;\n";
    assert_eq!(faults("crates/server/src/domain/x.rs", reads).len(), 1);
    assert_eq!(faults("crates/server/src/domain/x.rs", names_rows), Vec::<String>::new());
}

#[test]
fn routers_are_in_order() {
    let path = "crates/server/src/operations/command/mod.rs";
    let sorted = "//! X.\nrouter.on::<CancelCommand>().on::<SendCommand>()\n";
    let not = "//! X.\nrouter\n    .on::<SendCommand>()\n    .on::<CancelCommand>()\n";
    assert_eq!(faults(path, sorted), Vec::<String>::new());
    assert_eq!(faults(path, not), ["4: `CancelCommand` after `SendCommand`: keep the list in order"]);
}

#[test]
fn long_files_are_told_and_longer_ones_fail() {
    let long = |lines: usize| Source {
        path: "crates/x/src/y.rs".into(),
        text: format!("//! X.\n{}", "x();\n".repeat(lines)),
    };
    let warning = check(&[long(450)]);
    assert!(warning.iter().all(|fault| fault.only_a_warning) && warning.len() == 1);
    assert!(check(&[long(900)]).iter().any(|fault| !fault.only_a_warning));
    let mut tested = long(300);
    tested.text.push_str("\n#[cfg(test)]\nmod tests {\n");
    tested.text.push_str(&"    x();\n".repeat(600));
    assert_eq!(check(&[tested]), []);
}

#[test]
fn crates_inherit_their_lints() {
    assert_eq!(faults("crates/x/Cargo.toml", "[package]\nname = \"x\"\n").len(), 1);
    assert_eq!(
        faults("crates/x/Cargo.toml", "[package]\n\n[lints]\nworkspace = true\n"),
        Vec::<String>::new()
    );
}

#[test]
fn a_module_with_parts_is_a_folder() {
    let file = |path: &str| Source { path: path.to_owned(), text: String::new() };
    let mut faults = Vec::new();
    lists::modules_are_folders(&[file("crates/x/src/y.rs"), file("crates/x/src/y/z.rs")], &mut faults);
    assert_eq!(faults.len(), 1);
}
