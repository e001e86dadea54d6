//! Golden frames (recorded from the official programs), refused frames, and properties of any bytes.

use super::*;
use proptest::prelude::*;
use serde::Deserialize;

#[derive(Deserialize)]
struct Vectors {
    created_ms: u64,
    frames: Vec<Vector>,
}

#[derive(Deserialize)]
struct Vector {
    name: String,
    message_type: String,
    sequence: i64,
    flags: u64,
    message_id: Uuid,
    payload_type: u32,
    payload_text: Option<String>,
    payload_hex: Option<String>,
    frame: String,
}

fn vectors() -> Vectors {
    serde_json::from_str(include_str!("../../tests/vectors/frames.json")).unwrap()
}

fn keyboard_input() -> Vec<u8> {
    let vectors = vectors();
    let vector = vectors.frames.iter().find(|vector| vector.name.starts_with("Keyboard input")).unwrap();
    hex::decode(&vector.frame).unwrap()
}

#[test]
fn golden_frames_both_ways() {
    let vectors = vectors();
    assert_eq!(vectors.frames.len(), 23);
    for vector in vectors.frames {
        let payload = match (vector.payload_text, vector.payload_hex) {
            (Some(text), _) => text.into_bytes(),
            (None, digits) => hex::decode(digits.unwrap()).unwrap(),
        };
        let frame = Frame {
            message_type: MessageType::parse(&vector.message_type).unwrap(),
            schema_version: 1,
            created_ms: vectors.created_ms,
            sequence: vector.sequence,
            flags: vector.flags,
            message_id: vector.message_id,
            payload_type: vector.payload_type,
            payload,
        };
        assert!(!matches!(frame.message_type, MessageType::Other(_)), "{}", vector.name);
        assert_eq!(hex::encode(frame.encode()), vector.frame, "{}", vector.name);
        assert_eq!(Frame::decode(&hex::decode(&vector.frame).unwrap()), Ok(frame), "{}", vector.name);
    }
}

#[test]
fn known_types_keep_their_names() {
    for message_type in MessageType::KNOWN {
        assert_eq!(MessageType::parse(message_type.as_str()).as_ref(), Some(message_type));
        assert_eq!(MessageType::from_padded(&message_type.padded()).as_ref(), Some(message_type));
    }
    assert_eq!(MessageType::parse(""), None);
    assert_eq!(MessageType::parse(&"x".repeat(33)), None);
    assert_eq!(MessageType::parse("a b"), None);
    assert_eq!(MessageType::parse("something_new").unwrap().to_string(), "something_new");
}

#[test]
fn refuses_what_no_program_sends() {
    type Change = fn(&mut Vec<u8>);
    let cases: &[(&str, Change, FrameError)] = &[
        ("header length 0", |b| b[0..4].fill(0), FrameError::HeaderLength { found: 0 }),
        ("header length 112", |b| b[3] = 0x70, FrameError::HeaderLength { found: 112 }),
        ("header length 120", |b| b[3] = 0x78, FrameError::HeaderLength { found: 120 }),
        ("blank type", |b| b[4..36].fill(b' '), FrameError::MessageType),
        ("type of NULs", |b| b[4..36].fill(0), FrameError::MessageType),
        ("type not ASCII", |b| b[4] = 0xff, FrameError::MessageType),
        ("date 0", |b| b[40..48].fill(0), FrameError::CreatedDate),
        ("date beyond i64", |b| b[40] = 0xff, FrameError::CreatedDate),
        ("digest changed", |b| b[80] ^= 1, FrameError::Digest),
        ("payload changed", |b| b[122] ^= 3, FrameError::Digest),
        ("length 2 of 3", |b| b[119] = 2, FrameError::PayloadLength { announced: 2, found: 3 }),
        (
            "length 0, wrong digest",
            |b| {
                b[119] = 0;
                b[80] ^= 1;
            },
            FrameError::PayloadLength { announced: 0, found: 3 },
        ),
        ("no payload", |b| b.truncate(120), FrameError::PayloadLength { announced: 3, found: 0 }),
        ("trailing byte", |b| b.push(0), FrameError::PayloadLength { announced: 3, found: 4 }),
    ];
    for (name, change, expected) in cases {
        let mut bytes = keyboard_input();
        change(&mut bytes);
        assert_eq!(Frame::decode(&bytes), Err(*expected), "{name}");
    }
    for length in 0..120 {
        let bytes = &keyboard_input()[..length];
        assert_eq!(Frame::decode(bytes), Err(FrameError::TooShort { length }), "{length}");
    }
}

#[test]
fn nul_padding_is_read() {
    let mut bytes = keyboard_input();
    for byte in &mut bytes[4..36] {
        if *byte == b' ' {
            *byte = 0;
        }
    }
    assert_eq!(Frame::decode(&bytes).unwrap().message_type, MessageType::InputStreamData);
}

prop_compose! {
    fn any_frame()(
        name in "[!-~]{1,32}",
        schema_version: u32,
        created_ms in 1..=i64::MAX as u64,
        sequence: i64,
        flags: u64,
        id: u128,
        payload_type: u32,
        payload in prop::collection::vec(any::<u8>(), 0..300),
    ) -> Frame {
        let message_type = MessageType::parse(&name).unwrap();
        let message_id = Uuid::from_u128(id);
        Frame { message_type, schema_version, created_ms, sequence, flags, message_id, payload_type, payload }
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read(frame in any_frame()) {
        prop_assert_eq!(Frame::decode(&frame.encode()), Ok(frame));
    }

    #[test]
    fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = Frame::decode(&bytes);
    }

    /// Whatever is accepted has one spelling (padding by NUL apart).
    #[test]
    fn damage_is_noticed_or_harmless(frame in any_frame(), at: prop::sample::Index, bit in 0..8u8) {
        let good = frame.encode();
        let mut bytes = good.clone();
        bytes[at.index(good.len())] ^= 1 << bit;
        if let Ok(read) = Frame::decode(&bytes) {
            prop_assert_eq!(read.payload, frame.payload);
        }
    }
}
