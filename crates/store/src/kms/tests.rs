//! Keys, materials, aliases and grants on both engines.

use super::{
    alias::{self, Alias},
    grant::{self, Constraints, Grant},
    key::{self, Key, Manager, State},
    material::{self, Material, Rotation},
};
use crate::{Batch, Db, StoreError, tag, testing::on_each_engine};
use muster_ids::{AccountId, KeyId, Region, Tenant};
use std::collections::BTreeMap;

fn tenant(region: &str) -> Tenant {
    Tenant::new(AccountId::parse("123456789012").unwrap(), Region::parse(region).unwrap())
}

fn made(tenant: &Tenant) -> (Key, Material) {
    let material = Material { id: "m1".to_owned(), sealed: vec![0, 1], created_ms: 5, rotation: None };
    let key = Key {
        id: KeyId::random(),
        tenant: tenant.clone(),
        manager: Manager::Customer,
        description: "d".to_owned(),
        state: State::Enabled,
        created_ms: 5,
        deletion_ms: None,
        deletion_window_days: None,
        material_id: material.id.clone(),
        rotation_period_days: None,
        next_rotation_ms: None,
        policy_revision: 1,
        has_grants: false,
    };
    (key, material)
}

async fn conflicts(db: &Db, batch: Batch) {
    assert_eq!(db.write(batch).await, Err(StoreError::Conflict { statement: 0 }));
}

#[tokio::test]
async fn a_key_lives_and_goes_with_all_that_is_its() {
    on_each_engine(|db| async move {
        let tenant = tenant("r");
        let (key, first) = made(&tenant);
        db.write(key::insert(&key, "{}", &first)).await.unwrap();
        assert_eq!(key::find(&db, &key.id).await, Ok(Some(key.clone())));
        db.write(key::set_policy(&key.id, "{1}")).await.unwrap();
        assert_eq!(key::policy(&db, &key.id).await, Ok(Some(("{1}".to_owned(), 2))));
        db.write(key::set_description(&key.id, "e")).await.unwrap();

        db.write(key::set_rotation(&key.id, Some((90, 100)))).await.unwrap();
        assert_eq!(key::due_for_rotation(&db, 99, 10).await, Ok(vec![]));
        let due = key::due_for_rotation(&db, 100, 10).await.unwrap().remove(0);
        let second = Material {
            id: "m2".to_owned(),
            sealed: vec![2],
            created_ms: 100,
            rotation: Some(Rotation::Automatic),
        };
        db.write(key::rotate(&due, &second, Some(200))).await.unwrap();
        conflicts(&db, key::rotate(&due, &second, Some(200))).await;
        assert_eq!(material::of_key(&db, &key.id).await, Ok(vec![first, second.clone()]));
        assert_eq!(material::find(&db, &key.id, "m2").await, Ok(Some(second)));
        assert_eq!(material::find(&db, &key.id, "m3").await, Ok(None));
        db.write(key::set_enabled(&key.id, false)).await.unwrap();
        conflicts(&db, key::set_rotation(&key.id, None)).await;
        assert_eq!(key::due_for_rotation(&db, 999, 10).await, Ok(vec![]));

        db.write(key::schedule_deletion(&key.id, 700, 7)).await.unwrap();
        for refused in [
            key::schedule_deletion(&key.id, 700, 7),
            key::set_enabled(&key.id, true),
            key::set_policy(&key.id, "{}"),
            key::set_description(&key.id, ""),
            key::hold(&key.id),
        ] {
            conflicts(&db, refused).await;
        }
        db.write(key::cancel_deletion(&key.id)).await.unwrap();
        conflicts(&db, key::cancel_deletion(&key.id)).await;
        assert_eq!(key::find(&db, &key.id).await.unwrap().unwrap().state, State::Disabled);

        let alias = Alias {
            tenant: tenant.clone(),
            name: "alias/x".to_owned(),
            key: key.id.clone(),
            created_ms: 1,
            updated_ms: 1,
        };
        db.write(alias::insert(&alias)).await.unwrap();
        let resource = tag::Resource { tenant: &tenant, kind: key::TAG_KIND, id: key.id.as_str() };
        let tags = [tag::Tag { key: "k".to_owned(), value: "v".to_owned() }];
        db.write(tag::put(resource, &tags, 50)).await.unwrap();
        db.write(key::schedule_deletion(&key.id, 700, 7)).await.unwrap();
        assert_eq!(key::due_for_deletion(&db, 699, 10).await, Ok(vec![]));
        conflicts(&db, key::delete(&key, 699)).await;
        assert_eq!(key::due_for_deletion(&db, 700, 10).await.unwrap().len(), 1);
        db.write(key::delete(&key, 700)).await.unwrap();
        assert_eq!(key::find(&db, &key.id).await, Ok(None));
        assert_eq!(material::of_key(&db, &key.id).await, Ok(vec![]));
        assert_eq!(alias::of_key(&db, &key.id).await, Ok(vec![]));
        assert_eq!(tag::of_resource(&db, resource).await, Ok(vec![]));
    })
    .await;
}

