//! Callers with temporary credentials: what the session token says, and whether what it speaks for is still there. Not
//! for: making sessions.
//!
//! Of a token nothing is believed but what cannot change: the entity, the session's name, policies and tags. The entity
//! is looked up at each call, so whatever happened to it holds for its sessions at once.

use super::{Authenticator, BAD_REGION, EXPIRED, Identity, MISMATCH, UNKNOWN_TOKEN, of_key};
use crate::{
    ControlPlane,
    authority::{Authority, RoleAuthority},
    context::{Principal, Proof, RoleSession},
    domain::session::SessionTags,
    error::{ApiError, EXPIRED_TOKEN, INVALID_SIGNATURE, UNRECOGNIZED_CLIENT},
    secrets::{Claims, KeyClaims, NodeClaims, RoleClaims, Session},
};
use muster_ids::{AccountId, Region, Tenant};
use muster_policy::Kind;
use muster_protocol::signing::{
    Request,
    sigv4::{self, PathEncoding, SignedRequest},
};
use muster_store::{access_key, account, managed_node};
use std::sync::Arc;

/// How much is left over when a token is good.
struct Times {
    issued_ms: i64,
}

impl Authenticator {
    /// Finds out whose session signed a request.
    pub(super) async fn session(
        &self,
        control_plane: &ControlPlane,
        signed: &SignedRequest,
        request: &Request<'_>,
        payload_hash: &str,
        region: Region,
        now_ms: i64,
    ) -> Result<Identity, ApiError> {
        let token = signed.session_token.as_deref().ok_or_else(unknown)?;
        let known = self.sessions.get(&signed.access_key_id, token);
        let is_new = known.is_none();
        let session = match known {
            Some(session) => session,
            None => {
                let read = control_plane.secrets.read_session(token, &signed.access_key_id);
                Arc::new(read.map_err(|_| unknown())?)
            }
        };
        if now_ms >= session.expires_ms {
            return Err(ApiError::new(&EXPIRED_TOKEN, EXPIRED));
        }
        let key = self.cache.get(signed, token.as_bytes()).unwrap_or_else(|| {
            let secret = session.secret_access_key.expose();
            sigv4::derive_key(secret, &signed.date, &signed.region, &signed.service)
        });
        if !signed.verify(&key, request, PathEncoding::Double, payload_hash) {
            return Err(ApiError::new(&INVALID_SIGNATURE, MISMATCH));
        }
        // Nodes are too many to be remembered, and call too seldom.
        if is_new && !matches!(session.claims, Claims::Node(_)) {
            self.cache.put(signed, token.as_bytes().to_vec(), key);
            self.sessions.put(&signed.access_key_id, token, &session);
        }
        let times = Times { issued_ms: session.issued_ms };
        match &session.claims {
            Claims::Node(claims) => of_node(control_plane, claims, region, &times).await,
            Claims::Key(claims) => of_session_of_key(control_plane, signed, claims, region, &times).await,
            Claims::Role(claims) => self.of_role(control_plane, signed, claims, region, &session).await,
        }
    }

    async fn of_role(
        &self,
        control_plane: &ControlPlane,
        signed: &SignedRequest,
        claims: &RoleClaims,
        region: Region,
        session: &Session,
    ) -> Result<Identity, ApiError> {
        let revision = revision(control_plane, &claims.account).await?;
        let role = control_plane.authority_of_role(&claims.account, &claims.role, revision).await?;
        // One of the same name that was made later is another role.
        let role = role.filter(|role| role.role.id == claims.role_id).ok_or_else(unknown)?;
        let authority = narrowed(control_plane, claims, &role).await?;
        let now_ms = control_plane.clock.now_ms();
        control_plane.uses.role_used(&role.role.id, region.as_str(), &signed.service, now_ms);
        let principal = RoleSession {
            account: claims.account.clone(),
            role: claims.role.clone(),
            role_id: claims.role_id.clone(),
            role_arn: role.arn.clone(),
            session: claims.session.clone(),
            access_key_id: signed.access_key_id.clone(),
            source_identity: claims.source_identity.clone(),
            issued_ms: session.issued_ms,
        };
        Ok(Identity {
            principal: Principal::Role(principal),
            proof: Proof::SecretKey,
            tenant: Tenant::new(claims.account.clone(), region),
            authority,
        })
    }
}

