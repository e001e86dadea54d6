//! Who may use a key: key policies, identity policies through them, grants, other accounts.

use super::{ACCOUNT, OTHER, encrypted, new_key, refusal};
use crate::testing::{Bench, Caller, allow, deny, on_each_bench};
use muster_kms_api::*;
use serde_json::{Value, json};

/// Users that policies and grants may name.
async fn add_users(root: &Caller, names: &[&str]) {
    for name in names {
        root.must::<muster_iam_api::CreateUser>(json!({ "UserName": name })).await;
    }
}

fn policy(statements: Value) -> String {
    json!({ "Version": "2012-10-17", "Statement": statements }).to_string()
}

fn to(principal: &str, actions: &[&str]) -> Value {
    json!({ "Effect": "Allow", "Principal": { "AWS": principal }, "Action": actions, "Resource": "*" })
}

fn root_arn(account: &str) -> String {
    format!("arn:aws:iam::{account}:root")
}

fn user_arn(name: &str) -> String {
    format!("arn:aws:iam::{ACCOUNT}:user/{name}")
}

#[tokio::test]
async fn a_key_policy_that_locks_its_author_out_is_refused() {
    on_each_bench(|bench| async move {
        let root = bench.root("us-east-1");
        add_users(&root, &["u"]).await;
        let (id, _) = new_key(&root).await;
        let shown = root.must::<GetKeyPolicy>(json!({ "KeyId": id })).await;
        assert!(shown["Policy"].as_str().unwrap().contains("key-default-1"), "{shown}");
        assert_eq!(
            root.must::<ListKeyPolicies>(json!({ "KeyId": id })).await["PolicyNames"],
            json!(["default"])
        );
        let input = json!({ "KeyId": id, "PolicyName": "other" });
        assert_eq!(
            refusal::<GetKeyPolicy>(&root, input).await,
            ("NotFoundException", "No such policy exists".to_owned())
        );
        let narrow = policy(json!([to(&user_arn("u"), &["kms:Decrypt"])]));
        let input = json!({ "KeyId": id, "Policy": narrow });
        let expected = "The new key policy will not allow you to update the key policy in the future.";
        assert_eq!(
            refusal::<PutKeyPolicy>(&root, input).await,
            ("MalformedPolicyDocumentException", expected.to_owned())
        );
        let strange = policy(json!([to(&user_arn("nobody"), &["kms:*"])]));
        let expected = "Policy contains a statement with one or more invalid principals.";
        assert_eq!(
            refusal::<CreateKey>(&root, json!({ "Policy": strange })).await,
            ("MalformedPolicyDocumentException", expected.to_owned())
        );
        assert_eq!(
            refusal::<CreateKey>(&root, json!({ "Policy": narrow })).await.0,
            "MalformedPolicyDocumentException"
        );
        let input = json!({ "KeyId": id, "Policy": narrow, "BypassPolicyLockoutSafetyCheck": true });
        root.must::<PutKeyPolicy>(input).await;
        // Now even the account's root cannot.
        assert_eq!(root.code::<GetKeyPolicy>(json!({ "KeyId": id })).await, "AccessDeniedException");
    })
    .await;
}

