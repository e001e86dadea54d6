//! The agent-facing operations of the `ssm` service, over AWS JSON 1.1.

use super::{Api, ApiError, Call, Content, Refusal, Signer};
use crate::endpoint::Endpoint;
use crate::identity::Secret;
use muster_protocol::agent_api::ssm_agent::{
    PublicKeyType, RegisterManagedInstanceRequest, RegisterManagedInstanceResult,
    RequestManagedInstanceRoleTokenRequest, RequestManagedInstanceRoleTokenResult,
    UpdateInstanceInformationRequest, UpdateInstanceInformationResult, UpdateManagedInstancePublicKeyRequest,
    UpdateManagedInstancePublicKeyResult,
};
use muster_protocol::signing::sigv4::Credentials;
use serde::Serialize;
use serde::de::DeserializeOwned;
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
        let input = RegisterManagedInstanceRequest {
            activation_code: Some(activation_code.expose().to_owned().into()),
            activation_id: Some(activation_id.to_owned()),
            fingerprint: fingerprint.to_owned(),
            public_key: public_key.to_owned(),
            public_key_type: Some(PublicKeyType::Rsa),
            ..RegisterManagedInstanceRequest::default()
        };
        let output: RegisterManagedInstanceResult =
            self.operation(endpoint, "RegisterManagedInstance", &input, Signer::Nobody).await?;
        Ok(output.instance_id)
    }

    /// Asks for temporary credentials.
    pub(crate) async fn role_token(
        &self,
        endpoint: &Endpoint,
        fingerprint: &str,
        signer: Signer<'_>,
    ) -> Result<RoleToken, ApiError> {
        let input = RequestManagedInstanceRoleTokenRequest { fingerprint: fingerprint.to_owned() };
        let output: RequestManagedInstanceRoleTokenResult =
            self.operation(endpoint, "RequestManagedInstanceRoleToken", &input, signer).await?;
        Ok(RoleToken {
            credentials: Credentials::new(
                output.access_key_id.expose(),
                output.secret_access_key.expose(),
                Some(output.session_token.expose().to_owned()),
            ),
            expires_ms: output.token_expiration_date.as_millis(),
            update_key_pair: output.update_key_pair,
        })
    }

    /// Tells the server the node's next public key, signed with the present one.
    pub(crate) async fn update_public_key(
        &self,
        endpoint: &Endpoint,
        public_key: &str,
        signer: Signer<'_>,
    ) -> Result<(), ApiError> {
        let input = UpdateManagedInstancePublicKeyRequest {
            new_public_key: public_key.to_owned(),
            new_public_key_type: PublicKeyType::Rsa,
        };
        let _: UpdateManagedInstancePublicKeyResult =
            self.operation(endpoint, "UpdateManagedInstancePublicKey", &input, signer).await?;
        Ok(())
    }

    /// The heart-beat.
    pub(crate) async fn heart_beat(
        &self,
        endpoint: &Endpoint,
        beat: &UpdateInstanceInformationRequest,
        credentials: &Credentials,
    ) -> Result<(), ApiError> {
        let signer = Signer::Credentials(credentials);
        let _: UpdateInstanceInformationResult =
            self.operation(endpoint, "UpdateInstanceInformation", beat, signer).await?;
        Ok(())
    }
}
