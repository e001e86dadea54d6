//! Identifiers that are UUIDs on the wire. Not for: ids that only look alike, such as session ids.

use crate::newtype::identifier;
use uuid::Uuid;

/// The hyphenated form, any version, folded to lower case: clients may send either case of the same id.
fn hyphenated(text: &str) -> Option<Box<str>> {
    // `Uuid` also reads braces, `urn:uuid:` and the bare digits, which no wire of ours knows.
    if text.len() != 36 {
        return None;
    }
    Uuid::try_parse(text).ok().map(|uuid| uuid.hyphenated().to_string().into_boxed_str())
}

macro_rules! unique {
    ($($(#[$doc:meta])* $name:ident, $kind:literal;)*) => {$(
        identifier! { $(#[$doc])* $name, $kind, hyphenated }

        impl $name {
            /// A new one, of version 4.
            pub fn random() -> Self {
                Self(Uuid::new_v4().hyphenated().to_string().into_boxed_str())
            }
        }
    )*};
}

unique! {
    /// A hybrid activation: what a new node registers under.
    ActivationId, "activation id";
    /// A command: one document sent to many nodes.
    CommandId, "command id";
    /// A key of KMS.
    KeyId, "key id";
    /// One control channel of a node, from its opening to its end.
    ConnectionId, "connection id";
    /// One running server process.
    ReplicaId, "replica id";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_the_hyphenated_form_alone() {
        let id = CommandId::parse("AAAAAAAA-2222-3333-4444-555555555555").unwrap();
        assert_eq!(id.as_str(), "aaaaaaaa-2222-3333-4444-555555555555");
        for bad in [
            "",
            "aaaaaaaa222233334444555555555555",
            "{aaaaaaaa-2222-3333-4444-55555555555}",
            "aaaaaaaa-2222-3333-4444-55555555555g",
            "aaaaaaaa-2222-3333-4444_555555555555",
        ] {
            assert!(CommandId::parse(bad).is_err(), "{bad}");
        }
        assert_ne!(CommandId::random(), CommandId::random());
    }
}
