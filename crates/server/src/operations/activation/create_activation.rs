//! `CreateActivation`: the one moment at which the code is known to anybody but the operator.

use super::check_role;
use crate::{
    ControlPlane,
    authority::Requirement,
    context::RequestContext,
    dispatch::{Access, Handle},
    domain::{activation as rules, tag},
    error::ApiError,
    secrets::random_alphanumeric,
};
use muster_ids::ActivationId;
use muster_ssm_api::{
    CreateActivation, CreateActivationRequest, CreateActivationResult, RegistrationMetadataItem, Tag,
    errors::INVALID_PARAMETERS,
};
use muster_store::{
    activation::{self, Activation},
    tag::Tag as StoredTag,
};

impl Handle<CreateActivation> for ControlPlane {
    const ACCESS: Access<CreateActivationRequest> = Access::Policy(|context, input| {
        let tags = input.tags.as_deref().unwrap_or_default();
        let tags = tags.iter().map(|tag| (tag.key.as_str(), tag.value.as_str()));
        vec![
            Requirement::anything(context).requesting_tags(tags),
            Requirement::pass_role(context, &input.iam_role, super::SERVICE_PRINCIPAL),
        ]
    });

    async fn handle(
        &self,
        context: &RequestContext,
        input: CreateActivationRequest,
    ) -> Result<CreateActivationResult, ApiError> {
        let limits = &self.config.limits;
        check_role(self, context, &input.iam_role).await?;
        let wanted_ms = input.expiration_date.map(|date| date.as_millis());
        let expires_ms = rules::expiration(context.now_ms, wanted_ms, limits)
            .map_err(|error| ApiError::validation(error.to_string()))?;
        let tags = input.tags.unwrap_or_default();
        tag::check_new(tags.iter().map(|tag| tag.key.as_str()), limits.tags_per_resource).map_err(
            |error| {
                let schema = match error {
                    tag::TagError::Reserved => &crate::error::VALIDATION,
                    tag::TagError::TooMany(_) => &INVALID_PARAMETERS,
                };
                ApiError::new(schema, error.to_string())
            },
        )?;

        let code = random_alphanumeric(rules::CODE_LENGTH);
        let given = |text: Option<String>| text.filter(|text| !text.is_empty());
        let activation = Activation {
            id: ActivationId::random(),
            tenant: context.tenant.clone(),
            code_hash: rules::code_hash(&code),
            description: given(input.description),
            default_instance_name: given(input.default_instance_name),
            iam_role: input.iam_role,
            registration_limit: input.registration_limit.map_or(rules::DEFAULT_REGISTRATION_LIMIT, i64::from),
            registrations_count: 0,
            expires_ms,
            created_ms: context.now_ms,
            tags: tags.into_iter().map(|Tag { key, value }| StoredTag { key, value }).collect(),
            registration_metadata: input
                .registration_metadata
                .unwrap_or_default()
                .into_iter()
                .map(|RegistrationMetadataItem { key, value }| StoredTag { key, value })
                .collect(),
        };
        self.db.write(activation::insert(&activation)?).await?;
        Ok(CreateActivationResult {
            activation_id: Some(activation.id.into()),
            activation_code: Some(code.into()),
        })
    }
}
