//! Golden payloads both ways, and what is read loosely.

use super::*;
use crate::frame::Frame;
use proptest::prelude::*;
use serde_json::{Value, json};

const JOB: &str = "aws.ssm.11111111-2222-3333-4444-555555555555.mi-0123456789abcdef0";

fn golden(name: &str) -> String {
    let vectors: Value = serde_json::from_str(include_str!("../../tests/vectors/frames.json")).unwrap();
    let vector = vectors["frames"].as_array().unwrap().iter().find(|vector| vector["name"] == name).unwrap();
    let frame = Frame::decode(&hex::decode(vector["frame"].as_str().unwrap()).unwrap()).unwrap();
    String::from_utf8(frame.payload).unwrap()
}

/// Reads the golden payload of this name, checks that writing gives the same bytes, and returns what was read.
fn both_ways<T: DeserializeOwned + Serialize>(name: &str) -> T {
    let payload = golden(name);
    let message: T = read(payload.as_bytes()).unwrap();
    assert_eq!(String::from_utf8(write(&message)).unwrap(), payload, "{name}");
    message
}

#[test]
fn golden_jobs() {
    let job: AgentJob = both_ways("agent_job, send command");
    assert_eq!(job.job_id, JOB);
    let JobContent::Send(content) = job.parse_content().unwrap() else { panic!("a send job") };
    assert_eq!(content.command_id, "11111111-2222-3333-4444-555555555555");
    assert_eq!(content.document_name, "AWS-RunShellScript");
    assert_eq!(content.document_content["mainSteps"][0]["action"], "aws:runShellScript");
    assert!(!content.logs_outputs() && content.muster_output_upload.is_none());

    let job: AgentJob = both_ways("agent_job, cancel command");
    let JobContent::Cancel(content) = job.parse_content().unwrap() else { panic!("a cancel job") };
    assert_eq!(content.cancel_message_id, JOB);
    assert_eq!(AgentJob::cancel(job.job_id.clone(), JOB), job);
}

#[test]
fn golden_acknowledgements_and_replies() {
    let ack: AgentJobAck = both_ways("agent_job_ack");
    assert_eq!((ack.job_id.as_str(), &ack.status_code), (JOB, &AckCode::Successful));
    assert_eq!(ack.created_date, "2024-10-01T12:34:56.789Z");

    let reply: AgentJobReply = both_ways("agent_job_reply, first InProgress reply");
    let content = reply.parse_content().unwrap();
    assert_eq!(content.document_status, Status::InProgress);
    assert_eq!(content.runtime_status, None);
    assert_eq!(content.additional_info.agent.ver, "3.3.0.0");
    assert_eq!(write_text(&content), reply.content);

    let ack: AgentJobReplyAck = both_ways("agent_job_reply_ack");
    assert_eq!(ack.acknowledged_message_id.to_string(), "01020304-0506-4708-890a-0b0c0d0e0f10");
}

#[test]
fn golden_session_control() {
    let closed: ChannelClosed = both_ways("channel_closed (control form)");
    assert_eq!(closed.session_id, "user-0123456789abcdef0");
    let task: AgentTask = both_ways("interactive_shell");
    assert_eq!(task.task_id, "user-0123456789abcdef0");
    let complete: AgentTaskComplete = both_ways("agent_task_complete");
    assert_eq!(complete.final_task_status, Status::Success);
    let acknowledge: AgentTaskAcknowledge = both_ways("agent_task_acknowledge");
    assert_eq!(acknowledge.topic, "agent_task_complete");
}

#[test]
fn the_first_message_is_the_recorded_one() {
    let text = r#"{"Cookie":null,"MessageSchemaVersion":"1.0","RequestId":"r","TokenValue":"t0k3n","AgentVersion":"3.3.0.0","PlatformType":"linux"}"#;
    let open: OpenControlChannel = read(text.as_bytes()).unwrap();
    assert_eq!(write_text(&open), text);
    assert!(!format!("{open:?}").contains("t0k3n"));
}

