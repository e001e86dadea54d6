//! Commands that go well, and those that end as they should.

use crate::agent::{Node, command_id, content, eventually, job, job_id, lives, pid_in, script, step};
use crate::server::{Server, now_ms};
use muster_protocol::message::{AckCode, AgentJob, Status};
use serde_json::json;

#[tokio::test]
async fn a_command_is_acknowledged_run_and_reported_once() {
    let mut server = Server::start().await;
    let (node, mut link) = Node::connected(&mut server).await;
    link.send(&script(1, "echo out; echo err >&2; echo $AWS_SSM_INSTANCE_ID $SSM_COMMAND_ID; exit 3"));
    assert_eq!(link.job_ack().await, (job_id(1), AckCode::Successful));
    let begun = link.reply().await;
    assert_eq!((begun.content.document_status, begun.content.runtime_status), (Status::InProgress, None));
    let last = link.last_reply().await;
    assert_eq!(last.content.document_status, Status::Failed);
    let steps = last.content.runtime_status.as_ref().unwrap();
    let result = &steps["s"];
    assert_eq!((result.status, result.code, result.name.as_str()), (Status::Failed, 3, "aws:runShellScript"));
    assert_eq!(result.standard_output, format!("out\nmi-0123456789abcdef0 {}\n", command_id(1)));
    assert_eq!(result.standard_error, "err\nfailed to run commands: exit status 3");
    assert_eq!(node.open_commands(), [command_id(1)]);
    link.acknowledge(&last);
    eventually("the command is finished", || node.open_commands().is_empty()).await;
    assert_eq!(node.finished_commands(), [command_id(1)]);
    eventually("no worker is left", || node.workers().is_empty()).await;
}

#[tokio::test]
async fn steps_run_in_order_and_are_reported_each() {
    let mut server = Server::start().await;
    let (_node, mut link) = Node::connected(&mut server).await;
    let mut ending = step("ending", "exit 168");
    ending["inputs"]["onFailure"] = json!("exit");
    let elsewhere = json!({
        "action": "aws:runShellScript", "name": "elsewhere", "inputs": { "runCommand": ["echo no"] },
        "precondition": { "StringEquals": ["platformType", "Windows"] },
    });
    let mut last = step("last", "echo last");
    last["inputs"]["finallyStep"] = json!(true);
    link.send(&job(1, &[step("one", "echo 1"), elsewhere, ending, step("skipped", "echo no"), last]));
    let mut seen = Vec::new();
    loop {
        let reply = link.reply().await;
        if let Some(steps) = &reply.content.runtime_status {
            seen.extend(steps.iter().map(|(name, step)| (name.clone(), step.status)));
            link.acknowledge(&reply);
        }
        if reply.content.document_status.terminal() {
            assert_eq!(reply.content.document_status, Status::Success);
            assert_eq!(reply.content.runtime_status.unwrap().len(), 0);
            break;
        }
    }
    let expected = [
        ("one", Status::Success),
        ("elsewhere", Status::Skipped),
        ("ending", Status::Success),
        ("skipped", Status::Skipped),
        ("last", Status::Success),
    ];
    assert_eq!(seen, expected.map(|(name, status)| (name.to_owned(), status)));
}

#[tokio::test]
async fn parameters_are_filled_in_and_folders_honoured() {
    let mut server = Server::start().await;
    let (_node, mut link) = Node::connected(&mut server).await;
    let content = json!({
        "Parameters": { "commands": ["pwd", "echo {{ who }}"], "who": "world", "workingDirectory": "/" },
        "DocumentContent": {
            "schemaVersion": "1.2",
            "parameters": { "commands": { "type": "StringList" }, "who": { "type": "String" } },
            "runtimeConfig": { "aws:runShellScript": { "properties": [
                { "id": "0", "runCommand": "{{ commands }}", "workingDirectory": "{{ workingDirectory }}" },
            ] } },
        },
        "CommandId": command_id(1), "DocumentName": "d",
    });
    link.send(&AgentJob::send(job_id(1), content.to_string()));
    let result = link.result().await;
    let steps = result.runtime_status.unwrap();
    // One pass: a value that looks like a token stays as it is.
    assert_eq!(steps["aws:runShellScript"].standard_output, "/\n{{ who }}\n", "{steps:?}");
}

#[tokio::test]
async fn a_second_delivery_is_a_duplicate_and_runs_nothing() {
    let mut server = Server::start().await;
    let (node, mut link) = Node::connected(&mut server).await;
    let marks = node.file("marks");
    let command = script(1, &format!("echo x >> {}", marks.display()));
    link.send(&command);
    link.send(&command);
    assert_eq!(link.job_ack().await.1, AckCode::Successful);
    assert_eq!(link.job_ack().await.1, AckCode::DuplicateCommand);
    let first = link.last_reply().await;
    link.acknowledge(&first);
    eventually("finished", || node.open_commands().is_empty()).await;
    // The server has forgotten it all: the stored reply comes again, under the same id.
    link.send(&command);
    assert_eq!(link.job_ack().await.1, AckCode::DuplicateCommand);
    let again = link.last_reply().await;
    assert_eq!((again.message_id, &again.content), (first.message_id, &first.content));
    link.acknowledge(&again);
    eventually("finished again", || node.open_commands().is_empty()).await;
    assert_eq!(std::fs::read_to_string(marks).unwrap(), "x\n");
}

