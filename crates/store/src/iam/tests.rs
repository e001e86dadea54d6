//! Identities on every engine.

use super::{
    Entity, Kind, Page, TAGGED_USER, attachment, group, group::Group, inline, instance_profile,
    instance_profile::InstanceProfile, key, policy, policy::Policy, role, role::Role, tag_tenant, tagged,
    user, user::User,
};
use crate::{Db, StoreError, access_key, tag, testing::on_each_engine};
use muster_ids::AccountId;

const MANAGED: &str = "arn:aws:iam::aws:policy/X";

fn account() -> AccountId {
    AccountId::parse("123456789012").unwrap()
}

fn other() -> AccountId {
    AccountId::parse("210987654321").unwrap()
}

fn user(name: &str, path: &str) -> User {
    User {
        account: account(),
        name: name.to_owned(),
        path: path.to_owned(),
        id: format!("AIDA{name}"),
        created_ms: 5,
        boundary: None,
    }
}

fn group(name: &str) -> Group {
    Group {
        account: account(),
        name: name.to_owned(),
        path: "/".to_owned(),
        id: format!("AGPA{name}"),
        created_ms: 5,
    }
}

fn role(name: &str) -> Role {
    Role {
        account: account(),
        name: name.to_owned(),
        path: "/p/".to_owned(),
        id: format!("AROA{name}"),
        created_ms: 5,
        trust_policy: "{}".to_owned(),
        trust_principals: "{}".to_owned(),
        description: None,
        max_session_seconds: 3600,
        boundary: None,
        last_used_ms: None,
        last_used_region: None,
    }
}

fn policy(name: &str) -> Policy {
    Policy {
        account: account(),
        name: name.to_owned(),
        path: "/".to_owned(),
        id: format!("ANPA{name}"),
        arn: format!("arn:aws:iam::123456789012:policy/{name}"),
        description: Some("d".to_owned()),
        created_ms: 5,
        updated_ms: 5,
        default_version: 1,
        newest_version: 1,
    }
}

async fn names(db: &Db, page: Page<'_>) -> Vec<String> {
    let users = user::list(db, &account(), page).await.unwrap();
    users.into_iter().map(|user| user.name).collect()
}

#[tokio::test]
async fn names_are_unique_whatever_their_case() {
    on_each_engine(|db| async move {
        for user in [user("Bob", "/"), user("ann", "/a/b/"), user("carl", "/a/")] {
            db.write(user::insert(&user)).await.unwrap();
        }
        let again = User { id: "AIDA2".to_owned(), ..user("BOB", "/") };
        assert!(matches!(db.write(user::insert(&again)).await, Err(StoreError::Duplicate { .. })));
        db.write(user::insert(&User { account: other(), ..again })).await.unwrap();
        assert_eq!(user::find(&db, &account(), "bOb").await.unwrap(), Some(user("Bob", "/")));
        assert_eq!(user::find(&db, &account(), "Bobb").await.unwrap(), None);
        assert_eq!(user::find_by_id(&db, "AIDAann").await.unwrap(), Some(user("ann", "/a/b/")));

        assert_eq!(names(&db, Page::first(9)).await, ["ann", "Bob", "carl"]);
        assert_eq!(names(&db, Page { after: Some("Ann"), ..Page::first(1) }).await, ["Bob"]);
        assert_eq!(names(&db, Page { path_prefix: "/a/", ..Page::first(9) }).await, ["ann", "carl"]);
        assert_eq!(names(&db, Page { path_prefix: "/", ..Page::first(9) }).await, ["ann", "Bob", "carl"]);
    })
    .await;
}

