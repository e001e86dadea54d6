//! Settings from flags, environment and file, and which of them wins.

use super::*;
use std::{collections::BTreeMap, io::Write as _};

fn load(flags: Settings, environment: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let environment: BTreeMap<_, _> = environment.iter().copied().collect();
    Config::load(flags, |name| environment.get(name).map(|value| (*value).to_owned()))
}

fn text_of(result: Result<Config, ConfigError>) -> String {
    result.unwrap_err().to_string()
}

fn file(content: &str) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(content.as_bytes()).unwrap();
    file
}

#[test]
fn defaults_are_loopback_and_one_folder() {
    let config = load(Settings::default(), &[]).unwrap();
    assert_eq!(config.listen.to_string(), "127.0.0.1:8765");
    assert_eq!(config.tls, Tls::Off);
    assert!(config.data_dir.is_absolute() && config.data_dir.ends_with("muster-data"));
    assert_eq!(config.database, DatabaseUrl::Sqlite(config.data_dir.join("muster.db")));
    assert_eq!(config.base_url(), "http://127.0.0.1:8765");
    assert_eq!(config.account_id.as_str(), "000000000000");
    assert_eq!(config.limits, Limits::default());
    assert_eq!(config.log_filter, "info");
}

#[test]
fn flags_win_over_environment_over_file() {
    let file = file(
        "listen = '127.0.0.1:1'\naccount_id = '111111111111'\nlog = 'file'\n[limits]\nstdout_characters = 7\n",
    );
    let flags = Settings {
        listen: Some("127.0.0.1:3".parse().unwrap()),
        config: Some(file.path().into()),
        ..Settings::default()
    };
    let config =
        load(flags, &[("MUSTER_LISTEN", "127.0.0.1:2"), ("MUSTER_ACCOUNT_ID", "222222222222")]).unwrap();
    assert_eq!(config.listen.port(), 3);
    assert_eq!(config.account_id.as_str(), "222222222222");
    assert_eq!(config.log_filter, "file");
    assert_eq!(config.limits, Limits { stdout_characters: 7, ..Limits::default() });
}

#[test]
fn the_environment_can_name_the_file() {
    let file = file("account_id = '123456789012'");
    let config = load(Settings::default(), &[("MUSTER_CONFIG", file.path().to_str().unwrap())]).unwrap();
    assert_eq!(config.account_id.as_str(), "123456789012");
}

#[test]
fn beyond_loopback_tls_is_a_decision() {
    let everywhere = [("MUSTER_LISTEN", "0.0.0.0:1")];
    let error = text_of(load(Settings::default(), &everywhere));
    assert!(error.contains("--tls-self-signed") && error.contains("--no-tls"), "{error}");
    let plain = Settings { no_tls: true, ..Settings::default() };
    assert_eq!(load(plain, &everywhere).unwrap().tls, Tls::Off);
    let own = Settings { tls_self_signed: true, ..Settings::default() };
    assert_eq!(load(own, &everywhere).unwrap().tls, Tls::SelfSigned);
}

#[test]
fn an_upper_layer_replaces_the_whole_choice_of_tls() {
    let flags = Settings { no_tls: true, ..Settings::default() };
    let environment = [("MUSTER_TLS_CERT", "c.pem"), ("MUSTER_TLS_KEY", "k.pem")];
    assert_eq!(load(flags, &environment).unwrap().tls, Tls::Off);
    assert!(matches!(load(Settings::default(), &environment).unwrap().tls, Tls::Files { .. }));
    let error = text_of(load(Settings::default(), &environment[..1]));
    assert_eq!(error, "--tls-cert needs --tls-key");
    let both = [("MUSTER_TLS_SELF_SIGNED", "true"), ("MUSTER_NO_TLS", "1")];
    assert!(text_of(load(Settings::default(), &both)).starts_with("give one of"));
}

