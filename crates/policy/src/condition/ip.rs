//! Addresses and CIDR blocks, v4 and v6. Not for: who connects.

use std::net::{IpAddr, Ipv4Addr};

/// Addresses that begin alike. An IPv4 address inside IPv6 (`::ffff:10.0.0.1`) is the IPv4 address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Block {
    first: IpAddr,
    bits: u8,
}

impl Block {
    /// `203.0.113.0/24`, `2001:db8::/32`, or one address.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let Some((address, bits)) = text.split_once('/') else {
            let first = parse(text)?;
            return Some(Self { first, bits: if first.is_ipv4() { 32 } else { 128 } });
        };
        // `from_str` of numbers takes a sign.
        if bits.is_empty() || !bits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let (first, bits) = (address.parse::<IpAddr>().ok()?, bits.parse::<u8>().ok()?);
        match first {
            IpAddr::V4(_) if bits > 32 => None,
            IpAddr::V6(_) if bits > 128 => None,
            IpAddr::V6(v6) => match v6.to_ipv4_mapped() {
                Some(v4) if bits >= 96 => Some(Self { first: v4.into(), bits: bits - 96 }),
                _ => Some(Self { first, bits }),
            },
            IpAddr::V4(_) => Some(Self { first, bits }),
        }
    }

    pub(crate) fn contains(self, address: IpAddr) -> bool {
        match (self.first, address) {
            (IpAddr::V4(first), IpAddr::V4(address)) => {
                let differ = number(first) ^ number(address);
                self.bits == 0 || differ >> (32 - u32::from(self.bits)) == 0
            }
            (IpAddr::V6(first), IpAddr::V6(address)) => {
                let differ = u128::from(first) ^ u128::from(address);
                self.bits == 0 || differ >> (128 - u32::from(self.bits)) == 0
            }
            _ => false,
        }
    }
}

/// An address without a block.
pub(crate) fn parse(text: &str) -> Option<IpAddr> {
    text.parse::<IpAddr>().ok().map(|address| address.to_canonical())
}

fn number(address: Ipv4Addr) -> u32 {
    u32::from(address)
}
