//! From `InstanceIds` or `Targets` to the nodes of a command.

use crate::error::{ApiError, VALIDATION};
use muster_ids::Tenant;
use muster_ssm_api::{
    Target,
    errors::{DUPLICATE_INSTANCE_ID, INVALID_INSTANCE_ID},
};
use muster_store::{
    Db,
    command_target::{self, Candidate, Condition},
};
use std::collections::BTreeSet;

/// The nodes that a caller named or described.
pub(super) async fn resolve(
    db: &Db,
    tenant: &Tenant,
    instance_ids: &[String],
    targets: &[Target],
) -> Result<Vec<Candidate>, ApiError> {
    match (instance_ids, targets) {
        ([], []) => Err(ApiError::validation("One of InstanceIds or Targets must be specified.")),
        ([_, ..], [_, ..]) => Err(ApiError::validation(
            "InstanceIds and Targets can't be specified together in the same command.",
        )),
        (ids, []) => by_id(db, tenant, ids).await,
        ([], targets) => Ok(command_target::resolve(db, tenant, &conditions(targets)?).await?),
    }
}

async fn by_id(db: &Db, tenant: &Tenant, ids: &[String]) -> Result<Vec<Candidate>, ApiError> {
    let distinct: BTreeSet<_> = ids.iter().collect();
    if distinct.len() < ids.len() {
        return Err(ApiError::new(&DUPLICATE_INSTANCE_ID, ""));
    }
    let found = command_target::resolve(db, tenant, &[Condition::Ids(ids.to_vec())]).await?;
    if found.len() < ids.len() {
        return Err(ApiError::new(&INVALID_INSTANCE_ID, "Instances not in a valid state for account"));
    }
    Ok(found)
}

fn conditions(targets: &[Target]) -> Result<Vec<Condition>, ApiError> {
    let mut seen = BTreeSet::new();
    let mut conditions = Vec::with_capacity(targets.len());
    for target in targets {
        let key = target.key.as_deref().unwrap_or_default();
        let values = target.values.clone().unwrap_or_default();
        if !seen.insert(key) {
            return Err(ApiError::validation(
                "Duplicate keys are not supported for targets. Remove the duplicate key, and try again.",
            ));
        }
        if values.iter().collect::<BTreeSet<_>>().len() < values.len() {
            return Err(ApiError::validation(format!(
                "Duplicate values are not supported for the target key {key}."
            )));
        }
        conditions.push(match key.strip_prefix("tag:") {
            Some(tag) if !tag.is_empty() => Condition::Tag { key: tag.to_owned(), values },
            _ if key == "tag-key" => Condition::TagKey(values),
            _ if key.eq_ignore_ascii_case("InstanceIds") => match values.as_slice() {
                [every] if every == "*" => continue,
                _ => Condition::Ids(values),
            },
            _ if key.starts_with("resource-groups:") => {
                return Err(ApiError::new(
                    &VALIDATION,
                    "Targets by resource group are not supported by this version of Muster.",
                ));
            }
            _ => return Err(ApiError::validation(format!("The target key {key} is not valid."))),
        });
    }
    Ok(conditions)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(key: &str, values: &[&str]) -> Target {
        let values = values.iter().map(|value| (*value).to_owned()).collect();
        Target { key: Some(key.to_owned()), values: Some(values) }
    }

    #[test]
    fn every_kind_of_key() {
        let found = conditions(&[
            target("tag:Role", &["web", "db"]),
            target("tag-key", &["Env"]),
            target("instanceids", &["mi-0123456789abcdef0"]),
            target("InstanceIds", &["*"]),
        ]);
        assert_eq!(
            found.unwrap(),
            [
                Condition::Tag { key: "Role".into(), values: vec!["web".into(), "db".into()] },
                Condition::TagKey(vec!["Env".into()]),
                Condition::Ids(vec!["mi-0123456789abcdef0".into()]),
            ]
        );
    }

    #[test]
    fn what_is_refused() {
        for wrong in [
            vec![target("tag:Role", &["a"]), target("tag:Role", &["b"])],
            vec![target("tag:Role", &["a", "a"])],
            vec![target("tag:", &["a"])],
            vec![target("Role", &["a"])],
            vec![target("resource-groups:Name", &["a"])],
        ] {
            assert_eq!(conditions(&wrong).unwrap_err().schema.name, "ValidationException", "{wrong:?}");
        }
    }
}
