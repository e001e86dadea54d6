//! Who calls: the signature of a request against the keys that we know.
//!
//! Three kinds of caller sign: whoever has a stored access key, whoever has temporary credentials (whose session token
//! says whom they are of), a node with its registered key. The signature itself is the protocol's affair; clock, keys and AWS's words for what is wrong are here. Not for: what the caller may do.

mod cache;
mod session;
mod window;

use crate::{
    ControlPlane,
    authority::Authority,
    context::{Principal, Proof},
    error::{
        ApiError, INCOMPLETE_SIGNATURE, INVALID_SIGNATURE, MISSING_AUTHENTICATION_TOKEN, UNRECOGNIZED_CLIENT,
    },
    secrets::access_key_purpose,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use cache::{KeyCache, SessionCache};
use http::request::Parts;
use muster_ids::{ManagedNodeId, Region, Tenant};
use muster_protocol::signing::{
    Request, rsa,
    sigv4::{self, PathEncoding, SignatureError, SignedRequest},
};
use muster_ssm_api::errors::INVALID_INSTANCE_ID;
use muster_store::{
    access_key::{self, Signer},
    account, managed_node,
};
use std::sync::Arc;

const MISMATCH: &str = "The request signature we calculated does not match the signature you provided. Check your AWS \
                        Secret Access Key and signing method. Consult the service documentation for details.";
const UNKNOWN_TOKEN: &str = "The security token included in the request is invalid.";
const EXPIRED: &str = "The security token included in the request is expired";
const BAD_REGION: &str = "Credential should be scoped to a valid region. ";

/// What a service demands of a signature.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rules {
    /// The service that the credential scope must name.
    pub(super) service: &'static str,
    /// How far the signer's clock may be off, minutes.
    pub(super) skew_minutes: i64,
    /// The text when there is no signature.
    pub(super) missing: &'static str,
}

impl Rules {
    /// Services of the JSON protocol, and those with paths of their own.
    pub(super) const fn strict(service: &'static str) -> Self {
        Self { service, skew_minutes: 5, missing: "Missing Authentication Token" }
    }

    /// Services of the Query protocol.
    pub(super) const fn query(service: &'static str) -> Self {
        Self { service, skew_minutes: 15, missing: "Request is missing Authentication Token" }
    }
}

/// A caller whose signature is good.
#[derive(Debug, Clone)]
pub(super) struct Identity {
    pub(super) principal: Principal,
    pub(super) proof: Proof,
    /// The principal's account in the signature's region.
    pub(super) tenant: Tenant,
    /// What it may.
    pub(super) authority: Arc<Authority>,
}

/// Checks signatures; keeps derived keys.
#[derive(Debug, Default)]
pub(super) struct Authenticator {
    cache: KeyCache,
    sessions: SessionCache,
}

/// The request as its signature covers it.
pub(super) fn signed_view(parts: &Parts) -> Request<'_> {
    let headers = parts.headers.iter().map(|(name, value)| {
        // Who signs bytes that are no text gets a mismatch.
        (name.as_str(), std::str::from_utf8(value.as_bytes()).unwrap_or_default())
    });
    Request::new(parts.method.as_str(), parts.uri.path(), parts.uri.query().unwrap_or_default(), headers)
}

/// Whether the request claims to be signed, well or not.
pub(super) fn is_signed(request: &Request<'_>) -> bool {
    request.header("authorization").is_some() || has_query_signature(request)
}

fn has_query_signature(request: &Request<'_>) -> bool {
    let names = ["X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Signature"];
    request.query.split('&').any(|pair| names.contains(&pair.split_once('=').map_or(pair, |(name, _)| name)))
}

/// The service that the credential scope names, before anything of it is checked: a hint for routing.
pub(super) fn scope_service(request: &Request<'_>) -> Option<String> {
    SignedRequest::parse(request).ok().map(|signed| signed.service)
}

/// The access key that a request names, before anything of it is checked: for the record of a refusal.
pub(super) fn claimed_key(parts: &Parts) -> Option<String> {
    SignedRequest::parse(&signed_view(parts)).ok().map(|signed| signed.access_key_id)
}

