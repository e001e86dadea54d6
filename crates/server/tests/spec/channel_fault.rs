//! The control channel breaks at every stage of a command; messages come twice; channels come in twos. Each time the
//! command ends as it should, and ran once.

use crate::command_support::{QUIET, answer, reaches, send_to, state};
use muster_protocol::message::Status;
use muster_test_support::{SimulatedNode, TestServer};

async fn ended_once(server: &TestServer, node: &SimulatedNode, id: &muster_protocol::ids::CommandId) {
    assert_eq!(reaches(&server.client(), id, node.id(), "Success").await, "Success");
    assert_eq!(node.executions(id), 1);
}

#[tokio::test]
async fn cut_before_the_acknowledgement() {
    TestServer::on_each_engine(|server| async move {
        let mut node = server.node().await;
        let id = send_to(&server.client(), &node).await;
        node.next_job().await.unwrap();
        node.cut();
        node.connect().await.unwrap();
        let job = node.next_job().await.unwrap();
        assert_eq!(job.command, id);
        answer(&mut node, &job).await;
        ended_once(&server, &node, &id).await;
        server.remove().await;
    })
    .await;
}

#[tokio::test]
async fn cut_after_the_node_took_it_and_before_the_server_knew() {
    TestServer::on_each_engine(|server| async move {
        let mut node = server.node().await;
        let id = send_to(&server.client(), &node).await;
        let job = node.next_job().await.unwrap();
        node.cut();
        // Its ledger has the command; there is no channel for the acknowledgement.
        assert!(node.execute(&job).await.is_err());
        node.connect().await.unwrap();
        let again = node.next_job().await.unwrap();
        assert!(!node.execute(&again).await.unwrap(), "the ledger knows it");
        reaches(&server.client(), &id, node.id(), "InProgress").await;
        let reply = node.reply(&job, Status::Success, 0, "done\n").await.unwrap();
        node.acknowledged(reply).await.unwrap();
        ended_once(&server, &node, &id).await;
        server.remove().await;
    })
    .await;
}

#[tokio::test]
async fn cut_after_the_acknowledgement() {
    TestServer::on_each_engine(|server| async move {
        let mut node = server.node().await;
        let id = send_to(&server.client(), &node).await;
        let job = node.next_job().await.unwrap();
        node.execute(&job).await.unwrap();
        reaches(&server.client(), &id, node.id(), "InProgress").await;
        node.cut();
        node.connect().await.unwrap();
        assert!(node.no_job_within(QUIET).await.unwrap(), "an acknowledged job is not sent again");
        let reply = node.reply(&job, Status::Success, 0, "done\n").await.unwrap();
        node.acknowledged(reply).await.unwrap();
        ended_once(&server, &node, &id).await;
        server.remove().await;
    })
    .await;
}

#[tokio::test]
async fn cut_before_the_final_reply() {
    TestServer::on_each_engine(|server| async move {
        let mut node = server.node().await;
        let id = send_to(&server.client(), &node).await;
        let job = node.next_job().await.unwrap();
        node.execute(&job).await.unwrap();
        node.begin(&job).await.unwrap();
        reaches(&server.client(), &id, node.id(), "InProgress").await;
        node.cut();
        let reply = node.spool(&job, Status::Failed, 3, "half\n");
        node.connect().await.unwrap();
        node.acknowledged(reply).await.unwrap();
        reaches(&server.client(), &id, node.id(), "Failed").await;
        assert_eq!(node.executions(&id), 1);
        server.remove().await;
    })
    .await;
}

#[tokio::test]
async fn cut_before_the_acknowledgement_of_the_final_reply() {
    TestServer::on_each_engine(|server| async move {
        let mut node = server.node().await;
        let id = send_to(&server.client(), &node).await;
        let job = node.next_job().await.unwrap();
        node.execute(&job).await.unwrap();
        let reply = node.reply(&job, Status::Success, 0, "done\n").await.unwrap();
        node.cut();
        node.connect().await.unwrap();
        node.acknowledged(reply).await.unwrap();
        ended_once(&server, &node, &id).await;
        server.remove().await;
    })
    .await;
}

#[tokio::test]
async fn replies_that_come_twice_change_nothing() {
    TestServer::on_each_engine(|server| async move {
        let mut node = server.node().await;
        let id = send_to(&server.client(), &node).await;
        let job = node.next_job().await.unwrap();
        node.execute(&job).await.unwrap();
        let first = node.reply(&job, Status::Success, 0, "done\n").await.unwrap();
        node.repeat_replies().await.unwrap();
        node.acknowledged(first).await.unwrap();
        ended_once(&server, &node, &id).await;
        // A node that restored an old spool, and one that contradicts itself.
        for status in [Status::Success, Status::Failed, Status::InProgress] {
            let reply = node.reply(&job, status, 1, "other\n").await.unwrap();
            node.acknowledged(reply).await.unwrap();
            assert_eq!(state(&server.client(), &id, node.id()).await.0, "Success");
        }
        server.remove().await;
    })
    .await;
}

#[tokio::test]
async fn nonsense_on_a_channel_does_not_end_it() {
    TestServer::on_each_engine(|server| async move {
        let mut node = server.node().await;
        for bytes in [Vec::new(), vec![0], vec![0xff; 119], vec![0; 5000]] {
            node.send(bytes).await.unwrap();
        }
        let id = send_to(&server.client(), &node).await;
        let job = node.next_job().await.unwrap();
        answer(&mut node, &job).await;
        ended_once(&server, &node, &id).await;
        server.remove().await;
    })
    .await;
}

#[tokio::test]
async fn the_newest_of_two_channels_wins_and_nothing_is_lost() {
    TestServer::on_each_engine(|server| async move {
        let mut old = server.node().await;
        let id = send_to(&server.client(), &old).await;
        let job = old.next_job().await.unwrap();
        // The node comes again before the server has noticed that it went.
        let mut new = old.twin();
        new.connect().await.unwrap();
        old.closed().await.unwrap();
        let again = new.next_job().await.unwrap();
        assert_eq!(again.job_id, job.job_id);
        answer(&mut new, &again).await;
        ended_once(&server, &new, &id).await;
        let next = send_to(&server.client(), &new).await;
        assert_eq!(new.next_job().await.unwrap().command, next);
        server.remove().await;
    })
    .await;
}

#[tokio::test]
async fn two_channels_at_once_leave_one() {
    TestServer::on_each_engine(|server| async move {
        let mut one = server.node().await;
        let mut two = one.twin();
        for _ in 0..5 {
            let (first, second) = tokio::join!(one.connect(), two.connect());
            first.unwrap();
            second.unwrap();
        }
        // Whichever came last has the channel; the other one is closed.
        let node = tokio::select! {
            closed = one.closed() => { closed.unwrap(); &mut two }
            closed = two.closed() => { closed.unwrap(); &mut one }
        };
        let id = send_to(&server.client(), node).await;
        let job = node.next_job().await.unwrap();
        answer(node, &job).await;
        ended_once(&server, node, &id).await;
        server.remove().await;
    })
    .await;
}
