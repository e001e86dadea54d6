//! One event in CloudTrail's form, written straight into a buffer: this is done for every call. Reading events again
//! for a look-up is here too, so that both stay together. Not for: where records go.

use super::{
    identity::{self, Caller, time},
    redaction::{HIDDEN, Parameters, cut, push_text, write_output},
    resource::Resource,
};
use crate::error::{ACCESS_DENIED, ApiError};
use muster_ids::{AccountId, Region, Tenant};
use muster_service_model::OperationSchema;
use serde::Deserialize;
use serde_json::Value;
use std::{borrow::Cow, io::Write as _, net::IpAddr};
use uuid::Uuid;

const VERSION: &str = "1.11";
/// AWS cuts the client's name for itself and the error's text at a kilobyte.
const LONGEST_HEADER: usize = 1024;
/// Resources that one record names.
const MOST_RESOURCES: usize = 100;

/// How a connection is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TlsDetails {
    /// `TLSv1.3`.
    pub(crate) version: &'static str,
    /// `TLS_AES_128_GCM_SHA256`.
    pub(crate) cipher_suite: &'static str,
}

/// A call, when its outcome is known.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Call<'a> {
    /// What was called.
    pub(crate) operation: &'static OperationSchema,
    /// The id that its answer bears.
    pub(crate) request_id: &'a str,
    /// When it was taken in, milliseconds since the epoch.
    pub(crate) now_ms: i64,
    /// The peer's address.
    pub(crate) source_ip: IpAddr,
    /// The client's word for itself.
    pub(crate) user_agent: &'a str,
    /// The name that the client called the server.
    pub(crate) host: Option<&'a str>,
    /// How the connection is encrypted, if it is.
    pub(crate) tls: Option<TlsDetails>,
    /// Who called.
    pub(crate) caller: Caller<'a>,
    /// Account and region that it is about; none for a stranger's.
    pub(crate) tenant: Option<&'a Tenant>,
    /// The input, redacted.
    pub(crate) parameters: &'a Parameters,
    /// ARNs of what it needed permission for.
    pub(crate) resources: &'a [String],
    /// The output, or why there is none.
    pub(crate) outcome: Result<&'a Value, &'a ApiError>,
}

/// For whom a record is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Recipient<'a> {
    /// Account and region that it is kept in.
    pub(super) place: &'a Tenant,
    /// Whether it is not the caller's account but the owner of the resource: that one learns what was done, but not
    /// what the caller gave and got.
    pub(super) foreign: bool,
    /// What this record and its counterparts in other accounts have in common.
    pub(super) shared: Option<Uuid>,
}