#[tokio::test]
async fn cancelling_kills_the_whole_group() {
    let mut server = Server::start().await;
    let (node, mut link) = Node::connected(&mut server).await;
    let (child, grandchild) = (node.file("child"), node.file("grandchild"));
    let text = format!(
        "echo begun; sh -c 'echo $$ > {}; sleep 1000' & echo $$ > {}; wait",
        grandchild.display(),
        child.display()
    );
    link.send(&job(1, &[step("long", &text), step("never", "echo no")]));
    let pids = [pid_in(&child).await, pid_in(&grandchild).await];
    link.send(&AgentJob::cancel(job_id(2), job_id(1)));
    let mut steps = std::collections::BTreeMap::new();
    loop {
        let reply = link.reply().await;
        link.acknowledge(&reply);
        if reply.job_id == job_id(2) {
            assert_eq!(reply.content.document_status, Status::InProgress);
            continue;
        }
        steps.extend(reply.content.runtime_status.unwrap_or_default());
        if reply.content.document_status.terminal() {
            assert_eq!(reply.content.document_status, Status::Cancelled);
            break;
        }
    }
    assert_eq!((steps["long"].status, steps["long"].code), (Status::Cancelled, 137));
    assert_eq!(steps["long"].standard_output, "begun\n");
    assert_eq!(steps["never"].status, Status::Cancelled);
    eventually("all are dead", || !pids.iter().any(|pid| lives(*pid))).await;
    // Cancelling what is over, or was never here, is heard and does nothing.
    for target in [job_id(1), job_id(77)] {
        link.send(&AgentJob::cancel(job_id(3), target));
        assert_eq!(link.job_ack().await, (job_id(3), AckCode::Successful));
    }
}

#[tokio::test]
async fn a_time_out_kills_the_whole_group() {
    let mut server = Server::start().await;
    let (node, mut link) = Node::connected(&mut server).await;
    let grandchild = node.file("grandchild");
    // The script itself ends at once; what it left behind holds its output open.
    let mut slow =
        step("slow", &format!("sh -c 'echo $$ > {}; exec sleep 1000' & echo begun", grandchild.display()));
    slow["inputs"]["timeoutSeconds"] = json!("5");
    link.send(&job(1, &[slow, step("next", "echo next")]));
    let pid = pid_in(&grandchild).await;
    let mut steps = std::collections::BTreeMap::new();
    loop {
        let reply = link.reply().await;
        link.acknowledge(&reply);
        steps.extend(reply.content.runtime_status.unwrap_or_default());
        if reply.content.document_status.terminal() {
            assert_eq!(reply.content.document_status, Status::TimedOut);
            break;
        }
    }
    assert_eq!((steps["slow"].status, steps["slow"].code), (Status::TimedOut, 137));
    assert_eq!((steps["next"].status, steps["slow"].standard_output.as_str()), (Status::Success, "begun\n"));
    eventually("it is dead", || !lives(pid)).await;
}

#[tokio::test]
async fn commands_wait_for_their_turn_and_can_be_cancelled_before_it() {
    let mut server = Server::start().await;
    let node = Node::register(&server).await;
    node.settings(&json!({ "command_workers": 1, "command_queue": 2 }));
    let mut node = node;
    node.start();
    let mut link = server.link().await;
    let (gate, begun) = (node.file("gate"), node.file("begun"));
    nix::unistd::mkfifo(&gate, nix::sys::stat::Mode::S_IRWXU).unwrap();
    link.send(&script(1, &format!("echo $$ > {}; read x < {}", begun.display(), gate.display())));
    pid_in(&begun).await;
    for number in [2, 3, 4] {
        link.send(&script(number, "echo ran"));
    }
    let mut codes = Vec::new();
    while codes.len() < 4 {
        codes.push(link.job_ack().await.1);
    }
    let expected =
        [AckCode::Successful, AckCode::Successful, AckCode::Successful, AckCode::ProcessorBufferFull];
    assert_eq!(codes, expected);
    link.send(&AgentJob::cancel(job_id(9), job_id(3)));
    let cancelled = link.last_reply().await;
    assert_eq!(
        (cancelled.job_id.as_str(), cancelled.content.document_status),
        (job_id(3).as_str(), Status::Cancelled)
    );
    link.acknowledge(&cancelled);
    tokio::task::spawn_blocking(move || std::fs::write(gate, "x\n")).await.unwrap().unwrap();
    for number in [1, 2] {
        let reply = link.last_reply().await;
        assert_eq!(
            (reply.job_id.as_str(), reply.content.document_status),
            (job_id(number).as_str(), Status::Success)
        );
        link.acknowledge(&reply);
    }
    // There is room again for the one that was refused.
    link.send(&script(4, "echo ran"));
    assert_eq!(link.job_ack().await, (job_id(4), AckCode::Successful));
    assert_eq!(link.result().await.document_status, Status::Success);
}

