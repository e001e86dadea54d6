//! Operations of KMS as their callers see them: keys, aliases, tags, and what they encrypt. That keys work through the seam of other services is tested in `keys`.

mod permission;

use crate::{
    error::ApiError,
    testing::{Caller, on_each_bench},
};
use muster_background::Task as _;
use muster_kms_api::*;
use muster_service_model::Operation;
use serde_json::{Value, json};

const DAY_MS: i64 = 24 * 3_600_000;
const ACCOUNT: &str = "123456789012";
const OTHER: &str = "210987654321";

async fn new_key(caller: &Caller) -> (String, String) {
    let made = caller.must::<CreateKey>(json!({ "Description": "d" })).await;
    let text = |name: &str| made["KeyMetadata"][name].as_str().unwrap().to_owned();
    (text("KeyId"), text("Arn"))
}

async fn refusal<O: Operation>(caller: &Caller, input: Value) -> (&'static str, String) {
    match caller.call::<O>(input).await {
        Ok(output) => panic!("{} answered {output}", O::SCHEMA.name),
        Err(ApiError { schema, message, .. }) => (schema.code, message),
    }
}

async fn encrypted(caller: &Caller, key: &str, context: Value) -> Value {
    let input = json!({ "KeyId": key, "Plaintext": "c2VjcmV0", "EncryptionContext": context });
    caller.must::<Encrypt>(input).await["CiphertextBlob"].clone()
}

#[tokio::test]
async fn a_key_is_described_encrypts_and_decrypts() {
    on_each_bench(|bench| async move {
        let root = bench.root("us-east-1");
        let (id, arn) = new_key(&root).await;
        let described = root.must::<DescribeKey>(json!({ "KeyId": arn })).await;
        let metadata = &described["KeyMetadata"];
        assert_eq!(metadata["KeyId"], id.as_str());
        assert_eq!(metadata["AWSAccountId"], ACCOUNT);
        assert_eq!(metadata["KeyState"], "Enabled");
        assert_eq!(metadata["KeyManager"], "CUSTOMER");
        assert_eq!(metadata["KeySpec"], "SYMMETRIC_DEFAULT");
        assert_eq!(metadata["Origin"], "AWS_KMS");

        let context = json!({ "a": "1", "b": "2" });
        let blob = encrypted(&root, &id, context.clone()).await;
        let opened =
            root.must::<Decrypt>(json!({ "CiphertextBlob": blob, "EncryptionContext": context })).await;
        assert_eq!((&opened["Plaintext"], &opened["KeyId"]), (&json!("c2VjcmV0"), &json!(arn)));
        assert_eq!(opened["KeyMaterialId"], metadata["CurrentKeyMaterialId"]);
        let wrong = json!({ "CiphertextBlob": blob, "EncryptionContext": { "a": "1" } });
        assert_eq!(refusal::<Decrypt>(&root, wrong).await, ("InvalidCiphertextException", String::new()));

        let (other, _) = new_key(&root).await;
        let named = json!({ "CiphertextBlob": blob, "EncryptionContext": context, "KeyId": other });
        assert_eq!(refusal::<Decrypt>(&root, named).await.0, "IncorrectKeyException");
        let input = json!({
            "CiphertextBlob": blob, "SourceEncryptionContext": context, "DestinationKeyId": other,
            "DestinationEncryptionContext": { "c": "3" },
        });
        let moved = root.must::<ReEncrypt>(input).await;
        assert_eq!(moved["SourceKeyId"], arn.as_str());
        let input = json!({
            "CiphertextBlob": moved["CiphertextBlob"], "EncryptionContext": { "c": "3" }, "KeyId": other,
        });
        assert_eq!(root.must::<Decrypt>(input).await["Plaintext"], "c2VjcmV0");
        assert_eq!(refusal::<Decrypt>(&root, json!({})).await.0, "ValidationException");
    })
    .await;
}

