//! The policies of users and roles, loaded at their first call and kept while the account's identities stay as they
//! are: authentication brings the account's revision, and what was loaded under an older one is loaded again. Not for:
//! policies of sessions, or the decision.

use super::Authority;
use crate::{
    ControlPlane,
    account::identity_arn,
    context::User,
    domain::{iam::managed, session::SessionTags},
};
use aws_lc_rs::digest::{SHA256, digest};
use muster_ids::AccountId;
use muster_policy::{Kind as Syntax, Policy};
use muster_store::{
    StoreError,
    iam::{self, Entity, Kind, TAGGED_ROLE, TAGGED_USER, attachment, inline, policy, role, user},
    tag,
};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fmt,
    sync::{Arc, LazyLock, Mutex, PoisonError, Weak},
};

/// Users and roles that are kept; beyond it the cache starts anew.
const CAPACITY: usize = 10_000;
/// Documents that are remembered before those that nobody uses any more are dropped.
const DOCUMENTS: usize = 10_000;
/// What stands for a policy that cannot be read: leaving it out could allow what it denies.
#[expect(clippy::expect_used, reason = "the text is ours, and a test reads it")]
static NOTHING: LazyLock<Arc<Policy>> = LazyLock::new(|| {
    let document = r#"{"Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}]}"#;
    Arc::new(Policy::parse(document, Syntax::Identity).expect("a policy"))
});

/// A user, and what it may.
#[derive(Debug)]
pub(crate) struct UserAuthority {
    /// Its row.
    pub(crate) user: user::User,
    /// Its ARN, with the path.
    pub(crate) arn: String,
    /// Its policies, those of its groups, its boundary and its tags.
    pub(crate) authority: Arc<Authority>,
}

impl UserAuthority {
    /// The user as a caller, with a long-term key or a session that began at `issued_ms`.
    pub(crate) fn principal(&self, access_key_id: String, issued_ms: Option<i64>) -> User {
        User {
            account: self.user.account.clone(),
            name: self.user.name.clone(),
            id: self.user.id.clone(),
            arn: self.arn.clone(),
            access_key_id,
            issued_ms,
        }
    }
}

/// A role, and what its sessions may.
#[derive(Debug)]
pub(crate) struct RoleAuthority {
    /// Its row.
    pub(crate) role: role::Role,
    /// Its ARN, with the path.
    pub(crate) arn: String,
    /// Its policies, its boundary and its tags.
    pub(crate) authority: Arc<Authority>,
}

/// What was loaded, and compiled documents.
#[derive(Default)]
pub(crate) struct Authorities {
    users: Mutex<HashMap<String, (i64, Arc<UserAuthority>)>>,
    roles: Mutex<HashMap<String, (i64, Arc<RoleAuthority>)>>,
    documents: Mutex<HashMap<[u8; 32], Weak<Policy>>>,
}

impl ControlPlane {
    /// A user and what it may, as of this revision of the account or later; `None` if there is no such user.
    ///
    /// # Errors
    /// The store's.
    pub(crate) async fn authority_of_user(
        &self,
        account: &AccountId,
        name: &str,
        revision: i64,
    ) -> Result<Option<Arc<UserAuthority>>, StoreError> {
        let place = format!("{account}/{name}");
        if let Some(kept) = kept(&self.authorities.users, &place, revision) {
            return Ok(Some(kept));
        }
        let Some(user) = user::find(&self.db, account, name).await? else { return Ok(None) };
        let of_groups = inline::of_groups_of(&self.db, account, name).await?;
        let of_groups = of_groups.into_iter().map(|(_, policy)| policy.document);
        let attached_to_groups = attachment::of_groups_of(&self.db, account, name).await?;
        let attached_to_groups = attached_to_groups.into_iter().map(|(_, arn)| arn);
        let entity = Entity::user(account, name);
        let authority = self
            .load(entity, user.boundary.as_deref(), of_groups.collect(), attached_to_groups.collect())
            .await?;
        let arn = identity_arn(account, "user", &user.path, &user.name);
        let loaded = Arc::new(UserAuthority { user, arn, authority: Arc::new(authority) });
        keep(&self.authorities.users, place, revision, &loaded);
        Ok(Some(loaded))
    }

    /// A role and what its sessions may, as of this revision of the account or later; `None` if there is no such role.
    /// Whether it is still the role of a session (its unique id) is the caller's to check.
    ///
    /// # Errors
    /// The store's.
    pub(crate) async fn authority_of_role(
        &self,
        account: &AccountId,
        name: &str,
        revision: i64,
    ) -> Result<Option<Arc<RoleAuthority>>, StoreError> {
        let place = format!("{account}/{name}");
        if let Some(kept) = kept(&self.authorities.roles, &place, revision) {
            return Ok(Some(kept));
        }
        let Some(role) = role::find(&self.db, account, name).await? else { return Ok(None) };
        let entity = Entity::role(account, name);
        let authority = self.load(entity, role.boundary.as_deref(), Vec::new(), Vec::new()).await?;
        let arn = identity_arn(account, "role", &role.path, &role.name);
        let loaded = Arc::new(RoleAuthority { role, arn, authority: Arc::new(authority) });
        keep(&self.authorities.roles, place, revision, &loaded);
        Ok(Some(loaded))
    }

