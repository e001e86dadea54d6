//! Puts the items of a service together into files.

use super::scope::{Nesting, Scope};
use super::{operations, tables, types};
use crate::codegen::layout::{ERRORS, Layout, SHARED};
use crate::codegen::model::Kind;
use crate::codegen::names;
use proc_macro2::TokenStream;
use quote::quote;
use std::collections::BTreeMap;
use std::error::Error;

type Items = Result<Vec<TokenStream>, Box<dyn Error>>;

/// File name → source, not formatted beyond its items.
pub(crate) type Files = BTreeMap<String, String>;

/// A folder: `mod.rs`, a file per domain, `shared.rs`, `errors.rs`, `operations.rs`.
pub(crate) fn folder(layout: &Layout<'_>, model_file: &str) -> Result<Files, Box<dyn Error>> {
    let mut files = Files::new();
    for module in layout.modules() {
        let scope = Scope::new(layout, module, Nesting::Siblings);
        let body = module_items(&scope, layout)?;
        let purpose = match module {
            ERRORS => "Errors of the model.".to_owned(),
            SHARED => "Shapes that several domains use.".to_owned(),
            domain => format!("Operations and shapes of the domain `{domain}`."),
        };
        files.insert(format!("{module}.rs"), source(model_file, &purpose, scope.use_lines(), body)?);
    }
    let scope = Scope::new(layout, "operations", Nesting::Siblings);
    let service = operations::service(&scope)?;
    let mut uses = scope.use_lines();
    uses.extend(markers(layout));
    files.insert(
        "operations.rs".to_owned(),
        source(model_file, "Every operation, sorted by name.", uses, service)?,
    );
    files.insert("mod.rs".to_owned(), folder_root(layout, model_file)?);
    Ok(files)
}

/// One file for a small service: everything in it, errors in a module inside.
pub(crate) fn single(layout: &Layout<'_>, model_file: &str, purpose: &str) -> Result<String, Box<dyn Error>> {
    let domain = layout.domains.keys().next().ok_or("a service without operations")?;
    let scope = Scope::new(layout, domain, Nesting::Single);
    let mut body = module_items(&scope, layout)?;
    body.extend(operations::service(&scope)?);
    let errors = Scope::new(layout, ERRORS, Nesting::Single);
    let error_items = module_items(&errors, layout)?;
    let uses = errors.use_lines();
    body.push(quote! {
        /// Errors of the model.
        pub mod errors { #(#uses)* #(#error_items)* }
    });
    source(model_file, purpose, scope.use_lines(), body)
}

/// Operations, then types, then tables.
fn module_items(scope: &Scope<'_>, layout: &Layout<'_>) -> Items {
    let mut items = Vec::new();
    for name in layout.domains.get(scope.module).into_iter().flatten() {
        if let Some(operation) = layout.model.operations.get(*name) {
            items.extend(operations::operation(scope, name, operation)?);
        }
    }
    let mut statics = Vec::new();
    for name in layout.shapes_of(scope.module) {
        let shape = layout.model.find(name)?;
        if shape.exception {
            statics.push(operations::error(scope, name, shape)?);
            continue;
        }
        if shape.kind == Kind::Structure {
            items.extend(types::structure(scope, name, shape)?);
        } else if shape.is_enum() {
            items.extend(types::enumeration(scope, name, shape));
        }
        statics.extend(tables::table(scope, name, shape)?);
    }
    items.extend(statics);
    Ok(items)
}

/// Imports of the operations' markers.
fn markers(layout: &Layout<'_>) -> Vec<TokenStream> {
    let import = |(domain, operations): (&&str, &std::collections::BTreeSet<&str>)| {
        let domain = names::ident(domain);
        let markers = operations.iter().map(|name| names::ident(&names::type_name(name)));
        quote!(use super::#domain::{#(#markers),*};)
    };
    layout.domains.iter().map(import).collect()
}

fn folder_root(layout: &Layout<'_>, model_file: &str) -> Result<String, Box<dyn Error>> {
    let modules: Vec<_> = layout.modules().into_iter().filter(|module| *module != ERRORS).collect();
    let private = modules.iter().map(|module| names::ident(module));
    let mut items: Vec<_> = private.map(|module| quote!(mod #module;)).collect();
    items.push(quote!(
        mod operations;
    ));
    items.push(quote!(
        pub mod errors;
    ));
    items.extend(modules.iter().map(|module| {
        let module = names::ident(module);
        quote!(pub use #module::*;)
    }));
    items.push(quote!(
        pub use operations::{SERVICE, visit_operations};
    ));
    let purpose = "Operations, shapes and errors of the service, flat; errors in their own module.";
    root(model_file, purpose, items)
}

/// A `mod.rs`: lints that hold for all generated files under it, and `items`.
pub(crate) fn root(
    model_file: &str,
    purpose: &str,
    items: Vec<TokenStream>,
) -> Result<String, Box<dyn Error>> {
    let mut text = header(model_file, purpose);
    text.push_str(
        "#![allow(missing_docs, reason = \"fields and values carry the model's names; its prose is not ours\")]\n\n",
    );
    text.push_str(&print(items)?);
    Ok(text)
}

fn source(
    model_file: &str,
    purpose: &str,
    uses: Vec<TokenStream>,
    items: Vec<TokenStream>,
) -> Result<String, Box<dyn Error>> {
    let mut text = header(model_file, purpose);
    text.push('\n');
    text.push_str(&print(uses)?);
    text.push('\n');
    text.push_str(&print(items)?);
    Ok(text)
}

fn header(model_file: &str, purpose: &str) -> String {
    format!("// Generated by `cargo xtask codegen` from {model_file}; do not edit.\n//! {purpose}\n\n")
}

/// Each item in prettyplease's form, with an empty line after those of several lines (imports aside).
fn print(items: Vec<TokenStream>) -> Result<String, Box<dyn Error>> {
    let mut text = String::new();
    for item in items {
        let parsed: syn::Item = syn::parse2(item.clone()).map_err(|error| format!("{error} in {item}"))?;
        let file = syn::File { shebang: None, attrs: Vec::new(), items: vec![parsed] };
        let printed = spread_methods(&prettyplease::unparse(&file));
        text.push_str(&printed);
        let single_line = printed.lines().count() == 1;
        if !single_line && !printed.starts_with("use ") {
            text.push('\n');
        }
    }
    Ok(text)
}

/// prettyplease sets no empty lines inside an `impl`; a documented item after another wants one.
fn spread_methods(item: &str) -> String {
    if item.starts_with("impl ") {
        item.replace("    }\n    ///", "    }\n\n    ///").replace("    ];\n    ///", "    ];\n\n    ///")
    } else {
        item.to_owned()
    }
}
