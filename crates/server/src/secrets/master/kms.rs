//! A master key in AWS KMS, or in what speaks its API: `Encrypt` and `Decrypt`, signed. The key rotates there; what it
//! wrapped before still unwraps. Not for: other operations of KMS.

use super::{MasterKeyError, Wrapping};
use crate::config::{KmsCredentials, KmsMasterKey};
use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{Request, header};
use muster_outbound::Client;
use muster_protocol::signing::{
    self,
    sigv4::{self, Credentials, PathEncoding},
};
use serde_json::{Value, json};
use zeroize::{Zeroize as _, Zeroizing};

pub(super) const PREFIX: &str = "kms:";

const CONTENT_TYPE: &str = "application/x-amz-json-1.1";

/// A key of KMS and how to reach it.
pub(in super::super) struct Kms {
    config: KmsMasterKey,
    client: Client,
}

impl Kms {
    pub(super) fn new(config: KmsMasterKey, client: Client) -> Self {
        Self { config, client }
    }

    /// `Encrypt`. The id is that of the key which the answer names, whatever the configuration calls it.
    pub(super) async fn wrap(
        &self,
        now_ms: i64,
        number: u32,
        payload: &[u8],
    ) -> Result<(String, Vec<u8>), MasterKeyError> {
        let mut input = json!({
            "KeyId": self.config.key_id,
            "Plaintext": STANDARD.encode(payload),
            "EncryptionContext": context(number),
        });
        let answer = self.call(now_ms, "Encrypt", &input).await;
        wipe(&mut input, "Plaintext");
        let answer = answer?;
        let ciphertext = answer["CiphertextBlob"].as_str().and_then(|text| STANDARD.decode(text).ok());
        match (answer["KeyId"].as_str(), ciphertext) {
            (Some(arn), Some(ciphertext)) => Ok((format!("{PREFIX}{arn}"), ciphertext)),
            _ => Err(self.failed("the answer to Encrypt is incomplete")),
        }
    }

    /// `Decrypt`, with the key that wrapped.
    pub(super) async fn unwrap(
        &self,
        now_ms: i64,
        wrapping: &Wrapping,
    ) -> Result<Zeroizing<Vec<u8>>, MasterKeyError> {
        let input = json!({
            "KeyId": wrapping.master_key_id.strip_prefix(PREFIX),
            "CiphertextBlob": STANDARD.encode(&wrapping.wrapped),
            "EncryptionContext": context(wrapping.number),
        });
        let mut answer = self.call(now_ms, "Decrypt", &input).await?;
        let payload = answer["Plaintext"].as_str().and_then(|text| STANDARD.decode(text).ok());
        wipe(&mut answer, "Plaintext");
        payload.map(Zeroizing::new).ok_or_else(|| self.failed("the answer to Decrypt is incomplete"))
    }

    async fn call(&self, now_ms: i64, operation: &str, input: &Value) -> Result<Value, MasterKeyError> {
        let credentials = self.credentials()?;
        let uri: http::Uri = format!("{}/", self.config.endpoint)
            .parse()
            .map_err(|_| self.failed("the endpoint is not a URL"))?;
        let host = uri.authority().map(|authority| authority.as_str().to_owned()).unwrap_or_default();
        let body = Bytes::from(input.to_string());
        let target = format!("TrentService.{operation}");
        let headers =
            [("host", host.as_str()), ("content-type", CONTENT_TYPE), ("x-amz-target", target.as_str())];
        let unsigned = signing::Request::new("POST", uri.path(), "", headers);
        let signature = sigv4::sign(
            &unsigned,
            PathEncoding::Double,
            &hex::encode(digest(&SHA256, &body)),
            &credentials,
            &self.config.region,
            "kms",
            now_ms,
        );
        let mut request = Request::post(uri.clone())
            .header(header::CONTENT_TYPE, CONTENT_TYPE)
            .header("x-amz-target", &target);
        for (name, value) in signature {
            request = request.header(name, value);
        }
        let request = request.body(body).map_err(|_| self.failed("the request cannot be written"))?;
        let response = self.client.send(request).await.map_err(|error| self.failed(&error.to_string()))?;
        let answer: Value = serde_json::from_slice(response.body()).unwrap_or_default();
        if response.status().is_success() {
            return Ok(answer);
        }
        let code = answer["__type"].as_str().and_then(|code| code.rsplit('#').next()).unwrap_or_default();
        let message = answer["message"].as_str().or(answer["Message"].as_str()).unwrap_or_default();
        Err(self.failed(&format!("{operation} was answered by {} {code} {message}", response.status())))
    }

    fn credentials(&self) -> Result<Credentials, MasterKeyError> {
        match &self.config.credentials {
            KmsCredentials::Given { access_key_id, secret_access_key, session_token } => {
                let token = session_token.as_ref().map(|token| token.expose().to_owned());
                Ok(Credentials::new(access_key_id, secret_access_key.expose(), token))
            }
            KmsCredentials::File(path) => {
                let content = std::fs::read_to_string(path).map(Zeroizing::new).map_err(|error| {
                    self.failed(&format!("cannot read the credentials {}: {error}", path.display()))
                })?;
                default_profile(&content).ok_or_else(|| {
                    let path = path.display();
                    self.failed(&format!(
                        "{path} has no aws_access_key_id and aws_secret_access_key in [default]"
                    ))
                })
            }
        }
    }

    fn failed(&self, reason: &str) -> MasterKeyError {
        MasterKeyError::Provider {
            master_key_id: format!("{PREFIX}{}", self.config.key_id),
            reason: reason.trim_end().to_owned(),
        }
    }
}

/// Binds a wrapped key to what it is.
fn context(number: u32) -> Value {
    json!({ "muster:data-key": number.to_string() })
}

fn wipe(value: &mut Value, member: &str) {
    if let Some(Value::String(text)) = value.get_mut(member) {
        text.zeroize();
    }
}

/// The profile `default` of AWS's shared credentials format.
fn default_profile(content: &str) -> Option<Credentials> {
    let mut inside = false;
    let (mut id, mut secret, mut token) = (None, None, None);
    for line in content.lines().map(str::trim) {
        if line.starts_with('[') {
            inside = line == "[default]";
        } else if let (true, Some((name, value))) = (inside, line.split_once('=')) {
            match name.trim() {
                "aws_access_key_id" => id = Some(value.trim()),
                "aws_secret_access_key" => secret = Some(value.trim()),
                "aws_session_token" => token = Some(value.trim().to_owned()),
                _ => {}
            }
        }
    }
    Some(Credentials::new(id?, secret?, token))
}
