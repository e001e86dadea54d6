//! A line of the journal: one event, with a tag that nobody without the key can make.
//!
//! `TAG NUMBER MS ACCOUNT REGION JSON`, a line feed at the end. The tag authenticates the rest of the line, and the
//! number, which counts the lines of a segment from 0, is its nonce: AES-256-GCM over no text (GMAC), because that
//! costs a tenth of an HMAC. Each segment has a key of its own, and no number is used twice in it. Not for: files.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use muster_ids::Tenant;
use std::io::Write as _;
use subtle::ConstantTimeEq as _;

/// Characters of a tag.
const TAG: usize = 32;
/// Characters of a number, with zeros in front so that it can be filled in later.
const NUMBER: usize = 10;

/// The key of one segment.
#[derive(Debug)]
pub(super) struct LineKey(LessSafeKey);

impl LineKey {
    /// From 32 bytes.
    pub(super) fn new(key: &[u8]) -> Option<Self> {
        Some(Self(LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key).ok()?)))
    }

    fn tag(&self, number: u32, content: &[u8]) -> Option<[u8; TAG]> {
        let mut nonce = [0; 12];
        nonce.get_mut(8..)?.copy_from_slice(&number.to_be_bytes());
        let nonce = Nonce::assume_unique_for_key(nonce);
        let tag = self.0.seal_in_place_separate_tag(nonce, Aad::from(content), &mut []).ok()?;
        let mut text = [0; TAG];
        hex::encode_to_slice(tag.as_ref(), &mut text).ok()?;
        Some(text)
    }
}

/// Begins a line: room for tag and number, and what is known. The event's JSON follows, then a line feed.
pub(super) fn begin(line: &mut Vec<u8>, ms: i64, tenant: &Tenant) {
    line.clear();
    line.extend_from_slice(&[b'0'; TAG]);
    line.push(b' ');
    line.extend_from_slice(&[b'0'; NUMBER]);
    // Writing to memory does not fail.
    let _ = write!(line, " {ms} {} {} ", tenant.account, tenant.region);
}

/// Fills in number and tag. `None` if it is no line that [`begin`] began.
pub(super) fn finish(line: &mut [u8], key: &LineKey, number: u32) -> Option<()> {
    let mut place = line.get_mut(TAG + 1..TAG + 1 + NUMBER)?;
    write!(place, "{number:0NUMBER$}").ok()?;
    let (tag, content) = line.split_at_mut_checked(TAG)?;
    tag.copy_from_slice(&key.tag(number, content)?);
    Some(())
}

/// A line that was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Line<'a> {
    pub(super) ms: i64,
    pub(super) account: &'a str,
    pub(super) region: &'a str,
    pub(super) json: &'a str,
}

/// What is wrong with a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// Not the number that follows: lines are missing, doubled or in another order.
    OutOfPlace,
    /// Not as it was written.
    Altered,
}

/// Reads the line with this number, its line feed included.
pub(super) fn read<'a>(line: &'a [u8], key: &LineKey, number: u32) -> Result<Line<'a>, Fault> {
    let (tag, content) = line.split_at_checked(TAG).ok_or(Fault::Altered)?;
    let text = std::str::from_utf8(content).map_err(|_| Fault::Altered)?;
    let mut parts = text.strip_suffix('\n').ok_or(Fault::Altered)?.splitn(6, ' ');
    let (Some(""), Some(found), Some(ms), Some(account), Some(region), Some(json)) =
        (parts.next(), parts.next(), parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(Fault::Altered);
    };
    let found: u32 = found.parse().map_err(|_| Fault::Altered)?;
    let expected = key.tag(found, content).ok_or(Fault::Altered)?;
    if !bool::from(expected.ct_eq(tag)) {
        return Err(Fault::Altered);
    }
    if found != number {
        return Err(Fault::OutOfPlace);
    }
    Ok(Line { ms: ms.parse().map_err(|_| Fault::Altered)?, account, region, json })
}

/// The number that a line claims.
pub(super) fn number(line: &[u8]) -> Option<u32> {
    std::str::from_utf8(line.get(TAG + 1..TAG + 1 + NUMBER)?).ok()?.parse().ok()
}

/// Tenant of a line, its time and its JSON, before anything is checked: to look for what is worth checking.
pub(super) fn peek(line: &str) -> Option<Line<'_>> {
    let mut parts = line.strip_suffix('\n')?.splitn(6, ' ');
    let (_, _) = (parts.next()?, parts.next()?);
    Some(Line {
        ms: parts.next()?.parse().ok()?,
        account: parts.next()?,
        region: parts.next()?,
        json: parts.next()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::tenant;
    use proptest::prelude::*;

    fn key(byte: u8) -> LineKey {
        LineKey::new(&[byte; 32]).unwrap()
    }

    fn written(number: u32, json: &str) -> Vec<u8> {
        let mut line = Vec::new();
        begin(&mut line, 1700, &tenant("us-east-1"));
        line.extend_from_slice(json.as_bytes());
        line.push(b'\n');
        finish(&mut line, &key(1), number).unwrap();
        line
    }

    #[test]
    fn a_line_is_read_again_in_its_place_alone() {
        let line = written(7, r#"{"a":"b c"}"#);
        let expected =
            Line { ms: 1700, account: "123456789012", region: "us-east-1", json: r#"{"a":"b c"}"# };
        assert_eq!(read(&line, &key(1), 7), Ok(expected));
        assert_eq!(peek(std::str::from_utf8(&line).unwrap()), Some(expected));
        assert_eq!(read(&line, &key(1), 8), Err(Fault::OutOfPlace));
        assert_eq!(read(&line, &key(2), 7), Err(Fault::Altered));
        assert_eq!(finish(&mut [b'x'; 20], &key(1), 0), None);
    }

    proptest! {
        #[test]
        fn every_changed_bit_shows(number: u32, json in "\\{[ -~]{0,40}\\}", at: usize, bit in 0_u8..8) {
            let mut line = written(number, &json);
            let at = at % line.len();
            line[at] ^= 1 << bit;
            prop_assert!(read(&line, &key(1), number).is_err());
        }

        #[test]
        fn any_bytes_are_read(line in proptest::collection::vec(any::<u8>(), 0..80)) {
            prop_assert!(read(&line, &key(1), 0).is_err());
            peek(&String::from_utf8_lossy(&line));
        }
    }
}
