//! Tags of resources: one set of operations for every type of resource, over the registry in `resource`.

mod add_tags_to_resource;
mod list_tags_for_resource;
mod remove_tags_from_resource;
mod resource;

use crate::dispatch::Router;
use muster_ssm_api::{AddTagsToResource, ListTagsForResource, RemoveTagsFromResource};

pub(crate) fn register(router: Router) -> Router {
    router.on::<AddTagsToResource>().on::<ListTagsForResource>().on::<RemoveTagsFromResource>()
}

#[cfg(test)]
mod tests;