fn unknown() -> ApiError {
    ApiError::new(&UNRECOGNIZED_CLIENT, UNKNOWN_TOKEN)
}

/// The revision of the identities of an account whose callers may call.
async fn revision(control_plane: &ControlPlane, account: &AccountId) -> Result<i64, ApiError> {
    match account::find(&control_plane.db, account).await? {
        Some(account) if account.status == account::Status::Active => Ok(account.iam_revision),
        _ => Err(unknown()),
    }
}

/// What a session of a role may: the role's authority, under the session's policies, with its tags over the role's.
async fn narrowed(
    control_plane: &ControlPlane,
    claims: &RoleClaims,
    role: &RoleAuthority,
) -> Result<Arc<Authority>, ApiError> {
    if claims.policy.is_none() && claims.policy_arns.is_empty() && claims.tags.is_empty() {
        return Ok(Arc::clone(&role.authority));
    }
    let mut authority = Authority::clone(&role.authority);
    if claims.policy.is_some() || !claims.policy_arns.is_empty() {
        let inline = claims.policy.iter().map(|policy| control_plane.compiled(policy, Kind::Identity));
        let mut policies: Vec<_> = inline.collect();
        let managed = control_plane.managed_policies(&claims.account, &claims.policy_arns).await?;
        // One that was deleted since allows nothing any more.
        policies.extend(managed.into_iter().flatten());
        authority.session = Some(policies);
    }
    for (key, value) in &claims.tags {
        authority.tags.retain(|of_role, _| !of_role.eq_ignore_ascii_case(key));
        authority.tags.insert(key.clone(), value.clone());
    }
    authority.session_tags = SessionTags { tags: claims.tags.clone(), transitive: claims.transitive.clone() };
    Ok(Arc::new(authority))
}

/// A session of `GetSessionToken` is whom its key is, as long as the key is good.
async fn of_session_of_key(
    control_plane: &ControlPlane,
    signed: &SignedRequest,
    claims: &KeyClaims,
    region: Region,
    times: &Times,
) -> Result<Identity, ApiError> {
    let signer = access_key::find_signer(&control_plane.db, &claims.access_key_id).await?;
    let signer = signer.filter(|signer| signer.account == claims.account).ok_or_else(unknown)?;
    of_key(control_plane, &signer, &signed.access_key_id, region, Some(times.issued_ms)).await
}

/// A node is what its registration says, and may what its role may.
async fn of_node(
    control_plane: &ControlPlane,
    claims: &NodeClaims,
    region: Region,
    times: &Times,
) -> Result<Identity, ApiError> {
    let tenant = claims.tenant.clone();
    if tenant.region != region {
        return Err(ApiError::new(&INVALID_SIGNATURE, BAD_REGION));
    }
    // The token outlives the node's registration; the node's rights do not.
    let node = managed_node::find_in(&control_plane.db, &tenant, &claims.node).await?;
    let node = node.ok_or_else(unknown)?;
    let revision = revision(control_plane, &tenant.account).await?;
    let name = node.iam_role.rsplit('/').next().unwrap_or_default();
    let role = control_plane.authority_of_role(&tenant.account, name, revision).await?;
    let (role_id, authority) = match role {
        Some(role) => (Some(role.role.id.clone()), Arc::clone(&role.authority)),
        None => (None, Arc::default()),
    };
    let issued_ms = Some(times.issued_ms);
    Ok(Identity {
        principal: Principal::Node {
            tenant: tenant.clone(),
            node: node.id,
            role: node.iam_role,
            role_id,
            issued_ms,
        },
        proof: Proof::SecretKey,
        tenant,
        authority,
    })
}
