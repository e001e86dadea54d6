//! Secrets: sealed, opened, bound to their purpose; tokens, and credentials of nodes.

mod keyring;
mod provider;

use super::*;
use muster_ids::{AccountId, ManagedNodeId, Region, Tenant};

fn tenant(region: &str) -> Tenant {
    Tenant::new(AccountId::parse("000000000000").unwrap(), Region::parse(region).unwrap())
}

fn claims() -> NodeClaims {
    NodeClaims {
        tenant: tenant("us-east-1"),
        node: ManagedNodeId::random(),
        role: "service-role/x".to_owned(),
    }
}

#[test]
fn a_seal_opens_for_its_purpose_and_key_alone() {
    let (secrets, other) = (Secrets::ephemeral(), Secrets::ephemeral());
    let sealed = secrets.seal("a", b"content");
    assert_eq!(secrets.open_sealed("a", &sealed).unwrap().as_slice(), b"content");
    assert_eq!(secrets.open_sealed("b", &sealed), Err(SealError));
    assert_eq!(other.open_sealed("a", &sealed), Err(SealError));
    assert_ne!(secrets.seal("a", b"content"), sealed);
    assert!(!sealed.windows(7).any(|window| window == b"content"));
    for index in 0..sealed.len() {
        let mut altered = sealed.clone();
        altered[index] ^= 1;
        assert_eq!(secrets.open_sealed("a", &altered), Err(SealError), "byte {index}");
        assert_eq!(secrets.open_sealed("a", &sealed[..index]), Err(SealError), "length {index}");
    }
}

#[test]
fn the_layout_is_fixed_and_the_older_one_opens() {
    let secrets = Secrets::with(Ring::of_one(DataKey::new(zeroize::Zeroizing::new([7; 32]))), None);
    let sealed = secrets.seal("purpose", b"content");
    assert_eq!(sealed[..5], [2, 0, 0, 0, 0]);
    assert_eq!(sealed.len(), 5 + 16 + 12 + 7 + 16);
    // Sealed by a server that knew no data keys, with its master key, which is data key 0 now.
    let older = hex::decode(OLDER).unwrap();
    assert_eq!(secrets.open_sealed("purpose", &older).unwrap().as_slice(), b"content");
    // The same behind the number is version 2 of data key 0; another number names another key.
    let newer = |number: u8| [&[2, 0, 0, 0, number], &older[1..]].concat();
    assert_eq!(secrets.open_sealed("purpose", &newer(0)).unwrap().as_slice(), b"content");
    assert_eq!(secrets.open_sealed("purpose", &newer(1)), Err(SealError));
    assert_eq!(hex::encode(secrets.digest("purpose", b"content")), DIGEST);
}

/// Computed with another implementation: salt 16 times 1, nonce 12 times 2.
const OLDER: &str = "01010101010101010101010101010101010202020202020202020202027a2bd77c629560b9224ca44119787c361bdee3166cfed1";
const DIGEST: &str = "80c23a31b72e8a53e431936ab9a0a846bdd3e6c0842259c31f6d7f38ed71771e";

