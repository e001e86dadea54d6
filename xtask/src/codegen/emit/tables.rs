//! Shapes as the static tables that the front end walks.

use super::scope::Scope;
use crate::codegen::model::{Kind, Reference, Shape};
use proc_macro2::TokenStream;
use quote::quote;
use std::error::Error;

type Tokens = Result<TokenStream, Box<dyn Error>>;

/// The static of a shape; `None` for shapes that are written out where they are used.
pub(crate) fn table(
    scope: &Scope<'_>,
    name: &str,
    shape: &Shape,
) -> Result<Option<TokenStream>, Box<dyn Error>> {
    let (kind, value) = match shape.kind {
        Kind::Structure => ("Structure", structure(scope, name, shape)?),
        Kind::String => ("StringShape", string(scope, name, shape)),
        Kind::List => ("ListShape", list(scope, name, shape)?),
        Kind::Map => ("MapShape", map(scope, name, shape)?),
        Kind::Blob => ("BlobShape", blob(scope, name, shape)),
        Kind::Integer | Kind::Long | Kind::Float | Kind::Double | Kind::Boolean | Kind::Timestamp => {
            return Ok(None);
        }
    };
    let kind = scope.model(kind);
    let ident = scope.table_of(name)?;
    Ok(Some(quote!(pub(crate) static #ident: #kind = #value;)))
}

/// A structure's table as an expression.
pub(crate) fn structure(scope: &Scope<'_>, name: &str, shape: &Shape) -> Tokens {
    let table = scope.model("Structure");
    let sensitive = shape.sensitive;
    let mut members = Vec::new();
    for (member_name, reference) in &shape.members {
        members.push(member(scope, shape, member_name, reference)?);
    }
    Ok(quote!(#table { name: #name, members: &[#(#members),*], sensitive: #sensitive }))
}

fn member(scope: &Scope<'_>, owner: &Shape, name: &String, reference: &Reference) -> Tokens {
    let member = scope.model("Member");
    let shape = shape_of(scope, &reference.shape)?;
    let mut tokens = if owner.required.contains(name) {
        quote!(#member::required(#name, #shape))
    } else {
        quote!(#member::optional(#name, #shape))
    };
    if let Some(location_name) = &reference.location_name {
        tokens = quote!(#tokens.location_name(#location_name));
    }
    if let Some(location) = &reference.location {
        let table = scope.model("Location");
        let location = match location.as_str() {
            "uri" => quote!(#table::Uri),
            "querystring" => quote!(#table::QueryString),
            "header" => quote!(#table::Header),
            "headers" => quote!(#table::Headers),
            "statusCode" => quote!(#table::StatusCode),
            other => return Err(format!("`{name}`: unknown location `{other}`").into()),
        };
        tokens = quote!(#tokens.location(#location));
    }
    if reference.idempotency_token {
        tokens = quote!(#tokens.idempotency_token());
    }
    Ok(tokens)
}

fn string(scope: &Scope<'_>, name: &str, shape: &Shape) -> TokenStream {
    let table = scope.model("StringShape");
    let constraint = scope.model("Constraint");
    let length = bounds(scope, shape);
    let sensitive = shape.sensitive;
    let constraint = match &shape.pattern {
        _ if shape.is_enum() => {
            let values = &shape.values;
            quote!(#constraint::Enum(&[#(#values),*]))
        }
        Some(pattern) => quote!(#constraint::Pattern(#pattern)),
        None => quote!(#constraint::Any),
    };
    quote!(#table { name: #name, length: #length, constraint: #constraint, sensitive: #sensitive })
}

fn list(scope: &Scope<'_>, name: &str, shape: &Shape) -> Tokens {
    let table = scope.model("ListShape");
    let reference = part(name, shape.member.as_ref())?;
    let member = shape_of(scope, &reference.shape)?;
    let member_name = option(reference.location_name.as_ref());
    let length = bounds(scope, shape);
    let (flattened, sensitive) = (shape.flattened, shape.sensitive);
    Ok(quote!(#table {
        name: #name, member: #member, member_name: #member_name, flattened: #flattened, length: #length,
        sensitive: #sensitive,
    }))
}

fn map(scope: &Scope<'_>, name: &str, shape: &Shape) -> Tokens {
    let table = scope.model("MapShape");
    let key = scope.table_of(&part(name, shape.key.as_ref())?.shape)?;
    let value = shape_of(scope, &part(name, shape.value.as_ref())?.shape)?;
    let length = bounds(scope, shape);
    let (flattened, sensitive) = (shape.flattened, shape.sensitive);
    Ok(quote!(#table {
        name: #name, key: &#key, value: #value, flattened: #flattened, length: #length, sensitive: #sensitive,
    }))
}

fn blob(scope: &Scope<'_>, name: &str, shape: &Shape) -> TokenStream {
    let table = scope.model("BlobShape");
    let length = bounds(scope, shape);
    let sensitive = shape.sensitive;
    quote!(#table { name: #name, length: #length, sensitive: #sensitive })
}

/// A use of a shape as an expression.
fn shape_of(scope: &Scope<'_>, name: &str) -> Tokens {
    let shape = scope.layout.model.find(name)?;
    let variant = match shape.kind {
        Kind::Structure => quote!(Structure),
        Kind::List => quote!(List),
        Kind::Map => quote!(Map),
        Kind::String => quote!(String),
        Kind::Blob => quote!(Blob),
        Kind::Integer => return Ok(number(scope, shape, quote!(Integer))),
        Kind::Long => return Ok(number(scope, shape, quote!(Long))),
        Kind::Float | Kind::Double => return Ok(number(scope, shape, quote!(Double))),
        Kind::Boolean => {
            let table = scope.model("Shape");
            return Ok(quote!(#table::Boolean));
        }
        Kind::Timestamp => return timestamp(scope, name, shape),
    };
    let table = scope.model("Shape");
    let target = scope.table_of(name)?;
    Ok(quote!(#table::#variant(&#target)))
}

fn number(scope: &Scope<'_>, shape: &Shape, variant: TokenStream) -> TokenStream {
    let table = scope.model("Shape");
    let bounds = bounds(scope, shape);
    quote!(#table::#variant(#bounds))
}

fn timestamp(scope: &Scope<'_>, name: &str, shape: &Shape) -> Tokens {
    let table = scope.model("Shape");
    let format = scope.model("TimestampFormat");
    let variant = match shape.timestamp_format.as_deref() {
        None => quote!(Default),
        Some("unixTimestamp") => quote!(UnixTimestamp),
        Some("iso8601") => quote!(Iso8601),
        Some("rfc822") => quote!(Rfc822),
        Some(other) => return Err(format!("`{name}`: unknown time format `{other}`").into()),
    };
    Ok(quote!(#table::Timestamp(#format::#variant)))
}

fn bounds(scope: &Scope<'_>, shape: &Shape) -> TokenStream {
    let table = scope.model("Bounds");
    let literal = proc_macro2::Literal::i64_unsuffixed;
    match (shape.min.map(literal), shape.max.map(literal)) {
        (None, None) => quote!(#table::NONE),
        (Some(min), None) => quote!(#table::at_least(#min)),
        (None, Some(max)) => quote!(#table::at_most(#max)),
        (Some(min), Some(max)) => quote!(#table::between(#min, #max)),
    }
}

fn part<'a>(name: &str, reference: Option<&'a Reference>) -> Result<&'a Reference, Box<dyn Error>> {
    reference.ok_or_else(|| format!("`{name}` is incomplete").into())
}

/// `Some("…")` or `None` as an expression.
pub(crate) fn option(text: Option<&String>) -> TokenStream {
    match text {
        Some(text) => quote!(Some(#text)),
        None => quote!(None),
    }
}
