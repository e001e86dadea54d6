//! The binary envelope of every message on control and data channels: one websocket message, one frame.
//!
//! Big-endian; a fixed header of 116 bytes, the payload's length, the payload. The reader is strict: it refuses all
//! that no official program sends (they themselves accept some of it, or die of it). Not for: what a payload means.

mod message_type;
#[cfg(test)]
mod tests;

pub use message_type::MessageType;

use crate::digest::sha256;
use uuid::Uuid;

/// Bytes before the payload's length; the value of the header's own length field.
const HEADER_LENGTH: usize = 116;
/// Bytes before the payload.
const PAYLOAD_OFFSET: usize = HEADER_LENGTH + 4;

/// The `flags` bit of the first message of a stream.
pub const FLAG_SYN: u64 = 1;
/// The `flags` bit of the last message of a stream.
pub const FLAG_FIN: u64 = 2;

/// One message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// What the payload is.
    pub message_type: MessageType,
    /// 1.
    pub schema_version: u32,
    /// Milliseconds since the epoch; never 0, which readers refuse.
    pub created_ms: u64,
    /// Place in a data stream; 0 on the control channel.
    pub sequence: i64,
    /// [`FLAG_SYN`], [`FLAG_FIN`].
    pub flags: u64,
    /// Echoed by acknowledgements.
    pub message_id: Uuid,
    /// Kind of stream data; 0 on the control channel.
    pub payload_type: u32,
    /// At least one byte for official peers, whose writers cannot make an empty one.
    pub payload: Vec<u8>,
}

/// Why bytes are not a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// Shorter than header and payload length.
    #[error("frame of {length} bytes is too short")]
    TooShort {
        /// Bytes that came.
        length: usize,
    },
    /// The header names another length than the one that exists.
    #[error("frame header length {found} is not {HEADER_LENGTH}")]
    HeaderLength {
        /// The value that came.
        found: u32,
    },
    /// The message type is blank or not printable ASCII.
    #[error("frame has no message type")]
    MessageType,
    /// The creation date is zero, or beyond what a signed number of milliseconds holds.
    #[error("frame has no creation date")]
    CreatedDate,
    /// The payload length differs from the bytes that follow.
    #[error("frame announces {announced} payload bytes and has {found}")]
    PayloadLength {
        /// The header's value.
        announced: u32,
        /// Bytes that came.
        found: usize,
    },
    /// The SHA-256 of the payload is another.
    #[error("frame payload does not match its digest")]
    Digest,
}

impl Frame {
    /// A control message: schema 1, no sequence, no flags.
    pub fn control(message_type: MessageType, message_id: Uuid, created_ms: i64, payload: Vec<u8>) -> Self {
        Self {
            message_type,
            schema_version: 1,
            // Zero is refused by every reader, so a clock before 1970 must not yield it.
            created_ms: u64::try_from(created_ms).unwrap_or(1).max(1),
            sequence: 0,
            flags: 0,
            message_id,
            payload_type: 0,
            payload,
        }
    }

    /// The frame in bytes. A payload over 4 GiB cannot be expressed and is announced as cut; callers bound theirs.
    pub fn encode(&self) -> Vec<u8> {
        let length = u32::try_from(self.payload.len()).unwrap_or(u32::MAX);
        let mut bytes = Vec::with_capacity(PAYLOAD_OFFSET + self.payload.len());
        bytes.extend_from_slice(&(HEADER_LENGTH as u32).to_be_bytes());
        bytes.extend_from_slice(&self.message_type.padded());
        bytes.extend_from_slice(&self.schema_version.to_be_bytes());
        bytes.extend_from_slice(&self.created_ms.to_be_bytes());
        bytes.extend_from_slice(&self.sequence.to_be_bytes());
        bytes.extend_from_slice(&self.flags.to_be_bytes());
        // The two halves of the id travel the other way round.
        let (high, low) = self.message_id.as_u64_pair();
        bytes.extend_from_slice(&low.to_be_bytes());
        bytes.extend_from_slice(&high.to_be_bytes());
        bytes.extend_from_slice(&sha256(&self.payload));
        bytes.extend_from_slice(&self.payload_type.to_be_bytes());
        bytes.extend_from_slice(&length.to_be_bytes());
        bytes.extend_from_slice(&self.payload);
        bytes
    }

    /// Reads a frame from a whole message.
    ///
    /// # Errors
    /// [`FrameError`] for anything that no writer makes; no input panics.
    pub fn decode(bytes: &[u8]) -> Result<Self, FrameError> {
        let too_short = FrameError::TooShort { length: bytes.len() };
        let mut reader = Reader(bytes);
        let header_length = u32::from_be_bytes(reader.take().ok_or(too_short)?);
        let message_type: [u8; 32] = reader.take().ok_or(too_short)?;
        let schema_version = u32::from_be_bytes(reader.take().ok_or(too_short)?);
        let created_ms = u64::from_be_bytes(reader.take().ok_or(too_short)?);
        let sequence = i64::from_be_bytes(reader.take().ok_or(too_short)?);
        let flags = u64::from_be_bytes(reader.take().ok_or(too_short)?);
        let low = u64::from_be_bytes(reader.take().ok_or(too_short)?);
        let high = u64::from_be_bytes(reader.take().ok_or(too_short)?);
        let digest: [u8; 32] = reader.take().ok_or(too_short)?;
        let payload_type = u32::from_be_bytes(reader.take().ok_or(too_short)?);
        let announced = u32::from_be_bytes(reader.take().ok_or(too_short)?);
        let Reader(payload) = reader;

        if header_length as usize != HEADER_LENGTH {
            return Err(FrameError::HeaderLength { found: header_length });
        }
        let message_type = MessageType::from_padded(&message_type).ok_or(FrameError::MessageType)?;
        if created_ms == 0 || i64::try_from(created_ms).is_err() {
            return Err(FrameError::CreatedDate);
        }
        if announced as usize != payload.len() {
            return Err(FrameError::PayloadLength { announced, found: payload.len() });
        }
        if sha256(payload) != digest {
            return Err(FrameError::Digest);
        }
        let message_id = Uuid::from_u64_pair(high, low);
        let payload = payload.to_vec();
        Ok(Self {
            message_type,
            schema_version,
            created_ms,
            sequence,
            flags,
            message_id,
            payload_type,
            payload,
        })
    }

    /// The creation date as the rest of the program counts time.
    pub fn created_at_ms(&self) -> i64 {
        i64::try_from(self.created_ms).unwrap_or(i64::MAX)
    }
}

/// What is left to read.
struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (head, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*head)
    }
}
