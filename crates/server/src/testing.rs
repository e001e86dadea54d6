//! A control plane without a port, and callers of its operations: for tests of handlers inside this crate. What the
//! port adds (signatures, codecs, the model's constraints) is tested through a real server.

use crate::{
    ControlPlane, account,
    audit::Audit,
    authority::{Authorities, Authority, Uses},
    channels::Channels,
    clock::{Clock as _, ManualClock},
    config::Config,
    context::{Principal, Proof, RequestContext, RoleSession, User},
    dispatch::Router,
    domain::document::BuiltinDocuments,
    error::ApiError,
    keys::Keys,
    operations,
    public_parameters::PublicParameters,
    secrets::{Secrets, random_identity_id},
};
use muster_blob::Blobs;
use muster_bus::Bus;
use muster_ids::{AccountId, ManagedNodeId, Region, ReplicaId, Tenant};
use muster_policy::{Kind, Policy};
use muster_service_model::{Operation, OperationSchema};
use muster_store::{Db, StoreError, iam, testing::on_each_engine};
use serde_json::{Value, json};
use std::{
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
};
use tempfile::TempDir;

/// One replica for one test.
#[derive(Debug, Clone)]
pub(crate) struct Bench {
    pub(crate) control_plane: Arc<ControlPlane>,
    pub(crate) clock: ManualClock,
    router: Arc<Router>,
    folder: Arc<TempDir>,
    /// What the audit trail's keys come from.
    audit_secrets: Arc<Secrets>,
}

/// Runs `body` with a fresh replica on every engine at hand.
pub(crate) async fn on_each_bench<F, R>(body: F)
where
    F: Fn(Bench) -> R + Clone + Send + 'static,
    R: Future<Output = ()> + Send + 'static,
{
    on_each_engine(move |db| {
        let body = body.clone();
        async move { body(Bench::new(db, |_| {})).await }
    })
    .await;
}

/// Someone who calls operations.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    bench: Bench,
    principal: Principal,
    proof: Proof,
    tenant: Tenant,
    authority: Arc<Authority>,
}

/// The tenant of a bench's root.
pub(crate) fn tenant(region: &str) -> Tenant {
    Tenant::new(AccountId::parse("123456789012").unwrap(), Region::parse(region).unwrap())
}

impl Bench {
    /// A replica on this database; `adjust` changes its settings.
    pub(crate) fn new(db: Db, adjust: impl FnOnce(&mut Config)) -> Self {
        let folder = Arc::new(tempfile::tempdir().unwrap());
        Self::on(db, folder, ManualClock::default(), Arc::new(Secrets::ephemeral()), adjust)
    }

    /// Another process on the same database and data folder, as if this one had been killed.
    pub(crate) fn after_a_crash(&self) -> Self {
        let audit = self.control_plane.config.audit.clone();
        let (db, folder) = (self.control_plane.db.clone(), Arc::clone(&self.folder));
        let secrets = Arc::clone(&self.audit_secrets);
        Self::on(db, folder, self.clock.clone(), secrets, |config| config.audit = audit)
    }

    fn on(
        db: Db,
        folder: Arc<TempDir>,
        clock: ManualClock,
        audit_secrets: Arc<Secrets>,
        adjust: impl FnOnce(&mut Config),
    ) -> Self {
        let mut config = Config::new(folder.path()).unwrap();
        adjust(&mut config);
        let outbound = muster_outbound::Client::new(config.outbound.options()).unwrap();
        let blobs = Blobs::open(folder.path().join("blobs").to_str().unwrap()).unwrap();
        let audit = Audit::open(&config, &audit_secrets).unwrap();
        let control_plane = ControlPlane {
            config: Arc::new(config),
            audit,
            db,
            bus: Bus::in_process(),
            outbound,
            blobs,
            clock: Arc::new(clock.clone()),
            secrets: Secrets::ephemeral(),
            keys: Keys::default(),
            signer: crate::notify::MessageSigner::default(),
            replica: ReplicaId::random(),
            authorities: Authorities::default(),
            uses: Uses::default(),
            channels: Channels::default(),
            documents: BuiltinDocuments::load().unwrap(),
            driver: std::sync::OnceLock::new(),
            public_parameters: Arc::new(PublicParameters::new(folder.path())),
        };
        Self {
            control_plane: Arc::new(control_plane),
            clock,
            router: Arc::new(operations::router()),
            folder,
            audit_secrets,
        }
    }

