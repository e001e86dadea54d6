//! `Marker` and `MaxItems` of IAM's lists.

use crate::{ControlPlane, context::RequestContext, domain::paging::PageSize, error::ApiError};
use serde::{Serialize, de::DeserializeOwned};

/// Entries of a page whose size the caller does not say.
const DEFAULT_ITEMS: usize = 100;

/// The size of a page.
pub(super) fn size(max_items: Option<i32>) -> PageSize {
    PageSize::new(max_items, DEFAULT_ITEMS)
}

/// Where the page begins: after this position; `None` at the beginning.
///
/// # Errors
/// A marker that nobody here made for this list.
pub(super) fn position<T: DeserializeOwned>(
    control_plane: &ControlPlane,
    context: &RequestContext,
    marker: Option<&str>,
) -> Result<Option<T>, ApiError> {
    let Some(marker) = marker.filter(|marker| !marker.is_empty()) else { return Ok(None) };
    let position = control_plane.secrets.read_page_token(context.operation.name, &context.tenant, marker);
    position.map(Some).map_err(|_| ApiError::validation("Invalid Marker."))
}

/// Cuts a page out of what was read: the marker of the next page, if one follows. `position` says where an entry stands.
pub(super) fn cut<R, T: Serialize>(
    control_plane: &ControlPlane,
    context: &RequestContext,
    size: PageSize,
    rows: &mut Vec<R>,
    position: impl FnOnce(&R) -> T,
) -> Option<String> {
    let last = if size.cut(rows) { rows.last().map(position) } else { None };
    let token =
        |position| control_plane.secrets.page_token(context.operation.name, &context.tenant, &position);
    last.and_then(|position| token(position).ok())
}

/// A page of a list that is at hand as a whole; `key` says where an entry stands, and orders the list.
///
/// # Errors
/// A marker that nobody here made for this list.
pub(super) fn page_of<R>(
    control_plane: &ControlPlane,
    context: &RequestContext,
    (marker, max_items): (Option<&str>, Option<i32>),
    all: impl IntoIterator<Item = R>,
    key: impl Fn(&R) -> String,
) -> Result<(Vec<R>, Option<String>), ApiError> {
    let after: Option<String> = position(control_plane, context, marker)?;
    let size = size(max_items);
    let rows = usize::try_from(size.rows()).unwrap_or(usize::MAX);
    let follows = |row: &R| after.as_ref().is_none_or(|after| key(row) > *after);
    let mut page: Vec<R> = all.into_iter().filter(follows).collect();
    page.sort_by_cached_key(&key);
    page.truncate(rows);
    let marker = cut(control_plane, context, size, &mut page, |row| key(row));
    Ok((page, marker))
}