#[tokio::test]
async fn the_key_policy_decides_who_uses_a_key() {
    on_each_bench(|bench| async move {
        let root = bench.root("us-east-1");
        add_users(&root, &["powerless"]).await;
        let (id, arn) = new_key(&root).await;
        let encrypt = json!({ "KeyId": id, "Plaintext": "eA==" });
        let powerful = bench.user("powerful", &[allow(&["kms:*"], &["*"])]);
        let powerless = bench.user("powerless", &[]);
        powerful.must::<Encrypt>(encrypt.clone()).await;
        assert_eq!(powerless.code::<Encrypt>(encrypt.clone()).await, "AccessDeniedException");
        // Nobody learns which keys are there who may not ask.
        let absent = json!({ "KeyId": "11111111-2222-3333-4444-555555555555" });
        assert_eq!(powerless.code::<DescribeKey>(absent.clone()).await, "AccessDeniedException");
        assert_eq!(powerful.code::<DescribeKey>(absent).await, "NotFoundException");
        assert_eq!(powerless.code::<DescribeKey>(json!({ "KeyId": "x" })).await, "AccessDeniedException");

        // The policy names a user, and no longer the account: other identities' policies do not count.
        let condition = json!({ "StringEquals": { "kms:EncryptionContext:app": "one" } });
        let mut named = to(&user_arn("powerless"), &["kms:Encrypt"]);
        named["Condition"] = condition;
        let administrator = to(&root_arn(ACCOUNT), &["kms:PutKeyPolicy", "kms:Describe*"]);
        let document = policy(json!([named, administrator]));
        root.must::<PutKeyPolicy>(json!({ "KeyId": id, "Policy": document })).await;
        assert_eq!(powerful.code::<Encrypt>(encrypt.clone()).await, "AccessDeniedException");
        assert_eq!(root.code::<Encrypt>(encrypt.clone()).await, "AccessDeniedException");
        assert_eq!(powerless.code::<Encrypt>(encrypt.clone()).await, "AccessDeniedException");
        let mut bound = encrypt.clone();
        bound["EncryptionContext"] = json!({ "app": "one" });
        powerless.must::<Encrypt>(bound.clone()).await;
        let denied = bench.user("powerless", &[deny(&["kms:Encrypt"], &[&arn])]);
        assert_eq!(denied.code::<Encrypt>(bound).await, "AccessDeniedException");
    })
    .await;
}

#[tokio::test]
async fn conditions_see_the_alias_and_the_context() {
    on_each_bench(|bench| async move {
        let root = bench.root("us-east-1");
        let (id, _) = new_key(&root).await;
        root.must::<CreateAlias>(json!({ "AliasName": "alias/app", "TargetKeyId": id })).await;
        let under = |condition: Value| {
            json!({ "Version": "2012-10-17", "Statement": {
                "Effect": "Allow", "Action": "kms:Encrypt", "Resource": "*", "Condition": condition,
            } })
        };
        let call = |user: Caller, key: &str, context: Value| {
            let input = json!({ "KeyId": key, "Plaintext": "eA==", "EncryptionContext": context });
            async move { user.call::<Encrypt>(input).await.is_ok() }
        };
        let request =
            bench.user("a", &[under(json!({ "StringEquals": { "kms:RequestAlias": "alias/app" } }))]);
        assert!(call(request.clone(), "alias/app", json!({})).await);
        assert!(!call(request, &id, json!({})).await);
        let any = json!({ "ForAnyValue:StringEquals": { "kms:ResourceAliases": "alias/app" } });
        assert!(call(bench.user("b", &[under(any)]), &id, json!({})).await);
        let keys = json!({ "ForAllValues:StringEquals": { "kms:EncryptionContextKeys": ["x"] } });
        let keyed = bench.user("c", &[under(keys)]);
        assert!(call(keyed.clone(), &id, json!({ "x": "1" })).await);
        assert!(!call(keyed, &id, json!({ "x": "1", "y": "1" })).await);
        let caller =
            json!({ "StringEquals": { "kms:CallerAccount": ACCOUNT }, "Null": { "kms:ViaService": "true" } });
        assert!(call(bench.user("d", &[under(caller)]), &id, json!({})).await);
    })
    .await;
}

