//! Reading a signature out of a request, and checking it. Not for: time and expiry, which need a clock.

use super::canonical::{PathEncoding, readings};
use super::credentials::hmac_sha256;
use super::{ALGORITHM, SignatureError, TERMINATOR, string_to_sign};
use crate::signing::Request;
use crate::signing::percent::{Plus, decode};
use crate::time;
use std::fmt;
use subtle::ConstantTimeEq;

/// A week: the longest life of a presigned request.
const MAX_EXPIRES: u32 = 604_800;

/// A signature and what it says of itself; nothing in it is proven until [`verify`](Self::verify).
#[derive(Clone, PartialEq, Eq)]
pub struct SignedRequest {
    /// Whose key: an access key id, or a node id in the RSA form.
    pub access_key_id: String,
    /// `yyyymmdd` of the scope; equal to the day of `amz_date`.
    pub date: String,
    /// Region of the scope.
    pub region: String,
    /// Service of the scope.
    pub service: String,
    /// Lower-case names, as the signer listed them; `host` is among them.
    pub signed_headers: Vec<String>,
    /// 64 hexadecimal digits, or base64 in the RSA form.
    pub signature: String,
    /// `yyyymmddThhmmssZ`, the time that was signed.
    pub amz_date: String,
    /// The same in milliseconds since the epoch.
    pub signed_at_ms: i64,
    /// Goes with temporary credentials.
    pub session_token: Option<String>,
    /// Seconds of life from `amz_date` on, for a presigned request; none for the header form.
    pub presigned: Option<u32>,
}

// The token and the signature are secrets for as long as the request lives.
impl fmt::Debug for SignedRequest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("SignedRequest")
            .field("access_key_id", &self.access_key_id)
            .field("scope", &self.scope())
            .field("amz_date", &self.amz_date)
            .field("signed_headers", &self.signed_headers)
            .field("presigned", &self.presigned)
            .finish_non_exhaustive()
    }
}

/// The parts in text, before any of them is checked.
#[derive(Default)]
struct Parts {
    credential: Option<String>,
    signed_headers: Option<String>,
    signature: Option<String>,
}

impl SignedRequest {
    /// Reads the `Authorization` header, or without one the presigned query.
    ///
    /// # Errors
    /// [`SignatureError`] when there is no signature or it cannot be read.
    pub fn parse(request: &Request<'_>) -> Result<Self, SignatureError> {
        let mut authorizations = request.header_values("authorization");
        match (authorizations.next(), authorizations.next()) {
            (Some(header), None) => Self::from_header(request, header),
            (Some(_), Some(_)) => Err(SignatureError::Malformed),
            (None, _) => Self::from_query(request),
        }
    }

    fn from_header(request: &Request<'_>, header: &str) -> Result<Self, SignatureError> {
        let (algorithm, rest) = header.trim().split_once(' ').unwrap_or((header.trim(), ""));
        check_algorithm(algorithm)?;
        let mut parts = Parts::default();
        for parameter in rest.split(',') {
            let Some((name, value)) = parameter.trim().split_once('=') else { continue };
            let slot = match name {
                "Credential" => &mut parts.credential,
                "SignedHeaders" => &mut parts.signed_headers,
                "Signature" => &mut parts.signature,
                _ => continue,
            };
            set_once(slot, value.to_owned())?;
        }
        let date = match (request.header("x-amz-date"), request.header("date")) {
            (Some(date), _) => Some(date.to_owned()),
            (None, Some(date)) => Some(time::parse_http(date).map_or_else(|| date.to_owned(), time::basic)),
            (None, None) => None,
        };
        let token = request.header("x-amz-security-token").map(str::to_owned);
        Self::assemble(request, parts, date, token, None)
    }

    fn from_query(request: &Request<'_>) -> Result<Self, SignatureError> {
        let mut parts = Parts::default();
        let (mut algorithm, mut date, mut token, mut expires) = (None, None, None, None);
        for pair in request.query.split('&') {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let slot = match name {
                "X-Amz-Algorithm" => &mut algorithm,
                "X-Amz-Credential" => &mut parts.credential,
                "X-Amz-Date" => &mut date,
                "X-Amz-Expires" => &mut expires,
                "X-Amz-SignedHeaders" => &mut parts.signed_headers,
                "X-Amz-Signature" => &mut parts.signature,
                "X-Amz-Security-Token" => &mut token,
                _ => continue,
            };
            // A raw `+` in a base64 token is a plus: those who encode at all encode it.
            let value =
                String::from_utf8(decode(value, Plus::Literal)).map_err(|_| SignatureError::Malformed)?;
            set_once(slot, value)?;
        }
        if algorithm.is_none() && parts.credential.is_none() && parts.signature.is_none() {
            return Err(SignatureError::MissingAuthentication);
        }
        if let Some(algorithm) = &algorithm {
            check_algorithm(algorithm)?;
        }
        let mut missing = Vec::new();
        for (name, absent) in [("X-Amz-Algorithm", algorithm.is_none()), ("X-Amz-Expires", expires.is_none())]
        {
            if absent {
                missing.push(name);
            }
        }
        Self::assemble(request, parts, date, token, Some((expires, missing)))
    }

