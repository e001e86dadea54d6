//! The encryption context: what a caller says beside a plaintext, and must say again to decrypt it. Not for: what
//! policies make of it.

use std::collections::BTreeMap;

/// Names and values.
pub(crate) type EncryptionContext = BTreeMap<String, String>;

/// One byte string for one context and no other: the number of pairs, then each name and value with its length in
/// front, by name. Numbers are four bytes, the highest first.
pub(crate) fn canonical(context: &EncryptionContext) -> Vec<u8> {
    let room = context.iter().map(|(name, value)| 8 + name.len() + value.len()).sum::<usize>();
    let mut bytes = Vec::with_capacity(4 + room);
    let number = |bytes: &mut Vec<u8>, number: usize| {
        // A call's body is far below 4 GiB.
        bytes.extend_from_slice(&u32::try_from(number).unwrap_or(u32::MAX).to_be_bytes());
    };
    number(&mut bytes, context.len());
    for (name, value) in context {
        for text in [name, value] {
            number(&mut bytes, text.len());
            bytes.extend_from_slice(text.as_bytes());
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(pairs: &[(&str, &str)]) -> EncryptionContext {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn the_form_is_fixed() {
        assert_eq!(hex::encode(canonical(&of(&[]))), "00000000");
        // Sorted by name; `é` is two bytes.
        let bytes = canonical(&of(&[("b", ""), ("a", "é")]));
        assert_eq!(hex::encode(bytes), "00000002000000016100000002c3a9000000016200000000");
    }

    proptest! {
        #[test]
        fn no_two_contexts_have_the_same_form(
            a in prop::collection::btree_map(".{0,4}", ".{0,4}", 0..4),
            b in prop::collection::btree_map(".{0,4}", ".{0,4}", 0..4),
        ) {
            prop_assert_eq!(a == b, canonical(&a) == canonical(&b));
        }
    }
}
