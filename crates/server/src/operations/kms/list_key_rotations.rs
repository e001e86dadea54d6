//! `ListKeyRotations`: the rotations of a key, the oldest first; with `ALL_KEY_MATERIAL` also its first material.

use super::support::DEFAULT_LIMIT;
use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
};
use muster_kms_api::{
    IncludeKeyMaterial, KeyMaterialState, ListKeyRotations, ListKeyRotationsRequest,
    ListKeyRotationsResponse, RotationType, RotationsListEntry,
};
use muster_service_model::Timestamp;
use muster_store::kms::material::{self, Material, Rotation};

impl Handle<ListKeyRotations> for ControlPlane {
    const ACCESS: Access<ListKeyRotationsRequest> = Access::Handler;

    async fn handle(
        &self,
        context: &RequestContext,
        input: ListKeyRotationsRequest,
    ) -> Result<ListKeyRotationsResponse, ApiError> {
        let found = self.any_key(context, &input.key_id, None).await?;
        let limit = input.limit.unwrap_or(DEFAULT_LIMIT);
        let after: Option<(i64, String)> = self.marker(context, input.marker.as_deref())?;
        let all = input.include_key_material == Some(IncludeKeyMaterial::AllKeyMaterial);
        // A key has few: one a quarter at most, and a bounded number on demand.
        let mut materials: Vec<Material> = material::of_key(&self.db, &found.key.id).await?;
        materials.retain(|material| {
            let behind = after.as_ref().is_none_or(|(created_ms, id)| {
                (material.created_ms, material.id.as_str()) > (*created_ms, id.as_str())
            });
            behind && (all || material.rotation.is_some())
        });
        let next_marker =
            self.cut(context, &mut materials, limit, |material| (material.created_ms, material.id.clone()));
        let entry = |material: Material| RotationsListEntry {
            key_id: Some(found.arn()),
            key_material_state: Some(if material.id == found.key.material_id {
                KeyMaterialState::Current
            } else {
                KeyMaterialState::NonCurrent
            }),
            key_material_id: Some(material.id),
            rotation_date: material.rotation.map(|_| Timestamp(material.created_ms)),
            rotation_type: material.rotation.map(|rotation| match rotation {
                Rotation::Automatic => RotationType::Automatic,
                Rotation::OnDemand => RotationType::OnDemand,
            }),
            ..RotationsListEntry::default()
        };
        Ok(ListKeyRotationsResponse {
            rotations: Some(materials.into_iter().map(entry).collect()),
            truncated: Some(next_marker.is_some()),
            next_marker,
        })
    }
}