#[tokio::test]
async fn keys_and_aliases_are_listed_in_order_and_by_tenant() {
    on_each_engine(|db| async move {
        let (here, there) = (tenant("here"), tenant("there"));
        let mut ids = Vec::new();
        for tenant in [&here, &here, &here, &there] {
            let (key, material) = made(tenant);
            db.write(key::insert(&key, "{}", &material)).await.unwrap();
            ids.push(key.id);
        }
        let other = ids.pop().unwrap();
        let named = |tenant: &Tenant, name: &str, key: &KeyId| Alias {
            tenant: tenant.clone(),
            name: format!("alias/{name}"),
            key: key.clone(),
            created_ms: 1,
            updated_ms: 1,
        };
        let (b, a) = (named(&here, "b", &ids[0]), named(&here, "a", &ids[1]));
        for alias in [&b, &a, &named(&there, "a", &other)] {
            db.write(alias::insert(alias)).await.unwrap();
        }
        assert!(matches!(db.write(alias::insert(&a)).await, Err(StoreError::Duplicate { .. })));
        assert_eq!(alias::list(&db, &here, None, "", 10).await, Ok(vec![a.clone(), b.clone()]));
        assert_eq!(alias::list(&db, &here, None, "alias/a", 10).await, Ok(vec![b.clone()]));
        assert_eq!(alias::list(&db, &here, Some(&ids[1]), "", 10).await, Ok(vec![a.clone()]));
        db.write(alias::update(&here, "alias/a", &ids[0], 9)).await.unwrap();
        let moved = alias::find(&db, &here, "alias/a").await.unwrap().unwrap();
        assert_eq!((moved.key, moved.updated_ms), (ids[0].clone(), 9));
        db.write(alias::delete(&here, "alias/a")).await.unwrap();
        conflicts(&db, alias::delete(&here, "alias/a")).await;
        conflicts(&db, alias::update(&here, "alias/a", &ids[0], 9)).await;

        ids.sort();
        let listed = |keys: Vec<Key>| keys.into_iter().map(|key| key.id).collect::<Vec<_>>();
        assert_eq!(listed(key::list(&db, &here, None, 2).await.unwrap()), ids[..2]);
        assert_eq!(listed(key::list(&db, &here, Some(&ids[1]), 2).await.unwrap()), ids[2..]);
    })
    .await;
}

#[tokio::test]
async fn grants_are_found_by_who_has_them() {
    on_each_engine(|db| async move {
        let tenant = tenant("r");
        let (key, material) = made(&tenant);
        db.write(key::insert(&key, "{}", &material)).await.unwrap();
        let given = |id: &str, grantee: &str, retiring: Option<&str>| Grant {
            key: key.id.clone(),
            id: id.to_owned(),
            name: None,
            grantee: grantee.to_owned(),
            retiring: retiring.map(str::to_owned),
            issuing_account: tenant.account.clone(),
            operations: vec!["Decrypt".to_owned()],
            constraints: Some(Constraints {
                subset: Some(BTreeMap::from([("k".to_owned(), "v".to_owned())])),
                equals: None,
            }),
            created_ms: 1,
        };
        let (a, b) = (given("a", "x", Some("r")), given("b", "y", None));
        for grant in [&a, &b] {
            db.write(grant::insert(grant).unwrap()).await.unwrap();
        }
        assert!(key::find(&db, &key.id).await.unwrap().unwrap().has_grants);
        assert_eq!(grant::of_grantees(&db, &key.id, &["x", "z"]).await, Ok(vec![a.clone()]));
        assert_eq!(grant::list(&db, &key.id, None, "", 10).await, Ok(vec![a.clone(), b.clone()]));
        assert_eq!(grant::list(&db, &key.id, None, "a", 10).await, Ok(vec![b.clone()]));
        assert_eq!(grant::list(&db, &key.id, Some("y"), "", 10).await, Ok(vec![b.clone()]));
        assert_eq!(grant::retirable(&db, &tenant, "r", "", 10).await, Ok(vec![a.clone()]));
        db.write(grant::delete(&key.id, "a")).await.unwrap();
        conflicts(&db, grant::delete(&key.id, "a")).await;
        assert_eq!(grant::find(&db, &key.id, "a").await, Ok(None));
        assert_eq!(grant::find(&db, &key.id, "b").await, Ok(Some(b)));
        db.write(key::schedule_deletion(&key.id, 1, 7)).await.unwrap();
        conflicts(&db, grant::insert(&given("c", "x", None)).unwrap()).await;
    })
    .await;
}
