//! From an event to its last delivery, on every engine.

use super::*;
use crate::{
    event::{self, Event, Waiting},
    event_target::{self, EventTarget},
    testing::on_each_engine,
};
use muster_ids::{AccountId, Region};
use uuid::Uuid;

fn tenant(region: &str) -> Tenant {
    Tenant::new(AccountId::parse("123456789012").unwrap(), Region::parse(region).unwrap())
}

fn event(region: &str) -> Event {
    Event {
        id: Uuid::new_v4(),
        tenant: tenant(region),
        time_ms: 1,
        source: "aws.ssm",
        detail_type: "Parameter Store Change".to_owned(),
        resources: vec!["arn".to_owned()],
        detail: serde_json::json!({ "name": "nul \u{0}" }),
    }
}

fn target(name: &str) -> EventTarget {
    EventTarget {
        tenant: tenant("r"),
        name: name.to_owned(),
        destination: "http://x".to_owned(),
        pattern: None,
        secret_sealed: Some(vec![1]),
        created_ms: 0,
    }
}

fn to(lane: &str) -> NewDelivery<'_> {
    NewDelivery { kind: Kind::Event, lane, destination: "http://x" }
}

async fn claim_all(db: &Db, lane: &str, now_ms: i64) -> Vec<Claimed> {
    let replica = ReplicaId::random();
    let rows = db.write(claim(lane, &replica, now_ms, now_ms + 60, 100)).await.unwrap();
    rows.into_iter().flatten().map(|row| claimed(&row).unwrap()).collect()
}

/// An event with a delivery in each lane.
async fn spread(db: &Db, lanes: &[&str]) -> Waiting {
    db.write(event_target::put(&target("t"), 9)).await.unwrap();
    db.write(event::insert(&event("r"))).await.unwrap();
    let waiting = event::waiting(db, 9).await.unwrap().remove(0);
    let mut batch = event::spread(&waiting, true, 5);
    lanes.iter().for_each(|lane| {
        batch.append(insert(&waiting.tenant, &waiting.id, 5, &to(lane)));
    });
    db.write(batch).await.unwrap();
    waiting
}

#[tokio::test]
async fn events_are_kept_only_if_somebody_listens() {
    on_each_engine(|db| async move {
        let rows = db.write(event::insert(&event("r"))).await.unwrap();
        assert!(rows.iter().all(Vec::is_empty));
        db.write(event_target::put(&target("t"), 1)).await.unwrap();
        assert_eq!(db.write(event::insert(&event("r"))).await.unwrap()[0].len(), 1);
        assert!(db.write(event::insert(&event("s"))).await.unwrap()[0].is_empty());
        let waiting = event::waiting(&db, 9).await.unwrap();
        assert_eq!(waiting.len(), 1);
        let content: event::Content = serde_json::from_str(&waiting[0].content).unwrap();
        assert_eq!(
            (content.source.as_str(), content.detail["name"].as_str()),
            ("aws.ssm", Some("nul \u{0}"))
        );
    })
    .await;
}

#[tokio::test]
async fn targets_are_replaced_up_to_a_limit() {
    on_each_engine(|db| async move {
        let here = tenant("r");
        db.write(event_target::put(&target("a"), 2)).await.unwrap();
        db.write(event_target::put(&target("b"), 2)).await.unwrap();
        let refused = db.write(event_target::put(&target("c"), 2)).await;
        assert_eq!(refused, Err(StoreError::Conflict { statement: 0 }));
        let other = EventTarget { destination: "http://y".to_owned(), secret_sealed: None, ..target("a") };
        db.write(insert(&here, "e", 1, &to(&webhook_lane(&here, "a")))).await.unwrap();
        db.write(event_target::put(&other, 2)).await.unwrap();
        assert_eq!(event_target::find(&db, &here, "a").await.unwrap(), Some(other.clone()));
        assert_eq!(claim_all(&db, &webhook_lane(&here, "a"), 1).await[0].destination, "http://y");
        assert_eq!(event_target::page(&db, &here, Some("a"), 9).await.unwrap(), [target("b")]);
        db.write(event_target::delete(&here, "a")).await.unwrap();
        assert!(lanes(&db).await.unwrap().is_empty());
        assert!(db.write(event_target::delete(&here, "a")).await.is_err());
        assert!(db.write(event_target::delete(&tenant("s"), "b")).await.is_err());
    })
    .await;
}

