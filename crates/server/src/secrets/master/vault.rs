//! A master key in the Transit engine of HashiCorp Vault, or of OpenBao: `encrypt` and `decrypt`. The key rotates there;
//! what it wrapped before still unwraps. Not for: managing the engine or its keys.

use super::{MasterKeyError, Wrapping};
use crate::config::{VaultMasterKey, VaultToken};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{HeaderValue, Request, header};
use muster_outbound::Client;
use serde_json::{Value, json};
use zeroize::{Zeroize as _, Zeroizing};

pub(super) const PREFIX: &str = "vault:";

/// A key of Transit and how to reach it.
pub(in super::super) struct Vault {
    config: VaultMasterKey,
    client: Client,
}

impl Vault {
    pub(super) fn new(config: VaultMasterKey, client: Client) -> Self {
        Self { config, client }
    }

    /// `MOUNT/encrypt/NAME`
    pub(super) async fn wrap(&self, payload: &[u8]) -> Result<(String, Vec<u8>), MasterKeyError> {
        let VaultMasterKey { mount, key_name, .. } = &self.config;
        let mut input = json!({ "plaintext": STANDARD.encode(payload) });
        let answer = self.call(&format!("{mount}/encrypt/{key_name}"), &input).await;
        wipe(&mut input["plaintext"]);
        match answer?["data"]["ciphertext"].as_str() {
            Some(ciphertext) => Ok((self.id(), ciphertext.as_bytes().to_vec())),
            None => Err(self.failed("the answer to encrypt is incomplete")),
        }
    }

    /// `MOUNT/decrypt/NAME`, of the key that wrapped.
    pub(super) async fn unwrap(&self, wrapping: &Wrapping) -> Result<Zeroizing<Vec<u8>>, MasterKeyError> {
        let place = wrapping.master_key_id.strip_prefix(PREFIX).and_then(|place| place.rsplit_once('/'));
        let Some((mount, name)) = place else { return Err(MasterKeyError::Damaged) };
        let ciphertext = std::str::from_utf8(&wrapping.wrapped).map_err(|_| MasterKeyError::Damaged)?;
        let mut answer =
            self.call(&format!("{mount}/decrypt/{name}"), &json!({ "ciphertext": ciphertext })).await?;
        let plaintext = &mut answer["data"]["plaintext"];
        let payload = plaintext.as_str().and_then(|text| STANDARD.decode(text).ok());
        wipe(plaintext);
        payload.map(Zeroizing::new).ok_or_else(|| self.failed("the answer to decrypt is incomplete"))
    }

    async fn call(&self, path: &str, input: &Value) -> Result<Value, MasterKeyError> {
        let mut request = Request::post(format!("{}/v1/{path}", self.config.endpoint))
            .header(header::CONTENT_TYPE, "application/json")
            // Vault refuses calls that a browser could have been tricked into.
            .header("x-vault-request", "true")
            .header("x-vault-token", self.token()?);
        if let Some(namespace) = &self.config.namespace {
            request = request.header("x-vault-namespace", namespace);
        }
        let request = request
            .body(Bytes::from(input.to_string()))
            .map_err(|_| self.failed("the request cannot be written"))?;
        let response = self.client.send(request).await.map_err(|error| self.failed(&error.to_string()))?;
        let answer: Value = serde_json::from_slice(response.body()).unwrap_or_default();
        if response.status().is_success() {
            return Ok(answer);
        }
        let errors: Vec<&str> =
            answer["errors"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        Err(self.failed(&format!("{path} was answered by {} {}", response.status(), errors.join("; "))))
    }

    fn token(&self) -> Result<HeaderValue, MasterKeyError> {
        let text = match &self.config.token {
            VaultToken::Given(token) => Zeroizing::new(token.expose().to_owned()),
            VaultToken::File(path) => std::fs::read_to_string(path).map(Zeroizing::new).map_err(|error| {
                self.failed(&format!("cannot read the token {}: {error}", path.display()))
            })?,
        };
        let mut value = HeaderValue::from_str(text.trim())
            .map_err(|_| self.failed("the token is not a header's value"))?;
        value.set_sensitive(true);
        Ok(value)
    }

    fn id(&self) -> String {
        format!("{PREFIX}{}/{}", self.config.mount, self.config.key_name)
    }

    fn failed(&self, reason: &str) -> MasterKeyError {
        MasterKeyError::Provider { master_key_id: self.id(), reason: reason.trim_end().to_owned() }
    }
}

fn wipe(value: &mut Value) {
    if let Value::String(text) = value {
        text.zeroize();
    }
}
