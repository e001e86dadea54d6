//! `RotateKeyOnDemand`: new material now. It changes nothing of when the key rotates by itself.

use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
    keys::new_material,
};
use muster_kms_api::{
    RotateKeyOnDemand, RotateKeyOnDemandRequest, RotateKeyOnDemandResponse,
    errors::{CONFLICT_EXCEPTION, LIMIT_EXCEEDED_EXCEPTION},
};
use muster_store::{
    StoreError,
    kms::{
        key,
        material::{self, Rotation},
    },
};

impl Handle<RotateKeyOnDemand> for ControlPlane {
    const ACCESS: Access<RotateKeyOnDemandRequest> = Access::Handler;

    async fn handle(
        &self,
        context: &RequestContext,
        input: RotateKeyOnDemandRequest,
    ) -> Result<RotateKeyOnDemandResponse, ApiError> {
        let found = self.own_key(context, &input.key_id).await?;
        found.usable()?;
        let key = &found.key;
        let materials = material::of_key(&self.db, &key.id).await?;
        let on_demand =
            materials.iter().filter(|material| material.rotation == Some(Rotation::OnDemand)).count();
        if on_demand >= self.config.limits.kms_on_demand_rotations {
            let text = format!("You have exceeded the on-demand rotation limit for key {}.", found.arn());
            return Err(ApiError::new(&LIMIT_EXCEEDED_EXCEPTION, text));
        }
        let material = new_material(&self.secrets, &key.id, context.now_ms, Some(Rotation::OnDemand));
        match self.db.write(key::rotate(key, &material, key.next_rotation_ms)).await {
            Ok(_) => Ok(RotateKeyOnDemandResponse { key_id: Some(key.id.to_string()) }),
            Err(StoreError::Conflict { .. }) => {
                let text = format!("{} is being rotated already.", found.arn());
                Err(ApiError::new(&CONFLICT_EXCEPTION, text))
            }
            Err(error) => Err(error.into()),
        }
    }
}
