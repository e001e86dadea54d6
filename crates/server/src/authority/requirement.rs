//! What a call needs a permission for: an action on a resource, with the condition keys that only the call knows.

use super::Policy;
use crate::{arn, context::RequestContext};
use muster_ids::AccountId;
use muster_store::tag::{MANAGED_INSTANCE, Tag};
use std::{borrow::Cow, sync::Arc};

/// One permission that a call needs.
#[derive(Debug, Clone)]
pub struct Requirement {
    /// `ssm:GetParameter`.
    pub(crate) action: Cow<'static, str>,
    /// An ARN, or `*` for actions that know no resource.
    pub(crate) resource: String,
    /// The account that owns the resource.
    pub(crate) resource_account: AccountId,
    /// Where the resource's tags stand, so that they are read only if a policy asks for them.
    pub(crate) tags_of: Option<TagsOf>,
    /// Condition keys beside those of every call.
    pub(crate) keys: Vec<(Cow<'static, str>, Vec<String>)>,
    /// The resource's own policy.
    pub(crate) policy: Option<Arc<Policy>>,
    /// Whether that policy alone opens the resource, even to the account's own identities: KMS keys, trust policies.
    pub(crate) policy_decides: bool,
}

/// A resource in the table of tags.
#[derive(Debug, Clone)]
pub(crate) struct TagsOf {
    pub(crate) kind: &'static str,
    pub(crate) id: String,
}

impl Requirement {
    /// The call's own action on a resource of the caller's account.
    pub(crate) fn on(context: &RequestContext, resource: impl Into<String>) -> Self {
        let (service, name) = (context.operation.service, context.operation.name);
        Self::of(context, format!("{service}:{name}"), resource)
    }

    /// The call's own action where AWS knows no resource for it.
    pub(crate) fn anything(context: &RequestContext) -> Self {
        Self::on(context, "*")
    }

    /// Another action that the call implies, such as `iam:PassRole`.
    pub(crate) fn of(
        context: &RequestContext,
        action: impl Into<Cow<'static, str>>,
        resource: impl Into<String>,
    ) -> Self {
        Self {
            action: action.into(),
            resource: resource.into(),
            resource_account: context.tenant.account.clone(),
            tags_of: None,
            keys: Vec::new(),
            policy: None,
            policy_decides: false,
        }
    }

    /// The call's own action on a managed node. Whether there is such a node is not asked.
    pub(crate) fn on_node(context: &RequestContext, node: &str) -> Self {
        Self::on(context, arn::node(&context.tenant, node)).tagged(MANAGED_INSTANCE, node)
    }

    /// `iam:PassRole`: who gives a role of the account to a service must be allowed to. `role` is its name, with its
    /// path in front if it has one.
    pub(crate) fn pass_role(context: &RequestContext, role: &str, service: &'static str) -> Self {
        Self::of(context, "iam:PassRole", arn::role(&context.tenant.account, role))
            .key("iam:PassedToService", service)
    }

    /// The resource carries tags: `aws:ResourceTag/…` and `ssm:resourceTag/…`.
    #[must_use]
    pub(crate) fn tagged(mut self, kind: &'static str, id: impl Into<String>) -> Self {
        self.tags_of = Some(TagsOf { kind, id: id.into() });
        self
    }

    /// The call brings tags: `aws:RequestTag/…` and `aws:TagKeys`.
    #[must_use]
    pub(crate) fn requesting_tags<'a>(mut self, tags: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut names = Vec::new();
        for (key, value) in tags {
            self.keys.push((format!("aws:RequestTag/{key}").into(), vec![value.to_owned()]));
            names.push(key.to_owned());
        }
        self.requesting_tag_keys(names)
    }

    /// The call names keys of tags: `aws:TagKeys`.
    #[must_use]
    pub(crate) fn requesting_tag_keys(self, keys: Vec<String>) -> Self {
        if keys.is_empty() { self } else { self.key_values("aws:TagKeys", keys) }
    }

    /// Tags from the store's form.
    #[must_use]
    pub(crate) fn requesting(self, tags: &[Tag]) -> Self {
        self.requesting_tags(tags.iter().map(|tag| (tag.key.as_str(), tag.value.as_str())))
    }

    /// A condition key with one value.
    #[must_use]
    pub(crate) fn key(self, name: impl Into<Cow<'static, str>>, value: impl Into<String>) -> Self {
        self.key_values(name, vec![value.into()])
    }

    /// A condition key with several values.
    #[must_use]
    pub(crate) fn key_values(mut self, name: impl Into<Cow<'static, str>>, values: Vec<String>) -> Self {
        self.keys.push((name.into(), values));
        self
    }

    /// The resource belongs to another account, perhaps.
    #[must_use]
    pub(crate) fn owned_by(mut self, account: &AccountId) -> Self {
        self.resource_account = account.clone();
        self
    }

    /// The resource has a policy of its own.
    #[must_use]
    pub(crate) fn with_policy(mut self, policy: Arc<Policy>) -> Self {
        self.policy = Some(policy);
        self
    }

    /// The resource's own policy opens it, or nothing does.
    #[must_use]
    pub(crate) fn policy_decides(mut self) -> Self {
        self.policy_decides = true;
        self
    }
}
