//! What must not be lost, and must not happen twice, whatever dies or breaks.

use crate::agent::{Node, command_id, eventually, job, job_id, lives, pid_in, script, step};
use crate::server::{NODE, Server};
use muster_protocol::message::{AckCode, AgentJob, Status};
use nix::sys::signal::{Signal, kill};
use nix::sys::stat::Mode;
use nix::unistd::{Pid, mkfifo};
use std::path::Path;

/// A script that marks its begin, waits for the gate, and marks its end.
fn gated(marks: &Path, pid: &Path, gate: &Path) -> String {
    format!(
        "echo begin >> {marks}; echo $$ > {pid}; read x < {gate}; echo end >> {marks}; echo done",
        marks = marks.display(),
        pid = pid.display(),
        gate = gate.display()
    )
}

/// Files of a gated script: marks, pid, gate.
fn gate_of(node: &Node) -> (std::path::PathBuf, std::path::PathBuf, std::path::PathBuf) {
    let gate = node.file("gate");
    mkfifo(&gate, Mode::S_IRWXU).unwrap();
    (node.file("marks"), node.file("pid"), gate)
}

async fn open_gate(gate: &Path) {
    let gate = gate.to_owned();
    tokio::task::spawn_blocking(move || std::fs::write(gate, "x\n")).await.unwrap().unwrap();
}

fn terminate(pid: u32) {
    kill(Pid::from_raw(i32::try_from(pid).unwrap()), Signal::SIGKILL).unwrap();
}

#[tokio::test]
async fn a_command_survives_the_death_of_the_agent() {
    let mut server = Server::start().await;
    let (mut node, mut link) = Node::connected(&mut server).await;
    let (marks, pid, gate) = gate_of(&node);
    link.send(&script(1, &gated(&marks, &pid, &gate)));
    pid_in(&pid).await;
    node.kill();
    node.start();
    let mut link = server.link().await;
    // The server asks again, as it does when it has not seen an end.
    link.send(&script(1, "echo wrong"));
    assert_eq!(link.job_ack().await, (job_id(1), AckCode::DuplicateCommand));
    open_gate(&gate).await;
    let result = link.result().await;
    assert_eq!(result.document_status, Status::Success);
    assert_eq!(result.runtime_status.unwrap()["s"].standard_output, "done\n");
    assert_eq!(std::fs::read_to_string(&marks).unwrap(), "begin\nend\n");
    eventually("finished", || node.open_commands().is_empty()).await;
}

#[tokio::test]
async fn a_command_that_ends_while_no_agent_runs_is_reported_by_the_next() {
    let mut server = Server::start().await;
    let (mut node, mut link) = Node::connected(&mut server).await;
    let (marks, pid, gate) = gate_of(&node);
    link.send(&script(1, &gated(&marks, &pid, &gate)));
    pid_in(&pid).await;
    node.stop();
    open_gate(&gate).await;
    eventually("the worker has ended", || node.workers().is_empty()).await;
    node.start();
    let result = server.link().await.result().await;
    assert_eq!(result.document_status, Status::Success);
    assert_eq!(std::fs::read_to_string(&marks).unwrap(), "begin\nend\n");
}

#[tokio::test]
async fn a_step_whose_worker_dies_is_not_run_twice() {
    let mut server = Server::start().await;
    let (node, mut link) = Node::connected(&mut server).await;
    let (marks, pid, gate) = gate_of(&node);
    link.send(&job(1, &[step("first", &gated(&marks, &pid, &gate)), step("second", "echo second")]));
    let script_pid = pid_in(&pid).await;
    terminate(*node.workers().first().unwrap());
    let mut steps = std::collections::BTreeMap::new();
    loop {
        let reply = link.reply().await;
        link.acknowledge(&reply);
        steps.extend(reply.content.runtime_status.unwrap_or_default());
        if reply.content.document_status.terminal() {
            assert_eq!(reply.content.document_status, Status::Failed);
            break;
        }
    }
    assert_eq!((steps["first"].status, steps["first"].code), (Status::Failed, 1));
    assert!(steps["first"].standard_error.contains("interrupted"), "{steps:?}");
    assert_eq!(steps["second"].status, Status::Success);
    eventually("what it left behind is killed", || !lives(script_pid)).await;
    assert_eq!(std::fs::read_to_string(&marks).unwrap(), "begin\n");
}

