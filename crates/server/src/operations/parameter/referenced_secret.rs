//! Secrets of Secrets Manager through Parameter Store: fetched with the server's credentials from the configured
//! endpoint, for callers that may get the secret itself. Not for: how references look (`domain::parameter::secret`).

use crate::{
    ControlPlane,
    authority::Requirement,
    config::SecretsManager,
    context::RequestContext,
    domain::parameter::secret::{SecretError, SecretReference, SecretValue},
    error::{ApiError, UNSUPPORTED_OPERATION, VALIDATION},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::Request;
use muster_protocol::signing::{
    self,
    sigv4::{self, Credentials, PathEncoding, payload_hash},
};
use muster_service_model::Timestamp;
use muster_ssm_api::{Parameter, ParameterType, errors::PARAMETER_NOT_FOUND};
use serde_json::Value;

const TARGET: &str = "secretsmanager.GetSecretValue";
const CONTENT_TYPE: &str = "application/x-amz-json-1.1";
const ACTION: &str = "secretsmanager:GetSecretValue";

impl From<SecretError> for ApiError {
    fn from(error: SecretError) -> Self {
        let schema = match error {
            SecretError::NotFound(_) => &PARAMETER_NOT_FOUND,
            SecretError::Selector
            | SecretError::NotDecrypted
            | SecretError::Invalid
            | SecretError::Unreachable => &VALIDATION,
        };
        Self::new(schema, error.to_string())
    }
}

impl ControlPlane {
    /// The secret that a reference stands for.
    ///
    /// # Errors
    /// Those of [`SecretError`], a denial, or that this server knows no Secrets Manager.
    pub(super) async fn referenced_secret(
        &self,
        context: &RequestContext,
        reference: SecretReference,
        decrypt: bool,
    ) -> Result<Parameter, ApiError> {
        if !decrypt {
            return Err(SecretError::NotDecrypted.into());
        }
        let settings = self.config.secrets_manager.as_ref();
        let own = settings
            .is_some_and(|settings| settings.serves(&context.tenant.account, &self.config.account_id));
        let Some(settings) = settings.filter(|_| own) else {
            let text =
                "References to secrets need a Secrets Manager, and none is configured for this account.";
            return Err(ApiError::new(&UNSUPPORTED_OPERATION, text));
        };
        let value = match self.secret_value(context, settings, &reference).await {
            Ok(value) => value,
            Err(error) => {
                // Who may not get it learns nothing about it.
                let resource = format!("secret:{}", reference.secret);
                let arn = crate::arn::of("secretsmanager", &context.tenant, &resource);
                self.authorise(context, &[Requirement::of(context, ACTION, arn)]).await?;
                return Err(error);
            }
        };
        self.authorise(context, &[Requirement::of(context, ACTION, value.arn.clone())]).await?;
        let bytes = value.binary().map(|text| STANDARD.decode(text.expose())).transpose();
        let bytes = bytes.map_err(|_| unreachable("the secret's bytes are not base 64"))?;
        let source = value.source_result(bytes.as_deref());
        let (arn, created_ms) = (value.arn.clone(), value.created_ms());
        Ok(Parameter {
            name: Some(reference.name),
            r#type: Some(ParameterType::SecureString),
            value: value.into_text(),
            version: Some(0),
            selector: reference.selector.map(|selector| format!(":{selector}")),
            source_result: Some(source.expose().to_owned()),
            last_modified_date: Some(Timestamp::from_millis(created_ms)),
            arn: Some(arn),
            data_type: None,
        })
    }

    /// `GetSecretValue`.
    async fn secret_value(
        &self,
        context: &RequestContext,
        settings: &SecretsManager,
        reference: &SecretReference,
    ) -> Result<SecretValue, ApiError> {
        let body = reference.request().to_string();
        let credentials =
            Credentials::new(settings.access_key_id.clone(), settings.secret_access_key.expose(), None);
        let headers =
            [("host", settings.authority()), ("content-type", CONTENT_TYPE), ("x-amz-target", TARGET)];
        let unsigned = signing::Request::new("POST", "/", "", headers);
        let added = sigv4::sign(
            &unsigned,
            PathEncoding::Double,
            &payload_hash(body.as_bytes()),
            &credentials,
            &settings.region,
            "secretsmanager",
            // Not the call's time, which is older.
            self.clock.now_ms(),
        );
        let mut request = Request::post(format!("{}/", settings.endpoint));
        for (name, value) in headers.into_iter().skip(1) {
            request = request.header(name, value);
        }
        for (name, value) in &added {
            request = request.header(*name, value);
        }
        let request = request.body(Bytes::from(body)).map_err(ApiError::internal)?;
        let answer = match self.outbound.send(request).await {
            Ok(answer) => answer,
            Err(error) => return Err(unreachable(&error.to_string())),
        };
        if answer.status().is_success() {
            return serde_json::from_slice(answer.body())
                .map_err(|_| unreachable("the answer is not that of GetSecretValue"));
        }
        let code = code(answer.body());
        match code.as_str() {
            "ResourceNotFoundException" => Err(reference.not_found().into()),
            "InvalidRequestException" | "InvalidParameterException" => Err(SecretError::Invalid.into()),
            _ => {
                tracing::warn!(request_id = %context.request_id, status = %answer.status(), %code,
                    "Secrets Manager refuses to give a secret");
                Err(SecretError::Unreachable.into())
            }
        }
    }
}

/// The code of an error, without a namespace in front.
fn code(body: &[u8]) -> String {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let code = body["__type"].as_str().unwrap_or_default();
    code.rsplit('#').next().unwrap_or_default().to_owned()
}

fn unreachable(cause: &str) -> ApiError {
    tracing::warn!(cause, "Secrets Manager does not give a secret");
    SecretError::Unreachable.into()
}
