//! Which proxy the environment names: `https_proxy`, `http_proxy`, `no_proxy`, in lower or upper case.

use crate::endpoint::{Endpoint, is_loopback, split_authority};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::fmt;

/// One proxy.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Proxy {
    /// Name or address.
    pub(crate) host: String,
    /// TCP port.
    pub(crate) port: u16,
    /// Value of `Proxy-Authorization`; a secret.
    pub(crate) authorization: Option<String>,
}

impl fmt::Debug for Proxy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Proxy({})", self.address())
    }
}

impl Proxy {
    /// `host:port`, without secrets.
    pub(crate) fn address(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    /// Reads `[http://][user:password@]host[:port][/]`. TLS to the proxy itself is not spoken.
    fn parse(text: &str) -> Option<Self> {
        let rest = match text.split_once("://") {
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => rest,
            Some(_) => return None,
            None => text,
        };
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let (user, authority) = match rest.rsplit_once('@') {
            Some((user, authority)) => (Some(user), authority),
            None => (None, rest),
        };
        let (host, port) = split_authority(authority)?;
        let authorization = user.map(|user| {
            let user = if user.contains(':') { user.to_owned() } else { format!("{user}:") };
            format!("Basic {}", STANDARD.encode(percent_decode(&user)))
        });
        Some(Self { host, port: port.unwrap_or(80), authorization })
    }
}

/// The proxies of the environment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ProxySettings {
    https: Option<Proxy>,
    http: Option<Proxy>,
    except: Vec<String>,
}

impl ProxySettings {
    /// Reads the variables. A value that cannot be understood counts as none and is told in the log.
    pub(crate) fn from_source(variable: impl Fn(&str) -> Option<String>) -> Self {
        let either = |name: &str| {
            variable(name).or_else(|| variable(&name.to_ascii_uppercase())).filter(|value| !value.is_empty())
        };
        let proxy = |name: &str| {
            let text = either(name)?;
            let proxy = Proxy::parse(&text);
            if proxy.is_none() {
                tracing::warn!("{name} is ignored: it is not of the form http://host:port");
            }
            proxy
        };
        let except = either("no_proxy").unwrap_or_default();
        Self {
            https: proxy("https_proxy"),
            http: proxy("http_proxy"),
            except: except
                .split(',')
                .map(|word| word.trim().to_ascii_lowercase())
                .filter(|word| !word.is_empty())
                .collect(),
        }
    }

    /// The proxy for an endpoint. This machine itself is always reached directly.
    pub(crate) fn for_endpoint(&self, endpoint: &Endpoint) -> Option<&Proxy> {
        let proxy = if endpoint.tls { &self.https } else { &self.http };
        let direct = is_loopback(&endpoint.host) || self.except.iter().any(|word| covers(word, endpoint));
        proxy.as_ref().filter(|_| !direct)
    }
}

/// Whether a word of `no_proxy` covers an endpoint: `*`, a name (with its subdomains), an address, a network, each
/// with or without a port.
fn covers(word: &str, endpoint: &Endpoint) -> bool {
    if word == "*" {
        return true;
    }
    let host = endpoint.host.to_ascii_lowercase();
    if let Some((network, bits)) = word.split_once('/') {
        return in_network(&host, network, bits).unwrap_or(false);
    }
    let (name, port) = match word.rsplit_once(':') {
        Some((name, port)) if !name.contains(':') || name.starts_with('[') => {
            (name, port.parse::<u16>().ok())
        }
        _ => (word, None),
    };
    if port.is_some_and(|port| port != endpoint.port) {
        return false;
    }
    let name = name.trim_start_matches("*.").trim_start_matches('.').trim_matches(['[', ']']);
    host == name || host.strip_suffix(name).is_some_and(|rest| rest.ends_with('.'))
}

fn in_network(host: &str, network: &str, bits: &str) -> Option<bool> {
    use std::net::IpAddr;
    let bits: u32 = bits.parse().ok()?;
    let (host, network, width) = match (host.parse().ok()?, network.parse().ok()?) {
        (IpAddr::V4(host), IpAddr::V4(network)) => {
            (u128::from(u32::from(host)), u128::from(u32::from(network)), 32)
        }
        (IpAddr::V6(host), IpAddr::V6(network)) => (u128::from(host), u128::from(network), 128),
        _ => return None,
    };
    let ignored: u32 = if bits <= width { width - bits } else { return None };
    Some(host.checked_shr(ignored).unwrap_or(0) == network.checked_shr(ignored).unwrap_or(0))
}

fn percent_decode(text: &str) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let code = (*first == b'%').then(|| tail.get(..2)).flatten();
        match code.and_then(|code| u8::from_str_radix(std::str::from_utf8(code).ok()?, 16).ok()) {
            Some(byte) => {
                decoded.push(byte);
                rest = tail.get(2..).unwrap_or_default();
            }
            None => {
                decoded.push(*first);
                rest = tail;
            }
        }
    }
    decoded
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(pairs: &[(&str, &str)]) -> ProxySettings {
        ProxySettings::from_source(|name| {
            pairs.iter().find(|pair| pair.0 == name).map(|pair| pair.1.to_owned())
        })
    }

    fn chosen(settings: &ProxySettings, endpoint: &str) -> Option<String> {
        settings.for_endpoint(&Endpoint::parse(endpoint).unwrap()).map(Proxy::address)
    }

    #[test]
    fn scheme_and_case_choose() {
        let both = settings(&[("https_proxy", "http://p:3128/"), ("HTTP_PROXY", "q")]);
        assert_eq!(chosen(&both, "https://h").as_deref(), Some("p:3128"));
        assert_eq!(chosen(&both, "http://h").as_deref(), Some("q:80"));
        assert_eq!(chosen(&both, "http://127.0.0.1:1"), None);
        assert_eq!(chosen(&both, "https://localhost"), None);
        assert_eq!(chosen(&settings(&[("https_proxy", "socks5://p")]), "https://h"), None);
        assert_eq!(chosen(&settings(&[]), "https://h"), None);
    }

    #[test]
    fn exceptions_are_honoured() {
        for (word, endpoint, direct) in [
            ("*", "https://h", true),
            ("example.com", "https://a.example.com", true),
            (".example.com", "https://example.com", true),
            ("*.example.com", "https://a.example.com", true),
            ("example.com", "https://badexample.com", false),
            ("h:8443", "https://h:8443", true),
            ("h:8443", "https://h", false),
            ("10.0.0.0/8", "https://10.1.2.3", true),
            ("10.0.0.0/8", "https://11.1.2.3", false),
            ("10.0.0.0/99", "https://10.1.2.3", false),
            ("0.0.0.0/0", "https://10.1.2.3", true),
            ("fd00::/8", "https://[fd00::1]", true),
            ("fd00::1", "https://[fd00::1]", true),
            ("EXAMPLE.com, other", "https://example.COM", true),
        ] {
            let settings = settings(&[("https_proxy", "p:1"), ("no_proxy", word)]);
            assert_eq!(chosen(&settings, endpoint).is_none(), direct, "{word} {endpoint}");
        }
    }

    #[test]
    fn passwords_are_sent_and_never_shown() {
        let proxy = Proxy::parse("http://us%40er:p%3Aw@h:1").unwrap();
        assert_eq!(
            proxy.authorization.as_deref(),
            Some(format!("Basic {}", STANDARD.encode("us@er:p:w")).as_str())
        );
        assert_eq!(format!("{proxy:?}"), "Proxy(h:1)");
    }
}