impl Call<'_> {
    /// Whether the call can change anything, as CloudTrail sees it.
    pub(super) fn is_read_only(&self) -> bool {
        is_read_only(self.operation)
    }

    /// Appends the event, without a line feed.
    pub(super) fn write(&self, out: &mut Vec<u8>, id: Uuid, recipient: Recipient<'_>) {
        let read_only = self.is_read_only();
        let Recipient { place, foreign, shared } = recipient;
        let own = !foreign;
        text(out, "{\"eventVersion\":", VERSION);
        raw(out, ",\"userIdentity\":");
        if own {
            self.caller.write(out);
        } else {
            self.caller.write_foreign(out);
        }
        text(out, ",\"eventTime\":", &time(self.now_ms));
        text(out, ",\"eventSource\":", &source(self.operation.service));
        text(out, ",\"eventName\":", self.operation.name);
        text(out, ",\"awsRegion\":", place.region.as_str());
        // Writing to memory does not fail.
        let _ = write!(out, ",\"sourceIPAddress\":\"{}\"", self.source_ip);
        text(out, ",\"userAgent\":", cut(self.user_agent, LONGEST_HEADER));
        if let Err(error) = self.outcome {
            text(out, ",\"errorCode\":", error_code(error));
            text(out, ",\"errorMessage\":", cut(&self.parameters.scrub(&error.message), LONGEST_HEADER));
        }
        raw(out, ",\"requestParameters\":");
        json_or_null(out, if own { self.parameters.json() } else { b"" });
        raw(out, ",\"responseElements\":");
        let start = out.len();
        match self.outcome {
            Ok(output) if own && gives_answer(self.operation, read_only) => {
                write_output(out, output, self.operation);
            }
            _ => {}
        }
        if out.len() == start {
            raw(out, "null");
        }
        text(out, ",\"requestID\":", self.request_id);
        let _ = write!(out, ",\"eventID\":\"{id}\",\"readOnly\":{read_only}");
        self.write_resources(out, recipient);
        raw(out, ",\"eventType\":\"AwsApiCall\",\"managementEvent\":true");
        text(out, ",\"recipientAccountId\":", place.account.as_str());
        if let Some(shared) = shared {
            let _ = write!(out, ",\"sharedEventID\":\"{shared}\"");
        }
        raw(out, ",\"eventCategory\":\"Management\"");
        if let Some(tls) = self.tls {
            text(out, ",\"tlsDetails\":{\"tlsVersion\":", tls.version);
            text(out, ",\"cipherSuite\":", tls.cipher_suite);
            if let Some(host) = self.host {
                text(out, ",\"clientProvidedHostHeader\":", cut(host, LONGEST_HEADER));
            }
            out.push(b'}');
        }
        out.push(b'}');
    }

    fn write_resources(&self, out: &mut Vec<u8>, recipient: Recipient<'_>) {
        let mut label = ",\"resources\":[{\"ARN\":";
        for arn in self.resources.iter().take(MOST_RESOURCES) {
            let Some(resource) = Resource::of_arn(arn) else { continue };
            if recipient.foreign && recipient.place.account.as_str() != resource.account {
                continue;
            }
            text(out, label, arn);
            label = ",{\"ARN\":";
            if !resource.account.is_empty() {
                text(out, ",\"accountId\":", resource.account);
            }
            if let Some(kind) = resource.kind() {
                text(out, ",\"type\":", kind);
            }
            out.push(b'}');
        }
        if label.starts_with(",{") {
            out.push(b']');
        }
    }

    /// Owners of resources that are other accounts, each once with the region of the resource: of a call that was
    /// let through. What somebody merely tried at another account's door is told to nobody.
    pub(super) fn owners(&self, own: &Tenant, home: &Region) -> Vec<Tenant> {
        let mut owners: Vec<Tenant> = Vec::new();
        if self.outcome.is_err() {
            return owners;
        }
        for arn in self.resources.iter().take(MOST_RESOURCES) {
            let Some(resource) = Resource::of_arn(arn).filter(|it| it.account != own.account.as_str()) else {
                continue;
            };
            let Ok(account) = AccountId::parse(resource.account) else { continue };
            let region = Region::parse(resource.region).unwrap_or_else(|_| home.clone());
            let owner = Tenant::new(account, region);
            if !owners.contains(&owner) {
                owners.push(owner);
            }
        }
        owners
    }
}

/// Writes an event of the server's own: something happened to the trail itself.
pub(super) fn write_notice(
    out: &mut Vec<u8>,
    place: &Tenant,
    id: Uuid,
    now_ms: i64,
    name: &str,
    details: &Value,
) {
    text(out, "{\"eventVersion\":", VERSION);
    raw(out, ",\"userIdentity\":");
    Caller::Server.write(out);
    text(out, ",\"eventTime\":", &time(now_ms));
    text(out, ",\"eventSource\":", &source("muster"));
    text(out, ",\"eventName\":", name);
    text(out, ",\"awsRegion\":", place.region.as_str());
    raw(out, ",\"sourceIPAddress\":\"muster\",\"userAgent\":\"muster\",\"requestParameters\":null");
    raw(out, ",\"responseElements\":null,\"additionalEventData\":");
    // Writing to memory does not fail.
    let _ = write!(out, "{details}");
    let _ = write!(out, ",\"eventID\":\"{id}\",\"readOnly\":false");
    raw(out, ",\"eventType\":\"AwsServiceEvent\",\"managementEvent\":true");
    text(out, ",\"recipientAccountId\":", place.account.as_str());
    raw(out, ",\"eventCategory\":\"Management\"}");
}