#[test]
fn every_refusal_names_what_to_change() {
    for (name, value, wanted) in [
        ("MUSTER_LISTEN", "nowhere", "MUSTER_LISTEN"),
        ("MUSTER_NATS_URL", "nats://x", "--nats-url is not supported yet"),
        ("MUSTER_DATABASE_URL", "mysql://x", "--database-url: "),
        ("MUSTER_BLOB_URL", "s3://bucket", "s3:// is not supported yet"),
        ("MUSTER_ACCOUNT_ID", "12", "twelve digits"),
        ("MUSTER_PUBLIC_URL", "muster.example", "--public-url"),
        ("MUSTER_PUBLIC_URL", "https://h/path", "--public-url"),
        ("MUSTER_NO_TLS", "maybe", "MUSTER_NO_TLS"),
        ("MUSTER_LOG_FORMAT", "xml", "text or json"),
        ("MUSTER_ROOT_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE", "MUSTER_ROOT_SECRET_ACCESS_KEY"),
        ("MUSTER_CONFIG", "/nonexistent/muster.toml", "/nonexistent/muster.toml"),
    ] {
        let error = text_of(load(Settings::default(), &[(name, value)]));
        assert!(error.contains(wanted), "{name}={value}: {error}");
    }
    let unknown = file("listne = '127.0.0.1:1'");
    let flags = Settings { config: Some(unknown.path().into()), ..Settings::default() };
    assert!(text_of(load(flags, &[])).contains("listne"));
    let lifetime = file("[limits]\nnode_credentials_lifetime_ms = 60000");
    let flags = Settings { config: Some(lifetime.path().into()), ..Settings::default() };
    assert!(text_of(load(flags, &[])).contains("node_credentials_lifetime_ms must be 1200000 or more"));
}

#[test]
fn empty_variables_are_absent_and_public_urls_are_normalised() {
    let config =
        load(Settings::default(), &[("MUSTER_LISTEN", ""), ("MUSTER_PUBLIC_URL", "https://h.example:1/")])
            .unwrap();
    assert_eq!(config.listen.port(), DEFAULT_PORT);
    assert_eq!(config.base_url(), "https://h.example:1");
}

#[test]
fn secrets_do_not_show() {
    let environment = [
        ("MUSTER_ROOT_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"),
        ("MUSTER_ROOT_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG"),
        ("MUSTER_DATABASE_URL", "postgres://u:hunter2@h/d"),
    ];
    let config = load(Settings::default(), &environment).unwrap();
    let shown = format!("{config:?}");
    assert!(!shown.contains("hunter2") && !shown.contains("wJalr"), "{shown}");
    assert_eq!(config.root_credentials.unwrap().secret_access_key.expose(), "wJalrXUtnFEMI/K7MDENG");
}

#[test]
fn the_master_key_is_a_file_a_kms_key_or_a_transit_key() {
    assert_eq!(load(Settings::default(), &[]).unwrap().master_key, MasterKey::File);
    let credentials = [("AWS_ACCESS_KEY_ID", "AKIA"), ("AWS_SECRET_ACCESS_KEY", "s3cret")];
    let with = |more: &[(&'static str, &'static str)]| {
        let environment: Vec<_> = credentials.iter().chain(more).copied().collect();
        load(Settings::default(), &environment)
    };
    let kms = with(&[
        ("MUSTER_MASTER_KEY_PROVIDER", "kms"),
        ("MUSTER_MASTER_KEY_KEY_ID", "alias/muster"),
        ("MUSTER_MASTER_KEY_REGION", "eu-west-1"),
    ]);
    let config = kms.unwrap();
    assert!(!format!("{config:?}").contains("s3cret"));
    match config.master_key {
        MasterKey::Kms(key) => assert_eq!(key.endpoint, "https://kms.eu-west-1.amazonaws.com"),
        other => panic!("{other:?}"),
    }
    let file = file(
        "[master_key]\nprovider = 'vault'\nkey_id = 'muster'\nendpoint = 'https://vault:8200/'\ntoken_file = '/t'\n\
         [master_key.previous]\nprovider = 'file'\n",
    );
    let flags = Settings { config: Some(file.path().into()), ..Settings::default() };
    let config = load(flags, &[]).unwrap();
    let expected = VaultMasterKey {
        key_name: "muster".to_owned(),
        endpoint: "https://vault:8200".to_owned(),
        mount: "transit".to_owned(),
        namespace: None,
        token: VaultToken::File("/t".into()),
    };
    assert_eq!(config.master_key, MasterKey::Vault(expected));
    assert_eq!(config.previous_master_key, Some(MasterKey::File));
    for (environment, expected) in [
        (&[("MUSTER_MASTER_KEY_PROVIDER", "hsm")][..], "provider must be"),
        (&[("MUSTER_MASTER_KEY_KEY_ID", "x")], "key_id needs provider"),
        (&[("MUSTER_MASTER_KEY_PROVIDER", "kms")], "region is missing"),
        (&[("MUSTER_MASTER_KEY_PROVIDER", "vault"), ("MUSTER_MASTER_KEY_TOKEN", "t")], "key_id is missing"),
        (&[("MUSTER_MASTER_KEY_PROVIDER", "vault")], "token_file is missing"),
    ] {
        let text = text_of(load(Settings::default(), environment));
        assert!(text.contains(expected), "{text}");
    }
}
