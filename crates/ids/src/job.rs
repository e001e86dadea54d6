//! The job id of the control channel: one command on one node. The agent takes the command id out of it and echoes
//! the text in every acknowledgement and reply. Not for: what a job holds.

use crate::newtype::identifier;
use crate::{CommandId, IdError, ManagedNodeId};

const PREFIX: &str = "aws.ssm.";
const COMMAND_LENGTH: usize = 36;

fn split(text: &str) -> Option<(&str, &str)> {
    let (command, node) = text.strip_prefix(PREFIX)?.split_at_checked(COMMAND_LENGTH)?;
    Some((command, node.strip_prefix('.')?))
}

identifier! {
    /// `aws.ssm.<command id>.<node id>`.
    JobId, "job id", |text| {
        let (command, node) = split(text)?;
        let (command, node) = (CommandId::parse(command).ok()?, ManagedNodeId::parse(node).ok()?);
        Some(JobId::for_command(&command, &node).0)
    }
}

impl JobId {
    /// The job that runs this command on this node.
    pub fn for_command(command: &CommandId, node: &ManagedNodeId) -> Self {
        Self(format!("{PREFIX}{command}.{node}").into_boxed_str())
    }

    /// Both parts of a job id in text.
    ///
    /// # Errors
    /// [`IdError`] when it has another form.
    pub fn parts(text: &str) -> Result<(CommandId, ManagedNodeId), IdError> {
        let (command, node) = split(text).ok_or(IdError { kind: "job id" })?;
        Ok((CommandId::parse(command)?, ManagedNodeId::parse(node)?))
    }

    /// The command of this job, as text.
    pub fn command(&self) -> &str {
        split(&self.0).map_or("", |(command, _)| command)
    }

    /// The node of this job, as text.
    pub fn node(&self) -> &str {
        split(&self.0).map_or("", |(_, node)| node)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "aws.ssm.11111111-2222-3333-4444-555555555555.mi-0123456789abcdef0";

    #[test]
    fn there_and_back() {
        let job = JobId::parse(TEXT).unwrap();
        assert_eq!(job.as_str(), TEXT);
        assert_eq!(job.command(), "11111111-2222-3333-4444-555555555555");
        assert_eq!(job.node(), "mi-0123456789abcdef0");
        let (command, node) = JobId::parts(TEXT).unwrap();
        assert_eq!(JobId::for_command(&command, &node), job);
    }

    #[test]
    fn refuses_other_forms() {
        for bad in [
            "",
            "aws.ssm.",
            "aws.ssm.11111111-2222-3333-4444-555555555555",
            "aws.ssm.11111111-2222-3333-4444-555555555555.",
            "aws.ssm.11111111-2222-3333-4444-555555555555.i-1",
            "aws.ssm.11111111-2222-3333-4444-5555555555555mi-0123456789abcdef0",
            "aws.ssm.1111111-2222-3333-4444-555555555555ä.mi-0123456789abcdef0",
        ] {
            assert!(JobId::parse(bad).is_err(), "{bad}");
            assert!(JobId::parts(bad).is_err(), "{bad}");
        }
    }
}
