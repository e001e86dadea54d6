//! Starting, stopping, starting again, over a real port.

use super::*;
use crate::clock::{ManualClock, SystemClock};
use muster_store::{access_key, account as accounts, iam};
use std::{fs, os::unix::fs::PermissionsExt as _};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

fn config(folder: &TempDir) -> Config {
    let mut config = Config::new(folder.path().join("data")).unwrap();
    config.listen.set_port(0);
    config
}

async fn start(config: Config) -> Result<Server, StartError> {
    Server::start(config, Arc::new(ManualClock::default())).await
}

async fn get(address: SocketAddr, path: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn a_second_start_finds_everything_again() {
    let folder = tempfile::tempdir().unwrap();
    let server = start(config(&folder)).await.unwrap();
    assert!(get(server.address(), "/healthz").await.starts_with("HTTP/1.1 200 OK"));
    let data = folder.path().join("data");
    let file = data.join("credentials");
    let credentials = fs::read_to_string(&file).unwrap();
    assert!(credentials.starts_with("[default]\naws_access_key_id = AKIA"), "the AWS format");
    for (path, mode) in [(&data, 0o700), (&file, 0o600), (&data.join("master.key"), 0o600)] {
        assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, mode, "{}", path.display());
    }
    let replica = server.control_plane().replica.clone();
    server.stop().await;

    fs::remove_file(&file).unwrap();
    let server = start(config(&folder)).await.unwrap();
    assert_eq!(server.control_plane().replica, replica);
    assert_eq!(fs::read_to_string(&file).unwrap(), credentials, "written again from the store");
    server.stop().await;
}

#[tokio::test]
async fn every_failure_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let server = start(config(&folder)).await.unwrap();
    let text = start(config(&folder)).await.unwrap_err().to_string();
    assert!(
        text.ends_with("is used by another Muster server; stop it, or choose another with --data-dir"),
        "{text}"
    );

    let elsewhere = tempfile::tempdir().unwrap();
    let taken = Config { listen: server.address(), ..config(&elsewhere) };
    let text = start(taken).await.unwrap_err().to_string();
    assert!(
        text.contains("another program uses this port") && text.contains("--listen 127.0.0.1:PORT"),
        "{text}"
    );
    assert!(!elsewhere.path().join("data").exists(), "nothing was touched");
    server.stop().await;

    fs::remove_file(folder.path().join("data/master.key")).unwrap();
    let text = start(config(&folder)).await.unwrap_err().to_string();
    assert!(text.starts_with("the database was made with another master key than"), "{text}");
}

#[tokio::test]
async fn given_root_credentials_are_taken_once() {
    let folder = tempfile::tempdir().unwrap();
    let with = |id: &str| Config {
        root_credentials: Some(crate::config::RootCredentials {
            access_key_id: id.to_owned(),
            secret_access_key: "0123456789abcdef".to_owned().into(),
        }),
        ..config(&folder)
    };
    for id in ["AKIAFIRSTFIRSTFIRST0", "AKIASECONDSECOND0000"] {
        start(with(id)).await.unwrap().stop().await;
        let content = fs::read_to_string(folder.path().join("data/credentials")).unwrap();
        assert!(content.contains("AKIAFIRSTFIRSTFIRST0") && content.contains("0123456789abcdef"));
    }
}

