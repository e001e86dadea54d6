//! From an event to its last attempt, with a clock that the test moves.

use super::*;
use crate::{
    tasks::event_spread::EventSpread,
    testing::{Bench, on_each_bench, tenant},
};
use muster_admin_api::{ListFailedDeliveries, PutEventTarget};
use muster_store::event::{self, Event};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};
use uuid::Uuid;

/// A server that answers every connection's one request with a status; its URL, and how many came.
async fn endpoint(status: u16) -> (String, Arc<AtomicU64>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let count = Arc::new(AtomicU64::new(0));
    let counted = count.clone();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let counted = counted.clone();
            tokio::spawn(async move {
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    head.push(stream.read_u8().await.unwrap());
                }
                let head = String::from_utf8(head).unwrap().to_ascii_lowercase();
                let length = head.split("content-length: ").nth(1).and_then(|rest| rest.split("\r\n").next());
                let mut body = vec![0; length.unwrap().parse().unwrap()];
                stream.read_exact(&mut body).await.unwrap();
                counted.fetch_add(1, Ordering::SeqCst);
                let answer = format!("HTTP/1.1 {status} x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
                let _ = stream.write_all(answer.as_bytes()).await;
            });
        }
    });
    (url, count)
}

async fn happen(bench: &Bench, count: usize) {
    for _ in 0..count {
        let event = Event {
            id: Uuid::new_v4(),
            tenant: tenant("r"),
            time_ms: 0,
            source: "aws.ssm",
            detail_type: "Parameter Store Change".to_owned(),
            resources: Vec::new(),
            detail: json!({ "name": "/a" }),
        };
        bench.control_plane.db.write(event::insert(&event)).await.unwrap();
    }
    EventSpread::new(bench.control_plane.clone()).run().await.unwrap();
}

async fn target(bench: &Bench, name: &str, url: &str) {
    bench.root("r").must::<PutEventTarget>(json!({ "Name": name, "Destination": url })).await;
}

async fn failed(bench: &Bench) -> Vec<Value> {
    let answer = bench.root("r").must::<ListFailedDeliveries>(json!({})).await;
    answer["FailedDeliveries"].as_array().unwrap().clone()
}

/// Works on every lane until nothing is due.
async fn settle_all(task: &Delivery) {
    for lane in delivery::lanes(&task.shared.control_plane.db).await.unwrap() {
        task.shared.clone().work(lane.name).await;
    }
}

#[tokio::test]
async fn a_delivery_is_tried_for_a_day_and_then_given_up() {
    on_each_bench(|bench| async move {
        let (url, count) = endpoint(500).await;
        target(&bench, "t", &url).await;
        happen(&bench, 1).await;
        let task = Delivery::new(bench.control_plane.clone());
        settle_all(&task).await;
        assert_eq!(count.load(Ordering::SeqCst), 4, "once, and three times more at once");
        let mut hours = 0;
        while failed(&bench).await.is_empty() {
            bench.clock.advance_ms(3_600_000);
            hours += 1;
            assert!(hours < 30);
            settle_all(&task).await;
        }
        let failed = failed(&bench).await;
        assert_eq!(failed[0]["Error"], "the endpoint answered with status 500");
        assert_eq!(failed[0]["Attempts"], json!(count.load(Ordering::SeqCst)));
        assert!(failed[0]["Message"].as_str().unwrap().contains("Parameter Store Change"));
        assert!(delivery::lanes(&bench.control_plane.db).await.unwrap().is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_lane_that_fails_rests_and_others_do_not() {
    on_each_bench(|bench| async move {
        let ((dead, dead_count), (alive, alive_count)) = (endpoint(503).await, endpoint(200).await);
        target(&bench, "dead", &dead).await;
        target(&bench, "alive", &alive).await;
        happen(&bench, 30).await;
        let task = Delivery::new(bench.control_plane.clone());
        settle_all(&task).await;
        assert_eq!(alive_count.load(Ordering::SeqCst), 30);
        let tried = dead_count.load(Ordering::SeqCst);
        // The first claim takes as many as the destination may have at a time; after that it rests.
        assert!((4..30).contains(&tried), "{tried}");
        settle_all(&task).await;
        assert_eq!(dead_count.load(Ordering::SeqCst), tried, "it rests");
        bench.clock.advance_ms(LONGEST_PAUSE_MS);
        settle_all(&task).await;
        assert!(dead_count.load(Ordering::SeqCst) > tried);
    })
    .await;
}

#[tokio::test]
async fn another_replica_takes_over_what_a_dead_one_had_claimed() {
    on_each_bench(|bench| async move {
        let (url, count) = endpoint(200).await;
        target(&bench, "t", &url).await;
        happen(&bench, 1).await;
        let ControlPlane { db, .. } = &*bench.control_plane;
        let lane = delivery::lanes(db).await.unwrap().remove(0).name;
        let (now_ms, dead) = (bench.control_plane.clock.now_ms(), muster_ids::ReplicaId::random());
        db.write(delivery::claim(&lane, &dead, now_ms, now_ms + 60_000, 9)).await.unwrap();
        let task = Delivery::new(bench.control_plane.clone());
        settle_all(&task).await;
        assert_eq!(count.load(Ordering::SeqCst), 0);
        bench.clock.advance_ms(60_001);
        settle_all(&task).await;
        assert_eq!(count.load(Ordering::SeqCst), 1);
    })
    .await;
}

#[tokio::test]
async fn two_replicas_send_everything_once() {
    on_each_bench(|bench| async move {
        let (url, count) = endpoint(200).await;
        target(&bench, "t", &url).await;
        happen(&bench, 40).await;
        let lane = delivery::lanes(&bench.control_plane.db).await.unwrap().remove(0).name;
        let (one, other) =
            (Delivery::new(bench.control_plane.clone()), Delivery::new(bench.control_plane.clone()));
        tokio::join!(one.shared.clone().work(lane.clone()), other.shared.clone().work(lane));
        assert_eq!(count.load(Ordering::SeqCst), 40);
        assert!(event::waiting(&bench.control_plane.db, 9).await.unwrap().is_empty());
    })
    .await;
}

#[tokio::test]
async fn what_a_target_is_owed_goes_with_it() {
    on_each_bench(|bench| async move {
        let (url, count) = endpoint(200).await;
        target(&bench, "t", &url).await;
        happen(&bench, 3).await;
        bench.root("r").must::<muster_admin_api::DeleteEventTarget>(json!({ "Name": "t" })).await;
        settle_all(&Delivery::new(bench.control_plane.clone())).await;
        assert_eq!((count.load(Ordering::SeqCst), failed(&bench).await.len()), (0, 0));
    })
    .await;
}

#[test]
fn pauses_grow_and_end_with_a_success() {
    let mut lane = Lane::default();
    let pauses: Vec<i64> = (0..12)
        .map(|_| {
            lane.failed(0);
            lane.rests_until_ms
        })
        .collect();
    assert_eq!(pauses, [0, 0, 0, 100, 200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000]);
    (0..1_000).for_each(|_| lane.failed(0));
    assert_eq!(lane.rests_until_ms, LONGEST_PAUSE_MS);
    lane.succeeded();
    assert_eq!((lane.failures, lane.rests_until_ms), (0, 0));
}