#[tokio::test]
async fn agent_and_worker_may_die_together() {
    let mut server = Server::start().await;
    let (mut node, mut link) = Node::connected(&mut server).await;
    let (marks, pid, gate) = gate_of(&node);
    link.send(&script(1, &gated(&marks, &pid, &gate)));
    pid_in(&pid).await;
    let worker = *node.workers().first().unwrap();
    node.kill();
    terminate(worker);
    node.start();
    let result = server.link().await.result().await;
    assert_eq!(result.document_status, Status::Failed);
    assert_eq!(std::fs::read_to_string(&marks).unwrap(), "begin\n");
}

#[tokio::test]
async fn results_wait_while_the_server_is_away() {
    let mut server = Server::start().await;
    let (node, mut link) = Node::connected(&mut server).await;
    let (marks, pid, gate) = gate_of(&node);
    link.send(&script(1, &gated(&marks, &pid, &gate)));
    pid_in(&pid).await;
    server.state().closed = true;
    drop(link);
    open_gate(&gate).await;
    eventually("the worker has ended", || node.workers().is_empty()).await;
    node.logged("no control channel").await;
    server.state().closed = false;
    let mut link = server.link().await;
    let first = link.last_reply().await;
    assert_eq!(first.content.document_status, Status::Success);
    // Not acknowledged: cut again. It must come once more, under the same id.
    drop(link);
    let mut link = server.link().await;
    let second = link.last_reply().await;
    assert_eq!((first.message_id, first.content), (second.message_id, second.content.clone()));
    link.acknowledge(&second);
    eventually("finished", || node.open_commands().is_empty()).await;
}

#[tokio::test]
async fn the_connection_may_break_at_every_stage() {
    let mut server = Server::start().await;
    let (node, mut link) = Node::connected(&mut server).await;
    let marks = node.file("marks");
    let command = script(1, &format!("echo x >> {}", marks.display()));

    // Before the acknowledgement: nobody knows whether the job arrived, so the server sends it again.
    link.send(&command);
    drop(link);
    let mut link = server.link().await;
    link.send(&command);
    let (_, code) = link.job_ack().await;
    assert!(code.delivered(), "{code}");

    // After the acknowledgement, and again before the final reply is acknowledged.
    drop(link);
    let mut link = server.link().await;
    let first = link.last_reply().await;
    drop(link);
    let mut link = server.link().await;
    let second = link.last_reply().await;
    assert_eq!(first.message_id, second.message_id);
    link.acknowledge(&second);
    eventually("finished", || node.open_commands().is_empty()).await;
    assert_eq!(std::fs::read_to_string(&marks).unwrap(), "x\n");

    // After the end: nothing comes on the next connection but what is new.
    drop(link);
    let mut link = server.link().await;
    link.send(&script(2, "true"));
    assert_eq!(link.last_reply().await.job_id, job_id(2));
}

#[tokio::test]
async fn a_reply_is_acknowledged_once_even_if_the_agent_dies_before_it_hears_that() {
    let mut server = Server::start().await;
    let (mut node, mut link) = Node::connected(&mut server).await;
    link.send(&job(1, &[step("one", "echo 1"), step("two", "echo 2")]));
    let mut ids = Vec::new();
    while ids.len() < 3 {
        let reply = link.reply().await;
        if reply.content.runtime_status.is_some() {
            ids.push(reply.message_id);
        }
    }
    node.kill();
    node.start();
    let mut link = server.link().await;
    let mut again = Vec::new();
    while again.len() < 3 {
        let reply = link.reply().await;
        link.acknowledge(&reply);
        again.push(reply.message_id);
    }
    assert_eq!(ids, again);
    eventually("finished", || node.open_commands().is_empty()).await;
    assert_eq!(node.finished_commands(), [command_id(1)]);
}

