//! The version that the agent reports on the wire, and its own.

/// The agent's own version.
pub(crate) const OWN: &str = env!("CARGO_PKG_VERSION");

/// The version on the wire. Servers and clients compare it with versions of the official agent to learn what a node can
/// do, so it begins with the release whose wire behaviour this agent has, and goes on with our minor version and patch.
pub(crate) const ON_THE_WIRE: &str =
    concat!("3.3.", env!("CARGO_PKG_VERSION_MINOR"), ".", env!("CARGO_PKG_VERSION_PATCH"));

/// The agent's name on the wire; servers know no other.
pub(crate) const WIRE_NAME: &str = "amazon-ssm-agent";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn has_the_form_that_the_service_model_demands() {
        let parts: Vec<&str> = ON_THE_WIRE.split('.').collect();
        assert_eq!(parts.len(), 4);
        assert!(
            parts
                .iter()
                .all(|part| (1..=6).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit()))
        );
    }
}