    /// The root of the account, in a region.
    pub(crate) fn root(&self, region: &str) -> Caller {
        self.root_of("123456789012", region)
    }

    /// The root of any account.
    pub(crate) fn root_of(&self, account: &str, region: &str) -> Caller {
        let tenant = Tenant::new(AccountId::parse(account).unwrap(), Region::parse(region).unwrap());
        let (account, access_key_id) = (tenant.account.clone(), "AKIATEST".to_owned());
        let principal = Principal::Root { account, access_key_id, issued_ms: None };
        Caller { bench: self.clone(), principal, proof: Proof::SecretKey, tenant, authority: Arc::default() }
    }

    /// A user of the root's account in the region `us-east-1` that has these policies and no others.
    pub(crate) fn user(&self, name: &str, policies: &[Value]) -> Caller {
        let root = self.root("us-east-1");
        let account = root.tenant.account.clone();
        let user = User {
            arn: crate::arn::iam(&account, &format!("user/{name}")),
            account,
            name: name.to_owned(),
            id: format!("AIDA{}", name.to_uppercase()),
            access_key_id: "AKIATEST".to_owned(),
            issued_ms: None,
        };
        Caller { principal: Principal::User(user), authority: authority(policies), ..root }
    }

    /// A user that is in the store, with all that it may by now.
    pub(crate) async fn stored_user(&self, name: &str) -> Caller {
        let root = self.root("us-east-1");
        let account = &root.tenant.account;
        let found = muster_store::account::find(&self.control_plane.db, account).await.unwrap().unwrap();
        let user = self.control_plane.authority_of_user(account, name, found.iam_revision).await.unwrap();
        let user = user.unwrap();
        let principal = Principal::User(user.principal("AKIATEST".to_owned(), None));
        Caller { principal, authority: Arc::clone(&user.authority), ..root }
    }

    /// A session of a role of the root's account in the region `us-east-1` that has these policies and no others.
    pub(crate) fn role_session(&self, role: &str, session: &str, policies: &[Value]) -> Caller {
        let root = self.root("us-east-1");
        let account = root.tenant.account.clone();
        let role = RoleSession {
            role_arn: crate::arn::role(&account, role),
            account,
            role: role.to_owned(),
            role_id: format!("AROA{}", role.to_uppercase()),
            session: session.to_owned(),
            access_key_id: "ASIATEST".to_owned(),
            source_identity: None,
            issued_ms: self.clock.now_ms(),
        };
        Caller { principal: Principal::Role(role), authority: authority(policies), ..root }
    }

    /// These policies, compiled.
    pub(crate) fn authority_of(&self, policies: &[Value]) -> Vec<Arc<Policy>> {
        authority(policies).identity.clone()
    }

    /// A role of the root's account that nodes can be given: it trusts Systems Manager, and allows nothing. It is made
    /// if there is none of its name.
    pub(crate) async fn node_role(&self, role: &str) {
        let account = tenant("r").account;
        account::ensure(&self.control_plane.db, &[&account], 0).await.unwrap();
        let (path, name) = role.rsplit_once('/').map_or(("", role), |(path, name)| (path, name));
        let role = iam::role::Role {
            account: account.clone(),
            name: name.to_owned(),
            path: format!("/{path}/").replace("//", "/"),
            id: random_identity_id("AROA"),
            created_ms: 0,
            trust_policy: r#"{"Statement":{"Effect":"Allow","Principal":{"Service":"ssm.amazonaws.com"},
                "Action":"sts:AssumeRole"}}"#
                .to_owned(),
            trust_principals: "{}".to_owned(),
            description: None,
            max_session_seconds: 3600,
            boundary: None,
            last_used_ms: None,
            last_used_region: None,
        };
        match self.control_plane.db.write(iam::role::insert(&role)).await {
            Ok(_) | Err(StoreError::Duplicate { .. }) => {}
            Err(error) => panic!("{error}"),
        }
    }

    /// A node, by this proof.
    pub(crate) fn node(&self, tenant: &Tenant, node: &ManagedNodeId, proof: Proof) -> Caller {
        let principal = Principal::Node {
            tenant: tenant.clone(),
            node: node.clone(),
            role: "role".to_owned(),
            role_id: None,
            issued_ms: Some(0),
        };
        Caller { bench: self.clone(), principal, proof, tenant: tenant.clone(), authority: Arc::default() }
    }

    /// Nobody.
    pub(crate) fn anonymous(&self) -> Caller {
        let caller = self.root("unknown");
        Caller { principal: Principal::Anonymous, proof: Proof::None, ..caller }
    }
}

