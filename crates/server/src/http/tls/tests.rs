//! Certificates: made, kept, renewed.

use super::*;
use crate::clock::ManualClock;
use std::{fs, os::unix::fs::PermissionsExt as _};

const DAY_MS: i64 = 86_400_000;

fn read_all(folder: &Path) -> Vec<Vec<u8>> {
    ["ca.pem", "server.pem", "server.key"].map(|name| fs::read(folder.join("tls").join(name)).unwrap()).into()
}

#[test]
fn certificates_of_our_own_are_kept_until_they_no_longer_fit() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = Config::new(folder.path()).unwrap();
    config.tls = Tls::SelfSigned;
    let clock = ManualClock::default();
    let open = |config: &Config| Certificates::open(config, Arc::new(clock.clone())).unwrap().unwrap();

    open(&config);
    let first = read_all(folder.path());
    for name in ["ca.key", "server.key"] {
        let mode = fs::metadata(folder.path().join("tls").join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    let certificates = open(&config);
    assert_eq!(read_all(folder.path()), first);

    config.public_url = Some("https://muster.example:8443".to_owned());
    open(&config);
    let renamed = read_all(folder.path());
    assert_eq!(renamed[0], first[0], "the CA stays");
    assert_ne!(renamed[1], first[1]);

    clock.advance_ms(370 * DAY_MS);
    certificates.refresh();
    let renewed = read_all(folder.path());
    assert_eq!(renewed[0], first[0], "the CA stays");
    assert_ne!(renewed[1], renamed[1]);

    clock.advance_ms(3_300 * DAY_MS);
    certificates.refresh();
    assert_ne!(read_all(folder.path())[0], first[0], "a CA ends too");
}

#[test]
fn files_that_cannot_be_used_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = Config::new(folder.path()).unwrap();
    let (cert, key) = (folder.path().join("c.pem"), folder.path().join("k.pem"));
    config.tls = Tls::Files { cert: cert.clone(), key: key.clone() };
    let text = || Certificates::open(&config, Arc::new(ManualClock::default())).unwrap_err().to_string();
    assert!(text().contains("c.pem"), "{}", text());
    fs::write(&cert, "nothing").unwrap();
    assert!(text().ends_with("c.pem is not a certificate chain in PEM"), "{}", text());
    let pair = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    fs::write(&cert, pair.cert.pem()).unwrap();
    assert!(text().contains("k.pem"), "{}", text());
    fs::write(&key, rcgen::KeyPair::generate().unwrap().serialize_pem()).unwrap();
    assert!(text().starts_with("the certificate and its key cannot be used"), "{}", text());
    fs::write(&key, pair.signing_key.serialize_pem()).unwrap();
    assert!(Certificates::open(&config, Arc::new(ManualClock::default())).unwrap().is_some());
}
