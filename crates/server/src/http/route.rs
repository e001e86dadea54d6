//! From a request to the operation it asks for, the codec that reads it and the rules of its signature.
//!
//! The list of services is here: a further one is a line in [`SERVICES`]. Not for: paths other than `/`.

use super::{
    auth::{self, Rules},
    codec::{CONTENT_TYPE_1_0, CONTENT_TYPE_1_1, Codec, Element, Form, JsonCodec, QueryCodec, response},
};
use crate::error::{ApiError, SERIALIZATION, UNKNOWN_OPERATION};
use bytes::Bytes;
use http::{Method, Response, header::CONTENT_TYPE, request::Parts};
use muster_protocol::agent_api::{EC2MESSAGES_SERVICE, SSM_AGENT_SERVICE};
use muster_service_model::{OperationSchema, Protocol, ServiceSchema};

/// Services by precedence: what two of one target prefix both know is the first one's.
pub(super) static SERVICES: [&ServiceSchema; 4] =
    [&muster_ssm_api::SERVICE, &SSM_AGENT_SERVICE, &EC2MESSAGES_SERVICE, &muster_sts_api::SERVICE];

/// A call of a known operation.
pub(super) struct Call {
    pub(super) operation: &'static OperationSchema,
    pub(super) codec: Box<dyn Codec>,
    pub(super) rules: Rules,
}

/// What can be told from the head alone: how an error about the body would have to look.
pub(super) fn codec_of_head(parts: &Parts) -> Box<dyn Codec> {
    match json_content_type(parts) {
        Some(content_type) => Box::new(JsonCodec { content_type }),
        None => Box::new(QueryCodec { form: Form::default(), xml_namespace: sts_namespace() }),
    }
}

/// Finds the operation.
///
/// # Errors
/// The whole answer, in the form that a client of the protocol at hand reads.
pub(super) fn route(parts: &Parts, body: &Bytes, request_id: &str) -> Result<Call, Response<Bytes>> {
    if let Some(target) = parts.headers.get("x-amz-target") {
        let Some(content_type) = json_content_type(parts) else { return Err(not_json()) };
        let codec = JsonCodec { content_type };
        return target.to_str().ok().and_then(by_target).map_or_else(
            || Err(codec.encode_error(&ApiError::new(&UNKNOWN_OPERATION, ""), request_id)),
            |(service, operation)| {
                let rules = Rules::strict(service.signing_name);
                Ok(Call { operation, codec: Box::new(codec), rules })
            },
        );
    }
    if let Some(content_type) = json_content_type(parts) {
        let codec = JsonCodec { content_type };
        return Err(codec.encode_error(&ApiError::new(&UNKNOWN_OPERATION, ""), request_id));
    }
    by_form(parts, body, request_id)
}

fn by_target(target: &str) -> Option<(&'static ServiceSchema, &'static OperationSchema)> {
    let (prefix, name) = target.rsplit_once('.')?;
    SERVICES.iter().find_map(|service| match service.protocol {
        Protocol::Json { target_prefix, .. } if target_prefix == prefix => {
            Some((*service, service.operation(name)?))
        }
        _ => None,
    })
}

fn by_form(parts: &Parts, body: &Bytes, request_id: &str) -> Result<Call, Response<Bytes>> {
    let mut encoded = Vec::new();
    if parts.method == Method::POST {
        let form = essence(parts).is_some_and(|essence| {
            essence.eq_ignore_ascii_case("application/x-www-form-urlencoded")
        });
        if !form {
            return Err(not_json());
        }
        encoded.extend_from_slice(body);
        encoded.push(b'&');
    }
    encoded.extend_from_slice(parts.uri.query().unwrap_or_default().as_bytes());
    let refuse = |form, error| {
        Err(QueryCodec { form, xml_namespace: sts_namespace() }.encode_error(&error, request_id))
    };
    let Ok(form) = Form::parse(&encoded) else {
        return refuse(Form::default(), ApiError::new(&SERIALIZATION, "The request has too many parameters."));
    };
    let (action, version) = (form.get("Action").map(str::to_owned), form.get("Version").map(str::to_owned));
    let scope = auth::scope_service(&auth::signed_view(parts));
    let found = action.as_deref().zip(version.as_deref()).and_then(|(action, version)| {
        let services = SERVICES.iter().filter_map(|service| match service.protocol {
            Protocol::Query { xml_namespace } if service.api_version == version => {
                Some((*service, service.operation(action)?, xml_namespace))
            }
            _ => None,
        });
        // Two services may share a version: then the signature tells which one is meant.
        services.max_by_key(|(service, ..)| scope.as_deref() == Some(service.signing_name))
    });
    match found {
        Some((service, operation, xml_namespace)) => Ok(Call {
            operation,
            codec: Box::new(QueryCodec { form, xml_namespace }),
            rules: Rules::query(service.signing_name),
        }),
        None => {
            let action = action.unwrap_or_default();
            let version = version.unwrap_or_else(|| "NO_VERSION_SPECIFIED".to_owned());
            let text = format!("Could not find operation {action} for version {version}");
            refuse(form, ApiError::new(&UNKNOWN_OPERATION, text))
        }
    }
}

fn sts_namespace() -> &'static str {
    match muster_sts_api::SERVICE.protocol {
        Protocol::Query { xml_namespace } => xml_namespace,
        _ => "",
    }
}

/// The content type to answer in, if the request's is one of JSON.
fn json_content_type(parts: &Parts) -> Option<&'static str> {
    let essence = essence(parts)?;
    [CONTENT_TYPE_1_1, CONTENT_TYPE_1_0, "application/json"]
        .into_iter()
        .find(|known| essence.eq_ignore_ascii_case(known))
}

/// The content type without parameters.
fn essence(parts: &Parts) -> Option<&str> {
    let value = parts.headers.get(CONTENT_TYPE)?.to_str().ok()?;
    Some(value.split_once(';').map_or(value, |(essence, _)| essence).trim())
}

/// AWS's answer to a request in no protocol that it speaks.
pub(super) fn not_json() -> Response<Bytes> {
    response(404, "text/xml", Element::new("UnknownOperationException").render())
}
