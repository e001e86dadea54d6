//! The names of messages, as they stand in the frame. Not for: which of them a channel understands.

use std::fmt;

/// Bytes of the field.
const WIDTH: usize = 32;

macro_rules! message_types {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)*) => {
        /// What a frame carries.
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum MessageType {
            $($(#[$doc])* $variant,)*
            /// A well-formed name that is none of the above; made by [`MessageType::parse`] alone.
            Other(OtherType),
        }

        impl MessageType {
            /// The name on the wire.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $name,)*
                    Self::Other(OtherType(name)) => name,
                }
            }

            fn known(name: &str) -> Option<Self> {
                match name {
                    $($name => Some(Self::$variant),)*
                    _ => None,
                }
            }

            /// All that have a name of their own.
            pub const KNOWN: &[Self] = &[$(Self::$variant,)*];
        }
    };
}

message_types! {
    /// Server to node: run or cancel a command.
    AgentJob = "agent_job",
    /// Node to server: the job is taken, or why not.
    AgentJobAck = "agent_job_ack",
    /// Node to server: progress or result of a job.
    AgentJobReply = "agent_job_reply",
    /// Server to node: the reply is kept.
    AgentJobReplyAck = "agent_job_reply_ack",
    /// Server to node: start a session.
    InteractiveShell = "interactive_shell",
    /// Server to node: end a session.
    ChannelClosed = "channel_closed",
    /// Node to server: a session has ended.
    AgentTaskComplete = "agent_task_complete",
    /// Server to node: the end of the session is known.
    AgentTaskAcknowledge = "agent_task_acknowledge",
    /// Node to server: counters of the agent.
    AgentTelemetry = "agent_telemetry",
    /// Node to server: how an update of the agent went.
    AgentUpdateResult = "agent_update_result",
    /// Node to server, data channel: the session is connected or ending.
    AgentSessionState = "agent_session_state",
    /// Client to node, data channel.
    InputStreamData = "input_stream_data",
    /// Node to client, data channel.
    OutputStreamData = "output_stream_data",
    /// Both ways, data channel: a stream message has arrived.
    Acknowledge = "acknowledge",
    /// Server to either end of a data channel: send.
    StartPublication = "start_publication",
    /// Server to either end of a data channel: wait.
    PausePublication = "pause_publication",
}

/// The name of a message that this version does not know.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct OtherType(Box<str>);

impl MessageType {
    /// A type by name: 1 to 32 printable ASCII characters without spaces.
    pub fn parse(name: &str) -> Option<Self> {
        let well_formed =
            (1..=WIDTH).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_graphic());
        well_formed.then(|| Self::known(name).unwrap_or_else(|| Self::Other(OtherType(name.into()))))
    }

    /// The field: padded at the right with spaces.
    pub(super) fn padded(&self) -> [u8; WIDTH] {
        let mut field = [b' '; WIDTH];
        // Names are 32 bytes at most, by `parse` and by the table above.
        for (slot, byte) in field.iter_mut().zip(self.as_str().bytes()) {
            *slot = byte;
        }
        field
    }

    /// Reads the field. Spaces and NULs at the right are padding; anything else must be a name.
    pub(super) fn from_padded(field: &[u8; WIDTH]) -> Option<Self> {
        let name = std::str::from_utf8(field).ok()?;
        Self::parse(name.trim_end_matches([' ', '\0']))
    }
}

impl fmt::Display for MessageType {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}
