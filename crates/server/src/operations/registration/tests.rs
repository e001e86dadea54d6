//! Registration through the router, on every engine.

use crate::{
    clock::Clock as _,
    context::Proof,
    secrets::{Claims, NodeClaims},
    testing::{Bench, Caller, on_each_bench, tenant},
};
use muster_ids::ManagedNodeId;
use muster_protocol::{
    agent_api::ssm_agent::{
        ListInstanceAssociations, RegisterManagedInstance, RequestManagedInstanceRoleToken,
        UpdateInstanceInformation, UpdateManagedInstancePublicKey,
    },
    signing::rsa,
};
use muster_ssm_api::{
    CreateActivation, DeleteActivation, DescribeActivations, DescribeInstanceInformation, ListTagsForResource,
};
use muster_store::{managed_node, testing::on_each_engine};
use serde_json::{Value, json};
use std::sync::LazyLock;

static PUBLIC_KEYS: LazyLock<[String; 2]> =
    LazyLock::new(|| [(); 2].map(|()| rsa::NodeKey::generate().unwrap().public_spki_base64().unwrap()));

async fn activate(root: &Caller, mut input: Value) -> Value {
    input["IamRole"] = json!("service-role/Nodes");
    root.bench().node_role("service-role/Nodes").await;
    root.must::<CreateActivation>(input).await
}

fn registration(activation: &Value) -> Value {
    json!({
        "ActivationId": activation["ActivationId"], "ActivationCode": activation["ActivationCode"],
        "Fingerprint": "print", "PublicKey": PUBLIC_KEYS[0], "PublicKeyType": "Rsa",
    })
}

async fn register(bench: &Bench, activation: &Value) -> ManagedNodeId {
    let output = bench.anonymous().must::<RegisterManagedInstance>(registration(activation)).await;
    output["InstanceId"].as_str().unwrap().parse().unwrap()
}

#[tokio::test]
async fn a_node_inherits_from_its_activation() {
    on_each_bench(|bench| async move {
        let root = bench.root("here");
        let wanted = json!({
            "DefaultInstanceName": "web", "RegistrationLimit": 2, "Tags": [{ "Key": "env", "Value": "prod" }],
        });
        let activation = activate(&root, wanted).await;
        // The same machine twice: two nodes, as in AWS.
        let (one, two) = (register(&bench, &activation).await, register(&bench, &activation).await);
        assert_ne!(one, two);
        let listed = root.must::<DescribeInstanceInformation>(json!({})).await;
        assert_eq!(listed["InstanceInformationList"].as_array().unwrap().len(), 2);
        let filter = json!({ "Filters": [{ "Key": "InstanceIds", "Values": [one] }] });
        let listed = root.must::<DescribeInstanceInformation>(filter).await;
        let entry = &listed["InstanceInformationList"][0];
        for (member, expected) in [
            ("InstanceId", json!(one)),
            ("Name", json!("web")),
            ("IamRole", json!("service-role/Nodes")),
            ("ActivationId", activation["ActivationId"].clone()),
            ("ResourceType", json!("ManagedInstance")),
            ("PingStatus", json!("ConnectionLost")),
            ("SourceId", json!(one)),
            ("SourceType", json!("AWS::SSM::ManagedInstance")),
        ] {
            assert_eq!(entry[member], expected, "{member}");
        }
        assert_eq!(entry["RegistrationDate"], entry["LastPingDateTime"]);
        let tags = root
            .must::<ListTagsForResource>(json!({ "ResourceType": "ManagedInstance", "ResourceId": one }))
            .await;
        assert_eq!(tags, json!({ "TagList": [{ "Key": "env", "Value": "prod" }] }));
        let activations = root.must::<DescribeActivations>(json!({})).await;
        assert_eq!(activations["ActivationList"][0]["RegistrationsCount"], json!(2));
    })
    .await;
}

