//! A master key outside: in a KMS, which is another server of ours, and in a Vault, of which only Transit is here. And the
//! ways between the places of a master key.

use super::*;
use crate::{
    clock::{Clock as _, SystemClock},
    config::{Config, KmsCredentials, KmsMasterKey, MasterKey, RootCredentials, VaultMasterKey, VaultToken},
    server::Server,
};
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use muster_outbound::{Client, Options};
use muster_store::{Db, data_key as rows, testing::on_each_engine};
use muster_test_support::Client as Operator;
use serde_json::{Value, json};
use std::{
    convert::Infallible,
    path::{Path, PathBuf},
    sync::Mutex,
};
use tempfile::TempDir;
use tokio::net::TcpListener;

const REGION: &str = "eu-central-1";

fn now_ms() -> i64 {
    SystemClock.now_ms()
}

async fn open(
    folder: &Path,
    db: &Db,
    key: &MasterKey,
    previous: Option<&MasterKey>,
) -> Result<Secrets, MasterKeyError> {
    let config = Config {
        master_key: key.clone(),
        previous_master_key: previous.cloned(),
        ..Config::new(folder).unwrap()
    };
    Secrets::open(&config, &Client::new(Options::default()).unwrap(), db, None, now_ms()).await
}

fn opened(secrets: &Secrets, sealed: &[u8]) -> bool {
    secrets.open_sealed("p", sealed).is_ok_and(|content| content.as_slice() == b"content")
}

/// Another server, for its KMS.
async fn kms(folder: &TempDir) -> (Server, Operator) {
    let mut config = Config::new(folder.path().join("kms")).unwrap();
    config.listen.set_port(0);
    let (id, secret) = ("AKIAKMSKMSKMSKMSKMSK", "a-secret-of-the-other-server");
    config.root_credentials =
        Some(RootCredentials { access_key_id: id.to_owned(), secret_access_key: secret.into() });
    let server = Server::start(config, Arc::new(SystemClock)).await.unwrap();
    let operator = Operator::new(&format!("http://{}", server.address()), id, secret, REGION).unwrap();
    (server, operator)
}

fn kms_key(server: &Server, operator: &Operator, key_id: &str) -> MasterKey {
    let credentials = operator.credentials();
    MasterKey::Kms(KmsMasterKey {
        key_id: key_id.to_owned(),
        endpoint: format!("http://{}", server.address()),
        region: REGION.to_owned(),
        credentials: KmsCredentials::Given {
            access_key_id: credentials.access_key_id.clone(),
            secret_access_key: credentials.expose_secret().into(),
            session_token: None,
        },
    })
}

#[tokio::test]
async fn a_kms_wraps_the_data_keys() {
    on_each_engine(|db| async move {
        let folder = tempfile::tempdir().unwrap();
        let (server, operator) = kms(&folder).await;
        let call = |operation: &'static str, input: Value| {
            let operator = operator.clone();
            async move { operator.call("kms", operation, input).await.unwrap() }
        };
        let made = call("CreateKey", json!({})).await;
        let arn = made["KeyMetadata"]["Arn"].as_str().unwrap().to_owned();
        call("CreateAlias", json!({ "AliasName": "alias/muster", "TargetKeyId": arn })).await;
        let key = kms_key(&server, &operator, "alias/muster");

        let secrets = open(folder.path(), &db, &key, None).await.unwrap();
        assert!(!folder.path().join("master.key").exists());
        let sealed = secrets.seal("p", b"content");
        assert_eq!(secrets.master_key(&db).await.unwrap().id, format!("kms:{arn}"));
        assert!(opened(&open(folder.path(), &db, &key, None).await.unwrap(), &sealed));

        // Its own rotation, and ours after it.
        call("RotateKeyOnDemand", json!({ "KeyId": arn })).await;
        assert!(opened(&open(folder.path(), &db, &key, None).await.unwrap(), &sealed));
        let before = rows::wrappings(&db).await.unwrap();
        secrets.rotate_master_key(&db, now_ms()).await.unwrap();
        let after = rows::wrappings(&db).await.unwrap();
        assert_eq!(after.len(), 2);
        assert_ne!(before[0].wrapped, after[0].wrapped);
        // Another key behind the same alias.
        let made = call("CreateKey", json!({})).await;
        let other = made["KeyMetadata"]["Arn"].as_str().unwrap().to_owned();
        call("UpdateAlias", json!({ "AliasName": "alias/muster", "TargetKeyId": other })).await;
        assert!(opened(&open(folder.path(), &db, &key, None).await.unwrap(), &sealed));
        secrets.rotate_master_key(&db, now_ms()).await.unwrap();
        assert!(rows::wrappings(&db).await.unwrap().iter().all(|one| one.master_key_id.ends_with(&other)));
        let again = open(folder.path(), &db, &key, None).await.unwrap();
        assert!(opened(&again, &sealed) && opened(&again, &secrets.seal("p", b"content")));

        // What is missing is said; who has the keys goes on.
        call("DisableKey", json!({ "KeyId": other })).await;
        let text = open(folder.path(), &db, &key, None).await.unwrap_err().to_string();
        assert!(text.contains("DisabledException") && text.contains("alias/muster"), "{text}");
        server.stop().await;
        let text = open(folder.path(), &db, &key, None).await.unwrap_err().to_string();
        assert!(text.contains("cannot be used: cannot connect"), "{text}");
        assert!(secrets.rotate_master_key(&db, now_ms()).await.is_err());
        secrets.refresh(&db, now_ms()).await.unwrap();
        assert!(opened(&secrets, &secrets.seal("p", b"content")));
    })
    .await;
}