impl Authenticator {
    /// Finds out who signed a request with a body of this SHA-256 (lower-case hexadecimal).
    ///
    /// # Errors
    /// What AWS answers: no signature, an unreadable, wrong, early or late one, an unknown key or token.
    pub(super) async fn authenticate(
        &self,
        control_plane: &ControlPlane,
        request: &Request<'_>,
        payload_hash: &str,
        rules: Rules,
        now_ms: i64,
    ) -> Result<Identity, ApiError> {
        if request.header("authorization").is_some() && has_query_signature(request) {
            return Err(ApiError::new(
                &INVALID_SIGNATURE,
                "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header.",
            ));
        }
        let signed = SignedRequest::parse(request).map_err(|error| unreadable(&error, request, rules))?;
        window::check(&signed, rules.skew_minutes, now_ms)
            .map_err(|text| ApiError::new(&INVALID_SIGNATURE, text))?;
        let region = check_scope(&signed, rules)?;
        if signed.is_node_key_form() {
            return node_key(control_plane, &signed, request, payload_hash, region).await;
        }
        if signed.session_token.is_some() || signed.access_key_id.starts_with("ASIA") {
            return self.session(control_plane, &signed, request, payload_hash, region, now_ms).await;
        }
        self.access_key(control_plane, &signed, request, payload_hash, region).await
    }

    async fn access_key(
        &self,
        control_plane: &ControlPlane,
        signed: &SignedRequest,
        request: &Request<'_>,
        payload_hash: &str,
        region: Region,
    ) -> Result<Identity, ApiError> {
        // Read each time: a key that was switched off or deleted, here or by another replica, ends at once.
        let found = access_key::find_signer(&control_plane.db, &signed.access_key_id).await?;
        let found =
            found.filter(may_sign).ok_or_else(|| ApiError::new(&UNRECOGNIZED_CLIENT, UNKNOWN_TOKEN))?;
        let key = match self.cache.get(signed, &found.secret_sealed) {
            Some(key) => key,
            None => {
                let purpose = access_key_purpose(&signed.access_key_id);
                let secret = control_plane
                    .secrets
                    .open_sealed(&purpose, &found.secret_sealed)
                    .map_err(ApiError::internal)?;
                let secret = std::str::from_utf8(&secret).map_err(ApiError::internal)?;
                sigv4::derive_key(secret, &signed.date, &signed.region, &signed.service)
            }
        };
        if !signed.verify(&key, request, PathEncoding::Double, payload_hash) {
            return Err(ApiError::new(&INVALID_SIGNATURE, MISMATCH));
        }
        self.cache.put(signed, found.secret_sealed.clone(), key);
        let now_ms = control_plane.clock.now_ms();
        control_plane.uses.key_used(&signed.access_key_id, region.as_str(), &signed.service, now_ms);
        of_key(control_plane, &found, &signed.access_key_id, region, None).await
    }
}

/// Whom an access key speaks for, if it may: with the key itself, or a session that was made with it at `issued_ms`.
async fn of_key(
    control_plane: &ControlPlane,
    signer: &Signer,
    access_key_id: &str,
    region: Region,
    issued_ms: Option<i64>,
) -> Result<Identity, ApiError> {
    let unknown = || ApiError::new(&UNRECOGNIZED_CLIENT, UNKNOWN_TOKEN);
    if !may_sign(signer) {
        return Err(unknown());
    }
    let access_key_id = access_key_id.to_owned();
    let (principal, authority) = match &signer.user {
        None => {
            (Principal::Root { account: signer.account.clone(), access_key_id, issued_ms }, Arc::default())
        }
        Some(name) => {
            let user = control_plane.authority_of_user(&signer.account, name, signer.iam_revision).await?;
            let user = user.ok_or_else(unknown)?;
            (Principal::User(user.principal(access_key_id, issued_ms)), Arc::clone(&user.authority))
        }
    };
    let tenant = Tenant::new(signer.account.clone(), region);
    Ok(Identity { principal, proof: Proof::SecretKey, tenant, authority })
}

fn may_sign(signer: &Signer) -> bool {
    signer.status == access_key::Status::Active && signer.account_status == account::Status::Active
}

