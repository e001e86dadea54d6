//! Names of the model as Rust identifiers, without clashes and the same on every run.

use heck::{ToShoutySnakeCase as _, ToSnakeCase as _, ToUpperCamelCase as _};
use proc_macro2::{Ident, Span};
use std::collections::{BTreeMap, BTreeSet};

/// The identifier, raw if it is a keyword.
pub(crate) fn ident(text: &str) -> Ident {
    match text {
        "Self" | "self" | "super" | "crate" => Ident::new(&format!("{text}_"), Span::call_site()),
        _ => syn::parse_str(text).unwrap_or_else(|_| Ident::new_raw(text, Span::call_site())),
    }
}

/// A structure, enumeration or operation: the model's name with a capital first letter.
pub(crate) fn type_name(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// A member as a field.
pub(crate) fn field_name(name: &str) -> String {
    name.to_snake_case()
}

/// What serde makes of a field under `rename_all = "PascalCase"`.
pub(crate) fn serde_pascal(field: &str) -> String {
    field.split('_').map(type_name).collect()
}

/// One static per shape. Names that differ only in case get a number, in the order of the model's names.
pub(crate) fn statics<'a>(names: impl Iterator<Item = &'a String>) -> BTreeMap<String, Ident> {
    unique(names.map(String::as_str), str::to_shouty_snake_case)
}

/// One variant per value of an enumeration.
pub(crate) fn variants(values: &[String]) -> Vec<Ident> {
    let by_value = unique(values.iter().map(String::as_str), |value| {
        let name = value.to_upper_camel_case();
        match name.chars().next() {
            None => "Empty".to_owned(),
            Some(first) if first.is_ascii_digit() => format!("V{name}"),
            Some(_) => name,
        }
    });
    values.iter().filter_map(|value| by_value.get(value).cloned()).collect()
}

fn unique<'a>(
    names: impl Iterator<Item = &'a str>,
    convert: impl Fn(&str) -> String,
) -> BTreeMap<String, Ident> {
    let mut taken = BTreeSet::new();
    let mut map = BTreeMap::new();
    for name in names {
        let wanted = convert(name);
        let mut candidate = wanted.clone();
        let mut count = 1;
        while !taken.insert(candidate.clone()) {
            count += 1;
            candidate = format!("{wanted}{}{count}", if wanted.contains('_') { "_" } else { "" });
        }
        map.insert(name.to_owned(), ident(&candidate));
    }
    map
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_and_keywords() {
        assert_eq!(field_name("OutputS3BucketName"), "output_s3_bucket_name");
        assert_eq!(ident(&field_name("Type")).to_string(), "r#type");
        assert_eq!(serde_pascal("output_s3_bucket_name"), "OutputS3BucketName");
        assert_eq!(ident("Self").to_string(), "Self_");
    }

    #[test]
    fn variants_do_not_clash() {
        let values = ["EQUAL", "Equal", "2019", "", "Self", "Linux-x"].map(str::to_owned);
        let names: Vec<_> = variants(&values).iter().map(ToString::to_string).collect();
        assert_eq!(names, ["Equal", "Equal2", "V2019", "Empty", "Self_", "LinuxX"]);
    }

    #[test]
    fn statics_do_not_clash() {
        let names = ["IPAddress".to_owned(), "IpAddress".to_owned()];
        let statics = statics(names.iter());
        assert_eq!(statics["IPAddress"].to_string(), "IP_ADDRESS");
        assert_eq!(statics["IpAddress"].to_string(), "IP_ADDRESS_2");
    }
}
