//! KMS: keys, their aliases, policies, grants, rotation and deletion, and what they encrypt. Who uses a key for others is
//! in `keys`.

mod alias_name;
mod cancel_key_deletion;
mod create_alias;
mod create_grant;
mod create_key;
mod data_key;
mod decrypt;
mod delete_alias;
mod describe_key;
mod disable_key;
mod disable_key_rotation;
mod enable_key;
mod enable_key_rotation;
mod encrypt;
mod generate_data_key;
mod generate_data_key_without_plaintext;
mod generate_random;
mod get_key_policy;
mod get_key_rotation_status;
mod grants;
mod list_aliases;
mod list_grants;
mod list_key_policies;
mod list_key_rotations;
mod list_keys;
mod list_resource_tags;
mod list_retirable_grants;
mod policy;
mod put_key_policy;
mod re_encrypt;
mod retire_grant;
mod revoke_grant;
mod rotate_key_on_demand;
mod schedule_key_deletion;
mod source;
mod support;
mod tag_resource;
#[cfg(test)]
mod tests;
mod untag_resource;
mod update_alias;
mod update_key_description;

use crate::dispatch::Router;
use muster_kms_api::{
    CancelKeyDeletion, CreateAlias, CreateGrant, CreateKey, Decrypt, DeleteAlias, DescribeKey, DisableKey,
    DisableKeyRotation, EnableKey, EnableKeyRotation, Encrypt, GenerateDataKey,
    GenerateDataKeyWithoutPlaintext, GenerateRandom, GetKeyPolicy, GetKeyRotationStatus, ListAliases,
    ListGrants, ListKeyPolicies, ListKeyRotations, ListKeys, ListResourceTags, ListRetirableGrants,
    PutKeyPolicy, ReEncrypt, RetireGrant, RevokeGrant, RotateKeyOnDemand, ScheduleKeyDeletion, TagResource,
    UntagResource, UpdateAlias, UpdateKeyDescription,
};

pub(crate) fn register(router: Router) -> Router {
    router
        .on::<CancelKeyDeletion>()
        .on::<CreateAlias>()
        .on::<CreateGrant>()
        .on::<CreateKey>()
        .on::<Decrypt>()
        .on::<DeleteAlias>()
        .on::<DescribeKey>()
        .on::<DisableKey>()
        .on::<DisableKeyRotation>()
        .on::<EnableKey>()
        .on::<EnableKeyRotation>()
        .on::<Encrypt>()
        .on::<GenerateDataKey>()
        .on::<GenerateDataKeyWithoutPlaintext>()
        .on::<GenerateRandom>()
        .on::<GetKeyPolicy>()
        .on::<GetKeyRotationStatus>()
        .on::<ListAliases>()
        .on::<ListGrants>()
        .on::<ListKeyPolicies>()
        .on::<ListKeyRotations>()
        .on::<ListKeys>()
        .on::<ListResourceTags>()
        .on::<ListRetirableGrants>()
        .on::<PutKeyPolicy>()
        .on::<ReEncrypt>()
        .on::<RetireGrant>()
        .on::<RevokeGrant>()
        .on::<RotateKeyOnDemand>()
        .on::<ScheduleKeyDeletion>()
        .on::<TagResource>()
        .on::<UntagResource>()
        .on::<UpdateAlias>()
        .on::<UpdateKeyDescription>()
}
