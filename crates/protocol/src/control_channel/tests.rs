//! Single rules of both machines.

use super::*;
use crate::message::{
    AckCode, AgentJob, AgentTask, AgentTaskComplete, ReplyContent, RuntimeStatus, SEND_COMMAND_TOPIC, Status,
};
use proptest::prelude::*;
use std::collections::BTreeMap;

const NODE: &str = "mi-0123456789abcdef0";
const JOB: &str = "aws.ssm.11111111-2222-3333-4444-555555555555.mi-0123456789abcdef0";
const CANCEL: &str = "aws.ssm.66666666-7777-4888-9999-aaaaaaaaaaaa.mi-0123456789abcdef0";
const CONTENT: &str = r#"{"DocumentContent":{},"CommandId":"11111111-2222-3333-4444-555555555555"}"#;

fn pair() -> (ServerChannel, NodeChannel) {
    let id = ManagedNodeId::parse(NODE).unwrap();
    let (mut server, mut node) = (ServerChannel::new(id.clone()), NodeChannel::new(id));
    let open = node.open_message("token", "1.0", "linux", 0);
    server.on_message(open.as_bytes(), true, 0).unwrap();
    (server, node)
}

fn server_event(server: &mut ServerChannel, bytes: &[u8]) -> ServerEvent {
    server.on_message(bytes, false, 0).unwrap().remove(0)
}

fn node_event(node: &mut NodeChannel, bytes: &[u8]) -> NodeEvent {
    node.on_message(bytes).unwrap().remove(0)
}