#[test]
fn sessions_carry_their_claims() {
    let secrets = Secrets::ephemeral();
    let role = RoleClaims {
        account: AccountId::parse("123456789012").unwrap(),
        role: "Ops".to_owned(),
        role_id: "AROAX".to_owned(),
        session: "night".to_owned(),
        source_identity: Some("eve".to_owned()),
        policy: Some(format!("{{\"Statement\":[{}]}}", "\"x\",".repeat(400))),
        policy_arns: vec!["arn:aws:iam::aws:policy/ReadOnlyAccess".to_owned()],
        tags: vec![("team".to_owned(), "a".to_owned())],
        transitive: vec!["team".to_owned()],
    };
    let key = KeyClaims {
        account: AccountId::parse("000000000001").unwrap(),
        access_key_id: "AKIDEXAMPLE".to_owned(),
    };
    for claims in [Claims::Node(claims()), Claims::Key(key), Claims::Role(Box::new(role))] {
        let made = secrets.issue_session(claims.clone(), 1_000, 500).unwrap();
        assert!(made.access_key_id.starts_with("ASIA") && made.access_key_id.len() == 20);
        assert_eq!(account_of_key_id(&made.access_key_id).as_ref(), Some(claims.account()));
        assert_eq!(made.secret_access_key.expose().len(), 40);
        let token = made.session_token.expose();
        assert!(token.len() < 1_000, "{} letters", token.len());

        let session = secrets.read_session(token, &made.access_key_id).unwrap();
        assert_eq!(session.claims, claims);
        assert_eq!(session.secret_access_key, made.secret_access_key);
        assert_eq!((session.issued_ms, session.expires_ms, made.expires_ms), (1_000, 1_500, 1_500));
        let refused = |secrets: &Secrets, token: &str, id: &str| {
            assert_eq!(secrets.read_session(token, id).map(drop), Err(TokenError::Invalid));
        };
        refused(&secrets, token, "ASIAAAAAAAAAAAAAAAAA");
        refused(&Secrets::ephemeral(), token, &made.access_key_id);
        refused(&secrets, "not a token", &made.access_key_id);
        refused(&secrets, "", &made.access_key_id);
        let shown = format!("{made:?} {session:?} {secrets:?}");
        assert!(!shown.contains(token) && !shown.contains(made.secret_access_key.expose()));
    }
}

#[test]
fn ids_tell_their_account_as_those_of_aws_do() {
    // The example of AWS's documentation of the layout.
    for (id, account) in [("ASIAQNZGKIQY56JQ7WML", "029608264753"), ("AKIAIOSFODNN7EXAMPLE", "581039954779")]
    {
        assert_eq!(
            account_of_key_id(id).map(|account| account.to_string()).as_deref(),
            Some(account),
            "{id}"
        );
    }
    for bad in ["", "AKIA", "AKIDEXAMPLE", "ASIAaaaaaaaaaaaaaaaa", "ASIA0000000000000000", "ASIAÄÄÄÄÄÄÄÄ"]
    {
        assert_eq!(account_of_key_id(bad), None, "{bad}");
    }
    for account in ["000000000000", "999999999999", "123456789012"] {
        let account = AccountId::parse(account).unwrap();
        assert_eq!(account_of_key_id(&super::random::random_session_key_id(&account)), Some(account));
    }
}

#[test]
fn a_page_token_is_good_for_its_list_alone() {
    let secrets = Secrets::ephemeral();
    let (here, there) = (tenant("us-east-1"), tenant("eu-west-1"));
    let position = (17_i64, "x".to_owned());
    let token = secrets.page_token("ListCommands", &here, &position).unwrap();
    let read = |operation, tenant| secrets.read_page_token::<(i64, String)>(operation, tenant, &token);
    assert_eq!(read("ListCommands", &here), Ok(position));
    assert_eq!(read("ListNodes", &here), Err(TokenError::Invalid));
    assert_eq!(read("ListCommands", &there), Err(TokenError::Invalid));
    assert_eq!(secrets.read_page_token::<i64>("ListCommands", &here, &token), Err(TokenError::Invalid));
}

#[test]
fn a_channel_token_is_good_for_its_node_for_five_minutes() {
    let secrets = Secrets::ephemeral();
    let (node, other) = (ManagedNodeId::random(), ManagedNodeId::random());
    let token = secrets.channel_token(&node, 0).unwrap();
    assert_eq!(secrets.check_channel_token(&token, &node, 299_999), Ok(()));
    assert_eq!(secrets.check_channel_token(&token, &node, 300_000), Err(TokenError::Expired));
    assert_eq!(secrets.check_channel_token(&token, &other, 0), Err(TokenError::Invalid));
}

#[test]
fn random_texts_use_their_whole_alphabet() {
    let text = random_alphanumeric(20_000);
    assert_eq!(text.len(), 20_000);
    let mut counts = std::collections::BTreeMap::new();
    text.chars().for_each(|letter| *counts.entry(letter).or_insert(0) += 1);
    assert_eq!(counts.len(), 62);
    // 323 expected of each; 200 to 450 is more than six standard deviations either way.
    assert!(counts.values().all(|count| (200..450).contains(count)), "{counts:?}");
    let id = random_access_key_id("AKIA");
    assert!(id.len() == 20 && id.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit()));
}