#[tokio::test]
async fn another_account_uses_a_key_where_both_sides_let_it() {
    on_each_bench(|bench| async move {
        let root = bench.root("us-east-1");
        let (id, arn) = new_key(&root).await;
        let blob = encrypted(&root, &id, json!({})).await;
        let mallory = bench.root("us-east-1").of_account(OTHER);
        let encrypt = json!({ "KeyId": arn, "Plaintext": "eA==" });
        let hidden = refusal::<Encrypt>(&mallory, encrypt.clone()).await;
        assert_eq!(hidden.0, "AccessDeniedException");
        // The same as of a key that is not there.
        let absent = arn.replace(&id, "11111111-2222-3333-4444-555555555555");
        let input = json!({ "KeyId": absent, "Plaintext": "eA==" });
        assert_eq!(refusal::<Encrypt>(&mallory, input).await.1.replace(&absent, &arn), hidden.1);
        assert_eq!(mallory.code::<Decrypt>(json!({ "CiphertextBlob": blob })).await, "AccessDeniedException");
        // By its bare id it is nobody's.
        assert_eq!(mallory.code::<DescribeKey>(json!({ "KeyId": id })).await, "NotFoundException");

        let own = to(&root_arn(ACCOUNT), &["kms:*"]);
        let theirs = to(&root_arn(OTHER), &["kms:Encrypt", "kms:Decrypt", "kms:DisableKey"]);
        root.must::<PutKeyPolicy>(json!({ "KeyId": id, "Policy": policy(json!([own, theirs])) })).await;
        mallory.must::<Encrypt>(encrypt.clone()).await;
        mallory.must::<Decrypt>(json!({ "CiphertextBlob": blob })).await;
        // Not everything can be allowed to others.
        assert_eq!(mallory.code::<DisableKey>(json!({ "KeyId": arn })).await, "AccessDeniedException");
        let theirs = bench.user("u", &[]).of_account(OTHER);
        assert_eq!(theirs.code::<Encrypt>(encrypt.clone()).await, "AccessDeniedException");
        let theirs = bench.user("u", &[allow(&["kms:Encrypt"], &[&arn])]).of_account(OTHER);
        theirs.must::<Encrypt>(encrypt).await;
    })
    .await;
}

async fn granted(root: &Caller, id: &str, extra: Value) -> Value {
    let mut input = json!({
        "KeyId": id, "GranteePrincipal": user_arn("u"), "Operations": ["Decrypt", "RetireGrant"], "Name": "n",
    });
    input.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    root.must::<CreateGrant>(input).await
}

#[tokio::test]
async fn a_grant_allows_its_operations_until_it_ends() {
    on_each_bench(|bench| async move {
        let root = bench.root("us-east-1");
        add_users(&root, &["u"]).await;
        let (id, arn) = new_key(&root).await;
        let user = bench.user("u", &[]);
        let context = json!({ "a": "1", "b": "2" });
        let decrypt =
            json!({ "CiphertextBlob": encrypted(&root, &id, context.clone()).await, "EncryptionContext": context });
        assert_eq!(user.code::<Decrypt>(decrypt.clone()).await, "AccessDeniedException");
        let constraints = |kind: &str| json!({ "Constraints": { kind: { "a": "1" } } });
        let made = granted(&root, &id, constraints("EncryptionContextSubset")).await;
        let again = granted(&root, &id, constraints("EncryptionContextSubset")).await;
        assert_eq!(made["GrantId"], again["GrantId"], "the same grant of the same name");
        user.must::<Decrypt>(decrypt.clone()).await;
        let encrypt = json!({ "KeyId": id, "Plaintext": "eA==", "EncryptionContext": context });
        assert_eq!(user.code::<Encrypt>(encrypt).await, "AccessDeniedException");
        let denied = bench.user("u", &[deny(&["kms:*"], &["*"])]);
        assert_eq!(denied.code::<Decrypt>(decrypt.clone()).await, "AccessDeniedException");

        let listed = root.must::<ListGrants>(json!({ "KeyId": id, "GranteePrincipal": user_arn("u") })).await;
        let grant = &listed["Grants"][0];
        assert_eq!((&grant["KeyId"], &grant["Operations"]), (&json!(arn), &json!(["Decrypt", "RetireGrant"])));
        let revoke = json!({ "KeyId": id, "GrantId": made["GrantId"] });
        root.must::<RevokeGrant>(revoke.clone()).await;
        assert_eq!(user.code::<Decrypt>(decrypt.clone()).await, "AccessDeniedException");
        assert_eq!(root.code::<RevokeGrant>(revoke).await, "NotFoundException");

        // Only exactly this context.
        let made = granted(&root, &id, constraints("EncryptionContextEquals")).await;
        assert_eq!(user.code::<Decrypt>(decrypt).await, "AccessDeniedException");
        let exact = json!({ "a": "1" });
        let blob = encrypted(&root, &id, exact.clone()).await;
        user.must::<Decrypt>(json!({ "CiphertextBlob": blob, "EncryptionContext": exact })).await;
        user.must::<RetireGrant>(json!({ "GrantToken": made["GrantToken"] })).await;
        assert_eq!(root.must::<ListGrants>(json!({ "KeyId": id })).await["Grants"], json!([]));
    })
    .await;
}