/// Vault's Transit engine, as far as `encrypt` and `decrypt` go, with one key `muster` in versions.
struct Transit {
    token: String,
    versions: Vec<[u8; 32]>,
}

impl Transit {
    fn cipher(&self, version: usize) -> Option<LessSafeKey> {
        let key = self.versions.get(version.checked_sub(1)?)?;
        Some(LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key).ok()?))
    }

    fn answer(&self, path: &str, token: &str, input: &Value) -> Result<Value, (u16, &'static str)> {
        if token != self.token {
            return Err((403, "permission denied"));
        }
        let text = |name: &str| input[name].as_str().map(str::to_owned).ok_or((400, "missing input"));
        match path {
            "/v1/transit/encrypt/muster" => {
                let mut content =
                    STANDARD.decode(text("plaintext")?).map_err(|_| (400, "plaintext is not base64"))?;
                let version = self.versions.len();
                let nonce: [u8; 12] = random_bytes();
                let cipher = self.cipher(version).ok_or((500, "no key"))?;
                cipher
                    .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::empty(), &mut content)
                    .map_err(|_| (500, "cannot encrypt"))?;
                let ciphertext = STANDARD.encode([&nonce[..], &content].concat());
                Ok(json!({ "data": { "ciphertext": format!("vault:v{version}:{ciphertext}") } }))
            }
            "/v1/transit/decrypt/muster" => {
                let invalid = (400, "invalid ciphertext");
                let ciphertext = text("ciphertext")?;
                let (version, content) = ciphertext
                    .strip_prefix("vault:v")
                    .and_then(|rest| rest.split_once(':'))
                    .ok_or(invalid)?;
                let cipher = version.parse().ok().and_then(|version| self.cipher(version)).ok_or(invalid)?;
                let content = STANDARD.decode(content).map_err(|_| invalid)?;
                let (nonce, content) = content.split_first_chunk::<12>().ok_or(invalid)?;
                let mut content = content.to_vec();
                let plaintext = cipher
                    .open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::empty(), &mut content)
                    .map_err(|_| invalid)?;
                Ok(json!({ "data": { "plaintext": STANDARD.encode(plaintext) } }))
            }
            _ => Err((404, "no handler for route")),
        }
    }
}

/// Serves it until the test ends; the address.
async fn serve(transit: Arc<Mutex<Transit>>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let transit = Arc::clone(&transit);
            let service = hyper::service::service_fn(move |request: Request<Incoming>| {
                let transit = Arc::clone(&transit);
                async move {
                    let (parts, body) = request.into_parts();
                    let body = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
                    let header = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok());
                    assert_eq!(header("x-vault-request"), Some("true"));
                    let token = header("x-vault-token").unwrap_or_default();
                    let input = serde_json::from_slice(&body).unwrap_or_default();
                    let answer = transit.lock().unwrap().answer(parts.uri.path(), token, &input);
                    let (status, body) = match answer {
                        Ok(body) => (200, body),
                        Err((status, text)) => (status, json!({ "errors": [text] })),
                    };
                    let body = Full::new(Bytes::from(body.to_string()));
                    let status = StatusCode::from_u16(status).unwrap();
                    Ok::<_, Infallible>(Response::builder().status(status).body(body).unwrap())
                }
            });
            tokio::spawn(
                hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service),
            );
        }
    });
    address
}