/// Whether an operation can change anything. CloudTrail counts calls of KMS and STS that give something out, and
/// change nothing that is kept, as reading.
pub(super) fn is_read_only(operation: &OperationSchema) -> bool {
    const READING: [&str; 9] =
        ["Get", "List", "Describe", "Lookup", "Search", "Simulate", "Verify", "Check", "BatchGet"];
    const GIVING: [&str; 10] = [
        "AssumeRole",
        "Decrypt",
        "Encrypt",
        "GenerateDataKey",
        "GenerateDataKeyPair",
        "GenerateDataKeyPairWithoutPlaintext",
        "GenerateDataKeyWithoutPlaintext",
        "GenerateMac",
        "GenerateRandom",
        "ReEncrypt",
    ];
    let name = operation.name;
    READING.into_iter().any(|prefix| name.starts_with(prefix))
        || (matches!(operation.service, "kms" | "sts") && GIVING.contains(&name))
}

/// Whether the answer stands in the record: of calls that change something, and of those that give credentials.
fn gives_answer(operation: &OperationSchema, read_only: bool) -> bool {
    !read_only || (operation.service == "sts" && matches!(operation.name, "AssumeRole" | "GetSessionToken"))
}

/// `ssm.amazonaws.com`. What is Muster's own is not Amazon's.
fn source(service: &str) -> Cow<'_, str> {
    if service == "muster" { Cow::Borrowed(service) } else { Cow::Owned(format!("{service}.amazonaws.com")) }
}

/// CloudTrail's word for a denial is the same for all protocols.
fn error_code(error: &ApiError) -> &'static str {
    if error.schema.code == ACCESS_DENIED.code { "AccessDenied" } else { error.schema.code }
}

fn raw(out: &mut Vec<u8>, text: &'static str) {
    out.extend_from_slice(text.as_bytes());
}

fn text(out: &mut Vec<u8>, label: &'static str, value: &str) {
    raw(out, label);
    push_text(out, value);
}

fn json_or_null(out: &mut Vec<u8>, json: &[u8]) {
    out.extend_from_slice(if json.is_empty() { b"null" } else { json });
}

/// A record as a look-up reads it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Read<'a> {
    #[serde(rename = "eventID")]
    pub(super) id: Uuid,
    #[serde(borrow)]
    pub(super) event_name: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) event_source: Cow<'a, str>,
    pub(super) read_only: bool,
    #[serde(borrow)]
    user_identity: identity::Read<'a>,
    #[serde(borrow, default)]
    resources: Vec<ReadResource<'a>>,
}

#[derive(Debug, Deserialize)]
struct ReadResource<'a> {
    #[serde(rename = "ARN", borrow)]
    arn: Cow<'a, str>,
}

impl Read<'_> {
    /// The caller's name.
    pub(super) fn user_name(&self) -> &str {
        self.user_identity.name()
    }

    /// The key that the call was signed with.
    pub(super) fn access_key_id(&self) -> Option<&str> {
        self.user_identity.access_key_id.as_deref().filter(|id| !id.is_empty() && *id != HIDDEN)
    }

    /// What it was about: type, name and ARN of each.
    pub(super) fn resources(&self) -> impl Iterator<Item = (Option<&'static str>, Cow<'_, str>, &str)> {
        self.resources.iter().filter_map(|resource| {
            let read = Resource::of_arn(&resource.arn)?;
            Some((read.kind(), read.name(), resource.arn.as_ref()))
        })
    }

    /// Every attribute that it can be looked up by, with its value.
    pub(super) fn terms(&self, mut term: impl FnMut(&'static str, &str)) {
        term("EventId", &self.id.to_string());
        term("EventName", &self.event_name);
        term("ReadOnly", if self.read_only { "true" } else { "false" });
        term("Username", self.user_name());
        term("EventSource", &self.event_source);
        if let Some(id) = self.access_key_id() {
            term("AccessKeyId", id);
        }
        for (kind, name, arn) in self.resources() {
            kind.into_iter().for_each(|kind| term("ResourceType", kind));
            term("ResourceName", &name);
            term("ResourceName", arn);
        }
    }
}