#[tokio::test]
async fn who_may_not_register() {
    on_each_bench(|bench| async move {
        let root = bench.root("r");
        let nobody = bench.anonymous();
        let activation = activate(&root, json!({ "RegistrationLimit": 1 })).await;
        let good = registration(&activation);
        let change = |member: &str, value: Value| {
            let mut changed = good.clone();
            changed[member] = value;
            changed
        };
        for (input, code) in [
            (change("ActivationCode", json!("x".repeat(20))), "InvalidActivation"),
            (change("ActivationCode", json!(null)), "InvalidActivation"),
            (change("ActivationId", json!(ManagedNodeId::random())), "InvalidActivation"),
            (change("ActivationId", json!("00000000-0000-4000-8000-000000000000")), "InvalidActivation"),
            (change("ActivationId", json!(null)), "InvalidActivation"),
            (change("PublicKey", json!("A".repeat(392))), "InvalidPublicKey"),
            (change("PublicKey", json!("?")), "InvalidPublicKey"),
        ] {
            assert_eq!(nobody.code::<RegisterManagedInstance>(input.clone()).await, code, "{input}");
        }
        let elsewhere = bench.root("s").code::<RegisterManagedInstance>(good.clone()).await;
        assert_eq!(elsewhere, "InvalidActivation");
        // None of these took the one registration.
        register(&bench, &activation).await;
        assert_eq!(nobody.code::<RegisterManagedInstance>(good).await, "RegistrationLimitExceeded");

        let expiring = activate(&root, json!({})).await;
        bench.clock.advance_ms(24 * 3_600_000);
        assert_eq!(
            nobody.code::<RegisterManagedInstance>(registration(&expiring)).await,
            "ActivationExpired"
        );
        let deleted = activate(&root, json!({})).await;
        root.must::<DeleteActivation>(json!({ "ActivationId": deleted["ActivationId"] })).await;
        assert_eq!(nobody.code::<RegisterManagedInstance>(registration(&deleted)).await, "InvalidActivation");
    })
    .await;
}

#[tokio::test]
async fn a_race_registers_exactly_the_limit() {
    on_each_bench(|bench| async move {
        let root = bench.root("r");
        let activation = activate(&root, json!({ "RegistrationLimit": 5 })).await;
        let calls: Vec<_> = (0..20)
            .map(|_| {
                let (nobody, input) = (bench.anonymous(), registration(&activation));
                tokio::spawn(async move { nobody.call::<RegisterManagedInstance>(input).await })
            })
            .collect();
        let mut registered = 0;
        for call in calls {
            match call.await.unwrap() {
                Ok(_) => registered += 1,
                Err(error) => assert_eq!(error.schema.code, "RegistrationLimitExceeded"),
            }
        }
        assert_eq!(registered, 5);
        let listed = root.must::<DescribeInstanceInformation>(json!({})).await;
        assert_eq!(listed["InstanceInformationList"].as_array().unwrap().len(), 5);
    })
    .await;
}

#[tokio::test]
async fn an_operator_registers_without_an_activation() {
    on_each_bench(|bench| async move {
        let root = bench.root("here");
        bench.node_role("Nodes").await;
        let input = |role: &str| {
            json!({ "Fingerprint": "f", "PublicKey": PUBLIC_KEYS[0], "IamRole": role,
                    "Tags": [{ "Key": "k", "Value": "v" }] })
        };
        let made = root.must::<RegisterManagedInstance>(input("Nodes")).await;
        let node: ManagedNodeId = made["InstanceId"].as_str().unwrap().parse().unwrap();
        let found = managed_node::find(&bench.control_plane.db, &node).await.unwrap().unwrap();
        assert_eq!((found.tenant, found.activation_id), (tenant("here"), None));
        assert_eq!(root.code::<RegisterManagedInstance>(input("a b")).await, "ValidationException");
        let stranger = bench.node(&tenant("here"), &node, Proof::SecretKey);
        for caller in [bench.anonymous(), stranger] {
            assert_eq!(caller.code::<RegisterManagedInstance>(input("Nodes")).await, "InvalidActivation");
        }
    })
    .await;
}

