//! A module under construction: hands out identifiers and remembers what must be imported for them.

use crate::codegen::layout::{ERRORS, Layout};
use crate::codegen::names;
use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;

/// How the modules of a service lie to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Nesting {
    /// Files side by side in a folder.
    Siblings,
    /// One file for all, with `errors` as a module inside it.
    Single,
}

/// The module being written.
pub(crate) struct Scope<'a> {
    pub(crate) layout: &'a Layout<'a>,
    pub(crate) module: &'a str,
    nesting: Nesting,
    /// Path → names.
    imports: RefCell<BTreeMap<String, BTreeSet<String>>>,
}

impl<'a> Scope<'a> {
    pub(crate) fn new(layout: &'a Layout<'a>, module: &'a str, nesting: Nesting) -> Self {
        Self { layout, module, nesting, imports: RefCell::default() }
    }

    fn import(&self, path: &str, name: &str) -> Ident {
        self.imports.borrow_mut().entry(path.to_owned()).or_default().insert(name.to_owned());
        Ident::new(name, Span::call_site())
    }

    /// A type of the service-model crate.
    pub(crate) fn model(&self, name: &str) -> Ident {
        self.import("muster_service_model", name)
    }

    /// A trait of serde, with its derive.
    pub(crate) fn serde(&self, name: &str) -> Ident {
        self.import("serde", name)
    }

    /// The ordered map.
    pub(crate) fn map(&self) -> Ident {
        self.import("std::collections", "BTreeMap")
    }

    /// The Rust type of a structure or enumeration.
    pub(crate) fn type_of(&self, shape: &str) -> Result<Ident, Box<dyn Error>> {
        self.local(shape, names::ident(&names::type_name(shape)))
    }

    /// The static that holds a shape's table.
    pub(crate) fn table_of(&self, shape: &str) -> Result<Ident, Box<dyn Error>> {
        self.local(shape, self.layout.table(shape)?.clone())
    }

    /// The static of an error, by its path.
    pub(crate) fn error(&self, shape: &str) -> Result<TokenStream, Box<dyn Error>> {
        let table = self.layout.table(shape)?;
        if self.nesting == Nesting::Siblings {
            self.import("super", ERRORS);
        }
        Ok(quote!(errors::#table))
    }

    /// An item of the module in which `shape` lives.
    fn local(&self, shape: &str, name: Ident) -> Result<Ident, Box<dyn Error>> {
        let home = self.layout.home(shape)?;
        if home != self.module {
            let path = match self.nesting {
                Nesting::Siblings => format!("super::{home}"),
                Nesting::Single => "super".to_owned(),
            };
            self.import(&path, &name.to_string());
        }
        Ok(name)
    }

    /// The `use` lines for all that was handed out.
    pub(crate) fn use_lines(&self) -> Vec<TokenStream> {
        let imports = self.imports.borrow();
        imports
            .iter()
            .filter_map(|(path, names)| {
                let path: syn::Path = syn::parse_str(path).ok()?;
                let names = names.iter().map(|name| names::ident(name));
                Some(quote!(use #path::{#(#names),*};))
            })
            .collect()
    }
}
