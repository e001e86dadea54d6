//! `ListAliases`: the aliases of the account in the region, or of one key.

use super::support::{DEFAULT_LIMIT, anything};
use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
};
use muster_kms_api::{AliasListEntry, ListAliases, ListAliasesRequest, ListAliasesResponse};
use muster_service_model::Timestamp;
use muster_store::kms::alias::{self, Alias};

impl Handle<ListAliases> for ControlPlane {
    const ACCESS: Access<ListAliasesRequest> = Access::Policy(|context, _| anything(context));

    async fn handle(
        &self,
        context: &RequestContext,
        input: ListAliasesRequest,
    ) -> Result<ListAliasesResponse, ApiError> {
        let limit = input.limit.unwrap_or(DEFAULT_LIMIT);
        let after: Option<String> = self.marker(context, input.marker.as_deref())?;
        let key = match &input.key_id {
            Some(name) => Some(self.find_own_key(context, "kms:ListAliases", name).await?.key.id),
            None => None,
        };
        let after = after.as_deref().unwrap_or_default();
        let mut aliases =
            alias::list(&self.db, &context.tenant, key.as_ref(), after, i64::from(limit) + 1).await?;
        let next_marker = self.cut(context, &mut aliases, limit, |alias| alias.name.clone());
        let entry = |alias: Alias| AliasListEntry {
            alias_arn: Some(crate::arn::of("kms", &alias.tenant, &alias.name)),
            alias_name: Some(alias.name),
            target_key_id: Some(alias.key.to_string()),
            creation_date: Some(Timestamp(alias.created_ms)),
            last_updated_date: Some(Timestamp(alias.updated_ms)),
        };
        Ok(ListAliasesResponse {
            aliases: Some(aliases.into_iter().map(entry).collect()),
            truncated: Some(next_marker.is_some()),
            next_marker,
        })
    }
}