#[tokio::test]
async fn a_node_changes_its_signature_into_credentials() {
    on_each_engine(|db| async move {
        let bench = Bench::new(db, |config| config.limits.node_key_lifetime_ms = 1_000_000);
        let (root, here) = (bench.root("here"), tenant("here"));
        let node = register(&bench, &activate(&root, json!({})).await).await;
        let by_key = bench.node(&here, &node, Proof::NodeKey);
        let input = json!({ "Fingerprint": "print" });
        let token = by_key.must::<RequestManagedInstanceRoleToken>(input.clone()).await;
        assert_eq!(token["UpdateKeyPair"], json!(false));
        let expires = token["TokenExpirationDate"].as_f64().unwrap() * 1000.0;
        assert!((expires - bench.clock.now_ms() as f64 - 3_600_000.0).abs() < 60_000.0, "{expires}");
        let read = |member: &str| token[member].as_str().unwrap().to_owned();
        let session =
            bench.control_plane.secrets.read_session(&read("SessionToken"), &read("AccessKeyId")).unwrap();
        let role = "service-role/Nodes".to_owned();
        let claims = NodeClaims { tenant: here.clone(), node: node.clone(), role };
        assert_eq!(session.claims, Claims::Node(claims));
        assert_eq!(session.secret_access_key.expose(), read("SecretAccessKey"));

        let other = json!({ "Fingerprint": "another" });
        let code = by_key.code::<RequestManagedInstanceRoleToken>(other).await;
        assert_eq!(code, "MachineFingerprintDoesNotMatch");
        for caller in [bench.node(&here, &node, Proof::SecretKey), root.clone(), bench.anonymous()] {
            let code = caller.code::<RequestManagedInstanceRoleToken>(input.clone()).await;
            assert_eq!(code, "AccessDeniedException");
        }
        let gone = bench.node(&here, &ManagedNodeId::random(), Proof::NodeKey);
        let error = gone.call::<RequestManagedInstanceRoleToken>(input.clone()).await.unwrap_err();
        assert!(
            error.schema.code == "InvalidInstanceId"
                && error.message.starts_with("Not existing InstanceId mi-")
        );

        // Asked for, or by age; a new key settles either.
        let wants_new_key = async || {
            by_key.must::<RequestManagedInstanceRoleToken>(input.clone()).await["UpdateKeyPair"]
                == json!(true)
        };
        let new_key = |index: usize| json!({ "NewPublicKey": PUBLIC_KEYS[index], "NewPublicKeyType": "Rsa" });
        bench.control_plane.db.write(managed_node::request_rotation(&node)).await.unwrap();
        assert!(wants_new_key().await);
        by_key.must::<UpdateManagedInstancePublicKey>(new_key(1)).await;
        assert!(!wants_new_key().await);
        bench.clock.advance_ms(1_000_001);
        assert!(wants_new_key().await);
    })
    .await;
}

#[tokio::test]
async fn a_new_key_replaces_the_old_one() {
    on_each_bench(|bench| async move {
        let here = tenant("here");
        let node = register(&bench, &activate(&bench.root("here"), json!({})).await).await;
        let by_key = bench.node(&here, &node, Proof::NodeKey);
        let input = json!({ "NewPublicKey": PUBLIC_KEYS[1], "NewPublicKeyType": "Rsa" });
        let keys = async || {
            let found = managed_node::find(&bench.control_plane.db, &node).await.unwrap().unwrap();
            (found.key.generation, Some(found.key.public), found.key.previous)
        };
        let key = |index: usize| rsa::verify_public_key(&PUBLIC_KEYS[index]).ok();
        // The second call is a repetition whose answer was lost.
        for _ in 0..2 {
            by_key.must::<UpdateManagedInstancePublicKey>(input.clone()).await;
            assert_eq!(keys().await, (2, key(1), key(0)));
        }
        let wrong = json!({ "NewPublicKey": "x", "NewPublicKeyType": "Rsa" });
        assert_eq!(by_key.code::<UpdateManagedInstancePublicKey>(wrong).await, "InvalidPublicKey");
        let by_secret = bench.node(&here, &node, Proof::SecretKey);
        assert_eq!(by_secret.code::<UpdateManagedInstancePublicKey>(input).await, "AccessDeniedException");
    })
    .await;
}

