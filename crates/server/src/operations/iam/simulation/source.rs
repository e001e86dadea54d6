//! The policies that a user, group or role has, each with what results of simulations call it. Not for: deciding about calls,
//! for which `authority` loads them without names.

use super::{Sourced, evaluate::Simulated, invalid, question::Asker};
use crate::{
    ControlPlane,
    account::identity_arn,
    domain::iam::{managed, policy_arn, trust},
    error::ApiError,
    operations::iam::role as roles,
};
use muster_iam_api::{
    AttachmentType, PolicyIdentifier, PolicyIdentifierPolicyType as Type, errors::NO_SUCH_ENTITY_EXCEPTION,
};
use muster_ids::AccountId;
use muster_policy::{CallerKind, Kind as Syntax};
use muster_store::iam::{Entity, Kind, attachment, group, inline, key, policy, role, user};

/// A user, group or role, with its policies.
pub(super) struct Principal {
    pub(super) asker: Asker,
    pub(super) policies: Simulated,
}

/// Loads the identity of this ARN, less the policies that are to be left out.
///
/// # Errors
/// An ARN that is none of a user, group or role; no such identity; the store's.
pub(super) async fn load(
    control_plane: &ControlPlane,
    account: &AccountId,
    arn: &str,
    left_out: &[PolicyIdentifier],
) -> Result<Principal, ApiError> {
    let Some((kind, name)) = identity(arn) else {
        return Err(invalid(format!(
            "Invalid Entity Arn: {arn} does not clearly define entity type and name."
        )));
    };
    let db = &control_plane.db;
    let missing = || {
        let text = format!("The {} with name {name} cannot be found.", kind.as_str());
        ApiError::new(&NO_SUCH_ENTITY_EXCEPTION, text)
    };
    let (its_arn, boundary) = match kind {
        Kind::User => {
            let user = user::find(db, account, name).await?.ok_or_else(missing)?;
            (identity_arn(account, "user", &user.path, &user.name), user.boundary)
        }
        Kind::Group => {
            let group = group::find(db, account, name).await?.ok_or_else(missing)?;
            (identity_arn(account, "group", &group.path, &group.name), None)
        }
        Kind::Role => {
            let role = role::find(db, account, name).await?.ok_or_else(missing)?;
            (roles::arn(&role), role.boundary)
        }
    };
    if its_arn != arn {
        return Err(missing());
    }
    let loader = Loader { control_plane, account, left_out };
    let mut identity = loader.of(Entity { account, kind, name }, name).await?;
    if kind == Kind::User {
        identity.extend(loader.of_groups(name).await?);
    }
    let boundary = match boundary.filter(|arn| !loader.leaves_out_boundary(arn)) {
        Some(arn) => loader.managed(vec![arn]).await?.pop(),
        None => None,
    };
    let (session, role_arn, kind) = match kind {
        Kind::Role => {
            let session = format!("arn:aws:sts::{account}:assumed-role/{name}/simulation");
            (session, Some(its_arn), CallerKind::RoleSession)
        }
        // A group calls nothing; its policies are simulated as a user's of its would be.
        Kind::Group => (its_arn, None, CallerKind::RoleSession),
        Kind::User => (its_arn, None, CallerKind::User),
    };
    let asker = Asker { account: account.to_string(), arn: session, role_arn, kind };
    Ok(Principal { asker, policies: Simulated { identity, boundary } })
}

/// What an ARN names, and by which name.
fn identity(arn: &str) -> Option<(Kind, &str)> {
    if let Some(identity) = trust::identity(arn) {
        identity.path?;
        return Some((if identity.is_user { Kind::User } else { Kind::Role }, identity.name));
    }
    let resource = arn.strip_prefix("arn:")?.splitn(5, ':').nth(4)?;
    let name = resource.strip_prefix("group/")?.rsplit('/').next()?;
    (!name.is_empty()).then_some((Kind::Group, name))
}

struct Loader<'a> {
    control_plane: &'a ControlPlane,
    account: &'a AccountId,
    left_out: &'a [PolicyIdentifier],
}

impl Loader<'_> {
    /// What an entity has itself.
    async fn of(&self, entity: Entity<'_>, name: &str) -> Result<Vec<Sourced>, ApiError> {
        let db = &self.control_plane.db;
        let mut found = Vec::new();
        for policy in inline::of_entity(db, entity).await? {
            found.extend(self.inline(entity.kind, name, policy));
        }
        let arns = attachment::of_entity(db, entity).await?;
        found.extend(self.managed(self.kept(arns)).await?);
        Ok(found)
    }

    /// What a user has from its groups.
    async fn of_groups(&self, user: &str) -> Result<Vec<Sourced>, ApiError> {
        let db = &self.control_plane.db;
        let mut found = Vec::new();
        for (group, policy) in inline::of_groups_of(db, self.account, user).await? {
            found.extend(self.inline(Kind::Group, &group, policy));
        }
        let arns = attachment::of_groups_of(db, self.account, user).await?.into_iter().map(|(_, arn)| arn);
        found.extend(self.managed(self.kept(arns.collect())).await?);
        Ok(found)
    }

    fn inline(&self, kind: Kind, name: &str, policy: inline::Inline) -> Option<Sourced> {
        let excluded = self.left_out.iter().any(|identifier| {
            identifier.policy_type == Some(Type::Inline)
                && identifier.inline_policy_identifier.as_ref().is_some_and(|of| {
                    of.policy_name == policy.name
                        && key(&of.attachment_name) == key(name)
                        && of.attachment_type == attachment_type(kind)
                })
        });
        (!excluded).then(|| Sourced {
            id: format!("{}_{name}_{}", kind.as_str(), policy.name),
            policy: self.control_plane.compiled(&policy.document, Syntax::Identity),
            length: policy.document.len(),
        })
    }

    /// ARNs without those that are to be left out.
    fn kept(&self, mut arns: Vec<String>) -> Vec<String> {
        let excluded = |arn: &str| {
            self.left_out.iter().any(|identifier| {
                matches!(identifier.policy_type, Some(Type::AwsManaged | Type::UserManaged))
                    && identifier.policy_arn.as_deref() == Some(arn)
            })
        };
        arns.retain(|arn| !excluded(arn));
        arns
    }

    fn leaves_out_boundary(&self, arn: &str) -> bool {
        self.left_out.iter().any(|identifier| {
            identifier.policy_type == Some(Type::PermissionBoundary)
                && identifier.policy_arn.as_deref().is_none_or(|other| other == arn)
        })
    }

    async fn managed(&self, arns: Vec<String>) -> Result<Vec<Sourced>, ApiError> {
        let (of_aws, own): (Vec<_>, Vec<_>) = arns.into_iter().partition(|arn| managed::is_arn(arn));
        let mut found = Vec::new();
        for (arn, document) in policy::documents(&self.control_plane.db, self.account, &own).await? {
            found.push(Sourced {
                id: policy_arn::name(&arn).to_owned(),
                policy: self.control_plane.compiled(&document, Syntax::Identity),
                length: document.len(),
            });
        }
        for policy in of_aws.iter().filter_map(|arn| managed::find(arn)) {
            found.extend(policy.policy().map(|compiled| Sourced {
                id: policy.name.to_owned(),
                policy: std::sync::Arc::clone(compiled),
                length: policy.document.len(),
            }));
        }
        Ok(found)
    }
}

const fn attachment_type(kind: Kind) -> AttachmentType {
    match kind {
        Kind::User => AttachmentType::User,
        Kind::Group => AttachmentType::Group,
        Kind::Role => AttachmentType::Role,
    }
}
