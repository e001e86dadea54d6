//! Keys in use through the seam that other services have.

use super::*;
use crate::testing::{Bench, Caller, allow, on_each_bench, tenant};
use muster_ids::KeyId;
use muster_service_model::Operation as _;
use muster_ssm_api::{GetParameter, PutParameter};
use muster_store::kms::{alias, key};
use serde_json::json;

const ALIAS: &str = "alias/aws/ssm";

fn about(name: &str) -> EncryptionContext {
    EncryptionContext::from([("PARAMETER_ARN".to_owned(), name.to_owned())])
}

async fn encrypt(bench: &Bench, caller: &Caller, key: &str, plaintext: &[u8]) -> Result<Encrypted, ApiError> {
    let context = caller.context(PutParameter::SCHEMA);
    bench.control_plane.encrypt_for(&context, key, &about("a"), plaintext).await
}

async fn decrypt(bench: &Bench, caller: &Caller, ciphertext: &[u8], name: &str) -> Result<Vec<u8>, ApiError> {
    let context = caller.context(GetParameter::SCHEMA);
    let opened = bench.control_plane.decrypt_for(&context, ciphertext, &about(name)).await?;
    Ok(opened.to_vec())
}

fn failure<T>(result: Result<T, ApiError>) -> (&'static str, String) {
    result.map(|_| ()).map_err(|error| (error.schema.code, error.message)).unwrap_err()
}

