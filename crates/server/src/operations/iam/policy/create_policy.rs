//! `CreatePolicy`: a managed policy with its first version.

use super::{check_document, own_listed};
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
    CreatePolicy, CreatePolicyRequest, CreatePolicyResponse, Policy as Shown,
    errors::ENTITY_ALREADY_EXISTS_EXCEPTION,
};
use muster_store::{
    account,
    iam::{
        TAGGED_POLICY,
        attachment::Uses,
        policy::{self, Policy},
    },
};

impl Handle<CreatePolicy> for ControlPlane {
    const ACCESS: Access<CreatePolicyRequest> = Access::Policy(|context, input| {
        let path = input.path.as_deref().unwrap_or("/");
        let arn = identity_arn(&context.tenant.account, "policy", path, &input.policy_name);
        let own = Requirement::on(context, arn);
        tags::to_create(context, own, "iam:TagPolicy", input.tags.as_deref())
    });

    async fn handle(
        &self,
        context: &RequestContext,
        input: CreatePolicyRequest,
    ) -> Result<CreatePolicyResponse, ApiError> {
        let account = &context.tenant.account;
        let tags = tags::checked(input.tags)?;
        check_document(self, &input.policy_document)?;
        let path = input.path.unwrap_or_else(|| "/".to_owned());
        let policy = Policy {
            account: account.clone(),
            arn: identity_arn(account, "policy", &path, &input.policy_name),
            name: input.policy_name,
            path,
            id: random_identity_id("ANPA"),
            description: input.description,
            created_ms: context.now_ms,
            updated_ms: context.now_ms,
            default_version: 1,
            newest_version: 1,
        };
        self.change_identities(account, || async {
            if policy::find(&self.db, account, &policy.name).await?.is_some() {
                let text = format!(
                    "A policy called {} already exists. Duplicate names are not allowed.",
                    policy.name
                );
                return Err(ApiError::new(&ENTITY_ALREADY_EXISTS_EXCEPTION, text));
            }
            let there = account::count(&self.db, account).await?.policies;
            quota::check("PoliciesPerAccount", there, self.config.limits.policies)?;
            let mut batch = policy::insert(&policy, &input.policy_document);
            batch.append(tags::put(self, account, TAGGED_POLICY, &policy.name, &tags).await?);
            Ok((batch, ()))
        })
        .await?;
        let description = policy.description.clone();
        let shown = own_listed(policy, Uses::default());
        Ok(CreatePolicyResponse { policy: Some(Shown { description, tags: tags::shown(tags), ..shown }) })
    }
}
