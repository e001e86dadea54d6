//! A CA of our own and a certificate from it, for installations without another. `DATA_DIR/tls/ca.pem` is what
//! clients and nodes are told to trust; it outlives the certificates. Not for: certificates that an operator brings.

use super::TlsError;
use crate::{
    config::Config,
    secrets::{read_private, write_private},
};
use jiff::{Timestamp, ToSpan as _, civil::Date, tz::TimeZone};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer,
    KeyPair, KeyUsagePurpose, date_time_ymd,
};
use serde::{Deserialize, Serialize};
use std::{
    fs, io,
    net::IpAddr,
    path::{Path, PathBuf},
};

const CA_YEARS: i64 = 10;
/// What clients take at most from a public CA; ours keeps to it.
const CERTIFICATE_DAYS: i64 = 397;
/// A certificate is replaced when it has less than this left.
const RENEW_DAYS: i64 = 30;
/// Clocks of nodes may be behind.
const BACKDATED_DAYS: i64 = 2;

/// What was put into the files, so that no certificate need be read again.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Record {
    names: Vec<String>,
    not_after: String,
    ca_not_after: String,
}

/// Sees to it that the files are there, of the right names and good for a while: certificate and key.
pub(super) fn ensure(config: &Config, now_ms: i64) -> Result<(PathBuf, PathBuf), TlsError> {
    let folder = config.data_dir.join("tls");
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| TlsError::File { path, source }
    };
    fs::create_dir_all(&folder).map_err(failed(&folder))?;
    let [ca, ca_key, cert, key, record] =
        ["ca.pem", "ca.key", "server.pem", "server.key", "server.json"].map(|name| folder.join(name));

    let today = Timestamp::from_millisecond(now_ms).unwrap_or_default().to_zoned(TimeZone::UTC).date();
    let names = names(config);
    let known: Option<Record> =
        fs::read(&record).ok().and_then(|content| serde_json::from_slice(&content).ok());
    let there = [&ca, &ca_key, &cert, &key].into_iter().all(|path| path.exists());
    if let Some(known) = known.as_ref().filter(|_| there)
        && known.names == names
        && lasts(&known.not_after, today)
        && lasts(&known.ca_not_after, today)
    {
        return Ok((cert, key));
    }

    let kept_ca = known.as_ref().filter(|known| ca.exists() && lasts(&known.ca_not_after, today));
    let kept_key = match kept_ca {
        Some(_) => read_private(&ca_key).map_err(failed(&ca_key))?,
        None => None,
    };
    let (ca_pair, ca_end) = match (kept_ca, kept_key) {
        (Some(known), Some(pem)) => {
            let pem = std::str::from_utf8(&pem)
                .map_err(|_| TlsError::Content { path: ca_key.clone(), wanted: "a private key" })?;
            (KeyPair::from_pem(pem)?, known.ca_not_after.clone())
        }
        _ => {
            let pair = KeyPair::generate()?;
            let end = later(today, 365 * CA_YEARS);
            write_private(&ca_key, pair.serialize_pem().as_bytes()).map_err(failed(&ca_key))?;
            let certificate = ca_params(today, end).self_signed(&pair)?;
            write_public(&ca, certificate.pem().as_bytes()).map_err(failed(&ca))?;
            tracing::info!(path = %ca.display(), "a new CA was made; clients and nodes must trust it");
            (pair, end.to_string())
        }
    };
    let end = later(today, CERTIFICATE_DAYS);
    let pair = KeyPair::generate()?;
    let certificate =
        server_params(&names, today, end)?.signed_by(&pair, &Issuer::new(ca_params(today, end), ca_pair))?;
    write_private(&key, pair.serialize_pem().as_bytes()).map_err(failed(&key))?;
    write_public(&cert, certificate.pem().as_bytes()).map_err(failed(&cert))?;
    let made = Record { names, not_after: end.to_string(), ca_not_after: ca_end };
    let content = serde_json::to_vec(&made).map_err(|error| failed(&record)(error.into()))?;
    write_public(&record, &content).map_err(failed(&record))?;
    Ok((cert, key))
}

/// The names that clients on this machine and beyond may use.
fn names(config: &Config) -> Vec<String> {
    let mut names = vec!["localhost".to_owned(), "127.0.0.1".to_owned(), "::1".to_owned()];
    let host_name = nix::unistd::gethostname().ok().and_then(|name| name.into_string().ok());
    names.extend(host_name.filter(|name| is_dns_name(name)));
    if !config.listen.ip().is_unspecified() {
        names.push(config.listen.ip().to_string());
    }
    let public = config.public_url.as_deref().and_then(|url| url.parse::<http::Uri>().ok());
    let host = public.as_ref().and_then(http::Uri::host).map(|host| host.trim_matches(['[', ']']).to_owned());
    names.extend(host.filter(|host| host.parse::<IpAddr>().is_ok() || is_dns_name(host)));
    names.sort();
    names.dedup();
    names
}

fn is_dns_name(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= 253
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_'))
}

fn ca_params(from: Date, to: Date) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, "Muster CA");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    set_validity(&mut params, from, to);
    params
}

fn server_params(names: &[String], from: Date, to: Date) -> Result<CertificateParams, rcgen::Error> {
    let mut params = CertificateParams::new(names)?;
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, "Muster server");
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    set_validity(&mut params, from, to);
    Ok(params)
}

fn set_validity(params: &mut CertificateParams, from: Date, to: Date) {
    let time = |date: Date| {
        date_time_ymd(date.year().into(), date.month().unsigned_abs(), date.day().unsigned_abs())
    };
    params.not_before = time(from.checked_sub(BACKDATED_DAYS.days()).unwrap_or(from));
    params.not_after = time(to);
}

fn later(today: Date, days: i64) -> Date {
    today.checked_add(days.days()).unwrap_or(today)
}

fn lasts(end: &str, today: Date) -> bool {
    end.parse::<Date>().is_ok_and(|end| end > later(today, RENEW_DAYS))
}

/// Puts a file in place whole; anybody may read it.
fn write_public(path: &Path, content: &[u8]) -> io::Result<()> {
    let draft = path.with_extension("new");
    fs::write(&draft, content)?;
    fs::rename(&draft, path)
}
