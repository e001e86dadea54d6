//! What the operations on grants share: reading what is wanted, tokens, entries of lists. Not for: what a grant allows.

use crate::{
    ControlPlane, context::RequestContext, domain::kms::grant::OPERATIONS, error::ApiError, keys::Found,
    secrets::random_bytes,
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use muster_kms_api::{
    CreateGrantRequest, GrantConstraints, GrantListEntry, GrantOperation,
    errors::{
        INVALID_ARN_EXCEPTION, INVALID_GRANT_TOKEN_EXCEPTION, NOT_FOUND_EXCEPTION,
        UNSUPPORTED_OPERATION_EXCEPTION,
    },
};
use muster_policy::{Kind, Policy};
use muster_service_model::Timestamp;
use muster_store::kms::grant::{self, Constraints, Grant};
use serde_json::json;
use std::collections::BTreeSet;

const TOKEN_PURPOSE: &str = "kms-grant";

/// The operations as the store has them: sorted, each once.
pub(super) fn words(operations: &[GrantOperation]) -> Vec<String> {
    let words: BTreeSet<&str> = operations.iter().map(|operation| operation.as_str()).collect();
    words.into_iter().map(str::to_owned).collect()
}

/// `kms:GrantConstraintType` of constraints.
pub(super) fn constraint_kind(constraints: &GrantConstraints) -> Option<&'static str> {
    match (&constraints.encryption_context_equals, &constraints.encryption_context_subset) {
        (Some(_), _) => Some("EncryptionContextEquals"),
        (None, Some(_)) => Some("EncryptionContextSubset"),
        (None, None) => None,
    }
}

/// The grant that the caller wants.
///
/// # Errors
/// `ValidationException`, `UnsupportedOperationException`.
pub(super) fn wanted(
    context: &RequestContext,
    found: &Found,
    input: CreateGrantRequest,
) -> Result<Grant, ApiError> {
    let unsupported = |what: &str| {
        let text = format!("{what} is not supported by this version of Muster.");
        Err(ApiError::new(&UNSUPPORTED_OPERATION_EXCEPTION, text))
    };
    if input.grantee_service_principal.is_some() || input.retiring_service_principal.is_some() {
        return unsupported("A grant to a service");
    }
    let constraints = input.constraints.unwrap_or_default();
    if constraints.source_arn.is_some() {
        return unsupported("The constraint SourceArn");
    }
    let operations = words(&input.operations);
    let known = |word: &str| OPERATIONS.iter().any(|(known, _)| *known == word);
    if operations.is_empty() {
        return Err(ApiError::validation("Operations must not be empty."));
    }
    if let Some(other) = operations.iter().find(|word| !known(word)) {
        let text = format!("Operation {other} is not valid for a key of KeySpec SYMMETRIC_DEFAULT.");
        return Err(ApiError::validation(text));
    }
    let grantee = input.grantee_principal.unwrap_or_default();
    let constraints = Constraints {
        subset: constraints.encryption_context_subset,
        equals: constraints.encryption_context_equals,
    };
    let constrained = constraints != Constraints::default();
    Ok(Grant {
        key: found.key.id.clone(),
        id: hex::encode(random_bytes::<32>()),
        name: input.name,
        grantee,
        retiring: input.retiring_principal,
        issuing_account: context.tenant.account.clone(),
        operations,
        constraints: constrained.then_some(constraints),
        created_ms: context.now_ms,
    })
}

/// A grant in a list.
pub(super) fn entry(grant: Grant, key_arn: &str) -> GrantListEntry {
    let constraints = grant.constraints.map(|constraints| GrantConstraints {
        encryption_context_subset: constraints.subset,
        encryption_context_equals: constraints.equals,
        source_arn: None,
    });
    // The words were written from this list.
    let operation = |word: &String| serde_json::from_value(word.as_str().into()).ok();
    GrantListEntry {
        key_id: Some(key_arn.to_owned()),
        grant_id: Some(grant.id),
        name: grant.name,
        creation_date: Some(Timestamp(grant.created_ms)),
        grantee_principal: Some(grant.grantee),
        retiring_principal: grant.retiring,
        issuing_account: Some(crate::arn::iam(&grant.issuing_account, "root")),
        operations: Some(grant.operations.iter().filter_map(operation).collect()),
        constraints,
        ..GrantListEntry::default()
    }
}

/// No such grant on the key.
pub(super) fn no_grant(id: &str) -> ApiError {
    ApiError::new(&NOT_FOUND_EXCEPTION, format!("Grant ID {id} not found"))
}

impl ControlPlane {
    /// That the grantee, and who may end the grant, exist: a user, a role, a session of a role, or the root of an account.
    ///
    /// # Errors
    /// `InvalidArnException`.
    pub(super) async fn check_grant_principals(&self, grant: &Grant) -> Result<(), ApiError> {
        let wrong = || ApiError::new(&INVALID_ARN_EXCEPTION, "ARN does not refer to a valid principal");
        for principal in std::iter::once(&grant.grantee).chain(&grant.retiring) {
            let identity = principal.starts_with("arn:aws:iam::") || principal.starts_with("arn:aws:sts::");
            let statement = json!({
                "Effect": "Allow", "Principal": { "AWS": principal }, "Action": "kms:*", "Resource": "*",
            });
            let document = json!({ "Version": "2012-10-17", "Statement": statement }).to_string();
            match Policy::parse(&document, Kind::Resource) {
                Ok(policy) if identity => self.check_principals(&policy, wrong).await?,
                _ => return Err(wrong()),
            }
        }
        Ok(())
    }

    /// A grant of the same name and content that is there already.
    pub(super) async fn same_grant(&self, wanted: &Grant) -> Result<Option<Grant>, ApiError> {
        if wanted.name.is_none() {
            return Ok(None);
        }
        let known = grant::of_grantees(&self.db, &wanted.key, &[&wanted.grantee]).await?;
        let same = |known: &Grant| {
            known.name == wanted.name
                && known.retiring == wanted.retiring
                && known.operations == wanted.operations
                && known.constraints == wanted.constraints
        };
        Ok(known.into_iter().find(same))
    }

    /// What names a grant without its key.
    pub(super) fn grant_token(&self, grant: &Grant) -> Result<String, ApiError> {
        let content = serde_json::to_vec(&(&grant.key, &grant.id)).map_err(ApiError::internal)?;
        Ok(URL_SAFE_NO_PAD.encode(self.secrets.seal(TOKEN_PURPOSE, &content)))
    }

    /// The key and the grant that a token names.
    ///
    /// # Errors
    /// `InvalidGrantTokenException`.
    pub(super) fn read_grant_token(&self, token: &str) -> Result<(String, String), ApiError> {
        let invalid = || ApiError::new(&INVALID_GRANT_TOKEN_EXCEPTION, "");
        let sealed = URL_SAFE_NO_PAD.decode(token).map_err(|_| invalid())?;
        let content = self.secrets.open_sealed(TOKEN_PURPOSE, &sealed).map_err(|_| invalid())?;
        serde_json::from_slice(&content).map_err(|_| invalid())
    }
}
