//! `CreateInstanceProfile`: a profile without a role.

use crate::{
    ControlPlane,
    account::identity_arn,
    authority::Requirement,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
    operations::iam::{quota, tags},
    secrets::random_identity_id,
};
use muster_iam_api::{
    CreateInstanceProfile, CreateInstanceProfileRequest, CreateInstanceProfileResponse,
    InstanceProfile as Shown, errors::ENTITY_ALREADY_EXISTS_EXCEPTION,
};
use muster_store::{
    account,
    iam::{
        TAGGED_INSTANCE_PROFILE,
        instance_profile::{self, InstanceProfile},
    },
};

impl Handle<CreateInstanceProfile> for ControlPlane {
    const ACCESS: Access<CreateInstanceProfileRequest> = Access::Policy(|context, input| {
        let path = input.path.as_deref().unwrap_or("/");
        let arn =
            identity_arn(&context.tenant.account, "instance-profile", path, &input.instance_profile_name);
        let own = Requirement::on(context, arn);
        tags::to_create(context, own, "iam:TagInstanceProfile", input.tags.as_deref())
    });

    async fn handle(
        &self,
        context: &RequestContext,
        input: CreateInstanceProfileRequest,
    ) -> Result<CreateInstanceProfileResponse, ApiError> {
        let account = &context.tenant.account;
        let tags = tags::checked(input.tags)?;
        let profile = InstanceProfile {
            account: account.clone(),
            name: input.instance_profile_name,
            path: input.path.unwrap_or_else(|| "/".to_owned()),
            id: random_identity_id("AIPA"),
            created_ms: context.now_ms,
            role_key: None,
        };
        self.change_identities(account, || async {
            if instance_profile::find(&self.db, account, &profile.name).await?.is_some() {
                let text = format!("Instance Profile {} already exists.", profile.name);
                return Err(ApiError::new(&ENTITY_ALREADY_EXISTS_EXCEPTION, text));
            }
            let there = account::count(&self.db, account).await?.instance_profiles;
            quota::check("InstanceProfilesPerAccount", there, self.config.limits.instance_profiles)?;
            let mut batch = instance_profile::insert(&profile);
            batch.append(tags::put(self, account, TAGGED_INSTANCE_PROFILE, &profile.name, &tags).await?);
            Ok((batch, ()))
        })
        .await?;
        let shown = self.profile_listed(profile).await?;
        Ok(CreateInstanceProfileResponse { instance_profile: Shown { tags: tags::shown(tags), ..shown } })
    }
}
