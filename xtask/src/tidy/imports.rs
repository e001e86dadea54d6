//! Which module of the server may name which: `http → operations → domain`. Not for: crates, see `check_deps`.

use super::{Fault, Source};
use std::collections::BTreeSet;

/// Module of the server, what it must not name, and why.
const FORBIDDEN: &[(&str, &[&str], &str)] = &[
    (
        "domain",
        &["channels", "http", "operations", "tasks"],
        "rules of the domain know nothing of who asks for them",
    ),
    ("channels", &["http", "operations"], "channels call the domain, never the front end"),
    ("operations", &["http"], "operations know nothing of the wire"),
    ("tasks", &["http", "operations"], "tasks call the domain, never operations"),
    ("automation", &["http", "operations"], "automation calls the domain, never operations"),
];

/// What the rules of the domain must do without. They may name rows and conditions of the store, which are data; to read
/// or write is for those who ask.
const DOMAIN_WITHOUT: &[&str] = &["Batch", "Db", "async", "await", "hyper", "muster_bus", "tokio"];

pub(super) fn modules_of_the_server(source: &Source, faults: &mut Vec<Fault>) {
    let Some(inside) = source.path.strip_prefix("crates/server/src/") else {
        return;
    };
    let module = inside.split(['/', '.']).next().unwrap_or_default();
    let code: String = source.code().map(|(_, line)| format!("{line}\n")).collect();
    let used = used_modules(&code);
    for (_, forbidden, why) in FORBIDDEN.iter().filter(|(name, ..)| *name == module) {
        for other in forbidden.iter().filter(|other| used.contains(**other)) {
            faults.push(source.fault(0, format!("`{module}` must not use `crate::{other}`: {why}")));
        }
    }
    if module == "domain" {
        for (number, line) in source.code() {
            let mut words = line.split(|letter: char| !(letter.is_alphanumeric() || letter == '_'));
            if let Some(word) = words.find(|word| DOMAIN_WITHOUT.contains(word)) {
                faults.push(
                    source.fault(number, format!("`domain` must not use `{word}`: its rules are pure")),
                );
            }
        }
    }
}

/// First names after `crate::`, those in braces too.
fn used_modules(code: &str) -> BTreeSet<String> {
    let mut used = BTreeSet::new();
    for (at, found) in code.match_indices("crate::") {
        let rest = &code[at + found.len()..];
        match rest.strip_prefix('{') {
            None => {
                used.insert(word(rest));
            }
            Some(list) => {
                let mut depth = 0;
                let mut starts = true;
                for (index, letter) in list.char_indices() {
                    match letter {
                        '{' => depth += 1,
                        '}' if depth == 0 => break,
                        '}' => depth -= 1,
                        ',' if depth == 0 => starts = true,
                        _ if letter.is_whitespace() => {}
                        _ if starts => {
                            used.insert(word(&list[index..]));
                            starts = false;
                        }
                        _ => {}
                    }
                }
            }
        }
    }
    used
}

fn word(text: &str) -> String {
    text.chars().take_while(|letter| letter.is_alphanumeric() || *letter == '_').collect()
}