async fn node_key(
    control_plane: &ControlPlane,
    signed: &SignedRequest,
    request: &Request<'_>,
    payload_hash: &str,
    region: Region,
) -> Result<Identity, ApiError> {
    let unknown = || {
        // Agents know this one, and what follows from it: they were deregistered.
        ApiError::new(&INVALID_INSTANCE_ID, format!("Not existing InstanceId {}", signed.access_key_id))
    };
    let id = ManagedNodeId::parse(&signed.access_key_id)
        .map_err(|_| ApiError::new(&UNRECOGNIZED_CLIENT, UNKNOWN_TOKEN))?;
    let node = managed_node::find(&control_plane.db, &id).await?.ok_or_else(unknown)?;
    let made_with = |key: &[u8]| rsa::verify_request(key, signed, request, payload_hash);
    if made_with(&node.key.public) {
        if node.key.previous.is_some() {
            control_plane.db.write(managed_node::confirm_new_key(&node.id, &node.key.public)).await?;
        }
    } else if !node.key.previous.as_deref().is_some_and(made_with) {
        return Err(ApiError::new(&INVALID_SIGNATURE, MISMATCH));
    }
    if node.tenant.region != region {
        // Registration is unsigned and tells no region, so a wrong one shows here first: say which one is right.
        let right = node.tenant.region;
        let text = format!("{BAD_REGION}The node is registered in {right}, not in {region}.");
        return Err(ApiError::new(&INVALID_SIGNATURE, text));
    }
    Ok(Identity {
        principal: Principal::Node {
            tenant: node.tenant.clone(),
            node: node.id,
            role: node.iam_role,
            role_id: None,
            issued_ms: None,
        },
        proof: Proof::NodeKey,
        tenant: node.tenant,
        authority: Arc::default(),
    })
}

fn check_scope(signed: &SignedRequest, rules: Rules) -> Result<Region, ApiError> {
    let region = Region::parse(&signed.region);
    let mut text = String::new();
    if region.is_err() {
        text.push_str(BAD_REGION);
    }
    if signed.service != rules.service {
        text.push_str(&format!("Credential should be scoped to correct service: '{}'. ", rules.service));
    }
    match region {
        Ok(region) if text.is_empty() => Ok(region),
        _ => Err(ApiError::new(&INVALID_SIGNATURE, text)),
    }
}

/// Reads a signature and all that is said of it, without a key.
#[cfg(feature = "fuzz")]
pub(super) fn fuzz(parts: &Parts, rules: Rules) {
    let request = signed_view(parts);
    let _ = (is_signed(&request), scope_service(&request));
    match SignedRequest::parse(&request) {
        Err(error) => drop(unreadable(&error, &request, rules)),
        Ok(signed) => {
            let _ = window::check(&signed, rules.skew_minutes, signed.signed_at_ms);
            let _ = window::check(&signed, rules.skew_minutes, 0);
            let _ = check_scope(&signed, rules);
            let _ = signed.verify(&[0; 32], &request, PathEncoding::Double, sigv4::EMPTY_PAYLOAD);
        }
    }
}

/// AWS's answer to a signature that cannot be read.
fn unreadable(error: &SignatureError, request: &Request<'_>, rules: Rules) -> ApiError {
    match error {
        SignatureError::MissingAuthentication => ApiError::new(&MISSING_AUTHENTICATION_TOKEN, rules.missing),
        SignatureError::Terminator
        | SignatureError::DateMismatch { .. }
        | SignatureError::HeaderNotSigned { .. } => ApiError::new(&INVALID_SIGNATURE, error.to_string()),
        SignatureError::Incomplete { presigned: true, .. } => {
            ApiError::new(&INCOMPLETE_SIGNATURE, format!("{error} Re-examine the query-string parameters."))
        }
        SignatureError::Incomplete { presigned: false, .. } => {
            let header = request.header("authorization").unwrap_or_default();
            let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, header.as_bytes());
            let digest = STANDARD.encode(digest);
            let text =
                format!("{error} (Hashed with SHA-256 and encoded with Base64) Authorization={digest}");
            ApiError::new(&INCOMPLETE_SIGNATURE, text)
        }
        SignatureError::UnsupportedAlgorithm { .. }
        | SignatureError::MalformedCredential
        | SignatureError::MalformedDate
        | SignatureError::MalformedExpires
        | SignatureError::Malformed => ApiError::new(&INCOMPLETE_SIGNATURE, error.to_string()),
    }
}