#[tokio::test]
async fn data_keys_and_dry_runs() {
    on_each_bench(|bench| async move {
        let root = bench.root("us-east-1");
        let (id, _) = new_key(&root).await;
        let input = json!({ "KeyId": id, "KeySpec": "AES_256", "EncryptionContext": { "a": "1" } });
        let made = root.must::<GenerateDataKey>(input.clone()).await;
        let opened = root
            .must::<Decrypt>(json!({
                "CiphertextBlob": made["CiphertextBlob"], "EncryptionContext": { "a": "1" },
            }))
            .await;
        assert_eq!(opened["Plaintext"], made["Plaintext"]);
        assert_eq!(made["Plaintext"].as_str().unwrap().len(), 44);
        let alone = root.must::<GenerateDataKeyWithoutPlaintext>(input.clone()).await;
        assert!(alone.get("Plaintext").is_none());
        for wrong in
            [json!({ "KeyId": id }), json!({ "KeyId": id, "KeySpec": "AES_128", "NumberOfBytes": 7 })]
        {
            let expected = "Please specify either number of bytes or key spec.";
            assert_eq!(
                refusal::<GenerateDataKey>(&root, wrong).await,
                ("ValidationException", expected.to_owned())
            );
        }
        let mut dry = input;
        dry["DryRun"] = json!(true);
        let expected = "The request would have succeeded, but the DryRun option is set.";
        assert_eq!(
            refusal::<GenerateDataKey>(&root, dry).await,
            ("DryRunOperationException", expected.to_owned())
        );
        let dry = json!({ "KeyId": id, "DryRun": true, "DryRunModifiers": ["IGNORE_CIPHERTEXT"] });
        assert_eq!(refusal::<Decrypt>(&root, dry).await.0, "DryRunOperationException");
        let random = root.must::<GenerateRandom>(json!({ "NumberOfBytes": 3 })).await;
        assert_eq!(random["Plaintext"].as_str().unwrap().len(), 4);
        assert_eq!(root.code::<GenerateRandom>(json!({})).await, "ValidationException");
    })
    .await;
}

#[tokio::test]
async fn keys_that_are_not_built_are_refused() {
    on_each_bench(|bench| async move {
        let root = bench.root("us-east-1");
        for (input, code) in [
            (
                json!({ "KeySpec": "HMAC_256", "KeyUsage": "GENERATE_VERIFY_MAC" }),
                "UnsupportedOperationException",
            ),
            (
                json!({ "CustomerMasterKeySpec": "RSA_2048", "KeyUsage": "SIGN_VERIFY" }),
                "UnsupportedOperationException",
            ),
            (json!({ "Origin": "EXTERNAL" }), "UnsupportedOperationException"),
            (json!({ "MultiRegion": true }), "UnsupportedOperationException"),
            (json!({ "KeyUsage": "SIGN_VERIFY" }), "ValidationException"),
            (
                json!({ "KeySpec": "SYMMETRIC_DEFAULT", "CustomerMasterKeySpec": "SYMMETRIC_DEFAULT" }),
                "ValidationException",
            ),
            (json!({ "Tags": [{ "TagKey": "aws:x", "TagValue": "" }] }), "TagException"),
            (
                json!({ "Tags": [{ "TagKey": "x", "TagValue": "" }, { "TagKey": "x", "TagValue": "1" }] }),
                "TagException",
            ),
            (json!({ "Policy": "{" }), "MalformedPolicyDocumentException"),
            (json!({ "Policy": "x".repeat(32 * 1024 + 1) }), "LimitExceededException"),
        ] {
            assert_eq!(root.code::<CreateKey>(input.clone()).await, code, "{input}");
        }
        assert_eq!(root.must::<ListKeys>(json!({})).await["Keys"], json!([]));
    })
    .await;
}

