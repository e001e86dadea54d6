//! Structures and enumerations as Rust types with serde.

use super::scope::Scope;
use crate::codegen::model::{Kind, Shape};
use crate::codegen::names;
use proc_macro2::TokenStream;
use quote::quote;
use std::collections::BTreeSet;
use std::error::Error;

type Tokens = Result<TokenStream, Box<dyn Error>>;

/// The Rust type of a structure: required members plain, the others optional.
pub(crate) fn structure(
    scope: &Scope<'_>,
    name: &str,
    shape: &Shape,
) -> Result<Vec<TokenStream>, Box<dyn Error>> {
    let serialize = scope.serde("Serialize");
    let deserialize = scope.serde("Deserialize");
    let type_name = names::ident(&names::type_name(name));
    let doc = format!(" Wire structure `{name}`.");
    let mut fields = Vec::new();
    let mut pascal = false;
    let mut redact = shape.sensitive;
    for (member, reference) in &shape.members {
        let field = names::field_name(member);
        let ident = names::ident(&field);
        let mut traits = Vec::new();
        if names::serde_pascal(&field) == *member {
            pascal = true;
        } else {
            traits.push(quote!(rename = #member));
        }
        let mut kind = rust_type(scope, &reference.shape)?;
        if holds_itself(scope, name, &reference.shape)? {
            kind = quote!(Box<#kind>);
        }
        if !shape.required.contains(member) {
            kind = quote!(Option<#kind>);
            traits.push(quote!(skip_serializing_if = "Option::is_none"));
        }
        redact |= must_redact(scope, &reference.shape)?;
        let serde = (!traits.is_empty()).then(|| quote!(#[serde(#(#traits),*)]));
        fields.push(quote!(#serde pub #ident: #kind));
    }
    let derive_debug = (!redact).then(|| quote!(Debug,));
    let rename_all = pascal.then(|| quote!(#[serde(rename_all = "PascalCase")]));
    let mut items = vec![quote! {
        #[doc = #doc]
        #[derive(#derive_debug Clone, Default, PartialEq, #serialize, #deserialize)]
        #rename_all
        pub struct #type_name { #(#fields),* }
    }];
    if redact {
        items.push(redacted_debug(scope, name, shape)?);
    }
    Ok(items)
}

/// `Debug` that shows neither a sensitive structure nor sensitive lists, maps and bytes.
/// (Sensitive text redacts itself: its type is `Sensitive`.)
fn redacted_debug(scope: &Scope<'_>, name: &str, shape: &Shape) -> Tokens {
    let type_name = names::ident(&names::type_name(name));
    let text = names::type_name(name);
    if shape.sensitive {
        return Ok(quote! {
            impl std::fmt::Debug for #type_name {
                fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                    formatter.write_str(concat!(#text, " [redacted]"))
                }
            }
        });
    }
    let mut fields = Vec::new();
    for (member, reference) in &shape.members {
        let field = names::field_name(member);
        let ident = names::ident(&field);
        fields.push(if must_redact(scope, &reference.shape)? {
            quote!(.field(#field, &format_args!("[redacted]")))
        } else {
            quote!(.field(#field, &self.#ident))
        });
    }
    Ok(quote! {
        impl std::fmt::Debug for #type_name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.debug_struct(#text) #(#fields)* .finish()
            }
        }
    })
}

/// Whether a value of this shape would print something sensitive, not having a type of its own that redacts it.
fn must_redact(scope: &Scope<'_>, name: &str) -> Result<bool, Box<dyn Error>> {
    let shape = scope.layout.model.find(name)?;
    match shape.kind {
        Kind::List | Kind::Map if shape.sensitive => Ok(true),
        Kind::Blob => Ok(shape.sensitive),
        Kind::List | Kind::Map => {
            for reference in shape.references() {
                if must_redact(scope, &reference.shape)? {
                    return Ok(true);
                }
            }
            Ok(false)
        }
        _ => Ok(false),
    }
}

/// Whether `shape` leads back to `owner` through structures alone, so that its size would be endless.
fn holds_itself(scope: &Scope<'_>, owner: &str, shape: &str) -> Result<bool, Box<dyn Error>> {
    let mut seen = BTreeSet::new();
    let mut open = vec![shape];
    while let Some(name) = open.pop() {
        let shape = scope.layout.model.find(name)?;
        if shape.kind == Kind::Structure && seen.insert(name) {
            if name == owner {
                return Ok(true);
            }
            open.extend(shape.members.iter().map(|(_, reference)| reference.shape.as_str()));
        }
    }
    Ok(false)
}

fn rust_type(scope: &Scope<'_>, name: &str) -> Tokens {
    let shape = scope.layout.model.find(name)?;
    Ok(match shape.kind {
        Kind::Structure => {
            let name = scope.type_of(name)?;
            quote!(#name)
        }
        Kind::String if shape.sensitive => {
            let sensitive = scope.model("Sensitive");
            quote!(#sensitive)
        }
        Kind::String if shape.is_enum() => {
            let name = scope.type_of(name)?;
            quote!(#name)
        }
        Kind::String => quote!(String),
        Kind::Integer => quote!(i32),
        Kind::Long => quote!(i64),
        Kind::Float | Kind::Double => quote!(f64),
        Kind::Boolean => quote!(bool),
        Kind::Timestamp => {
            let timestamp = scope.model("Timestamp");
            quote!(#timestamp)
        }
        Kind::Blob => {
            let blob = scope.model("Blob");
            quote!(#blob)
        }
        Kind::List => {
            let element = element(scope, name, shape.member.as_ref())?;
            quote!(Vec<#element>)
        }
        Kind::Map => {
            let map = scope.map();
            let element = element(scope, name, shape.value.as_ref())?;
            quote!(#map<String, #element>)
        }
    })
}

fn element(scope: &Scope<'_>, name: &str, reference: Option<&crate::codegen::model::Reference>) -> Tokens {
    rust_type(scope, &reference.ok_or_else(|| format!("`{name}` has no element"))?.shape)
}

/// The Rust type of an enumeration.
pub(crate) fn enumeration(scope: &Scope<'_>, name: &str, shape: &Shape) -> Vec<TokenStream> {
    let serialize = scope.serde("Serialize");
    let deserialize = scope.serde("Deserialize");
    let type_name = names::ident(&names::type_name(name));
    let doc = format!(" Wire enumeration `{name}`.");
    let values = &shape.values;
    let variants = names::variants(values);
    let renames = values
        .iter()
        .zip(&variants)
        .map(|(value, variant)| (*variant != value).then(|| quote!(#[serde(rename = #value)])));
    let defaults = (0..values.len()).map(|position| (position == 0).then(|| quote!(#[default])));
    vec![
        quote! {
            #[doc = #doc]
            #[derive(
                Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, #serialize, #deserialize,
            )]
            pub enum #type_name { #(#defaults #renames #variants),* }
        },
        quote! {
            impl #type_name {
                /// Every value, in the model's order.
                pub const ALL: &'static [Self] = &[#(Self::#variants),*];

                /// The value as it stands on the wire.
                pub const fn as_str(self) -> &'static str {
                    match self { #(Self::#variants => #values),* }
                }

                /// The value that stands on the wire as `text`.
                pub fn from_wire(text: &str) -> Option<Self> {
                    Self::ALL.iter().copied().find(|value| value.as_str() == text)
                }
            }
        },
        quote! {
            impl std::fmt::Display for #type_name {
                fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                    formatter.write_str(self.as_str())
                }
            }
        },
    ]
}