    fn assemble(
        request: &Request<'_>,
        parts: Parts,
        date: Option<String>,
        session_token: Option<String>,
        presigned: Option<(Option<String>, Vec<&'static str>)>,
    ) -> Result<Self, SignatureError> {
        let is_presigned = presigned.is_some();
        let (expires, mut missing) = presigned.unwrap_or_default();
        let credential =
            required(parts.credential, ["Credential", "X-Amz-Credential"], is_presigned, &mut missing);
        let signature =
            required(parts.signature, ["Signature", "X-Amz-Signature"], is_presigned, &mut missing);
        let signed_headers = required(
            parts.signed_headers,
            ["SignedHeaders", "X-Amz-SignedHeaders"],
            is_presigned,
            &mut missing,
        );
        let amz_date = required(date, ["X-Amz-Date", "X-Amz-Date"], is_presigned, &mut missing);
        if !missing.is_empty() {
            return Err(SignatureError::Incomplete { missing, presigned: is_presigned });
        }

        let elements: Vec<&str> = credential.split('/').collect();
        let [access_key_id, date, region, service, terminator] = elements.as_slice() else {
            return Err(SignatureError::MalformedCredential);
        };
        if *terminator != TERMINATOR {
            return Err(SignatureError::Terminator);
        }
        if access_key_id.is_empty() || region.is_empty() || service.is_empty() {
            return Err(SignatureError::MalformedCredential);
        }
        let signed_at_ms = time::parse_basic(&amz_date).ok_or(SignatureError::MalformedDate)?;
        let (day, _) = amz_date.split_once('T').ok_or(SignatureError::MalformedDate)?;
        if date.len() != 8 || !date.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(SignatureError::MalformedCredential);
        }
        if *date != day {
            return Err(SignatureError::DateMismatch {
                credential: (*date).to_owned(),
                request: day.to_owned(),
            });
        }
        let presigned = match expires {
            None => None,
            Some(text) => {
                let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
                let seconds = text.parse().ok().filter(|seconds| digits && *seconds <= MAX_EXPIRES);
                Some(seconds.ok_or(SignatureError::MalformedExpires)?)
            }
        };
        let signed = Self {
            access_key_id: (*access_key_id).to_owned(),
            date: (*date).to_owned(),
            region: (*region).to_owned(),
            service: (*service).to_owned(),
            signed_headers: signed_headers.split(';').map(str::to_owned).collect(),
            signature,
            signed_at_ms,
            amz_date,
            session_token,
            presigned,
        };
        // Without these, someone in between could send the request elsewhere, or turn it into another operation.
        for name in ["host", "x-amz-target"] {
            if !signed.signs(name) && (name == "host" || request.header(name).is_some()) {
                return Err(SignatureError::HeaderNotSigned { name });
            }
        }
        Ok(signed)
    }

    /// Whether the signature covers this header (lower-case name).
    pub fn signs(&self, name: &str) -> bool {
        self.signed_headers.iter().any(|signed| signed == name)
    }

    /// `yyyymmdd/region/service/aws4_request`.
    pub fn scope(&self) -> String {
        format!("{}/{}/{}/{TERMINATOR}", self.date, self.region, self.service)
    }

    /// Whether this is the RSA form, made with a node's own key: a node id instead of an access key, and a signature
    /// that is not 64 hexadecimal digits (the label of the algorithm is the same).
    pub fn is_node_key_form(&self) -> bool {
        let hmac = self.signature.len() == 64 && self.signature.bytes().all(|byte| byte.is_ascii_hexdigit());
        self.access_key_id.starts_with("mi-") && !hmac
    }

    /// Whether the signature was made with this key, over this request and a body of this hash. Constant time in the
    /// signature.
    pub fn verify(
        &self,
        key: &[u8; 32],
        request: &Request<'_>,
        path: PathEncoding,
        payload_hash: &str,
    ) -> bool {
        self.strings_to_sign(request, path, payload_hash).iter().any(|text| {
            let expected = hex::encode(hmac_sha256(key, text.as_bytes()).as_slice());
            bool::from(expected.as_bytes().ct_eq(self.signature.as_bytes()))
        })
    }

    /// Every string that may have been signed; see `canonical::readings`.
    pub(crate) fn strings_to_sign(
        &self,
        request: &Request<'_>,
        path: PathEncoding,
        payload_hash: &str,
    ) -> Vec<String> {
        let scope = self.scope();
        readings(request, &self.signed_headers, path, payload_hash)
            .iter()
            .map(|canonical| string_to_sign(&self.amz_date, &scope, canonical))
            .collect()
    }
}

fn check_algorithm(found: &str) -> Result<(), SignatureError> {
    if found == ALGORITHM {
        return Ok(());
    }
    let found = found.chars().filter(char::is_ascii_graphic).take(32).collect();
    Err(SignatureError::UnsupportedAlgorithm { found })
}

fn set_once(slot: &mut Option<String>, value: String) -> Result<(), SignatureError> {
    match slot.replace(value) {
        None => Ok(()),
        Some(_) => Err(SignatureError::Malformed),
    }
}

fn required(
    value: Option<String>,
    [header, query]: [&'static str; 2],
    presigned: bool,
    missing: &mut Vec<&'static str>,
) -> String {
    let value = value.unwrap_or_default();
    if value.is_empty() {
        missing.push(if presigned { query } else { header });
    }
    value
}
