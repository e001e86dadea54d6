//! Tags of identities, in the forms of the API and of the store.

use super::marker;
use crate::{
    ControlPlane, authority::Requirement, context::RequestContext, domain::iam::tag as rules, error::ApiError,
};
use muster_iam_api::{
    Tag,
    errors::{INVALID_INPUT_EXCEPTION, LIMIT_EXCEEDED_EXCEPTION},
};
use muster_ids::AccountId;
use muster_store::{Batch, StoreError, iam, tag};

/// Checks tags that a caller gives, and brings them into the store's form.
///
/// # Errors
/// Keys that are reserved, or the same but for case.
pub(super) fn checked(tags: Option<Vec<Tag>>) -> Result<Vec<tag::Tag>, ApiError> {
    let tags = tags.unwrap_or_default();
    check_keys(tags.iter().map(|tag| tag.key.as_str()))?;
    Ok(tags.into_iter().map(|Tag { key, value }| tag::Tag { key, value }).collect())
}

/// Checks keys that a caller names.
///
/// # Errors
/// As [`checked`].
pub(super) fn check_keys<'a>(keys: impl IntoIterator<Item = &'a str>) -> Result<(), ApiError> {
    rules::check(keys).map_err(|error| ApiError::new(&INVALID_INPUT_EXCEPTION, error.to_string()))
}

/// What a call needs that makes an identity with tags: its own permission, and that of tagging if there are any.
pub(super) fn to_create(
    context: &RequestContext,
    own: Requirement,
    tagging: &'static str,
    tags: Option<&[Tag]>,
) -> Vec<Requirement> {
    let tags = tags.unwrap_or_default();
    let pairs = || tags.iter().map(|tag| (tag.key.as_str(), tag.value.as_str()));
    let also = (!tags.is_empty())
        .then(|| Requirement::of(context, tagging, own.resource.clone()).requesting_tags(pairs()));
    std::iter::once(own.requesting_tags(pairs())).chain(also).collect()
}

/// Tags in the API's form; none if there are none.
pub(super) fn shown(tags: Vec<tag::Tag>) -> Option<Vec<Tag>> {
    let tags: Vec<Tag> = tags.into_iter().map(|tag::Tag { key, value }| Tag { key, value }).collect();
    (!tags.is_empty()).then_some(tags)
}

/// The tags of an identity. `kind` is one of the store's `TAGGED_…`.
///
/// # Errors
/// The store's.
pub(super) async fn of(
    control_plane: &ControlPlane,
    account: &AccountId,
    kind: &str,
    name: &str,
) -> Result<Vec<tag::Tag>, StoreError> {
    let (tenant, key) = (iam::tag_tenant(account), iam::key(name));
    tag::of_resource(&control_plane.db, iam::tagged(&tenant, kind, &key)).await
}

/// Sets tags: keys that differ by case alone are the same, and the older spelling goes.
///
/// # Errors
/// More tags than an identity may have, or the store's.
pub(super) async fn put(
    control_plane: &ControlPlane,
    account: &AccountId,
    kind: &str,
    name: &str,
    tags: &[tag::Tag],
) -> Result<Batch, ApiError> {
    let limit = control_plane.config.limits.tags_per_resource;
    let old = of(control_plane, account, kind, name).await?;
    let given = |key: &str| tags.iter().any(|tag| tag.key.to_lowercase() == key.to_lowercase());
    let (replaced, kept): (Vec<_>, Vec<_>) = old.into_iter().partition(|tag| given(&tag.key));
    if kept.len().saturating_add(tags.len()) > limit {
        return Err(too_many(limit));
    }
    let (tenant, key) = (iam::tag_tenant(account), iam::key(name));
    let resource = iam::tagged(&tenant, kind, &key);
    let replaced: Vec<String> = replaced.into_iter().map(|tag| tag.key).collect();
    let mut batch = tag::remove(resource, &replaced);
    batch.append(tag::put(resource, tags, limit));
    Ok(batch)
}

/// Removes tags by their keys, in whatever case.
///
/// # Errors
/// The store's.
pub(super) async fn remove(
    control_plane: &ControlPlane,
    account: &AccountId,
    kind: &str,
    name: &str,
    keys: &[String],
) -> Result<Batch, ApiError> {
    let named = |key: &str| keys.iter().any(|other| other.to_lowercase() == key.to_lowercase());
    let old = of(control_plane, account, kind, name).await?;
    let keys: Vec<String> = old.into_iter().map(|tag| tag.key).filter(|key| named(key)).collect();
    let (tenant, key) = (iam::tag_tenant(account), iam::key(name));
    Ok(tag::remove(iam::tagged(&tenant, kind, &key), &keys))
}

/// A page of tags.
///
/// # Errors
/// A wrong marker.
pub(super) fn page(
    control_plane: &ControlPlane,
    context: &RequestContext,
    page: (Option<&str>, Option<i32>),
    tags: Vec<tag::Tag>,
) -> Result<(Vec<Tag>, Option<String>), ApiError> {
    let (tags, marker) = marker::page_of(control_plane, context, page, tags, |tag| tag.key.clone())?;
    Ok((shown(tags).unwrap_or_default(), marker))
}

fn too_many(limit: usize) -> ApiError {
    let text = format!("The number of tags has reached the maximum limit: {limit}");
    ApiError::new(&LIMIT_EXCEEDED_EXCEPTION, text)
}