#[tokio::test]
async fn a_user_takes_along_all_that_is_its_own() {
    on_each_engine(|db| async move {
        db.write(user::insert(&user("Ann", "/"))).await.unwrap();
        db.write(group::insert(&group("G"))).await.unwrap();
        db.write(group::add_user(&account(), "g", "ann")).await.unwrap();
        db.write(group::add_user(&account(), "G", "Ann")).await.unwrap();
        let account = account();
        let ann = Entity::user(&account, "ann");
        db.write(inline::put(ann, "p", "1")).await.unwrap();
        db.write(attachment::attach(ann, MANAGED)).await.unwrap();
        let tenant = tag_tenant(&account);
        let tags = [tag::Tag { key: "k".to_owned(), value: "v".to_owned() }];
        db.write(tag::put(tagged(&tenant, TAGGED_USER, "ann"), &tags, 50)).await.unwrap();
        let access_key = access_key::AccessKey {
            access_key_id: "AKIA".to_owned(),
            account: account.clone(),
            user: Some("Ann".to_owned()),
            secret_sealed: vec![1],
            status: access_key::Status::Active,
            created_ms: 1,
            last_used: None,
        };
        db.write(access_key::insert(&access_key)).await.unwrap();

        db.write(user::rename(&account, "Ann", "Beth", "/x/")).await.unwrap();
        assert_eq!(user::find(&db, &account, "ann").await.unwrap(), None);
        let beth = user::find(&db, &account, "beth").await.unwrap().unwrap();
        assert_eq!((&*beth.name, &*beth.path, &*beth.id), ("Beth", "/x/", "AIDAAnn"));
        let entity = Entity::user(&account, "beth");
        assert_eq!(inline::of_entity(&db, entity).await.unwrap().len(), 1);
        assert_eq!(attachment::of_entity(&db, entity).await.unwrap(), [MANAGED]);
        assert_eq!(tag::of_resource(&db, tagged(&tenant, TAGGED_USER, "beth")).await.unwrap(), tags);
        assert_eq!(access_key::of_user(&db, &account, Some("Beth")).await.unwrap().len(), 1);
        assert_eq!(group::of_user(&db, &account, "beth", None, 9).await.unwrap(), [group("G")]);

        db.write(group::rename(&account, "G", "H", "/")).await.unwrap();
        assert_eq!(group::users(&db, &account, "h", None, 9).await.unwrap(), [beth]);
        assert_eq!(group::users(&db, &account, "h", Some("beth"), 9).await.unwrap(), []);
        db.write(user::delete(&account, "beth")).await.unwrap();
        assert_eq!(tag::of_resource(&db, tagged(&tenant, TAGGED_USER, "beth")).await.unwrap(), []);
        let gone = db.write(user::delete(&account, "beth")).await;
        assert_eq!(gone, Err(StoreError::Conflict { statement: 0 }));
    })
    .await;
}

#[tokio::test]
async fn policies_of_users_and_of_their_groups() {
    on_each_engine(|db| async move {
        let account = account();
        let (ann, g) = (Entity::user(&account, "Ann"), Entity::group(&account, "G"));
        db.write(user::insert(&user("Ann", "/"))).await.unwrap();
        db.write(group::insert(&group("G"))).await.unwrap();
        db.write(group::insert(&group("H"))).await.unwrap();
        for (entity, name, document) in [(ann, "b", "1"), (ann, "a", "2"), (ann, "b", "3"), (g, "c", "4")] {
            db.write(inline::put(entity, name, document)).await.unwrap();
        }
        db.write(inline::put(Entity::group(&account, "H"), "d", "5")).await.unwrap();
        let list = |policies: Vec<inline::Inline>| {
            policies.into_iter().map(|policy| policy.name + &policy.document).collect::<Vec<_>>()
        };
        assert_eq!(list(inline::of_entity(&db, ann).await.unwrap()), ["a2", "b3"]);
        assert_eq!(inline::of_groups_of(&db, &account, "ann").await.unwrap(), []);
        db.write(group::add_user(&account, "G", "ann")).await.unwrap();
        let of_groups = inline::of_groups_of(&db, &account, "ANN").await.unwrap();
        assert_eq!(of_groups.iter().map(|(group, _)| group.as_str()).collect::<Vec<_>>(), ["g"]);
        db.write(inline::delete(ann, "a")).await.unwrap();
        let gone = db.write(inline::delete(ann, "a")).await;
        assert_eq!(gone, Err(StoreError::Conflict { statement: 0 }));

        let own = policy("Own");
        db.write(policy::insert(&own, "v1")).await.unwrap();
        for (entity, arn) in [(ann, MANAGED), (ann, own.arn.as_str()), (g, MANAGED), (g, MANAGED)] {
            db.write(attachment::attach(entity, arn)).await.unwrap();
        }
        assert_eq!(attachment::of_entity(&db, ann).await.unwrap(), [own.arn.as_str(), MANAGED]);
        let of_groups = attachment::of_groups_of(&db, &account, "ann").await.unwrap();
        assert_eq!(of_groups, [("g".to_owned(), MANAGED.to_owned())]);
        let holders = attachment::holders(&db, &account, MANAGED).await.unwrap();
        let holders: Vec<_> = holders.into_iter().map(|holder| (holder.kind, holder.name)).collect();
        assert_eq!(holders, [(Kind::Group, "G".to_owned()), (Kind::User, "Ann".to_owned())]);
        let bounded = Role { boundary: Some(own.arn.clone()), ..role("R") };
        db.write(role::insert(&bounded)).await.unwrap();
        db.write(user::set_boundary(&account, "ann", Some(&own.arn))).await.unwrap();
        let uses = attachment::uses(&db, &account).await.unwrap();
        assert_eq!(uses.get(MANAGED), Some(&attachment::Uses { attached: 2, boundary: 0 }));
        assert_eq!(uses.get(&own.arn), Some(&attachment::Uses { attached: 1, boundary: 2 }));
        let bounded = attachment::bounded(&db, &account, &own.arn).await.unwrap();
        assert_eq!(bounded.iter().map(|holder| holder.kind).collect::<Vec<_>>(), [Kind::Role, Kind::User]);
        db.write(attachment::detach(ann, MANAGED)).await.unwrap();
        let gone = db.write(attachment::detach(ann, MANAGED)).await;
        assert_eq!(gone, Err(StoreError::Conflict { statement: 0 }));
        for (arn, uses) in &attachment::uses(&db, &account).await.unwrap() {
            assert_eq!(attachment::uses_of(&db, &account, arn).await.unwrap(), *uses);
        }
        assert_eq!(attachment::uses(&db, &other()).await.unwrap().len(), 0);
        assert_eq!(
            attachment::uses_of(&db, &account, "arn:unused").await.unwrap(),
            attachment::Uses::default()
        );
    })
    .await;
}

