//! A machine becomes a node, proves that it is that node, and can be nobody else.

use crate::world::{Machine, ROLE, World, machine_key, on_each_server};
use muster_protocol::signing::rsa::NodeKey;
use muster_test_support::Client;
use serde_json::{Value, json};

async fn code(client: &Client, operation: &str, input: Value) -> String {
    client.call("ssm", operation, input).await.expect_err(operation).code
}

fn heart_beat(machine: &Machine) -> Value {
    json!({ "InstanceId": machine.id, "AgentName": "amazon-ssm-agent", "AgentVersion": "3.3.0.0",
            "PlatformType": "Linux", "ComputerName": format!("host-{}", machine.id) })
}

async fn seen(world: &World, machine: &Machine) -> Value {
    let filter = json!({ "Filters": [{ "Key": "InstanceIds", "Values": [machine.id] }] });
    world.ok("DescribeInstanceInformation", filter).await["InstanceInformationList"][0].clone()
}

#[tokio::test]
async fn a_machine_becomes_a_node_that_is_online() {
    on_each_server(|world| async move {
        let machine = world.machine().await;
        assert_eq!(seen(&world, &machine).await["PingStatus"], "ConnectionLost");
        let client = machine.client(machine_key()).await;
        client.call("ssm", "UpdateInstanceInformation", heart_beat(&machine)).await.unwrap();
        assert_eq!(seen(&world, &machine).await["PingStatus"], "Online");
        let empty = client.call("ssm", "ListInstanceAssociations", json!({ "InstanceId": machine.id })).await;
        assert_eq!(empty.unwrap(), json!({ "Associations": [] }));
        world.clock.advance_ms(5 * 60_000 + 1);
        assert_eq!(seen(&world, &machine).await["PingStatus"], "ConnectionLost");
        client.call("ssm", "UpdateInstanceInformation", heart_beat(&machine)).await.unwrap();
        assert_eq!(seen(&world, &machine).await["PingStatus"], "Online");
    })
    .await;
}

#[tokio::test]
async fn an_activation_ends_with_its_day() {
    on_each_server(|world| async move {
        let activation = world.ok("CreateActivation", json!({ "IamRole": ROLE })).await;
        world.clock.advance_ms(24 * 3_600_000);
        let input = json!({
            "ActivationId": activation["ActivationId"], "ActivationCode": activation["ActivationCode"],
            "Fingerprint": "print", "PublicKey": machine_key().public_spki_base64().unwrap(), "PublicKeyType": "Rsa",
        });
        let (status, code, _) = world.unsigned("RegisterManagedInstance", input).await.unwrap_err();
        assert_eq!((status, code.as_str()), (400, "ActivationExpired"));
        let (status, code, _) = world.unsigned("CreateActivation", json!({ "IamRole": ROLE })).await.unwrap_err();
        assert_eq!((status, code.as_str()), (400, "MissingAuthenticationTokenException"));
    })
    .await;
}

#[tokio::test]
async fn a_node_acts_for_itself_alone() {
    on_each_server(|world| async move {
        let (one, two) = (world.machine().await, world.machine().await);
        let client = one.client(machine_key()).await;
        client.call("ssm", "UpdateInstanceInformation", heart_beat(&one)).await.unwrap();
        for (operation, input) in [
            ("UpdateInstanceInformation", heart_beat(&two)),
            ("ListInstanceAssociations", json!({ "InstanceId": two.id })),
            // What nodes ask for with their key, and what operators do.
            ("RequestManagedInstanceRoleToken", json!({ "Fingerprint": "print" })),
            ("DescribeInstanceInformation", json!({})),
            ("DescribeActivations", json!({})),
            ("DeregisterManagedInstance", json!({ "InstanceId": one.id })),
            ("UpdateManagedInstanceRole", json!({ "InstanceId": one.id, "IamRole": "Admin" })),
            ("ListTagsForResource", json!({ "ResourceType": "ManagedInstance", "ResourceId": one.id })),
        ] {
            assert_eq!(code(&client, operation, input).await, "AccessDeniedException", "{operation}");
        }
        assert_eq!(seen(&world, &two).await.get("ComputerName"), None);
        // Nor does an operator speak for a node.
        assert_eq!(
            world.refused("UpdateInstanceInformation", heart_beat(&one)).await.1,
            "AccessDeniedException"
        );
        // A machine that calls itself by another's id has not that one's key.
        let stranger = NodeKey::generate().unwrap();
        let (status, code, _) = two.token(&stranger).await.unwrap_err();
        assert_eq!((status, code.as_str()), (400, "InvalidSignatureException"));
    })
    .await;
}

#[tokio::test]
async fn credentials_end_with_their_hour_and_with_their_node() {
    on_each_server(|world| async move {
        let machine = world.machine().await;
        let old = machine.client(machine_key()).await;
        world.clock.advance_ms(3_600_001);
        assert_eq!(
            code(&old, "UpdateInstanceInformation", heart_beat(&machine)).await,
            "ExpiredTokenException"
        );

        let client = machine.client(machine_key()).await;
        client.call("ssm", "UpdateInstanceInformation", heart_beat(&machine)).await.unwrap();
        world.ok("DeregisterManagedInstance", json!({ "InstanceId": machine.id })).await;
        let refused = code(&client, "UpdateInstanceInformation", heart_beat(&machine)).await;
        assert_eq!(refused, "UnrecognizedClientException");
        let gone = format!("Not existing InstanceId {}", machine.id);
        assert_eq!(machine.token(machine_key()).await, Err((400, "InvalidInstanceId".to_owned(), gone)));
    })
    .await;
}

#[tokio::test]
async fn the_old_key_is_good_until_the_new_one_is_used() {
    on_each_server(|world| async move {
        let (machine, old) = (world.machine().await, machine_key());
        let (new, newer) = (NodeKey::generate().unwrap(), NodeKey::generate().unwrap());
        let change = |key: &NodeKey| {
            json!({ "NewPublicKey": key.public_spki_base64().unwrap(), "NewPublicKeyType": "Rsa" })
        };
        let refused = async |key: &NodeKey| machine.token(key).await.unwrap_err().1;
        assert_eq!(refused(&new).await, "InvalidSignatureException");
        // The answer to the first call is lost; the machine tries again with yet another key.
        for key in [&newer, &new] {
            let answer = machine.by_key(old, "UpdateManagedInstancePublicKey", change(key)).await;
            assert_eq!(answer, Ok(json!({})));
        }
        assert_eq!(refused(&newer).await, "InvalidSignatureException");
        machine.token(old).await.unwrap();
        machine.token(&new).await.unwrap();
        assert_eq!(refused(old).await, "InvalidSignatureException");
        machine.token(&new).await.unwrap();
    })
    .await;
}