#[tokio::test]
async fn a_key_is_disabled_enabled_and_deleted() {
    on_each_bench(|bench| async move {
        let root = bench.root("us-east-1");
        let (id, arn) = new_key(&root).await;
        let blob = encrypted(&root, &id, json!({})).await;
        let key = json!({ "KeyId": id });
        let decrypt = json!({ "CiphertextBlob": blob });

        root.must::<DisableKey>(key.clone()).await;
        assert_eq!(
            refusal::<Decrypt>(&root, decrypt.clone()).await,
            ("DisabledException", format!("{arn} is disabled."))
        );
        assert_eq!(root.code::<EnableKeyRotation>(key.clone()).await, "DisabledException");
        root.must::<EnableKey>(key.clone()).await;
        root.must::<Decrypt>(decrypt.clone()).await;

        for days in [6, 31] {
            let input = json!({ "KeyId": id, "PendingWindowInDays": days });
            assert_eq!(root.code::<ScheduleKeyDeletion>(input).await, "ValidationException");
        }
        assert_eq!(
            refusal::<CancelKeyDeletion>(&root, key.clone()).await,
            ("KMSInvalidStateException", format!("{arn} is not pending deletion."))
        );
        let input = json!({ "KeyId": id, "PendingWindowInDays": 7 });
        let scheduled = root.must::<ScheduleKeyDeletion>(input.clone()).await;
        assert_eq!(scheduled["KeyState"], "PendingDeletion");
        let pending = ("KMSInvalidStateException", format!("{arn} is pending deletion."));
        assert_eq!(refusal::<ScheduleKeyDeletion>(&root, input.clone()).await, pending);
        assert_eq!(refusal::<Decrypt>(&root, decrypt.clone()).await, pending);
        assert_eq!(refusal::<EnableKey>(&root, key.clone()).await, pending);
        let alias = json!({ "AliasName": "alias/x", "TargetKeyId": id });
        assert_eq!(refusal::<CreateAlias>(&root, alias).await, pending);
        assert_eq!(root.must::<CancelKeyDeletion>(key.clone()).await["KeyId"], arn.as_str());
        let state = root.must::<DescribeKey>(key.clone()).await["KeyMetadata"]["KeyState"].clone();
        assert_eq!(state, "Disabled");

        root.must::<ScheduleKeyDeletion>(input).await;
        let task = crate::tasks::key_deletion(&bench.control_plane);
        bench.clock.advance_ms(6 * DAY_MS);
        task.run().await.unwrap();
        root.must::<DescribeKey>(key.clone()).await;
        bench.clock.advance_ms(DAY_MS);
        task.run().await.unwrap();
        assert_eq!(
            refusal::<DescribeKey>(&root, key).await,
            ("NotFoundException", format!("Key '{arn}' does not exist"))
        );
        assert_eq!(root.code::<Decrypt>(decrypt).await, "AccessDeniedException");
    })
    .await;
}

