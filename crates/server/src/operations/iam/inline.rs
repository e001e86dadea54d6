//! Inline policies of users, groups and roles. The callers here found the identity, and asked whether the caller may.

use super::marker;
use crate::{ControlPlane, config::Limits, context::RequestContext, domain::iam::document, error::ApiError};
use muster_iam_api::errors::{
    LIMIT_EXCEEDED_EXCEPTION, MALFORMED_POLICY_DOCUMENT_EXCEPTION, NO_SUCH_ENTITY_EXCEPTION,
};
use muster_policy::{Kind as Syntax, Policy};
use muster_store::{
    Batch,
    iam::{
        Entity, Kind,
        inline::{self, Inline},
    },
};

/// Reads a document that a caller gives.
///
/// # Errors
/// AWS's words for what is wrong with it.
pub(super) fn parse(document: &str, syntax: Syntax) -> Result<Policy, ApiError> {
    Policy::parse(document, syntax)
        .map_err(|error| ApiError::new(&MALFORMED_POLICY_DOCUMENT_EXCEPTION, error.to_string()))
}

/// Sets a policy.
///
/// # Errors
/// A document that is none, or the identity's policies would be too long together.
pub(super) async fn put(
    control_plane: &ControlPlane,
    entity: Entity<'_>,
    name: &str,
    document: &str,
) -> Result<Batch, ApiError> {
    parse(document, Syntax::Identity)?;
    let others = inline::of_entity(&control_plane.db, entity).await?;
    let others = others.iter().filter(|policy| policy.name != name);
    let size =
        others.map(|policy| document::size(&policy.document)).sum::<usize>() + document::size(document);
    let most = most_characters(&control_plane.config.limits, entity.kind);
    if size > most {
        let (kind, entity) = (entity.kind.as_str(), entity.name);
        let text = format!("Maximum policy size of {most} bytes exceeded for {kind} {entity}");
        return Err(ApiError::new(&LIMIT_EXCEEDED_EXCEPTION, text));
    }
    Ok(inline::put(entity, name, document))
}

/// Removes a policy.
///
/// # Errors
/// None of this name.
pub(super) async fn delete(
    control_plane: &ControlPlane,
    entity: Entity<'_>,
    name: &str,
) -> Result<Batch, ApiError> {
    find(control_plane, entity, name).await?;
    Ok(inline::delete(entity, name))
}

/// A policy.
///
/// # Errors
/// None of this name.
pub(super) async fn find(
    control_plane: &ControlPlane,
    entity: Entity<'_>,
    name: &str,
) -> Result<Inline, ApiError> {
    let policies = inline::of_entity(&control_plane.db, entity).await?;
    policies.into_iter().find(|policy| policy.name == name).ok_or_else(|| {
        let text = format!("The {} policy with name {name} cannot be found.", entity.kind.as_str());
        ApiError::new(&NO_SUCH_ENTITY_EXCEPTION, text)
    })
}

/// A page of the names of an identity's policies, and the marker of the next one.
///
/// # Errors
/// A wrong marker, or the store's.
pub(super) async fn page(
    control_plane: &ControlPlane,
    context: &RequestContext,
    entity: Entity<'_>,
    page: (Option<&str>, Option<i32>),
) -> Result<(Vec<String>, Option<String>), ApiError> {
    let policies = inline::of_entity(&control_plane.db, entity).await?;
    let names = policies.into_iter().map(|policy| policy.name);
    marker::page_of(control_plane, context, page, names, Clone::clone)
}

fn most_characters(limits: &Limits, kind: Kind) -> usize {
    match kind {
        Kind::User => limits.user_policy_characters,
        Kind::Group => limits.group_policy_characters,
        Kind::Role => limits.role_policy_characters,
    }
}
