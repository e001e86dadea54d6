//! Policy documents as IAM counts and answers them. Not for: what they say.

use std::fmt::Write as _;

/// The length that counts against IAM's quotas: characters, less white space.
pub(crate) fn size(document: &str) -> usize {
    document.chars().filter(|character| !character.is_whitespace()).count()
}

/// The form in which IAM answers documents: percent-encoded as in RFC 3986.
pub(crate) fn encoded(document: &str) -> String {
    let mut text = String::with_capacity(document.len() * 2);
    for byte in document.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                text.push(char::from(byte))
            }
            // Writing to a text does not fail.
            _ => drop(write!(text, "%{byte:02X}")),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_does_not_count() {
        for (document, expected) in [("", 0), (" \t\r\n", 0), ("{ \"a\": \"b c\" }", 10), ("ä", 1)] {
            assert_eq!(size(document), expected, "{document:?}");
        }
    }

    #[test]
    fn documents_are_answered_percent_encoded() {
        assert_eq!(encoded("{\"a\": [\"*\", 1]}\n"), "%7B%22a%22%3A%20%5B%22%2A%22%2C%201%5D%7D%0A");
        assert_eq!(encoded("Az09-._~/+%ä"), "Az09-._~%2F%2B%25%C3%A4");
    }
}