    /// The policies of an entity, with `documents` and policies of these `arns` that it has from elsewhere.
    async fn load(
        &self,
        entity: Entity<'_>,
        boundary: Option<&str>,
        mut documents: Vec<String>,
        arns: Vec<String>,
    ) -> Result<Authority, StoreError> {
        let Entity { account, kind, name } = entity;
        let own = inline::of_entity(&self.db, entity).await?;
        documents.extend(own.into_iter().map(|policy| policy.document));
        let mut attached: BTreeSet<String> = arns.into_iter().collect();
        attached.extend(attachment::of_entity(&self.db, entity).await?);

        let wanted: Vec<String> =
            attached.iter().map(String::as_str).chain(boundary).map(str::to_owned).collect();
        let managed_documents: BTreeMap<String, String> =
            policy::documents(&self.db, account, &wanted).await?.into_iter().collect();
        let managed = |arn: &str| match managed_documents.get(arn) {
            Some(document) => self.compiled(document, Syntax::Identity),
            None => aws_managed(arn).unwrap_or_else(|| {
                tracing::error!(arn, "a policy in use is not there; it denies everything");
                Arc::clone(&NOTHING)
            }),
        };
        let mut identity: Vec<Arc<Policy>> =
            documents.iter().map(|document| self.compiled(document, Syntax::Identity)).collect();
        identity.extend(attached.iter().map(|arn| managed(arn)));

        let tenant = iam::tag_tenant(account);
        let tagged = match kind {
            Kind::Role => TAGGED_ROLE,
            Kind::User | Kind::Group => TAGGED_USER,
        };
        let key = iam::key(name);
        let tags = tag::of_resource(&self.db, iam::tagged(&tenant, tagged, &key)).await?;
        Ok(Authority {
            identity,
            boundary: boundary.map(managed),
            session: None,
            tags: tags.into_iter().map(|tag| (tag.key, tag.value)).collect(),
            session_tags: SessionTags::default(),
        })
    }

    /// Managed policies as an account has them, each in its place: of its own, or of AWS. `None` for what is neither.
    ///
    /// # Errors
    /// The store's.
    pub(crate) async fn managed_policies(
        &self,
        account: &AccountId,
        arns: &[String],
    ) -> Result<Vec<Option<Arc<Policy>>>, StoreError> {
        if arns.is_empty() {
            return Ok(Vec::new());
        }
        let own: BTreeMap<String, String> =
            policy::documents(&self.db, account, arns).await?.into_iter().collect();
        let find = |arn: &String| match own.get(arn) {
            Some(document) => Some(self.compiled(document, Syntax::Identity)),
            None => aws_managed(arn),
        };
        Ok(arns.iter().map(find).collect())
    }

    /// A document of the store, compiled; equal documents share one. What cannot be read denies everything.
    pub(crate) fn compiled(&self, document: &str, syntax: Syntax) -> Arc<Policy> {
        let mut hash = [0; 32];
        let digest = digest(&SHA256, document.as_bytes());
        hash.iter_mut().zip(digest.as_ref()).for_each(|(to, from)| *to = *from);
        if let Some(first) = hash.first_mut() {
            *first ^= syntax as u8;
        }
        let mut documents = self.authorities.documents.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(policy) = documents.get(&hash).and_then(Weak::upgrade) {
            return policy;
        }
        let policy = match Policy::parse(document, syntax) {
            Ok(policy) => Arc::new(policy),
            Err(error) => {
                tracing::error!(%error, "a stored policy cannot be read; it denies everything");
                return Arc::clone(&NOTHING);
            }
        };
        if documents.len() >= DOCUMENTS {
            documents.retain(|_, policy| policy.strong_count() > 0);
        }
        documents.insert(hash, Arc::downgrade(&policy));
        policy
    }
}

/// The policy that AWS manages under this ARN.
fn aws_managed(arn: &str) -> Option<Arc<Policy>> {
    managed::find(arn)?.policy().cloned()
}

type Kept<T> = Mutex<HashMap<String, (i64, Arc<T>)>>;

fn kept<T>(map: &Kept<T>, place: &str, revision: i64) -> Option<Arc<T>> {
    let map = map.lock().unwrap_or_else(PoisonError::into_inner);
    // A later revision is as good: what is asked for is what holds now.
    map.get(place).filter(|(of, _)| *of >= revision).map(|(_, loaded)| Arc::clone(loaded))
}

