//! Where the services are: one address for all of a Muster server, or AWS's host of each service in a region.

use std::fmt;

/// One service's address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Endpoint {
    /// Whether TLS is spoken.
    pub(crate) tls: bool,
    /// Name or address, IPv6 without brackets.
    pub(crate) host: String,
    /// TCP port.
    pub(crate) port: u16,
}

/// The addresses that the agent needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Endpoints {
    /// Registration, token, heart-beat.
    pub(crate) ssm: Endpoint,
    /// Control channel.
    pub(crate) messages: Endpoint,
}

/// An address that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{text:?} is not an address of a server: {reason} (expected something like https://muster.example:8765)"
)]
pub(crate) struct EndpointError {
    text: String,
    reason: &'static str,
}

impl Endpoint {
    /// Reads `http[s]://host[:port][/]`.
    pub(crate) fn parse(text: &str) -> Result<Self, EndpointError> {
        let fail = |reason| EndpointError { text: text.to_owned(), reason };
        let (scheme, rest) = text.trim().split_once("://").ok_or_else(|| fail("it has no scheme"))?;
        let tls = match scheme.to_ascii_lowercase().as_str() {
            "https" => true,
            "http" => false,
            _ => return Err(fail("the scheme must be https or http")),
        };
        let authority = rest.strip_suffix('/').unwrap_or(rest);
        if authority.contains(['/', '?', '#', '@']) {
            return Err(fail("only a host and a port may follow the scheme"));
        }
        let (host, port) = split_authority(authority).ok_or_else(|| fail("host or port is malformed"))?;
        Ok(Self { tls, host, port: port.unwrap_or(if tls { 443 } else { 80 }) })
    }

    fn aws(service: &str, region: &str) -> Self {
        const DOMAINS: [(&str, &str); 6] = [
            ("cn-", "amazonaws.com.cn"),
            ("us-iso-", "c2s.ic.gov"),
            ("us-isob-", "sc2s.sgov.gov"),
            ("us-isof-", "csp.hci.ic.gov"),
            ("eu-isoe-", "cloud.adc-e.uk"),
            ("eusc-de-", "amazonaws.eu"),
        ];
        let domain = DOMAINS
            .iter()
            .find(|(prefix, _)| region.starts_with(prefix))
            .map_or("amazonaws.com", |(_, domain)| domain);
        Self { tls: true, host: format!("{service}.{region}.{domain}"), port: 443 }
    }

    /// The `Host` header: without the port when it is the scheme's own.
    pub(crate) fn authority(&self) -> String {
        let host = self.bracketed_host();
        if self.port == if self.tls { 443 } else { 80 } { host } else { format!("{host}:{}", self.port) }
    }

    fn bracketed_host(&self) -> String {
        if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() }
    }

    /// `host:port`, always with the port.
    pub(crate) fn host_and_port(&self) -> String {
        format!("{}:{}", self.bracketed_host(), self.port)
    }

    /// Whether the address is this machine itself.
    pub(crate) fn is_loopback(&self) -> bool {
        is_loopback(&self.host)
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}://{}", if self.tls { "https" } else { "http" }, self.authority())
    }
}

impl Endpoints {
    /// One address for everything, or AWS's own in `region`.
    pub(crate) fn new(endpoint: Option<&str>, region: &str) -> Result<Self, EndpointError> {
        match endpoint {
            Some(text) => {
                let one = Endpoint::parse(text)?;
                Ok(Self { ssm: one.clone(), messages: one })
            }
            None => {
                Ok(Self { ssm: Endpoint::aws("ssm", region), messages: Endpoint::aws("ssmmessages", region) })
            }
        }
    }
}

/// Whether a host is this machine itself.
pub(crate) fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Splits `host`, `host:port`, `[v6]`, `[v6]:port`.
pub(crate) fn split_authority(text: &str) -> Option<(String, Option<u16>)> {
    let (host, port) = if let Some(rest) = text.strip_prefix('[') {
        let (host, rest) = rest.split_once(']')?;
        host.parse::<std::net::Ipv6Addr>().ok()?;
        (host, if rest.is_empty() { None } else { Some(rest.strip_prefix(':')?) })
    } else {
        match text.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (text, None),
        }
    };
    let name = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:".contains(&byte);
    if host.is_empty() || !host.bytes().all(name) {
        return None;
    }
    let port = match port {
        Some(port) => Some(port.parse().ok().filter(|port| *port != 0)?),
        None => None,
    };
    Some((host.to_owned(), port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_addresses() {
        for (text, host, port, shown) in [
            ("https://muster.example", "muster.example", 443, "https://muster.example"),
            ("https://muster.example:8765/", "muster.example", 8765, "https://muster.example:8765"),
            ("HTTP://127.0.0.1:80", "127.0.0.1", 80, "http://127.0.0.1"),
            ("https://[::1]:8765", "::1", 8765, "https://[::1]:8765"),
        ] {
            let endpoint = Endpoint::parse(text).unwrap();
            assert_eq!((endpoint.host.as_str(), endpoint.port), (host, port), "{text}");
            assert_eq!(endpoint.to_string(), shown);
        }
        for text in [
            "",
            "host:1",
            "ftp://h",
            "https://",
            "https://h/p",
            "https://u@h",
            "https://h:0",
            "https://h:99999",
            "https://a b",
            "https://[x]",
        ] {
            assert!(Endpoint::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn aws_hosts_follow_the_partition() {
        let hosts = |region| {
            let both = Endpoints::new(None, region).unwrap();
            (both.ssm.host, both.messages.host)
        };
        assert_eq!(hosts("eu-west-1").1, "ssmmessages.eu-west-1.amazonaws.com");
        assert_eq!(hosts("cn-north-1").0, "ssm.cn-north-1.amazonaws.com.cn");
    }
}