#[tokio::test]
async fn a_node_speaks_for_itself_alone() {
    on_each_bench(|bench| async move {
        let (root, here) = (bench.root("here"), tenant("here"));
        let activation = activate(&root, json!({ "RegistrationLimit": 2 })).await;
        let (one, two) = (register(&bench, &activation).await, register(&bench, &activation).await);
        let caller = bench.node(&here, &one, Proof::SecretKey);
        let about = |node: &ManagedNodeId| json!({ "InstanceId": node, "AgentVersion": "3.3.0.0" });
        caller.must::<UpdateInstanceInformation>(about(&one)).await;
        assert_eq!(
            caller.must::<ListInstanceAssociations>(json!({ "InstanceId": one })).await,
            json!({ "Associations": [] })
        );
        for stranger in [caller, bench.node(&here, &two, Proof::NodeKey), root.clone(), bench.anonymous()] {
            let input = about(&two);
            assert_eq!(stranger.code::<UpdateInstanceInformation>(input).await, "AccessDeniedException");
            let input = json!({ "InstanceId": two });
            assert_eq!(stranger.code::<ListInstanceAssociations>(input).await, "AccessDeniedException");
        }
        let found = managed_node::find(&bench.control_plane.db, &two).await.unwrap().unwrap();
        assert_eq!((found.last_ping_ms, found.information.agent_version), (None, None));
        // Nor may it do anything that operators do.
        let node = bench.node(&here, &one, Proof::SecretKey);
        assert_eq!(node.code::<DescribeInstanceInformation>(json!({})).await, "AccessDeniedException");
        assert_eq!(node.code::<CreateActivation>(json!({ "IamRole": "R" })).await, "AccessDeniedException");
    })
    .await;
}

#[tokio::test]
async fn a_heart_beat_is_seen_by_operators() {
    on_each_bench(|bench| async move {
        let (root, here) = (bench.root("here"), tenant("here"));
        let node = register(&bench, &activate(&root, json!({})).await).await;
        let caller = bench.node(&here, &node, Proof::SecretKey);
        let full = json!({
            "AgentName": "amazon-ssm-agent", "AgentStatus": "Active", "AgentVersion": "3.3.0.0",
            "AvailabilityZone": "", "AvailabilityZoneId": "", "ComputerName": "host.example", "IPAddress": "10.0.0.5",
            "InstanceId": node, "PlatformName": "Debian GNU/Linux", "PlatformType": "Linux",
            "PlatformVersion": "12", "SSMConnectionChannel": "",
        });
        assert_eq!(caller.must::<UpdateInstanceInformation>(full).await, json!({}));
        let entry = async || {
            let listed = root.must::<DescribeInstanceInformation>(json!({})).await;
            listed["InstanceInformationList"][0].clone()
        };
        let seen = entry().await;
        for (member, expected) in [
            ("PingStatus", "Online"),
            ("AgentVersion", "3.3.0.0"),
            ("PlatformType", "Linux"),
            ("PlatformName", "Debian GNU/Linux"),
            ("PlatformVersion", "12"),
            ("IPAddress", "10.0.0.5"),
            ("ComputerName", "host.example"),
        ] {
            assert_eq!(seen[member], json!(expected), "{member}");
        }
        bench.clock.advance_ms(5 * 60_000 + 1);
        assert_eq!(entry().await["PingStatus"], json!("ConnectionLost"));
        let short = json!({ "AgentName": "amazon-ssm-agent", "AgentVersion": "3.4.0.0", "InstanceId": node,
                            "PlatformType": "Linux" });
        caller.must::<UpdateInstanceInformation>(short).await;
        let seen = entry().await;
        assert_eq!((&seen["PingStatus"], &seen["ComputerName"]), (&json!("Online"), &json!("host.example")));
        assert_eq!(seen["AgentVersion"], json!("3.4.0.0"));

        let gone = ManagedNodeId::random();
        let stranger = bench.node(&here, &gone, Proof::SecretKey);
        let code = stranger.code::<UpdateInstanceInformation>(json!({ "InstanceId": gone })).await;
        assert_eq!(code, "InvalidInstanceId");
    })
    .await;
}