#[test]
fn a_whole_final_reply() {
    let step = json!({"status":"Success","code":0,"name":"aws:runShellScript","output":"hello\n",
        "startDateTime":"a","endDateTime":"b","outputS3BucketName":"","outputS3KeyPrefix":"","stepName":"",
        "standardOutput":"hello\n","standardError":""});
    let content = json!({"additionalInfo":{"agent":{"lang":"en-US","name":"amazon-ssm-agent","os":"linux",
        "osver":"1","ver":"3.3.0.0"},"dateTime":"d","runId":"","runtimeStatusCounts":{"Success":1}},
        "documentStatus":"Success","documentTraceOutput":"","runtimeStatus":{"s":step}})
    .to_string();
    let read: ReplyContent = super::read(content.as_bytes()).unwrap();
    assert_eq!(read.runtime_status.as_ref().unwrap()["s"].standard_output, "hello\n");
    assert_eq!(write_text(&read), content);
}

#[test]
fn keys_come_in_any_case_and_nulls_are_absent() {
    let closed: ChannelClosed =
        read(br#"{"sessionid":"s","MESSAGETYPE":"channel_closed","schemaversion":null,"extra":1}"#).unwrap();
    assert_eq!((closed.session_id.as_str(), closed.message_type.as_str()), ("s", "channel_closed"));
    let job: AgentJob = read(br#"{"content":"c","jobid":"j","topic":"t","schemaversion":1}"#).unwrap();
    assert_eq!(job.schema_version, 1);
    assert_eq!(job.parse_content(), Err(MessageError::Topic));
    let content: SendCommandContent =
        read(br#"{"Parameters":null,"DocumentContent":{},"CommandId":"c","CloudWatchOutputEnabled":"True"}"#)
            .unwrap();
    assert!(content.logs_outputs());
}

#[test]
fn errors_do_not_repeat_content() {
    let error = read::<AgentJob>(br#"{"Content":"s3cret","JobId":"j","Topic":["s3cret"]}"#).unwrap_err();
    assert!(!error.to_string().contains("s3cret"), "{error}");
    assert!(matches!(read::<AgentJob>(b"{").unwrap_err(), MessageError::Json { line: 1, .. }));
    assert!(read::<AgentJob>(b"[]").is_err());
    assert!(read::<AgentJobAck>(br#"{"jobId":"j","acknowledgedMessageId":"x","statusCode":"200"}"#).is_err());
}

#[test]
fn ack_codes() {
    for code in ["200", "51401", "51402", "51403", "51404", "51405", "51406", "51407", "51408", "51499", "7"]
    {
        assert_eq!(AckCode::parse(code).as_str(), code);
    }
    assert!(AckCode::parse("51405").delivered() && AckCode::parse("51402").try_later());
    assert!(AckCode::ParseError.reply_follows() && !AckCode::InvalidDocument.reply_follows());
}

#[test]
fn channel_token_in_xml() {
    let xml = channel_response("a<b>&c");
    assert_eq!(token_of_channel_response(&xml).as_deref(), Some("a<b>&c"));
    assert_eq!(token_of_channel_response("<X><TokenValue>t</TokenValue></X>").as_deref(), Some("t"));
    assert_eq!(token_of_channel_response("<X><TokenValue></TokenValue></X>"), None);
    assert_eq!(token_of_channel_response("<TokenValue>"), None);
}

#[test]
fn document_status_of_steps() {
    use Status::*;
    let cases: &[(&[Status], Status)] = &[
        (&[], InProgress),
        (&[NotStarted], InProgress),
        (&[Success, InProgress], InProgress),
        (&[Success, Skipped], Success),
        (&[Skipped], Success),
        (&[Success, Cancelled], Cancelled),
        (&[Cancelled, TimedOut], TimedOut),
        (&[TimedOut, Failed, Success], Failed),
        (&[Failed, InProgress], Failed),
        (&[Failed, SuccessAndReboot], SuccessAndReboot),
    ];
    for (steps, expected) in cases {
        assert_eq!(Status::aggregate(steps.iter().copied()), *expected, "{steps:?}");
    }
    assert!(Failed.terminal() && !InProgress.terminal() && !SuccessAndReboot.terminal());
    assert_eq!(serde_json::to_value(TimedOut).unwrap(), TimedOut.as_str());
}

proptest! {
    #[test]
    fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..100), text: String) {
        let _ = (read::<AgentJob>(&bytes), read::<ReplyContent>(&bytes), read::<ChannelClosed>(text.as_bytes()));
        let _ = token_of_channel_response(&text);
    }

    #[test]
    fn any_token_comes_through(token in "[ -~]{1,40}") {
        prop_assume!(token.trim() == token);
        let xml = channel_response(&token);
        prop_assert_eq!(token_of_channel_response(&xml), Some(token));
    }
}