/// What these policies give.
fn authority(policies: &[Value]) -> Arc<Authority> {
    let parse = |policy: &Value| Arc::new(Policy::parse(&policy.to_string(), Kind::Identity).unwrap());
    Arc::new(Authority { identity: policies.iter().map(parse).collect(), ..Authority::default() })
}

/// A policy of one statement: `allow(&["ssm:Get*"], &["*"])`.
pub(crate) fn allow(actions: &[&str], resources: &[&str]) -> Value {
    statement("Allow", actions, resources)
}

/// A policy of one statement that forbids.
pub(crate) fn deny(actions: &[&str], resources: &[&str]) -> Value {
    statement("Deny", actions, resources)
}

fn statement(effect: &str, actions: &[&str], resources: &[&str]) -> Value {
    let statement = json!({ "Effect": effect, "Action": actions, "Resource": resources });
    json!({ "Version": "2012-10-17", "Statement": statement })
}

impl Caller {
    /// Account and region that it calls in.
    pub(crate) fn tenant(&self) -> &Tenant {
        &self.tenant
    }

    /// The same kind of caller in another account: a root or a user.
    pub(crate) fn of_account(mut self, account: &str) -> Self {
        let account = AccountId::parse(account).unwrap();
        match &mut self.principal {
            Principal::Root { account: own, .. } => own.clone_from(&account),
            Principal::User(user) => {
                user.arn = crate::arn::iam(&account, &format!("user/{}", user.name));
                user.account.clone_from(&account);
            }
            other => panic!("{other:?} belongs to its account"),
        }
        self.tenant.account = account;
        self
    }

    /// Where it calls.
    pub(crate) fn bench(&self) -> &Bench {
        &self.bench
    }

    /// The same caller as somebody else.
    pub(crate) fn acting(mut self, change: impl FnOnce(&mut Principal)) -> Self {
        change(&mut self.principal);
        self
    }

    /// The same caller, changed.
    pub(crate) fn with(mut self, change: impl FnOnce(&mut Authority)) -> Self {
        let mut authority = Authority::clone(&self.authority);
        change(&mut authority);
        self.authority = Arc::new(authority);
        self
    }

    /// Calls an operation.
    pub(crate) async fn call<O: Operation>(&self, input: Value) -> Result<Value, ApiError> {
        self.call_schema(O::SCHEMA, input).await
    }

    /// Calls an operation that must succeed.
    pub(crate) async fn must<O: Operation>(&self, input: Value) -> Value {
        self.call::<O>(input).await.unwrap_or_else(|error| panic!("{}: {error}", O::SCHEMA.name))
    }

    /// Calls an operation that must fail: the code of its error.
    pub(crate) async fn code<O: Operation>(&self, input: Value) -> &'static str {
        match self.call::<O>(input).await {
            Ok(output) => panic!("{} answered {output}", O::SCHEMA.name),
            Err(error) => error.schema.code,
        }
    }

    /// Calls an operation that must fail: the code of its error and its text.
    pub(crate) async fn refusal<O: Operation>(&self, input: Value) -> String {
        match self.call::<O>(input).await {
            Ok(output) => panic!("{} answered {output}", O::SCHEMA.name),
            Err(error) => error.to_string(),
        }
    }

    /// Calls an operation by its table.
    pub(crate) async fn call_schema(
        &self,
        operation: &'static OperationSchema,
        input: Value,
    ) -> Result<Value, ApiError> {
        account::ensure(&self.bench.control_plane.db, &[&self.tenant.account], 0).await?;
        let context = self.context(operation);
        self.bench.router.dispatch(Arc::clone(&self.bench.control_plane), context, input).await
    }

    /// A call of an operation, for what is tested below the operations.
    pub(crate) fn context(&self, operation: &'static OperationSchema) -> RequestContext {
        RequestContext {
            request_id: "test".to_owned(),
            principal: self.principal.clone(),
            proof: self.proof,
            tenant: self.tenant.clone(),
            now_ms: self.bench.clock.now_ms(),
            source_ip: IpAddr::V4(Ipv4Addr::LOCALHOST),
            secure: false,
            user_agent: "test".to_owned(),
            referer: None,
            operation,
            authority: Arc::clone(&self.authority),
            decisions: Arc::default(),
        }
    }
}
