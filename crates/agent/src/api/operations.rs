//! The agent-facing operations of the `ssm` service, over AWS JSON 1.1.

use super::{Api, ApiError, Call, Content, Refusal, Signer};
use crate::endpoint::Endpoint;
use crate::identity::Secret;
use muster_protocol::signing::sigv4::Credentials;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::time::Duration;

/// Longest time for one operation.
const LIMIT: Duration = Duration::from_secs(30);

/// Temporary credentials from the server.
pub(crate) struct RoleToken {
    /// To sign with.
    pub(crate) credentials: Credentials,
    /// Until when, epoch milliseconds of the server.
    pub(crate) expires_ms: i64,
    /// Whether the server wants a new key of this node.
    pub(crate) update_key_pair: bool,
}

/// What the heart-beat says.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct HeartBeat {
    /// Always `amazon-ssm-agent`: servers know the agent by this name.
    pub(crate) agent_name: &'static str,
    /// `Active`.
    pub(crate) agent_status: &'static str,
    /// See [`crate::version`].
    pub(crate) agent_version: &'static str,
    /// Name of the machine.
    pub(crate) computer_name: String,
    /// Its address.
    #[serde(rename = "IPAddress")]
    pub(crate) ip_address: String,
    /// The node.
    pub(crate) instance_id: String,
    /// Name of the distribution.
    pub(crate) platform_name: String,
    /// `Linux`.
    pub(crate) platform_type: &'static str,
    /// Version of the distribution.
    pub(crate) platform_version: String,
    /// `ssmmessages` when the control channel is open, else empty.
    #[serde(rename = "SSMConnectionChannel")]
    pub(crate) ssm_connection_channel: &'static str,
}

impl Api {
    async fn operation<T: DeserializeOwned>(
        &self,
        endpoint: &Endpoint,
        name: &str,
        input: &impl Serialize,
        signer: Signer<'_>,
    ) -> Result<T, ApiError> {
        let body = serde_json::to_vec(input).map_err(|error| ApiError::Local(error.to_string()))?;
        let target = format!("AmazonSSM.{name}");
        let call = Call {
            endpoint,
            method: "POST",
            path: "/",
            query: "",
            service: "ssm",
            headers: &[("content-type", "application/x-amz-json-1.1"), ("x-amz-target", &target)],
            limit: LIMIT,
        };
        let answer = self.send(&call, signer, &Content::Bytes(body.into())).await?;
        if !answer.status.is_success() {
            return Err(Refusal::of(&answer).into());
        }
        // The text of a JSON error may quote the answer, which may hold secrets: its place is enough.
        serde_json::from_slice(&answer.body)
            .map_err(|error| ApiError::Malformed(format!("{name}, column {}", error.column())))
    }

    /// Registers this machine by an activation; returns its id.
    pub(crate) async fn register(
        &self,
        endpoint: &Endpoint,
        activation_id: &str,
        activation_code: &Secret,
        public_key: &str,
        fingerprint: &str,
    ) -> Result<String, ApiError> {
        let input = json!({
            "ActivationCode": activation_code.expose(),
            "ActivationId": activation_id,
            "Fingerprint": fingerprint,
            "PublicKey": public_key,
            "PublicKeyType": "Rsa",
        });
        let output: Value = self.operation(endpoint, "RegisterManagedInstance", &input, Signer::Nobody).await?;
        output
            .get("InstanceId")
            .and_then(Value::as_str)
            .map(str::to_owned)
            .ok_or_else(|| ApiError::Malformed("it names no node".to_owned()))
    }

    /// Asks for temporary credentials.
    pub(crate) async fn role_token(
        &self,
        endpoint: &Endpoint,
        fingerprint: &str,
        signer: Signer<'_>,
    ) -> Result<RoleToken, ApiError> {
        let input = json!({ "Fingerprint": fingerprint });
        let output: Value = self.operation(endpoint, "RequestManagedInstanceRoleToken", &input, signer).await?;
        let text = |name| output.get(name).and_then(Value::as_str).map(str::to_owned);
        let parts = text("AccessKeyId").zip(text("SecretAccessKey")).zip(text("SessionToken"));
        let Some(((key_id, secret), token)) = parts else {
            return Err(ApiError::Malformed("the token is not complete".to_owned()));
        };
        let expires = match output.get("TokenExpirationDate") {
            Some(Value::String(text)) => muster_protocol::parse_iso(text),
            Some(number) => number.as_f64().map(|seconds| (seconds * 1000.0) as i64),
            None => None,
        };
        Ok(RoleToken {
            credentials: Credentials::new(key_id, secret, Some(token)),
            expires_ms: expires.ok_or_else(|| ApiError::Malformed("the token has no end".to_owned()))?,
            update_key_pair: output.get("UpdateKeyPair").and_then(Value::as_bool).unwrap_or(false),
        })
    }

    /// Tells the server the node's next public key, signed with the present one.
    pub(crate) async fn update_public_key(
        &self,
        endpoint: &Endpoint,
        public_key: &str,
        signer: Signer<'_>,
    ) -> Result<(), ApiError> {
        let input = json!({ "NewPublicKey": public_key, "NewPublicKeyType": "Rsa" });
        let _: Value = self.operation(endpoint, "UpdateManagedInstancePublicKey", &input, signer).await?;
        Ok(())
    }

    /// The heart-beat.
    pub(crate) async fn heart_beat(
        &self,
        endpoint: &Endpoint,
        beat: &HeartBeat,
        credentials: &Credentials,
    ) -> Result<(), ApiError> {
        let signer = Signer::Credentials(credentials);
        let _: Value = self.operation(endpoint, "UpdateInstanceInformation", beat, signer).await?;
        Ok(())
    }
}