fn keep<T>(map: &Kept<T>, place: String, revision: i64, loaded: &Arc<T>) {
    let mut map = map.lock().unwrap_or_else(PoisonError::into_inner);
    if map.len() >= CAPACITY && !map.contains_key(&place) {
        map.clear();
    }
    map.insert(place, (revision, Arc::clone(loaded)));
}

impl fmt::Debug for Authorities {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Authorities").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Bench, allow, on_each_bench};
    use muster_iam_api::{AttachUserPolicy, CreateUser, DetachUserPolicy, GetUser, PutUserPolicy, TagUser};
    use muster_store::{account, testing::on_each_engine};
    use serde_json::json;

    const IAM_READ: &str = "arn:aws:iam::aws:policy/IAMReadOnlyAccess";

    #[test]
    fn what_stands_for_an_unreadable_policy_is_a_policy() {
        assert_eq!(NOTHING.statements().len(), 1);
    }

    #[tokio::test]
    async fn what_cannot_be_read_denies_everything() {
        on_each_bench(|bench| async move {
            let root = bench.root("r");
            let account = root.tenant().account.clone();
            let break_it = async |user: &str, batch: muster_store::Batch| {
                root.must::<CreateUser>(json!({ "UserName": user })).await;
                root.must::<AttachUserPolicy>(json!({ "UserName": user, "PolicyArn": IAM_READ })).await;
                bench.stored_user(user).await.must::<GetUser>(json!({})).await;
                let mut change = account::touch_iam(&account);
                change.append(batch);
                bench.control_plane.db.write(change).await.unwrap();
                bench.stored_user(user).await.refusal::<GetUser>(json!({})).await
            };
            let unreadable = break_it("a", inline::put(Entity::user(&account, "a"), "p", "{")).await;
            assert!(
                unreadable.ends_with("with an explicit deny in an identity-based policy"),
                "{unreadable}"
            );
            let missing = "arn:aws:iam::aws:policy/NoSuchPolicy";
            let attached = break_it("b", attachment::attach(Entity::user(&account, "b"), missing)).await;
            assert!(attached.ends_with("with an explicit deny in an identity-based policy"), "{attached}");
            let bounded = break_it("c", user::set_boundary(&account, "c", Some(missing))).await;
            assert!(bounded.ends_with("with an explicit deny in a permissions boundary"), "{bounded}");
        })
        .await;
    }

    #[tokio::test]
    async fn every_replica_sees_a_change_at_once() {
        on_each_engine(|db| async move {
            let (one, other) = (Bench::new(db.clone(), |_| {}), Bench::new(db, |_| {}));
            let root = one.root("r");
            root.must::<CreateUser>(json!({ "UserName": "u" })).await;
            let may = async || {
                let caller = other.stored_user("u").await;
                caller.call::<GetUser>(json!({})).await.is_ok()
            };
            assert!(!may().await);
            let policy = json!({ "UserName": "u", "PolicyArn": IAM_READ });
            for _ in 0..2 {
                root.must::<AttachUserPolicy>(policy.clone()).await;
                assert!(may().await);
                root.must::<DetachUserPolicy>(policy.clone()).await;
                assert!(!may().await);
            }
            let tags = json!([{ "Key": "k", "Value": "v" }]);
            root.must::<TagUser>(json!({ "UserName": "u", "Tags": tags })).await;
            let account = &root.tenant().account;
            let revision =
                account::find(&other.control_plane.db, account).await.unwrap().unwrap().iam_revision;
            let load = async |revision| other.control_plane.authority_of_user(account, "u", revision).await;
            let loaded = load(revision).await.unwrap().unwrap();
            assert_eq!(loaded.authority.tags.get("k").map(String::as_str), Some("v"));
            // Kept while nothing changes, and not loaded again for a call that began before the last change.
            assert!(Arc::ptr_eq(&loaded, &load(revision).await.unwrap().unwrap()));
            assert!(Arc::ptr_eq(&loaded, &load(revision - 1).await.unwrap().unwrap()));
            assert!(!Arc::ptr_eq(&loaded, &load(revision + 1).await.unwrap().unwrap()));
        })
        .await;
    }

    #[tokio::test]
    async fn equal_documents_are_compiled_once() {
        on_each_bench(|bench| async move {
            let root = bench.root("r");
            let document = allow(&["ssm:*"], &["*"]).to_string();
            for user in ["a", "b"] {
                root.must::<CreateUser>(json!({ "UserName": user })).await;
                let put = json!({ "UserName": user, "PolicyName": "p", "PolicyDocument": document });
                root.must::<PutUserPolicy>(put).await;
            }
            let account = &root.tenant().account;
            let load =
                async |user: &str| bench.control_plane.authority_of_user(account, user, i64::MAX).await;
            let (a, b) = (load("a").await.unwrap().unwrap(), load("b").await.unwrap().unwrap());
            assert!(Arc::ptr_eq(
                a.authority.identity.first().unwrap(),
                b.authority.identity.first().unwrap()
            ));
        })
        .await;
    }
}
