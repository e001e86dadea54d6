//! Which models there are, where their code goes, and in what form.

use super::distil;
use super::emit;
use super::layout::{Domains, Layout};
use super::model::{Model, read_json};
use super::output::Tree;
use super::pretty;
use quote::quote;
use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;

/// Public services: distilled from botocore, generated into a folder of their own crate.
const PUBLIC: [(&str, &str); 6] = [
    ("cloudtrail", "crates/cloudtrail-api/src/generated"),
    ("iam", "crates/iam-api/src/generated"),
    ("kms", "crates/kms-api/src/generated"),
    ("sns", "crates/sns-api/src/generated"),
    ("ssm", "crates/ssm-api/src/generated"),
    ("sts", "crates/sts-api/src/generated"),
];

/// Muster's own API: a hand-written model, generated like a public service.
const OWN: (&str, &str) = ("muster", "crates/admin-api/src/generated");

/// What nodes speak: hand-written models, each generated into one file of `protocol`.
const NODE: [(&str, &str, &str); 2] = [
    ("ec2messages", "ec2messages", "The legacy message delivery that old agents poll."),
    ("ssm-agent", "ssm_agent", "The operations of ssm that nodes alone call."),
];
const NODE_FOLDER: &str = "crates/protocol/src/generated";

/// Distils every public service.
pub(crate) fn distil(data: &Path, tree: &mut Tree) -> Result<(), Box<dyn Error>> {
    for (service, _) in PUBLIC {
        let model = distil::from_botocore(data, service)?;
        tree.put(format!("model/{service}.json"), pretty::print(&model));
    }
    Ok(())
}

/// Generates the code of every model, and brings the hand-written files into the distilled ones' form.
pub(crate) fn generate(tree: &mut Tree) -> Result<(), Box<dyn Error>> {
    for name in NODE.map(|(service, _, _)| service).into_iter().chain([OWN.0, "domains"]) {
        let path = format!("model/{name}.json");
        let value = read_json(&tree.root().join(&path))?;
        tree.put(path, pretty::print(&value));
    }
    let domains: BTreeMap<String, Domains> =
        serde_json::from_value(read_json(&tree.root().join("model/domains.json"))?)?;
    for (service, folder) in PUBLIC.into_iter().chain([OWN]) {
        let model = load(tree, service)?;
        let domains = domains.get(service).ok_or_else(|| format!("model/domains.json: no `{service}`"))?;
        let layout = Layout::new(&model, domains).map_err(|error| format!("{service}: {error}"))?;
        tree.own(folder);
        for (file, source) in emit::folder(&layout, &format!("model/{service}.json"))? {
            tree.put_rust(format!("{folder}/{file}"), source);
        }
    }
    generate_node(tree)
}

fn generate_node(tree: &mut Tree) -> Result<(), Box<dyn Error>> {
    tree.own(NODE_FOLDER);
    let mut items = Vec::new();
    for (service, module, purpose) in NODE {
        let model = load(tree, service)?;
        let domains = Domains::from([(module.to_owned(), model.operations.keys().cloned().collect())]);
        let layout = Layout::new(&model, &domains).map_err(|error| format!("{service}: {error}"))?;
        let source = emit::single(&layout, &format!("model/{service}.json"), purpose)?;
        tree.put_rust(format!("{NODE_FOLDER}/{module}.rs"), source);
        let module = quote::format_ident!("{module}");
        items.push(quote!(pub mod #module;));
    }
    for (_, module, _) in NODE {
        let name = quote::format_ident!("{}_SERVICE", module.to_uppercase());
        let module = quote::format_ident!("{module}");
        items.push(quote!(pub use #module::SERVICE as #name;));
    }
    let source =
        emit::root("model/*.json", "What nodes call beside the public API, one module per service.", items)?;
    tree.put_rust(format!("{NODE_FOLDER}/mod.rs"), source);
    Ok(())
}

/// The model of a service: what this run distilled, else what stands in `model/`, with its patch.
fn load(tree: &Tree, service: &str) -> Result<Model, Box<dyn Error>> {
    let path = format!("model/{service}.json");
    let value = match tree.get(&path) {
        Some(text) => serde_json::from_str(text)?,
        None => read_json(&tree.root().join(&path))?,
    };
    let patch = tree.root().join(format!("model/patches/{service}.json"));
    let patch = if patch.exists() { Some(read_json(&patch)?) } else { None };
    Model::from_value(value, patch).map_err(|error| format!("{path}: {error}").into())
}
