//! Topics and subscriptions, on every engine.

use super::{
    message_key::{self, MessageKey},
    subscription::{self, Subscription},
    topic::{self, Counts, Topic},
};
use crate::{
    StoreError,
    event::{self, Waiting},
    tag::{self, Tag},
    testing::on_each_engine,
};
use muster_ids::{AccountId, Region, Tenant};

fn tenant(region: &str) -> Tenant {
    Tenant::new(AccountId::parse("123456789012").unwrap(), Region::parse(region).unwrap())
}

fn new_topic(name: &str) -> Topic {
    Topic {
        tenant: tenant("r"),
        name: name.to_owned(),
        attributes: [("DisplayName".to_owned(), "d".to_owned())].into(),
        version: 1,
        subscriptions_deleted: 0,
        created_ms: 7,
    }
}

fn new_subscription(id: &str, endpoint: &str) -> Subscription {
    Subscription {
        id: id.to_owned(),
        tenant: tenant("r"),
        topic: "t".to_owned(),
        owner: AccountId::parse("210987654321").unwrap(),
        principal_arn: "arn".to_owned(),
        protocol: "https".to_owned(),
        endpoint: endpoint.to_owned(),
        expires_ms: Some(100),
        authenticated: false,
        authenticate_on_unsubscribe: false,
        attributes: Default::default(),
        version: 1,
        created_ms: 8,
    }
}

#[tokio::test]
async fn topics_come_change_and_go() {
    on_each_engine(|db| async move {
        let tags = [Tag { key: "k".to_owned(), value: "v".to_owned() }];
        let one = new_topic("t");
        db.write(topic::insert(&one, &tags, 2).unwrap()).await.unwrap();
        let again = db.write(topic::insert(&one, &tags, 2).unwrap()).await;
        assert!(matches!(again, Err(StoreError::Duplicate { statement: 1, .. })), "{again:?}");
        db.write(topic::insert(&new_topic("u"), &[], 2).unwrap()).await.unwrap();
        let beyond = db.write(topic::insert(&new_topic("v"), &[], 2).unwrap()).await;
        assert_eq!(beyond, Err(StoreError::Conflict { statement: 0 }));
        assert_eq!(topic::find(&db, &tenant("r"), "t").await.unwrap(), Some(one.clone()));
        assert_eq!(topic::find(&db, &tenant("s"), "t").await.unwrap(), None);
        assert_eq!(topic::names(&db, &tenant("r"), None, 9).await.unwrap(), ["t", "u"]);
        assert_eq!(topic::names(&db, &tenant("r"), Some("t"), 9).await.unwrap(), ["u"]);
        db.write(topic::set_attributes(&one).unwrap()).await.unwrap();
        assert!(db.write(topic::set_attributes(&one).unwrap()).await.is_err(), "a lost update");
        db.write(topic::delete(&tenant("r"), "t")).await.unwrap();
        let left = tag::of_resource(&db, topic::resource(&tenant("r"), "t")).await.unwrap();
        assert!(left.is_empty() && db.write(topic::require(&tenant("r"), "t")).await.is_err());
    })
    .await;
}