#[tokio::test]
async fn a_key_rotates_by_itself_and_on_demand() {
    on_each_bench(|bench| async move {
        let root = bench.root("us-east-1");
        let (id, _) = new_key(&root).await;
        let key = json!({ "KeyId": id });
        let before = encrypted(&root, &id, json!({})).await;
        let status = || async { root.must::<GetKeyRotationStatus>(json!({ "KeyId": id })).await };
        assert_eq!(status().await["KeyRotationEnabled"], false);
        root.must::<EnableKeyRotation>(json!({ "KeyId": id, "RotationPeriodInDays": 90 })).await;
        let enabled = status().await;
        root.must::<EnableKeyRotation>(key.clone()).await;
        assert_eq!(status().await, enabled, "no period, no change");
        assert_eq!(enabled["RotationPeriodInDays"], 90);

        let task = crate::tasks::key_rotation(&bench.control_plane);
        bench.clock.advance_ms(89 * DAY_MS);
        task.run().await.unwrap();
        assert_eq!(status().await, enabled);
        bench.clock.advance_ms(DAY_MS);
        task.run().await.unwrap();
        task.run().await.unwrap();
        assert_ne!(status().await["NextRotationDate"], enabled["NextRotationDate"]);
        bench.clock.advance_ms(1);
        root.must::<RotateKeyOnDemand>(key.clone()).await;

        let list = |extra: Value| {
            let (root, mut input) = (root.clone(), json!({ "KeyId": id }));
            input.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
            async move { root.must::<ListKeyRotations>(input).await }
        };
        let rotations = list(json!({})).await;
        let kinds: Vec<&Value> =
            rotations["Rotations"].as_array().unwrap().iter().map(|entry| &entry["RotationType"]).collect();
        assert_eq!(kinds, ["AUTOMATIC", "ON_DEMAND"]);
        assert_eq!(rotations["Rotations"][1]["KeyMaterialState"], "CURRENT");
        let all = list(json!({ "IncludeKeyMaterial": "ALL_KEY_MATERIAL", "Limit": 2 })).await;
        assert_eq!((all["Rotations"].as_array().unwrap().len(), &all["Truncated"]), (2, &json!(true)));
        let rest =
            list(json!({ "IncludeKeyMaterial": "ALL_KEY_MATERIAL", "Marker": all["NextMarker"] })).await;
        assert_eq!(rest["Rotations"], json!([rotations["Rotations"][1]]));

        let after = encrypted(&root, &id, json!({})).await;
        for blob in [before, after] {
            let opened = root.must::<Decrypt>(json!({ "CiphertextBlob": blob })).await;
            assert_eq!(opened["Plaintext"], "c2VjcmV0");
        }
        root.must::<DisableKeyRotation>(key.clone()).await;
        assert_eq!(status().await["KeyRotationEnabled"], false);
        for _ in 1..25 {
            root.must::<RotateKeyOnDemand>(key.clone()).await;
        }
        assert_eq!(root.code::<RotateKeyOnDemand>(key).await, "LimitExceededException");
    })
    .await;
}

#[tokio::test]
async fn aliases_stand_for_keys() {
    on_each_bench(|bench| async move {
        let root = bench.root("us-east-1");
        let ((first, _), (second, arn)) = (new_key(&root).await, new_key(&root).await);
        for (name, target, code, text) in [
            ("x", &*first, "ValidationException", "Invalid identifier"),
            ("alias/", &*first, "ValidationException", "Invalid identifier"),
            ("alias/aws/x", &*first, "NotAuthorizedException", ""),
            (
                "alias/a:b",
                &*first,
                "ValidationException",
                "alias/a:b contains invalid characters for an alias",
            ),
            ("alias/x", "alias/y", "ValidationException", "Aliases must refer to keys. Not aliases"),
        ] {
            let input = json!({ "AliasName": name, "TargetKeyId": target });
            assert_eq!(refusal::<CreateAlias>(&root, input).await, (code, text.to_owned()), "{name}");
        }
        let alias = |target: &str| json!({ "AliasName": "alias/x", "TargetKeyId": target });
        let missing =
            ("NotFoundException", format!("Alias arn:aws:kms:us-east-1:{ACCOUNT}:alias/x is not found."));
        assert_eq!(refusal::<UpdateAlias>(&root, alias(&first)).await, missing);
        assert_eq!(refusal::<DeleteAlias>(&root, json!({ "AliasName": "alias/x" })).await, missing);
        root.must::<CreateAlias>(alias(&first)).await;
        let taken = format!("An alias with the name arn:aws:kms:us-east-1:{ACCOUNT}:alias/x already exists");
        assert_eq!(refusal::<CreateAlias>(&root, alias(&second)).await, ("AlreadyExistsException", taken));
        let blob = encrypted(&root, "alias/x", json!({})).await;
        root.must::<UpdateAlias>(alias(&second)).await;
        let described = root.must::<DescribeKey>(json!({ "KeyId": "alias/x" })).await;
        assert_eq!(described["KeyMetadata"]["Arn"], arn.as_str());
        root.must::<Decrypt>(json!({ "CiphertextBlob": blob })).await;
        let listed = root.must::<ListAliases>(json!({ "KeyId": second })).await;
        assert_eq!(listed["Aliases"][0]["TargetKeyId"], second.as_str());
        assert_eq!(root.must::<ListAliases>(json!({ "KeyId": first })).await["Aliases"], json!([]));
        root.must::<DeleteAlias>(json!({ "AliasName": "alias/x" })).await;
        assert_eq!(
            refusal::<Encrypt>(&root, json!({ "KeyId": "alias/x", "Plaintext": "eA==" })).await,
            missing
        );
        // Asking what the service's key is makes it.
        let described = root.must::<DescribeKey>(json!({ "KeyId": "alias/aws/ssm" })).await;
        assert_eq!(described["KeyMetadata"]["KeyManager"], "AWS");
    })
    .await;
}

