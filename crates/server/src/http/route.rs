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
pub(super) static SERVICES: [&ServiceSchema; 9] = [
    &muster_ssm_api::SERVICE,
    &SSM_AGENT_SERVICE,
    &EC2MESSAGES_SERVICE,
    &muster_sts_api::SERVICE,
    &muster_iam_api::SERVICE,
    &muster_kms_api::SERVICE,
    &muster_sns_api::SERVICE,
    &muster_cloudtrail_api::SERVICE,
    &muster_admin_api::SERVICE,
];

const FORM: &str = "application/x-www-form-urlencoded";

/// A call of a known operation.
pub(super) struct Call {
    pub(super) operation: &'static OperationSchema,
    pub(super) codec: Box<dyn Codec>,
    pub(super) rules: Rules,
}

/// A request that asks for nothing we know.
pub(super) struct Unrouted {
    /// What the client would read; none if it speaks no protocol of ours.
    codec: Option<Box<dyn Codec>>,
    pub(super) error: Box<ApiError>,
}

impl Unrouted {
    fn new(codec: Option<Box<dyn Codec>>, text: impl Into<String>) -> Self {
        Self { codec, error: Box::new(ApiError::new(&UNKNOWN_OPERATION, text)) }
    }

    /// The answer, in the form that a client of the protocol at hand reads.
    pub(super) fn answer(&self, request_id: &str) -> Response<Bytes> {
        self.codec.as_ref().map_or_else(not_json, |codec| codec.encode_error(&self.error, request_id))
    }
}

/// What can be told from the head alone: how an error about the body would have to look.
pub(super) fn codec_of_head(parts: &Parts) -> Box<dyn Codec> {
    match json_content_type(parts) {
        Some(content_type) => Box::new(JsonCodec { content_type }),
        None => query_codec(Form::default()),
    }
}

/// Finds the operation.
pub(super) fn route(parts: &Parts, body: &Bytes) -> Result<Call, Unrouted> {
    let json = json_content_type(parts).map(|content_type| Box::new(JsonCodec { content_type }));
    match (parts.headers.get("x-amz-target"), json) {
        (Some(target), Some(codec)) => match target.to_str().ok().and_then(by_target) {
            Some((service, operation)) => {
                Ok(Call { operation, codec, rules: Rules::strict(service.signing_name) })
            }
            None => Err(Unrouted::new(Some(codec), "")),
        },
        (Some(_), None) => Err(Unrouted::new(None, "")),
        (None, Some(codec)) => Err(Unrouted::new(Some(codec), "")),
        (None, None) => by_form(parts, body),
    }
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

fn by_form(parts: &Parts, body: &Bytes) -> Result<Call, Unrouted> {
    let mut encoded = Vec::new();
    if parts.method == Method::POST {
        if !essence(parts).is_some_and(|essence| essence.eq_ignore_ascii_case(FORM)) {
            return Err(Unrouted::new(None, ""));
        }
        encoded.extend_from_slice(body);
        encoded.push(b'&');
    }
    encoded.extend_from_slice(parts.uri.query().unwrap_or_default().as_bytes());
    let Ok(form) = Form::parse(&encoded) else {
        let error = ApiError::new(&SERIALIZATION, "The request has too many parameters.");
        return Err(Unrouted { codec: Some(query_codec(Form::default())), error: Box::new(error) });
    };
    let (action, version) = (form.get("Action").unwrap_or_default(), form.get("Version"));
    let scope = auth::scope_service(&auth::signed_view(parts));
    let known = SERVICES.iter().filter_map(|service| match service.protocol {
        // The URLs in messages of SNS name no version.
        Protocol::Query { xml_namespace }
            if Some(service.api_version) == version || version.is_none() && service.signing_name == "sns" =>
        {
            Some((*service, service.operation(action)?, xml_namespace))
        }
        _ => None,
    });
    // Two services may share a version: then the signature tells which one is meant.
    match known.max_by_key(|(service, ..)| scope.as_deref() == Some(service.signing_name)) {
        Some((service, operation, xml_namespace)) => Ok(Call {
            operation,
            codec: Box::new(QueryCodec { form, xml_namespace }),
            rules: Rules::query(service.signing_name),
        }),
        None => {
            let version = version.unwrap_or("NO_VERSION_SPECIFIED");
            let text = format!("Could not find operation {action} for version {version}");
            Err(Unrouted::new(Some(query_codec(form)), text))
        }
    }
}

fn query_codec(form: Form) -> Box<dyn Codec> {
    Box::new(QueryCodec { form, xml_namespace: sts_namespace() })
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
