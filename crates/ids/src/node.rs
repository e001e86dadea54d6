//! The managed node ("instance" on the wire): `mi-` and 17 hexadecimal digits. EC2's `i-` ids are not ours.

use crate::newtype::identifier;

const PREFIX: &str = "mi-";
const DIGITS: usize = 17;

identifier! {
    /// `mi-` and 17 lower-case hexadecimal digits.
    ManagedNodeId, "managed node id", |text| {
        let digits = text.strip_prefix(PREFIX)?;
        let well_formed = digits.len() == DIGITS
            && digits.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
        well_formed.then(|| text.into())
    }
}

impl ManagedNodeId {
    /// A new id: 66 random bits at least, so that two nodes do not meet.
    pub fn random() -> Self {
        let random = uuid::Uuid::new_v4().simple().to_string();
        // Digits 12 and 16 hold the version and the variant, not chance.
        let digits = random.chars().enumerate().filter(|(index, _)| !matches!(index, 12 | 16)).take(DIGITS);
        let mut text = String::with_capacity(PREFIX.len() + DIGITS);
        text.push_str(PREFIX);
        text.extend(digits.map(|(_, digit)| digit));
        Self(text.into_boxed_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_the_exact_form() {
        assert!(ManagedNodeId::parse("mi-0123456789abcdef0").is_ok());
        for bad in [
            "",
            "mi-",
            "i-0123456789abcdef0",
            "mi-0123456789abcdef",
            "mi-0123456789abcdef01",
            "mi-0123456789ABCDEF0",
            "mi-0123456789abcdeg0",
            " mi-0123456789abcdef0",
        ] {
            assert!(ManagedNodeId::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn random_ids_are_well_formed_and_differ() {
        let ids: std::collections::HashSet<_> = (0..1000).map(|_| ManagedNodeId::random()).collect();
        assert_eq!(ids.len(), 1000);
        assert!(ids.iter().all(|id| ManagedNodeId::parse(id.as_str()).is_ok()));
    }

    #[test]
    fn serde_checks_too() {
        let id: ManagedNodeId = serde_from("mi-0123456789abcdef0").unwrap();
        assert_eq!(id.to_string(), "mi-0123456789abcdef0");
        assert!(serde_from::<ManagedNodeId>("mi-x").is_err());
    }

    fn serde_from<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, serde::de::value::Error> {
        T::deserialize(serde::de::value::StrDeserializer::new(text))
    }
}
