//! What a simulation is asked, checked: the parts that both simulators have. Not for: whose policies are simulated.

use super::{Sourced, given, invalid};
use crate::{domain::iam::trust, error::ApiError};
use muster_iam_api::{ContextEntry, ContextKeyTypeEnum, OrderedOrganizationPolicyType};
use muster_policy::{CallerKind, Context, Kind};

/// Resources of one question.
const MOST_RESOURCES: usize = 1000;

/// Who asks in a simulation.
#[derive(Debug, Clone)]
pub(super) struct Asker {
    pub(super) account: String,
    pub(super) arn: String,
    pub(super) role_arn: Option<String>,
    pub(super) kind: CallerKind,
}

/// What is asked.
#[derive(Debug)]
pub(super) struct Question {
    pub(super) actions: Vec<String>,
    /// None: any resource.
    pub(super) resources: Vec<String>,
    pub(super) resource_policy: Option<Sourced>,
    /// The account that owns the resources.
    pub(super) owner: String,
    pub(super) asker: Asker,
    pub(super) entries: Vec<ContextEntry>,
    /// What the organisation allows, from its root down to the account.
    pub(super) organisation: Vec<Vec<Sourced>>,
}

/// What stands in a call.
pub(super) struct Asked<'a> {
    pub(super) actions: Vec<String>,
    pub(super) resources: Option<Vec<String>>,
    pub(super) resource_policy: Option<String>,
    pub(super) owner: Option<&'a str>,
    pub(super) caller_arn: Option<&'a str>,
    pub(super) entries: Option<Vec<ContextEntry>>,
    pub(super) organisation: Option<&'a [OrderedOrganizationPolicyType]>,
    /// Who asks if the call names nobody.
    pub(super) asker: Asker,
}

impl Question {
    /// Checks what a call asks.
    ///
    /// # Errors
    /// `InvalidInput` for what cannot be simulated.
    pub(super) fn read(asked: Asked<'_>) -> Result<Self, ApiError> {
        if let Some(action) = asked.actions.iter().find(|action| !is_action(action)) {
            return Err(invalid(format!("Invalid Action: {action}")));
        }
        let resources = asked.resources.unwrap_or_default();
        if resources.len() > MOST_RESOURCES {
            return Err(invalid(format!("A simulation takes {MOST_RESOURCES} resources at most.")));
        }
        if let Some(resource) = resources.iter().find(|resource| *resource != "*" && !is_arn(resource)) {
            return Err(invalid(format!("Invalid Resource Arn: {resource}")));
        }
        let asker = match asked.caller_arn {
            Some(arn) => caller(arn)?,
            None if asked.resource_policy.is_some() && asked.asker.kind != CallerKind::User => {
                return Err(invalid(
                    "A CallerArn is required with a ResourcePolicy, unless a user is simulated.",
                ));
            }
            None => asked.asker,
        };
        let owner = match asked.owner {
            Some(owner) => {
                account(owner).ok_or_else(|| invalid(format!("Invalid ResourceOwner: {owner}")))?
            }
            None => asker.account.clone(),
        };
        let policy = asked.resource_policy.as_slice();
        let resource_policy = given(Some(policy), "ResourcePolicy", Kind::Resource)?.pop();
        let mut organisation = Vec::new();
        for level in asked.organisation.unwrap_or_default() {
            let list = level.service_control_policy_input_list.as_deref();
            organisation.push(given(list, "ServiceControlPolicyInputList", Kind::Identity)?);
        }
        let entries = asked.entries.unwrap_or_default();
        Ok(Self { actions: asked.actions, resources, resource_policy, owner, asker, entries, organisation })
    }

    /// The condition keys of the question.
    pub(super) fn context(&self) -> Context<'_> {
        use ContextKeyTypeEnum as Type;
        let mut context = Context::with_capacity(self.entries.len() + 4);
        context.set("aws:PrincipalAccount", self.asker.account.as_str());
        context.set("aws:PrincipalArn", self.asker.role_arn.as_deref().unwrap_or(&self.asker.arn));
        context.set("aws:ResourceAccount", self.owner.as_str());
        if let (CallerKind::User, Some(name)) = (self.asker.kind, self.asker.arn.rsplit('/').next()) {
            context.set("aws:username", name);
        }
        for entry in &self.entries {
            let (Some(name), Some(values)) = (entry.context_key_name.as_deref(), &entry.context_key_values)
            else {
                continue;
            };
            let is_list = matches!(
                entry.context_key_type,
                Some(
                    Type::StringList
                        | Type::NumericList
                        | Type::BooleanList
                        | Type::IpList
                        | Type::BinaryList
                        | Type::DateList
                )
            );
            match values.as_slice() {
                [value] if !is_list => context.set(name, value.as_str()),
                values => context.set_many(name, values.iter().map(String::as_str)),
            }
        }
        context
    }
}

/// `service:Name`, without wildcards.
fn is_action(text: &str) -> bool {
    let plain = |text: &str| {
        !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    text.split_once(':').is_some_and(|(service, name)| plain(service) && plain(name))
}

fn is_arn(text: &str) -> bool {
    text.starts_with("arn:") && text.splitn(6, ':').count() == 6
}

/// The account of an ARN, or twelve digits.
fn account(text: &str) -> Option<String> {
    let account = if is_arn(text) { text.split(':').nth(4)? } else { text };
    let is_account = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
    is_account.then(|| account.to_owned())
}

/// The user that a call names as its caller.
fn caller(arn: &str) -> Result<Asker, ApiError> {
    match trust::identity(arn) {
        Some(identity) if identity.is_user => Ok(Asker {
            account: identity.account.to_owned(),
            arn: arn.to_owned(),
            role_arn: None,
            kind: CallerKind::User,
        }),
        _ => Err(invalid(format!("Invalid CallerArn: {arn} is not the ARN of a user."))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actions_resources_and_accounts_are_read() {
        for action in ["ssm:GetParameter", "resource-groups:ListGroups"] {
            assert!(is_action(action), "{action}");
        }
        for action in ["ssm", "ssm:", ":Get", "ssm:Get*", "s3:Get:x", "ssm:Get Parameter"] {
            assert!(!is_action(action), "{action}");
        }
        for (text, expected) in [
            ("123456789012", Some("123456789012")),
            ("arn:aws:iam::123456789012:root", Some("123456789012")),
            ("arn:aws:iam::12:root", None),
            ("1234567890123", None),
            ("", None),
        ] {
            assert_eq!(account(text).as_deref(), expected, "{text}");
        }
        assert!(caller("arn:aws:iam::123456789012:user/a").is_ok());
        assert!(caller("arn:aws:iam::123456789012:role/a").is_err());
    }
}