#[tokio::test]
async fn a_grant_is_retired_by_whom_it_names() {
    on_each_bench(|bench| async move {
        let root = bench.root("us-east-1");
        add_users(&root, &["u", "retirer"]).await;
        let (id, arn) = new_key(&root).await;
        let retirer = bench.user("retirer", &[]);
        let extra = json!({ "RetiringPrincipal": user_arn("retirer"), "Operations": ["Decrypt"] });
        let made = granted(&root, &id, extra).await;
        let input = json!({ "RetiringPrincipal": user_arn("retirer") });
        let listed = root.must::<ListRetirableGrants>(input.clone()).await;
        assert_eq!(listed["Grants"][0]["GrantId"], made["GrantId"]);
        let elsewhere = bench.root("eu-west-1").must::<ListRetirableGrants>(input).await;
        assert_eq!(elsewhere["Grants"], json!([]));
        let retire = json!({ "KeyId": arn, "GrantId": made["GrantId"] });
        assert_eq!(bench.user("u", &[]).code::<RetireGrant>(retire.clone()).await, "AccessDeniedException");
        retirer.must::<RetireGrant>(retire).await;
        assert_eq!(
            root.code::<RetireGrant>(json!({ "GrantToken": "x" })).await,
            "InvalidGrantTokenException"
        );
        assert_eq!(root.code::<RetireGrant>(json!({})).await, "ValidationException");
        for (extra, code) in [
            (json!({ "GranteePrincipal": "nobody" }), "InvalidArnException"),
            (json!({ "GranteePrincipal": "*" }), "InvalidArnException"),
            (json!({ "GranteePrincipal": user_arn("nobody") }), "InvalidArnException"),
            (json!({ "GranteePrincipal": "arn:aws:s3:::bucket" }), "InvalidArnException"),
            (json!({ "Operations": ["Sign"] }), "ValidationException"),
        ] {
            let mut input =
                json!({ "KeyId": id, "GranteePrincipal": user_arn("u"), "Operations": ["Decrypt"] });
            input.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
            assert_eq!(root.code::<CreateGrant>(input).await, code, "{extra}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_service_key_is_for_the_service_alone() {
    on_each_bench(|bench: Bench| async move {
        let root = bench.root("us-east-1");
        let described = root.must::<DescribeKey>(json!({ "KeyId": "alias/aws/ssm" })).await;
        let key = json!({ "KeyId": described["KeyMetadata"]["KeyId"] });
        let mut encrypt = key.clone();
        encrypt["Plaintext"] = json!("eA==");
        for code in [
            root.code::<Encrypt>(encrypt).await,
            root.code::<DisableKey>(key.clone()).await,
            root.code::<ScheduleKeyDeletion>(key.clone()).await,
            root.code::<EnableKeyRotation>(key.clone()).await,
        ] {
            assert_eq!(code, "AccessDeniedException");
        }
        assert_eq!(root.must::<GetKeyRotationStatus>(key).await["KeyRotationEnabled"], true);
    })
    .await;
}
