//! `cargo xtask check-deps`: which crate may see which, as one table. A new crate needs a line here and a page in
//! `docs/decisions/`.

use crate::{Result, console, project, shell};
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

/// Each crate of ours and those of ours that it may use. Development dependencies are left out of the rule, but for
/// what [`NEVER`] says.
const MAY_USE: &[(&str, &[&str])] = &[
    ("muster-admin-api", &["muster-service-model"]),
    ("muster-agent", &["muster-agent-lib"]),
    ("muster-agent-lib", &["muster-protocol"]),
    ("muster-background", &[]),
    ("muster-blob", &[]),
    ("muster-bus", &["muster-ids"]),
    ("muster-cli", &["muster-cli-lib"]),
    (
        "muster-cli-lib",
        &["muster-admin-api", "muster-iam-api", "muster-protocol", "muster-service-model", "muster-ssm-api"],
    ),
    ("muster-cloudtrail-api", &["muster-service-model"]),
    ("muster-iam-api", &["muster-service-model"]),
    ("muster-ids", &[]),
    ("muster-kms-api", &["muster-service-model"]),
    ("muster-outbound", &[]),
    ("muster-policy", &[]),
    ("muster-protocol", &["muster-ids", "muster-service-model"]),
    ("muster-server", &["muster-server-lib"]),
    (
        "muster-server-lib",
        &[
            "muster-admin-api",
            "muster-background",
            "muster-blob",
            "muster-bus",
            "muster-cloudtrail-api",
            "muster-iam-api",
            "muster-ids",
            "muster-kms-api",
            "muster-outbound",
            "muster-policy",
            "muster-protocol",
            "muster-service-model",
            "muster-sns-api",
            "muster-ssm-api",
            "muster-store",
            "muster-sts-api",
        ],
    ),
    ("muster-service-model", &[]),
    ("muster-sns-api", &["muster-service-model"]),
    ("muster-ssm-api", &["muster-service-model"]),
    ("muster-store", &["muster-ids"]),
    ("muster-sts-api", &["muster-service-model"]),
    (
        "muster-test-support",
        &["muster-ids", "muster-policy", "muster-protocol", "muster-server-lib", "muster-store"],
    ),
    ("xtask", &[]),
];

/// Crates that must not see others, by whatever way.
const NEVER: &[(&str, &[&str])] = &[
    // A node is small, and knows nothing of what the server keeps or offers.
    (
        "muster-agent",
        &[
            "muster-server-lib",
            "muster-ssm-api",
            "muster-sts-api",
            "muster-store",
            "muster-bus",
            "muster-blob",
        ],
    ),
    // What client and server share has no sockets and no runtime.
    ("muster-protocol", &["tokio", "hyper"]),
    ("muster-store", &["hyper", "tokio-tungstenite"]),
];

/// Packages that only these crates may name.
const OWNED: &[(&str, &[&str])] = &[
    ("async-nats", &["muster-bus"]),
    ("deadpool-postgres", &["muster-store"]),
    ("object_store", &["muster-blob"]),
    ("rcgen", &["muster-server-lib"]),
    ("rusqlite", &["muster-store"]),
    ("tokio-postgres", &["muster-store"]),
];

/// Packages that must not be in the graph: a second crypto library, a C library to link.
const BANNED: &[&str] = &["native-tls", "openssl-sys", "ring"];

/// Checks the table against the workspace.
pub(crate) fn run() -> Result {
    let step = console::step("Checking which crate sees which");
    let metadata = shell::capture(shell::cargo()?.args(["metadata", "--format-version=1", "--no-deps"]))?;
    let crates = read(&serde_json::from_str(&metadata)?)?;
    let mut faults = faults(&crates);
    for banned in BANNED {
        if is_built(banned)? {
            faults.push(format!("the package `{banned}` is built; `cargo tree -i {banned}` tells for whom"));
        }
    }
    if faults.is_empty() {
        step.done();
        return Ok(());
    }
    for fault in &faults {
        console::error(fault);
    }
    Err(format!("{} dependencies against the rules of ARCHITECTURE.md", faults.len()).into())
}