#[tokio::test]
async fn versions_of_a_policy() {
    on_each_engine(|db| async move {
        let account = account();
        db.write(policy::insert(&policy("P"), "one")).await.unwrap();
        let find = async || policy::find(&db, &account, "p").await.unwrap().unwrap();
        assert_eq!(find().await, policy("P"));
        db.write(policy::add_version(&find().await, "two", false, 7)).await.unwrap();
        let documents = async || policy::documents(&db, &account, &[policy("P").arn]).await.unwrap();
        assert_eq!(documents().await, [(policy("P").arn, "one".to_owned())]);
        db.write(policy::add_version(&find().await, "three", true, 8)).await.unwrap();
        assert_eq!(documents().await, [(policy("P").arn, "three".to_owned())]);
        db.write(policy::set_default_version(&find().await, 2)).await.unwrap();
        db.write(policy::delete_version(&find().await, 3)).await.unwrap();
        let now = find().await;
        assert_eq!((now.default_version, now.newest_version, now.updated_ms), (2, 3, 8));
        let versions = policy::versions(&db, &now).await.unwrap();
        assert_eq!(versions.iter().map(|version| version.version).collect::<Vec<_>>(), [2, 1]);
        assert_eq!(policy::version(&db, &now, 1).await.unwrap().map(|v| v.document), Some("one".to_owned()));
        assert_eq!(policy::version(&db, &now, 3).await.unwrap(), None);
        assert_eq!(policy::find_by_arn(&db, &now.arn).await.unwrap(), Some(now.clone()));
        assert_eq!(policy::find_by_arn(&db, &now.arn.to_lowercase()).await.unwrap(), None);
        assert_eq!(policy::list(&db, &account, Page::first(5)).await.unwrap(), std::slice::from_ref(&now));
        db.write(policy::delete(&now)).await.unwrap();
        assert_eq!(policy::versions(&db, &now).await.unwrap(), []);
        assert_eq!(documents().await, []);
    })
    .await;
}

#[tokio::test]
async fn roles_and_instance_profiles() {
    on_each_engine(|db| async move {
        let account = account();
        db.write(role::insert(&role("R"))).await.unwrap();
        db.write(role::set_trust_policy(&account, "r", "[]", "{\"a\":\"b\"}")).await.unwrap();
        db.write(role::update(&account, "r", Some("d"), 7200)).await.unwrap();
        db.write(role::set_boundary(&account, "r", Some(MANAGED))).await.unwrap();
        db.write(role::used("AROAR", 9, "here")).await.unwrap();
        db.write(role::used("AROAR", 8, "there")).await.unwrap();
        let expected = Role {
            trust_policy: "[]".to_owned(),
            trust_principals: "{\"a\":\"b\"}".to_owned(),
            description: Some("d".to_owned()),
            max_session_seconds: 7200,
            boundary: Some(MANAGED.to_owned()),
            last_used_ms: Some(9),
            last_used_region: Some("here".to_owned()),
            ..role("R")
        };
        assert_eq!(role::find(&db, &account, "R").await.unwrap(), Some(expected.clone()));
        assert_eq!(role::find_by_id(&db, "AROAR").await.unwrap(), Some(expected.clone()));
        assert_eq!(role::list(&db, &account, Page::first(1)).await.unwrap(), [expected]);

        let profile = InstanceProfile {
            account: account.clone(),
            name: "Profile".to_owned(),
            path: "/".to_owned(),
            id: "AIPA".to_owned(),
            created_ms: 1,
            role_key: None,
        };
        db.write(instance_profile::insert(&profile)).await.unwrap();
        db.write(instance_profile::set_role(&account, "profile", Some("R"))).await.unwrap();
        let with_role = InstanceProfile { role_key: Some(key("R")), ..profile };
        let of_role = instance_profile::of_role(&db, &account, "r").await.unwrap();
        assert_eq!(of_role, std::slice::from_ref(&with_role));
        assert_eq!(instance_profile::find(&db, &account, "PROFILE").await.unwrap(), Some(with_role.clone()));
        assert_eq!(instance_profile::list(&db, &account, Page::first(2)).await.unwrap(), [with_role]);
        db.write(instance_profile::set_role(&account, "profile", None)).await.unwrap();
        assert_eq!(instance_profile::of_role(&db, &account, "r").await.unwrap(), []);
        db.write(instance_profile::delete(&account, "profile")).await.unwrap();
        db.write(role::delete(&account, "r")).await.unwrap();
        assert_eq!(role::find(&db, &account, "r").await.unwrap(), None);
    })
    .await;
}