#[tokio::test]
async fn an_event_is_spread_by_one_replica_and_goes_with_its_last_delivery() {
    on_each_engine(|db| async move {
        let waiting = spread(&db, &["a", "b"]).await;
        assert!(event::waiting(&db, 9).await.unwrap().is_empty());
        assert!(db.write(event::spread(&waiting, true, 5)).await.is_err());
        // Work that is done again adds nothing.
        db.write(insert(&waiting.tenant, &waiting.id, 6, &to("a"))).await.unwrap();
        let found = lanes(&db).await.unwrap();
        assert_eq!(found, ["a", "b"].map(|name| Lane { name: name.to_owned(), due_ms: 5 }));
        for lane in ["a", "b"] {
            assert!(event::find(&db, &waiting.id).await.unwrap().is_some());
            let [claimed] = claim_all(&db, lane, 5).await.try_into().unwrap();
            assert_eq!((claimed.attempts, claimed.event_id.as_str()), (1, waiting.id.as_str()));
            db.write(end(&claimed)).await.unwrap();
        }
        assert_eq!(event::find(&db, &waiting.id).await.unwrap(), None);
        assert!(lanes(&db).await.unwrap().is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_claim_is_exclusive_and_ends() {
    on_each_engine(|db| async move {
        spread(&db, &["a"]).await;
        let claims = (0..8).map(|_| claim_all(&db, "a", 5));
        let got: Vec<_> = futures_util::future::join_all(claims).await.into_iter().flatten().collect();
        assert_eq!(got.len(), 1);
        assert!(claim_all(&db, "a", 64).await.is_empty());
        let again = claim_all(&db, "a", 65).await.remove(0);
        assert_eq!(again.attempts, 2);
        // The first claim is over: what it still says does not count.
        db.write(retry(&got[0], 1)).await.unwrap();
        db.write(end(&got[0])).await.unwrap();
        assert_eq!(lanes(&db).await.unwrap()[0].due_ms, 125);
        db.write(retry(&again, 70)).await.unwrap();
        assert_eq!(lanes(&db).await.unwrap()[0].due_ms, 70);
    })
    .await;
}

#[tokio::test]
async fn a_replica_that_comes_back_has_no_claims() {
    on_each_engine(|db| async move {
        spread(&db, &["a", "b"]).await;
        let (own, other) = (ReplicaId::random(), ReplicaId::random());
        db.write(claim("a", &own, 5, 1000, 9)).await.unwrap();
        db.write(claim("b", &other, 5, 1000, 9)).await.unwrap();
        db.write(release(&own, 7)).await.unwrap();
        let due: Vec<i64> = lanes(&db).await.unwrap().iter().map(|lane| lane.due_ms).collect();
        assert_eq!(due, [7, 1000]);
    })
    .await;
}

#[tokio::test]
async fn what_was_given_up_is_kept_for_its_tenant() {
    on_each_engine(|db| async move {
        let waiting = spread(&db, &["a", "b"]).await;
        for (lane, now_ms) in [("a", 10), ("b", 20)] {
            let claimed = claim_all(&db, lane, 5).await.remove(0);
            db.write(give_up(&claimed, "no answer", "{}", now_ms)).await.unwrap();
        }
        assert_eq!(event::find(&db, &waiting.id).await.unwrap(), None);
        let all = failed(&db, &tenant("r"), None, 9).await.unwrap();
        assert_eq!(all.iter().map(|one| one.failed_ms).collect::<Vec<_>>(), [20, 10]);
        assert_eq!((all[0].attempts, all[0].error.as_str(), all[0].message.as_str()), (1, "no answer", "{}"));
        let rest = failed(&db, &tenant("r"), Some((20, &all[0].id)), 9).await.unwrap();
        assert_eq!(rest, all[1..]);
        assert!(failed(&db, &tenant("s"), None, 9).await.unwrap().is_empty());
        db.write(forget_failed(20)).await.unwrap();
        assert_eq!(failed(&db, &tenant("r"), None, 9).await.unwrap().len(), 1);
    })
    .await;
}

#[tokio::test]
async fn events_without_deliveries_are_swept() {
    on_each_engine(|db| async move {
        let waiting = spread(&db, &["a"]).await;
        db.write(event::sweep(100)).await.unwrap();
        assert!(event::find(&db, &waiting.id).await.unwrap().is_some());
        db.write(forget_lane("a")).await.unwrap();
        db.write(event::sweep(5)).await.unwrap();
        assert!(event::find(&db, &waiting.id).await.unwrap().is_some());
        db.write(event::sweep(6)).await.unwrap();
        assert_eq!(event::find(&db, &waiting.id).await.unwrap(), None);
        db.write(event::insert(&event("r"))).await.unwrap();
        let waiting = event::waiting(&db, 1).await.unwrap().remove(0);
        db.write(event::spread(&waiting, false, 5)).await.unwrap();
        assert_eq!(event::find(&db, &waiting.id).await.unwrap(), None);
    })
    .await;
}