/// Whether a package is compiled for any target. The lock file alone does not tell: it also has what no feature asks for.
fn is_built(package: &str) -> Result<bool> {
    let lock = fs::read_to_string(project::root()?.join("Cargo.lock"))?;
    if !lock.contains(&format!("name = \"{package}\"\n")) {
        return Ok(false);
    }
    let users =
        shell::capture(shell::cargo()?.args(["tree", "--workspace", "--target=all", "--invert", package]))?;
    Ok(!users.is_empty())
}

/// What one crate names in its manifest: for its product, and for its tests.
#[derive(Debug, Default)]
struct Uses {
    normal: BTreeSet<String>,
    dev: BTreeSet<String>,
}

type Crates = BTreeMap<String, Uses>;

fn read(metadata: &Value) -> Result<Crates> {
    let mut crates = Crates::new();
    for package in metadata["packages"].as_array().ok_or("cargo metadata has no packages")? {
        let name = package["name"].as_str().ok_or("a package without a name")?;
        let uses = crates.entry(name.to_owned()).or_default();
        for dependency in package["dependencies"].as_array().into_iter().flatten() {
            let name = dependency["name"].as_str().unwrap_or_default().to_owned();
            let dev = dependency["kind"].as_str() == Some("dev");
            if dev { &mut uses.dev } else { &mut uses.normal }.insert(name);
        }
    }
    Ok(crates)
}

fn faults(crates: &Crates) -> Vec<String> {
    let mut faults = Vec::new();
    for (name, uses) in crates {
        let Some((_, allowed)) = MAY_USE.iter().find(|(crate_, _)| crate_ == name) else {
            faults.push(format!("`{name}` is not in the table of xtask/src/check_deps.rs"));
            continue;
        };
        for other in uses.normal.iter().filter(|other| crates.contains_key(*other)) {
            if !allowed.contains(&other.as_str()) {
                faults.push(format!("`{name}` must not use `{other}`"));
            }
        }
        for (package, owners) in OWNED {
            if uses.normal.contains(*package) && !owners.contains(&name.as_str()) {
                faults.push(format!("`{name}` must not use `{package}`; only {} may", owners.join(", ")));
            }
        }
    }
    for (name, forbidden) in NEVER {
        let seen = reach(crates, name);
        for other in forbidden.iter().filter(|other| seen.contains(**other)) {
            faults.push(format!("`{name}` must not see `{other}`, not even through others"));
        }
    }
    faults
}

/// All that a crate sees through crates of ours, and what those name themselves.
fn reach(crates: &Crates, from: &str) -> BTreeSet<String> {
    let mut seen = BTreeSet::new();
    let mut open = vec![from.to_owned()];
    while let Some(next) = open.pop() {
        for other in crates.get(&next).into_iter().flat_map(|uses| &uses.normal) {
            if seen.insert(other.clone()) {
                open.push(other.clone());
            }
        }
    }
    seen
}

#[cfg(test)]
mod tests {
    use super::*;

    fn crates(edges: &[(&str, &[&str])]) -> Crates {
        let all = edges.iter().map(|(name, uses)| {
            let normal = uses.iter().map(|&other| other.to_owned()).collect();
            ((*name).to_owned(), Uses { normal, dev: BTreeSet::new() })
        });
        all.collect()
    }

    #[test]
    fn tables_are_sorted() {
        assert!(MAY_USE.is_sorted_by_key(|(name, _)| name) && OWNED.is_sorted_by_key(|(name, _)| name));
    }

    #[test]
    fn an_agent_that_reaches_the_store_is_told() {
        let graph = crates(&[
            ("muster-admin-api", &["muster-service-model"]),
            ("muster-agent", &["muster-agent-lib"]),
            ("muster-agent-lib", &["muster-protocol", "muster-store"]),
            ("muster-protocol", &[]),
            ("muster-store", &["rusqlite"]),
        ]);
        let faults = faults(&graph);
        assert_eq!(
            faults,
            [
                "`muster-agent-lib` must not use `muster-store`",
                "`muster-agent` must not see `muster-store`, not even through others"
            ]
        );
    }

    #[test]
    fn a_driver_outside_the_store_is_told() {
        let faults = faults(&crates(&[("muster-bus", &["rusqlite"])]));
        assert_eq!(faults, ["`muster-bus` must not use `rusqlite`; only muster-store may"]);
    }

    #[test]
    fn an_unknown_crate_is_told() {
        assert!(faults(&crates(&[("muster-common", &[])]))[0].contains("not in the table"));
    }
}