#[tokio::test]
async fn results_of_a_former_registration_are_dropped() {
    let mut server = Server::start().await;
    let (mut node, mut link) = Node::connected(&mut server).await;
    link.send(&script(1, "true"));
    link.last_reply().await;
    node.kill();
    assert_eq!(node.open_commands(), [command_id(1)]);
    let path = node.data().join("registration.json");
    let text = std::fs::read_to_string(&path).unwrap().replace(NODE, "mi-00000000000000001");
    std::fs::write(path, text).unwrap();
    node.start();
    node.logged("belongs to a former registration").await;
    eventually("dropped", || node.open_commands().is_empty()).await;
}

#[tokio::test]
async fn a_queued_command_survives_the_agent() {
    let mut server = Server::start().await;
    let mut node = Node::register(&server).await;
    node.settings(&serde_json::json!({ "command_workers": 1 }));
    node.start();
    let mut link = server.link().await;
    let (marks, pid, gate) = gate_of(&node);
    link.send(&script(1, &gated(&marks, &pid, &gate)));
    pid_in(&pid).await;
    link.send(&script(2, "echo second"));
    while link.job_ack().await != (job_id(2), AckCode::Successful) {}
    node.kill();
    node.start();
    let mut link = server.link().await;
    link.send(&AgentJob::cancel(job_id(3), job_id(77)));
    link.job_ack().await;
    open_gate(&gate).await;
    for number in [1, 2] {
        let reply = link.last_reply().await;
        assert_eq!(
            (reply.job_id.as_str(), reply.content.document_status),
            (job_id(number).as_str(), Status::Success)
        );
        link.acknowledge(&reply);
    }
}

#[tokio::test]
async fn a_full_disk_refuses_jobs_and_keeps_results() {
    let mut server = Server::start().await;
    let mut node = Node::register(&server).await;
    if !mount_small_disk(&node.data()) {
        println!("skipped: this user may not mount a small disk");
        return;
    }
    node.start();
    let mut link = server.link().await;
    // The step fills the disk by its own output, and its result still arrives.
    link.send(&script(1, "head -c 4000000 /dev/zero | tr '\\0' x; exit 7"));
    let result = link.result().await;
    let shown = &result.runtime_status.unwrap()["s"];
    assert_eq!((shown.status, shown.code), (Status::Failed, 7));
    assert!(shown.standard_error.contains("the disk is full"), "{}", shown.standard_error);
    // Full of what is not ours: the folder of an old command makes room for a new one.
    eventually("finished", || node.open_commands().is_empty()).await;
    let ballast = node.data().join("ballast");
    fill(&ballast);
    link.send(&script(2, "echo again"));
    assert_eq!(link.job_ack().await, (job_id(2), AckCode::Successful));
    assert_eq!(node.finished_commands(), Vec::<String>::new());
    let unheard = link.last_reply().await;
    // Nothing is left that could be deleted: jobs are refused for now, and taken when there is room again.
    fill(&ballast);
    link.send(&script(3, "echo third"));
    assert_eq!(link.job_ack().await, (job_id(3), AckCode::ProcessorBufferFull));
    std::fs::remove_file(ballast).unwrap();
    link.send(&script(3, "echo third"));
    assert_eq!(link.job_ack().await, (job_id(3), AckCode::Successful));
    assert_eq!(link.result().await.document_status, Status::Success);
    link.acknowledge(&unheard);
    eventually("finished", || node.open_commands().is_empty()).await;
}

/// Puts a disk of 2 MB at the data folder, with what is there already.
fn mount_small_disk(data: &Path) -> bool {
    let kept: Vec<(std::ffi::OsString, Vec<u8>)> = std::fs::read_dir(data)
        .unwrap()
        .flatten()
        .filter(|entry| entry.metadata().unwrap().is_file())
        .map(|entry| (entry.file_name(), std::fs::read(entry.path()).unwrap()))
        .collect();
    let mounted = std::process::Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=2m,mode=0700", "tmpfs"])
        .arg(data)
        .status()
        .is_ok_and(|status| status.success());
    if mounted {
        for (name, bytes) in kept {
            std::fs::write(data.join(name), bytes).unwrap();
        }
    }
    mounted
}

fn fill(path: &Path) {
    use std::io::Write as _;
    let mut file = std::fs::File::create(path).unwrap();
    while file.write_all(&[0; 4096]).is_ok() {}
    while file.write_all(&[0; 1]).is_ok() {}
}
