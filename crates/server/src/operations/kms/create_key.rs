//! `CreateKey`: a symmetric key with the account's default policy, or the caller's own. Keys of other kinds, with material
//! from elsewhere, or of several regions are not built.

use super::support::{metadata, tags};
use crate::{
    ControlPlane,
    authority::Requirement,
    context::RequestContext,
    dispatch::{Access, Handle},
    domain::kms::default_policy,
    error::ApiError,
    keys::{general, new_material},
};
use muster_ids::KeyId;
use muster_kms_api::{
    CreateKey, CreateKeyRequest, CreateKeyResponse, KeySpec, KeyUsageType, OriginType,
    errors::{LIMIT_EXCEEDED_EXCEPTION, UNSUPPORTED_OPERATION_EXCEPTION},
};
use muster_store::{
    kms::key::{self, Key, Manager, State},
    tag,
};

impl Handle<CreateKey> for ControlPlane {
    const ACCESS: Access<CreateKeyRequest> = Access::Policy(requirements);

    async fn handle(
        &self,
        context: &RequestContext,
        input: CreateKeyRequest,
    ) -> Result<CreateKeyResponse, ApiError> {
        check_kind(&input)?;
        let (tenant, now_ms) = (&context.tenant, context.now_ms);
        let id = KeyId::random();
        let arn = crate::arn::key(tenant, id.as_str());
        let tags = tags(input.tags.unwrap_or_default())?;
        if tags.len() > self.config.limits.tags_per_resource {
            return Err(ApiError::new(&LIMIT_EXCEEDED_EXCEPTION, "Too many tags"));
        }
        let bypass = input.bypass_policy_lockout_safety_check == Some(true);
        let policy = match input.policy {
            Some(policy) => {
                self.check_key_policy(context, &arn, &policy, bypass).await?;
                policy
            }
            None => default_policy::of_customer(&tenant.account),
        };
        let material = new_material(&self.secrets, &id, now_ms, None);
        let key = Key {
            id,
            tenant: tenant.clone(),
            manager: Manager::Customer,
            description: input.description.unwrap_or_default(),
            state: State::Enabled,
            created_ms: now_ms,
            deletion_ms: None,
            deletion_window_days: None,
            material_id: material.id.clone(),
            rotation_period_days: None,
            next_rotation_ms: None,
            policy_revision: 1,
            has_grants: false,
        };
        let mut batch = key::insert(&key, &policy, &material);
        let resource = tag::Resource { tenant, kind: key::TAG_KIND, id: key.id.as_str() };
        batch.append(tag::put(resource, &tags, self.config.limits.tags_per_resource));
        self.db.write(batch).await?;
        Ok(CreateKeyResponse { key_metadata: Some(metadata(&key)) })
    }
}

fn requirements(context: &RequestContext, input: &CreateKeyRequest) -> Vec<Requirement> {
    let given = || input.tags.iter().flatten().map(|tag| (tag.tag_key.as_str(), tag.tag_value.as_str()));
    let bypass = input.bypass_policy_lockout_safety_check == Some(true);
    let create = general(context, Requirement::anything(context))
        .key("kms:BypassPolicyLockoutSafetyCheck", bypass.to_string())
        .key("kms:KeySpec", input.key_spec.unwrap_or(KeySpec::SymmetricDefault).as_str())
        .key("kms:KeyUsage", input.key_usage.unwrap_or(KeyUsageType::EncryptDecrypt).as_str())
        .key("kms:KeyOrigin", input.origin.unwrap_or(OriginType::AwsKms).as_str())
        .key("kms:MultiRegion", (input.multi_region == Some(true)).to_string())
        .requesting_tags(given());
    let mut needed = vec![create];
    if given().next().is_some() {
        let new_key = crate::arn::of("kms", &context.tenant, "key/*");
        let tagging = Requirement::of(context, "kms:TagResource", new_key);
        needed.push(general(context, tagging).requesting_tags(given()));
    }
    needed
}

/// That the key is of the one kind that is built.
fn check_kind(input: &CreateKeyRequest) -> Result<(), ApiError> {
    if input.key_spec.is_some() && input.customer_master_key_spec.is_some() {
        return Err(ApiError::validation(
            "You cannot specify KeySpec and CustomerMasterKeySpec in the same request. CustomerMasterKeySpec is \
             deprecated.",
        ));
    }
    let spec = match (input.key_spec, input.customer_master_key_spec) {
        (Some(spec), _) => spec.as_str(),
        (None, Some(spec)) => spec.as_str(),
        (None, None) => KeySpec::SymmetricDefault.as_str(),
    };
    let unsupported = |what: String| {
        let text = format!("{what} is not supported by this version of Muster.");
        Err(ApiError::new(&UNSUPPORTED_OPERATION_EXCEPTION, text))
    };
    if spec != KeySpec::SymmetricDefault.as_str() {
        return unsupported(format!("KeySpec {spec}"));
    }
    if let Some(usage) = input.key_usage.filter(|usage| *usage != KeyUsageType::EncryptDecrypt) {
        return Err(ApiError::validation(format!("KeyUsage {usage} is not compatible with KeySpec {spec}")));
    }
    if let Some(origin) = input.origin.filter(|origin| *origin != OriginType::AwsKms) {
        return unsupported(format!("Origin {origin}"));
    }
    if input.custom_key_store_id.is_some() || input.xks_key_id.is_some() {
        return unsupported("A custom key store".to_owned());
    }
    if input.multi_region == Some(true) {
        return unsupported("A multi-Region key".to_owned());
    }
    Ok(())
}