#[tokio::test]
async fn subscriptions_wait_are_confirmed_and_end() {
    on_each_engine(|db| async move {
        let (one, two) = (new_subscription("a", "https://x"), new_subscription("b", "https://y"));
        let no_topic = db.write(subscription::insert(&one, 2).unwrap()).await;
        assert_eq!(no_topic, Err(StoreError::Conflict { statement: 0 }));
        db.write(topic::insert(&new_topic("t"), &[], 9).unwrap()).await.unwrap();
        db.write(subscription::insert(&one, 2).unwrap()).await.unwrap();
        let twin = Subscription { id: "c".to_owned(), ..one.clone() };
        let twin = db.write(subscription::insert(&twin, 9).unwrap()).await;
        assert!(matches!(twin, Err(StoreError::Duplicate { .. })), "{twin:?}");
        db.write(subscription::insert(&two, 2).unwrap()).await.unwrap();
        let beyond = db.write(subscription::insert(&new_subscription("d", "https://z"), 2).unwrap()).await;
        assert_eq!(beyond, Err(StoreError::Conflict { statement: 1 }));

        assert!(db.write(subscription::confirm("a", false, true, 100)).await.is_err(), "too late");
        db.write(subscription::confirm("a", false, true, 99)).await.unwrap();
        assert!(db.write(subscription::confirm("a", true, false, 99)).await.is_err(), "confirmed before");
        let confirmed = Subscription { expires_ms: None, authenticate_on_unsubscribe: true, ..one.clone() };
        assert_eq!(subscription::find(&db, "a").await.unwrap(), Some(confirmed.clone()));
        assert_eq!(topic::counts(&db, &tenant("r"), "t").await.unwrap(), Counts { confirmed: 1, pending: 1 });
        let owner = Tenant { account: one.owner.clone(), ..tenant("r") };
        assert_eq!(
            subscription::of_owner(&db, &owner, Some("a"), 9).await.unwrap(),
            std::slice::from_ref(&two)
        );
        assert!(subscription::of_owner(&db, &tenant("r"), None, 9).await.unwrap().is_empty());
        assert_eq!(subscription::of_topic(&db, &tenant("r"), "t", None, 9).await.unwrap().len(), 2);
        let found = subscription::of_endpoint(&db, &tenant("r"), "t", "https", "https://y", &one.owner).await;
        assert_eq!(found.unwrap(), Some(two));

        db.write(subscription::set_attributes(&confirmed).unwrap()).await.unwrap();
        assert!(db.write(subscription::set_attributes(&confirmed).unwrap()).await.is_err());
        db.write(subscription::expire(100)).await.unwrap();
        assert_eq!(subscription::find(&db, "b").await.unwrap(), None);
        db.write(subscription::delete(&confirmed)).await.unwrap();
        let topic = topic::find(&db, &tenant("r"), "t").await.unwrap().unwrap();
        assert_eq!(topic.subscriptions_deleted, 1);
    })
    .await;
}

#[tokio::test]
async fn messages_are_kept_only_if_somebody_is_subscribed() {
    on_each_engine(|db| async move {
        let message = Waiting {
            id: "m".to_owned(),
            tenant: tenant("r"),
            topic: Some("t".to_owned()),
            time_ms: 1,
            content: "{}".to_owned(),
        };
        db.write(topic::insert(&new_topic("t"), &[], 9).unwrap()).await.unwrap();
        assert!(db.write(event::publish(&message)).await.unwrap()[0].is_empty());
        db.write(subscription::insert(&new_subscription("a", "https://x"), 9).unwrap()).await.unwrap();
        assert_eq!(db.write(event::publish(&message)).await.unwrap()[0].len(), 1);
        assert!(db.write(event::publish(&message)).await.unwrap()[0].is_empty(), "the same message");
        assert_eq!(event::waiting(&db, 9).await.unwrap(), [message]);
    })
    .await;
}

#[tokio::test]
async fn the_newest_key_signs() {
    on_each_engine(|db| async move {
        let key = |id: &str, created_ms| MessageKey {
            id: id.to_owned(),
            private_sealed: vec![1],
            certificate: "PEM".to_owned(),
            created_ms,
        };
        assert_eq!(message_key::newest(&db).await.unwrap(), None);
        for (id, created_ms) in [("b", 2), ("a", 1), ("c", 2)] {
            db.write(message_key::insert(&key(id, created_ms))).await.unwrap();
        }
        assert_eq!(message_key::newest(&db).await.unwrap(), Some(key("b", 2)));
        assert_eq!(message_key::find(&db, "a").await.unwrap(), Some(key("a", 1)));
    })
    .await;
}
