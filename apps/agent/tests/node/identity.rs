//! Registration, the node's key, and a clock that is wrong.

use crate::agent::{Node, eventually, script};
use crate::server::{CODE, NODE, Server};
use muster_protocol::message::Status;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Output};

async fn output(mut command: Command) -> Output {
    tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap()
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn private_key(node: &Node) -> String {
    let bytes = std::fs::read(node.data().join("registration.json")).unwrap();
    serde_json::from_slice::<serde_json::Value>(&bytes).unwrap()["private_key"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn registration_is_private_and_not_repeated_by_accident() {
    let server = Server::start().await;
    let node = Node::register(&server).await;
    for (name, mode) in [("registration.json", 0o600), ("commands/active", 0o700)] {
        let permissions = std::fs::metadata(node.data().join(name)).unwrap().permissions();
        assert_eq!(permissions.mode() & 0o777, mode, "{name}");
    }
    let key = private_key(&node);
    let address = server.address().to_owned();
    let official =
        ["-register", "-id", "11111111-2222-4333-8444-555555555555", "-region", "eu-west-1", "-endpoint"];
    let again = |extra: &[&str]| {
        let mut command = node.command(&official);
        command.arg(&address).args(extra);
        command
    };
    let refused = output(again(&["-code", CODE])).await;
    assert_eq!(refused.status.code(), Some(1));
    assert!(text(&refused).contains(NODE) && text(&refused).contains("-y"), "{}", text(&refused));
    assert_eq!(private_key(&node), key);

    let wrong = output(again(&["-y", "-code", "another-code-of-20-chars"])).await;
    assert_eq!(wrong.status.code(), Some(1));
    assert!(text(&wrong).contains("InvalidActivation"), "{}", text(&wrong));
    assert_eq!(private_key(&node), key);

    let anew = output(again(&["-y", "-code", CODE])).await;
    assert!(anew.status.success(), "{}", text(&anew));
    assert_ne!(private_key(&node), key);
}

#[tokio::test]
async fn an_agent_without_registration_says_what_to_do() {
    let server = Server::start().await;
    let node = Node::register(&server).await;
    std::fs::remove_file(node.data().join("registration.json")).unwrap();
    for verb in ["run", "status"] {
        let refused = output(node.command(&[verb])).await;
        assert_eq!(refused.status.code(), Some(3), "{verb}: {}", text(&refused));
        assert!(text(&refused).contains("muster-agent register"), "{}", text(&refused));
    }
}

#[tokio::test]
async fn one_agent_per_folder() {
    let mut server = Server::start().await;
    let (node, _link) = Node::connected(&mut server).await;
    let second = output(node.command(&["run"])).await;
    assert_eq!(second.status.code(), Some(4), "{}", text(&second));
}

#[tokio::test]
async fn heartbeats_tell_what_the_node_is() {
    let mut server = Server::start().await;
    let (_node, _link) = Node::connected(&mut server).await;
    let connected = |beat: &serde_json::Value| beat["SSMConnectionChannel"] == "ssmmessages";
    eventually("a heart-beat with the channel", || server.state().heartbeats.iter().any(connected)).await;
    let state = server.state();
    let beat = state.heartbeats.iter().find(|beat| connected(beat)).unwrap();
    assert_eq!(
        (&beat["InstanceId"], &beat["PlatformType"], &beat["AgentStatus"]),
        (&NODE.into(), &"Linux".into(), &"Active".into())
    );
}

#[tokio::test]
async fn the_key_is_exchanged_when_the_server_asks() {
    let mut server = Server::start().await;
    let mut node = Node::register(&server).await;
    let old = private_key(&node);
    server.state().want_new_key = true;
    node.start();
    node.logged("signs with its new key").await;
    assert_ne!(private_key(&node), old);
    assert!(!node.data().join("next-key.json").exists());
    // The new key is the only one the server takes now, and it works after a restart too.
    drop(server.link().await);
    node.stop();
    while server.try_link() {}
    node.start();
    let mut link = server.link().await;
    link.send(&script(1, "true"));
    assert_eq!(link.result().await.document_status, Status::Success);
}

#[tokio::test]
async fn an_exchange_of_the_key_that_was_interrupted_is_settled() {
    let mut server = Server::start().await;
    let mut node = Node::register(&server).await;
    {
        let mut state = server.state();
        state.want_new_key = true;
        state.lose_key_answer = true;
    }
    node.start();
    node.logged("signs with its new key").await;
    assert!(server.state().offered_key.is_some());
    drop(server.link().await);

    // The other way round: a key that the server never heard of is forgotten.
    node.stop();
    let kept = private_key(&node);
    let stray = Node::register(&Server::start().await).await;
    let next = serde_json::json!({ "private_key": private_key(&stray), "key_created_ms": 1 });
    std::fs::write(node.data().join("next-key.json"), next.to_string()).unwrap();
    node.start();
    node.logged("keeps its present key").await;
    assert_eq!(private_key(&node), kept);
    assert!(!node.data().join("next-key.json").exists());
}

#[tokio::test]
async fn a_wrong_clock_is_told_once_and_allowed_for() {
    let mut server = Server::start().await;
    let mut node = Node::register(&server).await;
    node.set("MUSTER_AGENT_CLOCK_OFFSET_MS", "-602000");
    node.start();
    let mut link = server.link().await;
    link.send(&script(1, "true"));
    assert_eq!(link.result().await.document_status, Status::Success);
    eventually("a heart-beat", || !server.state().heartbeats.is_empty()).await;
    let told: Vec<String> =
        node.log().lines().filter(|line| line.contains("clock is")).map(str::to_owned).collect();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("10m0") && told[0].contains("behind the server's"), "{told:?}");
    assert_eq!(server.state().refused_for_time, 1);
}

#[tokio::test]
async fn everything_works_over_tls_with_a_certificate_of_ones_own() {
    let (mut server, certificate) = Server::start_tls().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.pem");
    std::fs::write(&file, certificate).unwrap();
    let mut node = Node::register_with(&server, &["--ca-file", file.to_str().unwrap()]).await;
    node.start();
    let mut link = server.link().await;
    link.send(&script(1, "echo over TLS"));
    let result = link.result().await;
    assert_eq!(result.runtime_status.unwrap()["s"].standard_output, "over TLS\n");

    // Without it, the reason and the remedy are told.
    node.stop();
    let path = node.data().join("registration.json");
    let mut registration: serde_json::Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    registration.as_object_mut().unwrap().remove("ca_file");
    std::fs::write(&path, registration.to_string()).unwrap();
    let diagnosed = output(node.command(&["diagnostics"])).await;
    assert_eq!(diagnosed.status.code(), Some(1));
    assert!(text(&diagnosed).contains("--ca-file"), "{}", text(&diagnosed));
}

#[tokio::test]
async fn status_and_diagnostics_tell_how_it_is() {
    let mut server = Server::start().await;
    let (mut node, link) = Node::connected(&mut server).await;
    node.logged("connected to").await;
    let diagnosed = output(node.command(&["diagnostics", "--output", "json"])).await;
    assert!(diagnosed.status.success(), "{}", text(&diagnosed));
    let report: serde_json::Value = serde_json::from_slice(&diagnosed.stdout).unwrap();
    let checks = report["DiagnosticsOutput"].as_array().unwrap();
    let names: Vec<&str> = checks.iter().map(|check| check["Check"].as_str().unwrap()).collect();
    let expected = [
        "Registration",
        "Permissions",
        "Disk space",
        "Agent process",
        "Proxy",
        "Connection",
        "Clock",
        "Credentials",
        "Control channel",
    ];
    assert_eq!(names, expected);
    let status = output(node.command(&["status", "-o", "json"])).await;
    let status: serde_json::Value = serde_json::from_slice(&status.stdout).unwrap();
    assert_eq!((&status["InstanceId"], &status["Connected"]), (&NODE.into(), &true.into()));

    drop(link);
    node.stop();
    server.state().keys.clear();
    let diagnosed = output(node.command(&["diagnostics"])).await;
    assert_eq!(diagnosed.status.code(), Some(1));
    let shown = text(&diagnosed);
    assert!(shown.contains("it does not run") && shown.contains("AccessDeniedException"), "{shown}");
    let status = output(node.command(&["status"])).await;
    assert!(text(&status).contains("the agent does not run"), "{}", text(&status));
}
