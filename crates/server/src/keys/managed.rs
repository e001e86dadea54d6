//! Keys that a service makes for itself in an account, at their first use. Not for: keys of customers.

use super::new_material;
use crate::{ControlPlane, context::RequestContext, domain::kms::default_policy, error::ApiError};
use muster_ids::KeyId;
use muster_store::{
    StoreError,
    kms::{
        alias::{self, Alias},
        key::{self, Key, Manager, State},
    },
};

/// Alias, service and description.
const MANAGED: [(&str, &str, &str); 1] =
    [("alias/aws/ssm", "ssm", "Default key that protects my SSM parameters when no other key is defined")];

/// Days between rotations of keys that services made.
const ROTATION_DAYS: i64 = 365;
const DAY_MS: i64 = 24 * 3_600_000;

impl ControlPlane {
    /// Makes the key that stands behind an alias of a service; `None` for other aliases.
    pub(super) async fn make_managed_key(
        &self,
        context: &RequestContext,
        alias: &str,
    ) -> Result<Option<KeyId>, ApiError> {
        let Some((_, service, description)) = MANAGED.iter().find(|(known, ..)| *known == alias) else {
            return Ok(None);
        };
        // The service makes it when it needs it; KMS itself only when somebody asks what it is.
        let operation = context.operation;
        if operation.service != *service && operation.name != "DescribeKey" {
            return Ok(None);
        }
        let (tenant, now_ms) = (&context.tenant, context.now_ms);
        let id = KeyId::random();
        let material = new_material(&self.secrets, &id, now_ms, None);
        let key = Key {
            id: id.clone(),
            tenant: tenant.clone(),
            manager: Manager::Aws,
            description: (*description).to_owned(),
            state: State::Enabled,
            created_ms: now_ms,
            deletion_ms: None,
            deletion_window_days: None,
            material_id: material.id.clone(),
            rotation_period_days: Some(ROTATION_DAYS),
            next_rotation_ms: Some(now_ms.saturating_add(ROTATION_DAYS * DAY_MS)),
            policy_revision: 1,
            has_grants: false,
        };
        let mut batch = key::insert(&key, &default_policy::of_service(tenant, service), &material);
        batch.append(alias::insert(&Alias {
            tenant: tenant.clone(),
            name: alias.to_owned(),
            key: id.clone(),
            created_ms: now_ms,
            updated_ms: now_ms,
        }));
        match self.db.write(batch).await {
            Ok(_) => Ok(Some(id)),
            // Another call was first.
            Err(StoreError::Duplicate { .. }) => {
                Ok(alias::find(&self.db, tenant, alias).await?.map(|alias| alias.key))
            }
            Err(error) => Err(error.into()),
        }
    }
}