async fn vault(folder: &Path) -> (Arc<Mutex<Transit>>, MasterKey, PathBuf) {
    let transit = Arc::new(Mutex::new(Transit { token: "t-1".to_owned(), versions: vec![random_bytes()] }));
    let file = folder.join("token");
    std::fs::write(&file, "t-1\n").unwrap();
    let key = MasterKey::Vault(VaultMasterKey {
        key_name: "muster".to_owned(),
        endpoint: serve(Arc::clone(&transit)).await,
        mount: "transit".to_owned(),
        namespace: None,
        token: VaultToken::File(file.clone()),
    });
    (transit, key, file)
}

#[tokio::test]
async fn a_vault_wraps_the_data_keys() {
    on_each_engine(|db| async move {
        let folder = tempfile::tempdir().unwrap();
        let (transit, key, file) = vault(folder.path()).await;
        let secrets = open(folder.path(), &db, &key, None).await.unwrap();
        let sealed = secrets.seal("p", b"content");
        assert_eq!(secrets.master_key(&db).await.unwrap().id, "vault:transit/muster");

        transit.lock().unwrap().versions.push(random_bytes());
        assert!(opened(&open(folder.path(), &db, &key, None).await.unwrap(), &sealed));
        secrets.rotate_master_key(&db, now_ms()).await.unwrap();
        let wrappings = rows::wrappings(&db).await.unwrap();
        assert!(wrappings.len() == 2 && wrappings.iter().all(|one| one.wrapped.starts_with(b"vault:v2:")));
        // The oldest version may go now.
        transit.lock().unwrap().versions[0] = random_bytes();
        assert!(opened(&open(folder.path(), &db, &key, None).await.unwrap(), &sealed));

        transit.lock().unwrap().token = "t-2".to_owned();
        let text = open(folder.path(), &db, &key, None).await.unwrap_err().to_string();
        assert!(text.contains("403 Forbidden permission denied") && !text.contains("t-1"), "{text}");
        std::fs::write(&file, "t-2").unwrap();
        assert!(opened(&open(folder.path(), &db, &key, None).await.unwrap(), &sealed));
        transit.lock().unwrap().versions = vec![random_bytes(), random_bytes()];
        let text = open(folder.path(), &db, &key, None).await.unwrap_err().to_string();
        assert!(text.contains("invalid ciphertext"), "{text}");
    })
    .await;
}

#[tokio::test]
async fn a_master_key_moves_from_one_place_to_another() {
    on_each_engine(|db| async move {
        let folder = tempfile::tempdir().unwrap();
        let file = MasterKey::File;
        let (_transit, key, _) = vault(folder.path()).await;
        let sealed = open(folder.path(), &db, &file, None).await.unwrap().seal("p", b"content");
        let id = || async { rows::master(&db).await.unwrap().unwrap().id };

        let secrets = open(folder.path(), &db, &key, None).await.unwrap();
        assert!(opened(&secrets, &sealed));
        assert_eq!(id().await, "vault:transit/muster");
        // A replica that is configured as before still starts, until the next rotation.
        assert!(opened(&open(folder.path(), &db, &file, None).await.unwrap(), &sealed));
        secrets.rotate_master_key(&db, now_ms()).await.unwrap();
        std::fs::remove_file(folder.path().join("master.key")).unwrap();
        assert!(opened(&open(folder.path(), &db, &key, None).await.unwrap(), &sealed));

        let text = open(folder.path(), &db, &file, None).await.unwrap_err().to_string();
        assert!(text.contains("vault:transit/muster") && text.contains("[master_key.previous]"), "{text}");
        assert!(opened(&open(folder.path(), &db, &file, Some(&key)).await.unwrap(), &sealed));
        assert!(id().await.starts_with("file:"));
        let secrets = open(folder.path(), &db, &file, None).await.unwrap();
        secrets.rotate_master_key(&db, now_ms()).await.unwrap();
        assert!(opened(&open(folder.path(), &db, &file, None).await.unwrap(), &sealed));
        assert!(rows::wrappings(&db).await.unwrap().iter().all(|one| one.master_key_id.starts_with("file:")));
    })
    .await;
}
