//! Networks by address and prefix. Not for: names of hosts.

use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use std::{fmt, net::IpAddr, str::FromStr};

/// A network: `169.254.0.0/16`, `fe80::/10`, or a single address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Network(IpNet);

impl Network {
    /// Whether the address is in it. An IPv4 address that is written as IPv6 is the IPv4 address.
    pub fn contains(&self, address: IpAddr) -> bool {
        self.0.contains(&address.to_canonical())
    }
}

impl FromStr for Network {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let network = match text.parse::<IpAddr>() {
            Ok(address) => Ok(IpNet::from(address)),
            Err(_) => text.parse::<IpNet>(),
        };
        network.map(|network| Self(network.trunc())).map_err(|_| format!("{text:?} is not ADDRESS/PREFIX"))
    }
}

impl TryFrom<String> for Network {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Network> for String {
    fn from(network: Network) -> Self {
        network.to_string()
    }
}

impl fmt::Display for Network {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// What no caller means to reach, and where clouds keep the credentials of the machine: link-local addresses, and
/// the metadata service of EC2 over IPv6.
pub fn default_denied_networks() -> Vec<Network> {
    ["169.254.0.0/16", "fe80::/10", "fd00:ec2::254/128"].iter().filter_map(|text| text.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_found_however_they_are_written() {
        let denied = default_denied_networks();
        assert_eq!(denied.len(), 3);
        let hit = |text: &str| denied.iter().any(|network| network.contains(text.parse().unwrap()));
        for text in [
            "169.254.169.254",
            "::ffff:169.254.169.254",
            "::ffff:a9fe:a9fe",
            "fe80::1",
            "febf::",
            "fd00:ec2::254",
        ] {
            assert!(hit(text), "{text}");
        }
        for text in ["169.253.255.255", "127.0.0.1", "::1", "fec0::1", "fd00:ec2::253", "::a9fe:a9fe"] {
            assert!(!hit(text), "{text}");
        }
    }

    #[test]
    fn networks_are_written_as_they_are_meant() {
        assert_eq!("10.1.2.3/8".parse::<Network>().unwrap().to_string(), "10.0.0.0/8");
        assert_eq!("10.1.2.3".parse::<Network>().unwrap().to_string(), "10.1.2.3/32");
        for wrong in ["", "10.0.0.0/33", "example.com", "10.0.0/8", "::/129"] {
            assert!(wrong.parse::<Network>().is_err(), "{wrong}");
        }
    }
}