#[test]
fn nothing_before_the_opening() {
    let mut server = ServerChannel::new(ManagedNodeId::parse(NODE).unwrap());
    let frame = encode(MessageType::AgentTelemetry, Uuid::nil(), 1, &serde_json::json!({}));
    for (bytes, is_text) in
        [(frame.as_slice(), false), (b"{}", true), (b"", true), (br#"{"TokenValue":"t"}"#, false)]
    {
        let error = server.on_message(bytes, is_text, 0).unwrap_err();
        assert_eq!(error, ChannelError::NotOpened);
        assert!(error.fatal());
    }
    let open = br#"{"Cookie":null,"MessageSchemaVersion":"1.0","RequestId":"r","TokenValue":"t0k3n","AgentVersion":"3.3.0.0","PlatformType":"linux"}"#;
    let [event] = server.on_message(open, true, 0).unwrap().try_into().unwrap();
    assert!(!format!("{event:?}").contains("t0k3n"));
    let opened = ServerEvent::Opened {
        token: "t0k3n".into(),
        agent_version: "3.3.0.0".into(),
        platform_type: "linux".into(),
    };
    assert_eq!(event, opened);
    assert!(matches!(server_event(&mut server, &frame), ServerEvent::Telemetry(_)));
    // A second opening message is a frame that is none: dropped, the channel goes on.
    let error = server.on_message(open, true, 0).unwrap_err();
    assert!(!error.fatal(), "{error}");
}

#[test]
fn a_job_is_repeated_until_acknowledged() {
    let (mut server, mut node) = pair();
    let first = server.send_job(&AgentJob::send(JOB, CONTENT.into()), 1000);
    assert_eq!(server.next_timer_ms(), Some(6000));
    assert_eq!(server.on_timer(5999), Vec::<Vec<u8>>::new());
    assert_eq!(server.on_timer(6000), std::slice::from_ref(&first));
    assert_eq!(server.next_timer_ms(), Some(11_000));

    let NodeEvent::Job { job_id, message_id, created_ms, .. } = node_event(&mut node, &first) else {
        panic!("a job");
    };
    assert_eq!((job_id.as_str(), created_ms), (JOB, 1000));
    let busy = node.ack_job(&job_id, message_id, created_ms, AckCode::ProcessorBufferFull, 2000);
    assert!(matches!(server_event(&mut server, &busy), ServerEvent::JobAck { code, .. } if code.try_later()));
    assert_eq!(server.unacknowledged().collect::<Vec<_>>(), [JOB]);
    let ack = node.ack_job(&job_id, message_id, created_ms, AckCode::Successful, 2000);
    for _ in 0..2 {
        let event = server_event(&mut server, &ack);
        let expected = ServerEvent::JobAck {
            job_id: JOB.into(),
            message_id,
            code: AckCode::Successful,
            error: "Successful".into(),
        };
        assert_eq!(event, expected);
        assert_eq!(server.next_timer_ms(), None);
    }
}

#[test]
fn the_end_of_a_command_makes_room_for_the_next() {
    let (mut server, mut node) = pair();
    let other = "aws.ssm.99999999-2222-3333-4444-555555555555.mi-0123456789abcdef0";
    server.send_job(&AgentJob::send(JOB, CONTENT.into()), 0);
    let second = server.send_job(&AgentJob::send(other, CONTENT.into()), 0);
    let full = node.ack_job(other, Uuid::nil(), 0, AckCode::ProcessorBufferFull, 0);
    server.on_message(&full, false, 1000).unwrap();
    for (status, expected) in [(Status::InProgress, 6000), (Status::Success, 1600)] {
        let content = ReplyContent { document_status: status, ..ReplyContent::default() };
        let (_, reply) = node.send_reply(JOB, SEND_COMMAND_TOPIC, &content, 1500);
        server.on_message(&reply, false, 1500).unwrap();
        assert_eq!(server.next_timer_ms(), Some(expected));
    }
    assert_eq!(server.on_timer(1600), [second]);
}

#[test]
fn a_reply_settles_the_delivery_too() {
    let (mut server, mut node) = pair();
    server.send_job(&AgentJob::send(JOB, CONTENT.into()), 0);
    let content = ReplyContent { document_status: Status::Success, ..ReplyContent::default() };
    let (message_id, reply) = node.send_reply(JOB, SEND_COMMAND_TOPIC, &content, 0);
    let event = server_event(&mut server, &reply);
    let expected =
        ServerEvent::Reply { job_id: JOB.into(), message_id, topic: SEND_COMMAND_TOPIC.into(), content };
    assert_eq!(event, expected);
    assert_eq!(server.next_timer_ms(), None);

    assert_eq!(node.unacknowledged().collect::<Vec<_>>(), [message_id]);
    assert_eq!(node.on_timer(5000), [reply]);
    let ack = server.acknowledge_reply(JOB, message_id, 0);
    for _ in 0..2 {
        assert_eq!(node_event(&mut node, &ack), NodeEvent::ReplyAck { job_id: JOB.into(), message_id });
        assert_eq!(node.next_timer_ms(), None);
    }
}

#[test]
fn replies_are_due_on_a_new_socket() {
    let (_, mut node) = pair();
    let (_, first) = node.send_reply(JOB, SEND_COMMAND_TOPIC, &ReplyContent::default(), 0);
    let (id, second) = node.send_reply(JOB, SEND_COMMAND_TOPIC, &ReplyContent::default(), 1);
    let lost = node.send_progress(JOB, SEND_COMMAND_TOPIC, &ReplyContent::default(), 2);
    assert!(Frame::decode(&lost).is_ok());
    node.open_message("t", "1", "linux", 3);
    assert_eq!(node.on_timer(3), [first.clone(), second]);
    assert!(node.forget_reply(id) && !node.forget_reply(id));
    node.open_message("t", "1", "linux", 4);
    assert_eq!(node.on_timer(4), [first]);
}

#[test]
fn acknowledgements_of_unknown_jobs_are_reported() {
    let (mut server, mut node) = pair();
    let ack = node.ack_job(JOB, Uuid::nil(), 0, AckCode::DuplicateCommand, 0);
    assert!(matches!(
        server_event(&mut server, &ack),
        ServerEvent::JobAck { code: AckCode::DuplicateCommand, .. }
    ));
    let ack = server.acknowledge_reply(JOB, Uuid::nil(), 0);
    assert!(matches!(node_event(&mut node, &ack), NodeEvent::ReplyAck { .. }));
    assert!(!server.forget_job(JOB));
}

#[test]
fn a_node_speaks_for_itself_alone() {
    let (mut server, mut node) = pair();
    let other = JOB.replace("def0", "def1");
    let content = ReplyContent::default();
    let (_, reply) = node.send_reply(&other, SEND_COMMAND_TOPIC, &content, 0);
    assert_eq!(server.on_message(&reply, false, 0), Err(ChannelError::ForeignJob));
    let ack = node.ack_job(&other, Uuid::nil(), 0, AckCode::Successful, 0);
    assert_eq!(server.on_message(&ack, false, 0), Err(ChannelError::ForeignJob));
    let ack = node.ack_job("nonsense", Uuid::nil(), 0, AckCode::Successful, 0);
    assert!(matches!(server.on_message(&ack, false, 0), Err(ChannelError::JobId(_))));
    let job = server.send_job(&AgentJob::send(other, CONTENT.into()), 0);
    assert_eq!(node.on_message(&job), Err(ChannelError::ForeignJob));
}

#[test]
fn cancelling() {
    let (mut server, mut node) = pair();
    let frame = server.send_job(&AgentJob::cancel(CANCEL, JOB), 0);
    let NodeEvent::CancelJob { job_id, cancelled, message_id, created_ms } = node_event(&mut node, &frame)
    else {
        panic!("a cancel job");
    };
    assert_eq!((job_id.as_str(), cancelled.as_str()), (CANCEL, JOB));
    let ack = node.ack_job(&job_id, message_id, created_ms, AckCode::Successful, 0);
    server_event(&mut server, &ack);
    assert_eq!(server.next_timer_ms(), None);
}

#[test]
fn unreadable_contents_are_reported() {
    let (mut server, mut node) = pair();
    for job in [
        AgentJob::send(JOB, "{}".into()),
        AgentJob { topic: "x".into(), ..AgentJob::send(JOB, CONTENT.into()) },
    ] {
        let frame = server.send_job(&job, 0);
        assert!(
            matches!(node_event(&mut node, &frame), NodeEvent::MalformedJob { job_id, .. } if job_id == JOB)
        );
    }
    let reply = serde_json::json!({"jobId": JOB, "content": "{", "topic": SEND_COMMAND_TOPIC});
    let frame = encode(MessageType::AgentJobReply, Uuid::nil(), 1, &reply);
    let event = server_event(&mut server, &frame);
    assert!(matches!(event, ServerEvent::MalformedReply { job_id, .. } if job_id == JOB));
    let frame = encode(MessageType::AgentJobReply, Uuid::nil(), 1, &serde_json::json!([]));
    assert!(matches!(server.on_message(&frame, false, 0), Err(ChannelError::Message { .. })));
}

#[test]
fn sessions() {
    let (mut server, mut node) = pair();
    let task = AgentTask { content: "{}".into(), task_id: "s".into(), topic: "t".into(), schema_version: 1 };
    let frame = server.start_session(&task, 0);
    assert_eq!(node_event(&mut node, &frame), NodeEvent::StartSession(task));
    let frame = server.terminate_session("s", 0);
    let NodeEvent::ChannelClosed(closed) = node_event(&mut node, &frame) else { panic!("an end") };
    assert_eq!((closed.session_id.as_str(), closed.destination_id.as_str()), ("s", NODE));
    let complete =
        AgentTaskComplete { task_id: "s".into(), final_task_status: Status::Success, ..Default::default() };
    let frame = encode(MessageType::AgentTaskComplete, Uuid::max(), 1, &complete);
    assert_eq!(
        server_event(&mut server, &frame),
        ServerEvent::TaskComplete { message_id: Uuid::max(), complete }
    );
    let frame = server.acknowledge_task("s", Uuid::max(), 0);
    let NodeEvent::TaskAcknowledge(acknowledge) = node_event(&mut node, &frame) else { panic!("an end") };
    assert_eq!((acknowledge.message_id, acknowledge.task_id.as_str()), (Uuid::max(), "s"));
}

#[test]
fn other_messages_are_ignored() {
    let (mut server, mut node) = pair();
    for name in ["agent_job", "something_new", "output_stream_data"] {
        let message_type = MessageType::parse(name).unwrap();
        let frame = Frame::control(message_type.clone(), Uuid::nil(), 1, vec![1]).encode();
        assert_eq!(server_event(&mut server, &frame), ServerEvent::Ignored { message_type });
    }
    let frame = Frame::control(MessageType::AgentJobReply, Uuid::nil(), 1, vec![1]).encode();
    assert!(matches!(node_event(&mut node, &frame), NodeEvent::Ignored { .. }));
}

#[test]
fn the_final_reply_may_overtake() {
    let step = |name: &str, status| {
        let result = RuntimeStatus { status, ..RuntimeStatus::default() };
        Some(BTreeMap::from([(name.to_owned(), result)]))
    };
    let reply = |document_status, runtime_status| ReplyContent {
        document_status,
        runtime_status,
        ..Default::default()
    };
    let mut progress = JobProgress::default();
    assert!(progress.apply(reply(Status::InProgress, None)));
    assert!(!progress.apply(reply(Status::InProgress, None)));
    assert!(progress.apply(reply(Status::Failed, Some(BTreeMap::new()))));
    assert!(progress.apply(reply(Status::InProgress, step("a", Status::Failed))));
    assert!(!progress.apply(reply(Status::InProgress, step("a", Status::InProgress))));
    assert_eq!((progress.status, progress.steps["a"].status), (Status::Failed, Status::Failed));
    // A step that reboots is not over: it runs again.
    let mut progress = JobProgress::default();
    progress.apply(reply(Status::SuccessAndReboot, step("a", Status::SuccessAndReboot)));
    progress.apply(reply(Status::Success, step("a", Status::Success)));
    assert_eq!((progress.status, progress.steps["a"].status), (Status::Success, Status::Success));
}

proptest! {
    #[test]
    fn any_bytes_are_survived(
        bytes in prop::collection::vec(any::<u8>(), 0..300),
        payload in prop::collection::vec(any::<u8>(), 0..60),
        kind in prop::sample::select(MessageType::KNOWN.to_vec()),
        is_text: bool,
    ) {
        let (mut server, mut node) = pair();
        let _ = server.on_message(&bytes, is_text, 0);
        let _ = node.on_message(&bytes);
        let frame = Frame::control(kind, Uuid::nil(), 1, payload).encode();
        let _ = server.on_message(&frame, is_text, i64::MAX);
        let _ = node.on_message(&frame);
    }
}