#[tokio::test]
async fn the_service_key_is_made_at_first_use_and_once() {
    on_each_bench(|bench| async move {
        let root = bench.root("us-east-1");
        let (first, second) =
            tokio::join!(encrypt(&bench, &root, ALIAS, b"x"), encrypt(&bench, &root, ALIAS, b"x"));
        let (first, second) = (first.unwrap(), second.unwrap());
        assert_eq!(first.key_arn, second.key_arn);
        assert_ne!(first.ciphertext, second.ciphertext);
        assert_eq!(decrypt(&bench, &root, &first.ciphertext, "a").await.unwrap(), b"x");
        // By every name that the key has.
        let id = first.key_arn.rsplit('/').next().unwrap().to_owned();
        let alias_arn = first.key_arn.replace(&format!("key/{id}"), ALIAS);
        for name in [&id, &first.key_arn, &alias_arn] {
            assert_eq!(encrypt(&bench, &root, name, b"y").await.unwrap().key_arn, first.key_arn, "{name}");
        }
        // Another region has another key.
        let there = encrypt(&bench, &bench.root("eu-west-1"), ALIAS, b"x").await.unwrap();
        assert_ne!(there.key_arn, first.key_arn);
        let db = &bench.control_plane.db;
        assert_eq!(key::list(db, &tenant("us-east-1"), None, 10).await.unwrap().len(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_ciphertext_decrypts_with_its_context_in_its_region_alone() {
    on_each_bench(|bench| async move {
        let root = bench.root("us-east-1");
        let made = encrypt(&bench, &root, ALIAS, b"secret").await.unwrap().ciphertext;
        let invalid = ("InvalidCiphertextException", String::new());
        assert_eq!(failure(decrypt(&bench, &root, &made, "b").await), invalid);
        assert_eq!(failure(decrypt(&bench, &root, b"nonsense", "a").await), invalid);
        let mut altered = made.clone();
        *altered.last_mut().unwrap() ^= 1;
        assert_eq!(failure(decrypt(&bench, &root, &altered, "a").await), invalid);
        // A material that the key does not have.
        let mut altered = made.clone();
        altered[20] ^= 1;
        assert_eq!(failure(decrypt(&bench, &root, &altered, "a").await), invalid);
        // A key that is not there, and one of another region, are the same to the caller.
        let mut altered = made.clone();
        altered[5] ^= 1;
        let gone = failure(decrypt(&bench, &root, &altered, "a").await);
        assert_eq!(gone.0, "AccessDeniedException");
        assert!(gone.1.contains("resource associated with this ciphertext"), "{}", gone.1);
        assert_eq!(failure(decrypt(&bench, &bench.root("eu-west-1"), &made, "a").await), gone);
    })
    .await;
}

#[tokio::test]
async fn names_of_keys_that_are_not_there() {
    on_each_bench(|bench| async move {
        let root = bench.root("us-east-1");
        let id = KeyId::random();
        let arn = format!("arn:aws:kms:us-east-1:123456789012:key/{id}");
        let foreign = arn.replace("123456789012", "999999999999");
        for (name, code, text) in [
            (id.to_string(), "NotFoundException", format!("Key '{arn}' does not exist")),
            (arn.clone(), "NotFoundException", format!("Key '{arn}' does not exist")),
            (
                "alias/x".to_owned(),
                "NotFoundException",
                "Alias arn:aws:kms:us-east-1:123456789012:alias/x is not found.".to_owned(),
            ),
            ("x".to_owned(), "NotFoundException", "Invalid keyId x".to_owned()),
            (arn.replace("us-east-1", "us-west-1"), "NotFoundException", "Invalid arn us-west-1".to_owned()),
            ("arn:aws:x".to_owned(), "InvalidArnException", "Invalid arn arn:aws:x".to_owned()),
        ] {
            assert_eq!(failure(encrypt(&bench, &root, &name, b"x").await), (code, text), "{name}");
        }
        let denied = failure(encrypt(&bench, &root, &foreign, b"x").await);
        assert_eq!(denied.0, "AccessDeniedException");
        assert!(denied.1.contains(&format!("kms:Encrypt on resource: {foreign} because")), "{}", denied.1);
    })
    .await;
}

#[tokio::test]
async fn a_key_works_while_it_is_enabled() {
    on_each_bench(|bench| async move {
        let root = bench.root("us-east-1");
        let made = encrypt(&bench, &root, ALIAS, b"x").await.unwrap();
        let db = &bench.control_plane.db;
        let alias = alias::find(db, &tenant("us-east-1"), ALIAS).await.unwrap().unwrap();
        let refused = |code: &'static str, text: &str| (code, format!("{} {text}", made.key_arn));
        db.write(key::set_enabled(&alias.key, false)).await.unwrap();
        let disabled = refused("DisabledException", "is disabled.");
        assert_eq!(failure(encrypt(&bench, &root, ALIAS, b"x").await), disabled);
        assert_eq!(failure(decrypt(&bench, &root, &made.ciphertext, "a").await), disabled);
        db.write(key::schedule_deletion(&alias.key, 0, 7)).await.unwrap();
        let pending = refused("KMSInvalidStateException", "is pending deletion.");
        assert_eq!(failure(decrypt(&bench, &root, &made.ciphertext, "a").await), pending);
        let row = key::find(db, &alias.key).await.unwrap().unwrap();
        db.write(key::delete(&row, 0)).await.unwrap();
        let gone = failure(decrypt(&bench, &root, &made.ciphertext, "a").await);
        assert_eq!(gone.0, "AccessDeniedException");
    })
    .await;
}

#[tokio::test]
async fn what_was_encrypted_before_a_rotation_still_decrypts() {
    on_each_bench(|bench| async move {
        let root = bench.root("us-east-1");
        let before = encrypt(&bench, &root, ALIAS, b"x").await.unwrap().ciphertext;
        let ControlPlane { db, secrets, .. } = &*bench.control_plane;
        let id = alias::find(db, &tenant("us-east-1"), ALIAS).await.unwrap().unwrap().key;
        let row = key::find(db, &id).await.unwrap().unwrap();
        db.write(key::rotate(&row, &new_material(secrets, &id, 1, None), None)).await.unwrap();
        let after = encrypt(&bench, &root, ALIAS, b"x").await.unwrap().ciphertext;
        assert_ne!(before[17..49], after[17..49]);
        for ciphertext in [before, after] {
            assert_eq!(decrypt(&bench, &root, &ciphertext, "a").await.unwrap(), b"x");
        }
    })
    .await;
}

#[tokio::test]
async fn who_may_use_the_service_may_use_its_key_through_it() {
    on_each_bench(|bench| async move {
        let user = bench.user("app", &[allow(&["ssm:*"], &["*"])]);
        let made = encrypt(&bench, &user, ALIAS, b"x").await.unwrap();
        assert_eq!(decrypt(&bench, &user, &made.ciphertext, "a").await.unwrap(), b"x");
        // A key of the account itself needs a permission of its own; it may be bound to the service and the parameter.
        let root = bench.root("us-east-1");
        let own = root.must::<muster_kms_api::CreateKey>(json!({})).await;
        let own = own["KeyMetadata"]["Arn"].as_str().unwrap().to_owned();
        assert_eq!(failure(encrypt(&bench, &user, &own, b"x").await).0, "AccessDeniedException");
        let under = |service: &str, name: &str| {
            let mut policy = allow(&["kms:*"], &[&own]);
            policy["Statement"]["Condition"] = json!({ "StringEquals": {
                "kms:ViaService": service, "kms:EncryptionContext:PARAMETER_ARN": name,
            } });
            bench.user("app", &[policy])
        };
        let may = async |user: Caller| encrypt(&bench, &user, &own, b"x").await.is_ok();
        assert!(may(under("ssm.us-east-1.amazonaws.com", "a")).await);
        assert!(!may(under("ssm.eu-west-1.amazonaws.com", "a")).await);
        assert!(!may(under("ssm.us-east-1.amazonaws.com", "b")).await);
        let context = user.context(PutParameter::SCHEMA);
        let data_key = bench.control_plane.encrypt_with_data_key_for(&context, &own, &about("a"), b"x").await;
        assert!(failure(data_key).1.contains("kms:GenerateDataKey"));
    })
    .await;
}