#[tokio::test]
async fn whole_outputs_reach_the_server_before_the_reply() {
    let mut server = Server::start().await;
    let (_node, mut link) = Node::connected(&mut server).await;
    let script = "i=0; while [ $i -lt 3000 ]; do echo 0123456789; i=$((i+1)); done; echo short >&2";
    let mut content = content(1, &[step("a b", script)]);
    content["MusterOutputUpload"] = json!("/v1/muster/outputs/x");
    link.send(&AgentJob::send(job_id(1), content.to_string()));
    let result = link.result().await;
    let shown = &result.runtime_status.unwrap()["a b"];
    assert_eq!(shown.standard_output.chars().count(), 24_000);
    assert!(shown.standard_output.ends_with("--output truncated--"));
    let state = server.state();
    let paths: Vec<&String> = state.uploads.keys().collect();
    assert_eq!(paths, ["/v1/muster/outputs/x/a%20b/stdout"]);
    assert_eq!(state.uploads["/v1/muster/outputs/x/a%20b/stdout"], "0123456789\n".repeat(3000).as_bytes());
}

#[tokio::test]
async fn what_cannot_be_understood_is_refused_or_fails_clearly() {
    let mut server = Server::start().await;
    let (node, mut link) = Node::connected(&mut server).await;
    link.send_raw(b"rubbish".to_vec());
    link.send(&AgentJob::send(job_id(1), "no json".into()));
    assert_eq!(link.job_ack().await, (job_id(1), AckCode::ParseError));
    let result = link.result().await;
    assert_eq!(result.document_status, Status::Failed);
    let automation = json!({ "schemaVersion": "0.3", "mainSteps": [] });
    let mut wrong = content(2, &[]);
    wrong["DocumentContent"] = automation;
    link.send(&AgentJob::send(job_id(2), wrong.to_string()));
    assert_eq!(link.job_ack().await, (job_id(2), AckCode::ParseError));
    let result = link.result().await;
    assert_eq!(result.document_status, Status::Failed);
    assert!(result.document_trace_output.contains("0.3"), "{result:?}");
    let unknown = json!({ "action": "aws:fly", "name": "s", "inputs": {} });
    link.send(&job(3, &[unknown]));
    let result = link.result().await;
    assert_eq!(result.document_status, Status::Failed);
    eventually("all finished", || node.open_commands().is_empty()).await;
}

#[tokio::test]
async fn a_restart_of_the_machine_runs_the_step_again() {
    let mut server = Server::start().await;
    let mut node = Node::register(&server).await;
    let asked = node.file("asked");
    node.settings(&json!({ "reboot_command": ["/bin/sh", "-c", format!("echo x >> {}", asked.display())] }));
    node.start();
    let mut link = server.link().await;
    let again = node.file("again");
    let text = format!("test -e {0} && echo after || {{ touch {0}; exit 194; }}", again.display());
    link.send(&job(1, &[step("reboots", &text), step("next", "echo next")]));
    let reply = loop {
        let reply = link.reply().await;
        if reply.content.document_status == Status::SuccessAndReboot {
            break reply;
        }
    };
    assert_eq!(reply.content.runtime_status.as_ref().unwrap()["reboots"].status, Status::SuccessAndReboot);
    link.acknowledge(&reply);
    eventually("the restart is asked for", || asked.exists()).await;
    // Nothing else begins before it.
    link.send(&script(2, "echo later"));
    assert_eq!(link.job_ack().await, (job_id(2), AckCode::Successful));
    node.kill();
    std::fs::write(node.file("boot"), "boot-2").unwrap();
    node.start();
    let mut link = server.link().await;
    let mut finished = Vec::new();
    while finished.len() < 2 {
        let reply = link.reply().await;
        if let Some(steps) = &reply.content.runtime_status {
            link.acknowledge(&reply);
            if let Some(step) = steps.get("reboots") {
                assert_eq!(step.standard_output, "after\n");
            }
        }
        if reply.content.document_status.terminal() {
            assert_eq!(reply.content.document_status, Status::Success);
            finished.push(reply.job_id);
        }
    }
    finished.sort();
    assert_eq!(finished, [job_id(1), job_id(2)]);
    assert_eq!(std::fs::read_to_string(asked).unwrap(), "x\n");
}

#[tokio::test]
async fn a_machine_that_cannot_restart_says_so() {
    let mut server = Server::start().await;
    let (_node, mut link) = Node::connected(&mut server).await;
    link.send(&script(1, "exit 194"));
    let result = link.result().await;
    assert_eq!(result.document_status, Status::Failed);
    assert!(result.document_trace_output.contains("could not be restarted"), "{result:?}");
    let before = now_ms();
    link.send(&script(2, "true"));
    assert_eq!(link.result().await.document_status, Status::Success);
    assert!(now_ms() >= before);
}
