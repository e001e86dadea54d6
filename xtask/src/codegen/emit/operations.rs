//! Operations, errors and the service itself as static tables.

use super::scope::Scope;
use super::tables::{self, option};
use crate::codegen::model::{Metadata, Operation, Paginator, Shape};
use crate::codegen::names;
use proc_macro2::TokenStream;
use quote::quote;
use std::error::Error;

type Tokens = Result<TokenStream, Box<dyn Error>>;

/// The marker of an operation and its `Operation` implementation.
pub(crate) fn operation(
    scope: &Scope<'_>,
    name: &str,
    operation: &Operation,
) -> Result<Vec<TokenStream>, Box<dyn Error>> {
    let metadata = &scope.layout.model.metadata;
    let service = &metadata.endpoint_prefix;
    let marker = names::ident(&names::type_name(name));
    let doc = format!(" `{service}:{name}`.");
    let (Some(input), Some(output)) = (&operation.input, &operation.output) else {
        return Err(format!("`{name}` lacks input or output").into());
    };
    let (input_type, output_type) = (scope.type_of(input)?, scope.type_of(output)?);
    let (input_table, output_table) = (scope.table_of(input)?, scope.table_of(output)?);
    let Operation { http, result_wrapper, .. } = operation;
    let (method, uri) = (&http.method, &http.request_uri);
    let result_wrapper = option(result_wrapper.as_ref());
    let mut sorted: Vec<_> = operation.errors.iter().collect();
    sorted.sort();
    sorted.dedup();
    let errors = sorted.into_iter().map(|error| scope.error(error)).collect::<Result<Vec<_>, _>>()?;
    let paginator = match scope.layout.model.paginators.get(name) {
        Some(paginator) => paginator_table(scope, paginator),
        None => quote!(None),
    };
    let operation_trait = scope.model("Operation");
    let schema = scope.model("OperationSchema");
    let binding = scope.model("HttpBinding");
    Ok(vec![
        quote! {
            #[doc = #doc]
            #[derive(Debug, Clone, Copy)]
            pub struct #marker;
        },
        quote! {
            impl #operation_trait for #marker {
                type Input = #input_type;
                type Output = #output_type;
                const SCHEMA: &'static #schema = {
                    static SCHEMA: #schema = #schema {
                        service: #service,
                        name: #name,
                        http: #binding { method: #method, uri: #uri },
                        input: &#input_table,
                        output: &#output_table,
                        result_wrapper: #result_wrapper,
                        errors: &[#(&#errors),*],
                        paginator: #paginator,
                    };
                    &SCHEMA
                };
            }
        },
    ])
}

fn paginator_table(scope: &Scope<'_>, paginator: &Paginator) -> TokenStream {
    let table = scope.model("Paginator");
    let (input, output) = (&paginator.input_token.0, &paginator.output_token.0);
    let limit = option(paginator.limit_key.as_ref());
    let result = &paginator.result_key.0;
    quote!(Some(#table {
        input_token: &[#(#input),*],
        output_token: &[#(#output),*],
        limit_key: #limit,
        result_key: &[#(#result),*],
    }))
}

/// The static of an error.
pub(crate) fn error(scope: &Scope<'_>, name: &str, shape: &Shape) -> Tokens {
    let schema = scope.model("ErrorSchema");
    let ident = scope.layout.table(name)?;
    let doc = format!(" `{name}`.");
    let code = shape.error.as_ref().and_then(|error| error.code.as_ref()).map_or(name, String::as_str);
    let fault = shape.fault;
    let modelled = shape.error.as_ref().and_then(|error| error.http_status_code);
    let status = proc_macro2::Literal::u16_unsuffixed(modelled.unwrap_or(if fault { 500 } else { 400 }));
    let structure = tables::structure(scope, name, shape)?;
    Ok(quote! {
        #[doc = #doc]
        pub static #ident: #schema = #schema {
            name: #name, code: #code, status: #status, fault: #fault, shape: &#structure,
        };
    })
}

/// The service's table, and the walk over its operations with their types.
pub(crate) fn service(scope: &Scope<'_>) -> Result<Vec<TokenStream>, Box<dyn Error>> {
    let model = scope.layout.model;
    let schema = scope.model("ServiceSchema");
    let operation = scope.model("Operation");
    let Metadata { api_version, endpoint_prefix: name, signing_name, .. } = &model.metadata;
    let signing_name = signing_name.as_ref().unwrap_or(name);
    let protocol = protocol(scope, &model.metadata)?;
    let operations: Vec<_> =
        model.operations.keys().map(|name| names::ident(&names::type_name(name))).collect();
    let visitor = scope.model("OperationVisitor");
    let errors = model.errors().map(|(name, _)| scope.error(name)).collect::<Result<Vec<_>, _>>()?;
    let doc = format!(" The tables of `{name}`.");
    let table = quote! {
        #[doc = #doc]
        pub static SERVICE: #schema = #schema {
            name: #name,
            signing_name: #signing_name,
            api_version: #api_version,
            protocol: #protocol,
            operations: &[#(<#operations as #operation>::SCHEMA),*],
            errors: &[#(&#errors),*],
        };
    };
    let visit = quote! {
        /// Shows every operation to `visitor`, in the order of their names.
        pub fn visit_operations(visitor: &mut impl #visitor) {
            #(visitor.visit::<#operations>();)*
        }
    };
    Ok(vec![table, visit])
}

fn protocol(scope: &Scope<'_>, metadata: &Metadata) -> Tokens {
    let protocol = scope.model("Protocol");
    let need = |value: &Option<String>, what: &str| {
        value.clone().ok_or_else(|| format!("protocol {} needs {what}", metadata.protocol))
    };
    Ok(match metadata.protocol.as_str() {
        "json" => {
            let version = need(&metadata.json_version, "jsonVersion")?;
            let target_prefix = need(&metadata.target_prefix, "targetPrefix")?;
            quote!(#protocol::Json { version: #version, target_prefix: #target_prefix })
        }
        "rest-json" => quote!(#protocol::RestJson),
        xml => {
            let xml_namespace = need(&metadata.xml_namespace, "xmlNamespace")?;
            let variant = match xml {
                "query" => quote!(Query),
                "ec2" => quote!(Ec2Query),
                "rest-xml" => quote!(RestXml),
                other => return Err(format!("unknown protocol `{other}`").into()),
            };
            quote!(#protocol::#variant { xml_namespace: #xml_namespace })
        }
    })
}