#[tokio::test]
async fn lists_have_pages_and_markers_are_no_one_elses() {
    on_each_bench(|bench| async move {
        let root = bench.root("us-east-1");
        let mut ids = Vec::new();
        for _ in 0..3 {
            ids.push(new_key(&root).await.0);
        }
        ids.sort();
        let page = root.must::<ListKeys>(json!({ "Limit": 2 })).await;
        let rest = root.must::<ListKeys>(json!({ "Limit": 2, "Marker": page["NextMarker"] })).await;
        let listed: Vec<&str> = [&page, &rest]
            .iter()
            .flat_map(|page| page["Keys"].as_array().unwrap())
            .map(|key| key["KeyId"].as_str().unwrap())
            .collect();
        assert_eq!(listed, ids);
        assert_eq!((&page["Truncated"], &rest["Truncated"]), (&json!(true), &json!(false)));
        for caller in [&bench.root("eu-west-1"), &bench.root("us-east-1").of_account(OTHER)] {
            let marker = json!({ "Marker": page["NextMarker"] });
            assert_eq!(caller.code::<ListKeys>(marker).await, "InvalidMarkerException");
            assert_eq!(caller.must::<ListKeys>(json!({})).await["Keys"], json!([]));
            assert_eq!(caller.must::<ListAliases>(json!({})).await["Aliases"], json!([]));
        }
    })
    .await;
}

#[tokio::test]
async fn tags_of_a_key() {
    on_each_bench(|bench| async move {
        let root = bench.root("us-east-1");
        let tag = |key: &str, value: &str| json!({ "TagKey": key, "TagValue": value });
        let made = root.must::<CreateKey>(json!({ "Tags": [tag("b", "1")] })).await;
        let id = made["KeyMetadata"]["KeyId"].as_str().unwrap().to_owned();
        root.must::<TagResource>(json!({ "KeyId": id, "Tags": [tag("a", ""), tag("b", "2")] })).await;
        let page = root.must::<ListResourceTags>(json!({ "KeyId": id, "Limit": 1 })).await;
        assert_eq!(page["Tags"], json!([tag("a", "")]));
        let input = json!({ "KeyId": id, "Marker": page["NextMarker"] });
        assert_eq!(root.must::<ListResourceTags>(input).await["Tags"], json!([tag("b", "2")]));
        root.must::<UntagResource>(json!({ "KeyId": id, "TagKeys": ["a", "absent"] })).await;
        assert_eq!(
            root.must::<ListResourceTags>(json!({ "KeyId": id })).await["Tags"],
            json!([tag("b", "2")])
        );
        let many: Vec<Value> = (0..50).map(|number| tag(&format!("t{number}"), "")).collect();
        let input = json!({ "KeyId": id, "Tags": many });
        assert_eq!(root.code::<TagResource>(input).await, "LimitExceededException");
    })
    .await;
}