#[tokio::test]
async fn deleted_root_credentials_stay_away_until_some_are_given() {
    let folder = tempfile::tempdir().unwrap();
    let root_keys = async |server: &Server| {
        let account = &server.control_plane().config.account_id;
        access_key::of_user(&server.control_plane().db, account, None).await.unwrap()
    };
    let server = start(config(&folder)).await.unwrap();
    let old = root_keys(&server).await;
    assert_eq!(old.len(), 1);
    server.control_plane().db.write(access_key::delete(&old[0].access_key_id)).await.unwrap();
    server.stop().await;

    let server = start(config(&folder)).await.unwrap();
    assert_eq!(root_keys(&server).await, []);
    server.stop().await;

    let given = crate::config::RootCredentials {
        access_key_id: "AKIAAGAINAGAINAGAIN0".to_owned(),
        secret_access_key: "0123456789abcdef".to_owned().into(),
    };
    let server = start(Config { root_credentials: Some(given), ..config(&folder) }).await.unwrap();
    assert_eq!(root_keys(&server).await[0].access_key_id, "AKIAAGAINAGAINAGAIN0");
    server.stop().await;
    let content = fs::read_to_string(folder.path().join("data/credentials")).unwrap();
    assert!(content.contains("AKIAAGAINAGAINAGAIN0") && !content.contains(&old[0].access_key_id));
}

#[tokio::test]
async fn a_database_from_before_there_were_accounts_gets_them() {
    let folder = tempfile::tempdir().unwrap();
    let server = start(config(&folder)).await.unwrap();
    let (db, id) = (&server.control_plane().db, &server.control_plane().config.account_id);
    let old = access_key::of_user(db, id, None).await.unwrap();
    // As such a database is after its migration: keys, and nothing else.
    db.write(accounts::forget(id)).await.unwrap();
    server.stop().await;
    let server = start(config(&folder)).await.unwrap();
    let (db, id) = (&server.control_plane().db, &server.control_plane().config.account_id);
    assert_eq!(access_key::of_user(db, id, None).await.unwrap(), old);
    assert!(accounts::find(db, id).await.unwrap().is_some());
    let role = iam::role::find(db, id, "AmazonEC2RunCommandRoleForManagedInstances").await.unwrap().unwrap();
    assert_eq!(role.path, "/service-role/");
    server.stop().await;
}

#[tokio::test]
async fn tls_of_our_own_ca_is_served() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = config(&folder);
    config.tls = crate::config::Tls::SelfSigned;
    let server = Server::start(config, Arc::new(SystemClock)).await.unwrap();
    assert!(server.control_plane().config.base_url().starts_with("https://127.0.0.1:"));

    let ca = fs::read(folder.path().join("data/tls/ca.pem")).unwrap();
    let mut roots = rustls::RootCertStore::empty();
    let ca = <rustls_pki_types::CertificateDer<'_> as rustls_pki_types::pem::PemObject>::from_pem_slice(&ca);
    roots.add(ca.unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let client = rustls::ClientConfig::builder_with_provider(provider.clone())
            .with_protocol_versions(&[version])
            .unwrap()
            .with_root_certificates(roots.clone())
            .with_no_client_auth();
        let connector = tokio_rustls::TlsConnector::from(Arc::new(client));
        for name in ["localhost", "127.0.0.1"] {
            let stream = TcpStream::connect(server.address()).await.unwrap();
            let name = rustls_pki_types::ServerName::try_from(name).unwrap();
            let mut stream = connector.connect(name, stream).await.unwrap();
            stream.write_all(b"GET /readyz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await.unwrap();
            let mut answer = Vec::new();
            stream.read_to_end(&mut answer).await.unwrap();
            assert!(answer.starts_with(b"HTTP/1.1 200 OK"));
        }
    }
    server.stop().await;
}

#[tokio::test]
async fn an_idle_connection_does_not_hold_the_end_up() {
    let folder = tempfile::tempdir().unwrap();
    let server = start(config(&folder)).await.unwrap();
    let mut idle = TcpStream::connect(server.address()).await.unwrap();
    idle.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    let mut first = [0; 15];
    idle.read_exact(&mut first).await.unwrap();
    assert_eq!(&first, b"HTTP/1.1 200 OK");
    let begin = std::time::Instant::now();
    server.stop().await;
    assert!(begin.elapsed().as_secs() < 5);
    let mut rest = Vec::new();
    idle.read_to_end(&mut rest).await.unwrap();
}
