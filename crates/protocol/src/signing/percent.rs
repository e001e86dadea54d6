//! Percent-encoding as signatures want it: everything but the unreserved characters, in upper case.

/// How a `+` in a query is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Plus {
    /// A plus sign, as in any URL.
    Literal,
    /// A space, as in HTML forms.
    Space,
}

/// Appends `bytes`, encoded.
pub(super) fn encode_into(output: &mut String, bytes: &[u8], keep_slash: bool) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    for &byte in bytes {
        let plain = byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
        if plain || (keep_slash && byte == b'/') {
            output.push(char::from(byte));
        } else {
            output.push('%');
            for nibble in [byte >> 4, byte & 15] {
                output.push(char::from(DIGITS.get(usize::from(nibble)).copied().unwrap_or(b'0')));
            }
        }
    }
}

/// `bytes`, encoded.
pub(super) fn encode(bytes: &[u8]) -> String {
    let mut output = String::with_capacity(bytes.len());
    encode_into(&mut output, bytes, false);
    output
}

/// Decodes; a `%` without two digits after it stands for itself.
pub(super) fn decode(text: &str, plus: Plus) -> Vec<u8> {
    let mut output = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        match (first, tail) {
            (b'%', [high, low, after @ ..]) => match (digit(*high), digit(*low)) {
                (Some(high), Some(low)) => {
                    output.push(high << 4 | low);
                    rest = after;
                }
                _ => output.push(b'%'),
            },
            (b'+', _) if plus == Plus::Space => output.push(b' '),
            _ => output.push(*first),
        }
    }
    output
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn odd_inputs() {
        assert_eq!(decode("a%2Fb%zz%4", Plus::Literal), b"a/b%zz%4");
        assert_eq!(decode("a+b", Plus::Literal), b"a+b");
        assert_eq!(decode("a+b%2B", Plus::Space), b"a b+");
        assert_eq!(encode("ä /~".as_bytes()), "%C3%A4%20%2F~");
    }

    proptest! {
        #[test]
        fn there_and_back(bytes in prop::collection::vec(any::<u8>(), 0..50)) {
            prop_assert_eq!(decode(&encode(&bytes), Plus::Space), bytes);
        }
    }
}
