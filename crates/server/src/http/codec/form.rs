//! Form-encoded parameters, flat as they come and as the tree that their dotted names make.
//! Not for: what the parameters mean.

use std::collections::BTreeMap;

/// Parameters taken; a body within its limit could hold a million.
const MAX_PARAMETERS: usize = 20_000;
/// Levels of dotted names; deeper than any model of the Query protocol.
const MAX_DEPTH: usize = 32;

/// Decoded parameters. Of those of one name the first counts, as with AWS.
#[derive(Debug, Default)]
pub(in crate::http) struct Form {
    parameters: BTreeMap<String, String>,
}

/// More parameters than any call has, or names deeper than any model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::http) struct TooComplex;

/// One level of dotted names.
#[derive(Debug, Default)]
pub(super) struct Node<'a> {
    pub(super) value: Option<&'a str>,
    pub(super) children: BTreeMap<&'a str, Node<'a>>,
}

impl Form {
    /// Reads `name=value&…`, a query string or a body. Bytes that are no UTF-8 are replaced, not refused.
    pub(in crate::http) fn parse(encoded: &[u8]) -> Result<Self, TooComplex> {
        let mut parameters = BTreeMap::new();
        for pair in encoded.split(|&byte| byte == b'&').filter(|pair| !pair.is_empty()) {
            let split = pair.iter().position(|&byte| byte == b'=').unwrap_or(pair.len());
            let (name, value) = pair.split_at(split);
            if parameters.len() == MAX_PARAMETERS {
                return Err(TooComplex);
            }
            let name = percent_decode(name, true);
            if name.split('.').count() > MAX_DEPTH {
                return Err(TooComplex);
            }
            parameters
                .entry(name)
                .or_insert_with(|| percent_decode(value.get(1..).unwrap_or_default(), true));
        }
        Ok(Self { parameters })
    }

    /// The parameter of exactly this name.
    pub(in crate::http) fn get(&self, name: &str) -> Option<&str> {
        self.parameters.get(name).map(String::as_str)
    }

    pub(super) fn tree(&self) -> Node<'_> {
        let mut root = Node::default();
        for (name, value) in &self.parameters {
            let node = name.split('.').fold(&mut root, |node, part| node.children.entry(part).or_default());
            node.value = Some(value);
        }
        root
    }
}

/// Decodes percent escapes, and `+` as a space where `form` says so. What is no UTF-8 is replaced.
pub(in crate::http) fn percent_decode(encoded: &[u8], form: bool) -> String {
    let mut decoded = Vec::with_capacity(encoded.len());
    let mut rest = encoded;
    while let [first, tail @ ..] = rest {
        rest = tail;
        match (first, tail) {
            (b'+', _) if form => decoded.push(b' '),
            (b'%', [high, low, after @ ..]) => match (hex(*high), hex(*low)) {
                (Some(high), Some(low)) => {
                    decoded.push(high << 4 | low);
                    rest = after;
                }
                _ => decoded.push(b'%'),
            },
            _ => decoded.push(*first),
        }
    }
    String::from_utf8(decoded).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}
