//! Properties that hold for all policies and requests, and the comparison with the second reading.

use crate::{
    reference::{self, Keys},
    situation::{any_json, document, situation, statement},
    support::may,
};
use muster_policy::{CallerKind, Decision, Kind, Policy, Reason, Source};
use proptest::{prelude::*, strategy::ValueTree, test_runner::TestRunner};
use serde_json::json;
use std::{collections::HashSet, sync::Arc};

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn agrees_with_the_second_reading(situation in situation()) {
        prop_assert_eq!(situation.decide(), situation.decide_by_reference());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// More denials never allow more.
    #[test]
    fn a_deny_takes_only(situation in situation(), mut denial in statement(false)) {
        denial["Effect"] = json!("Deny");
        let before = situation.decide();
        let mut after = situation;
        after.identity.push(json!({ "Version": "2012-10-17", "Statement": denial }));
        if after.decide().is_allowed() {
            prop_assert!(before.is_allowed());
        }
    }

    /// The order of statements and policies does not matter.
    #[test]
    fn order_is_nothing(situation in situation()) {
        let mut turned = situation.clone();
        turned.identity.reverse();
        let documents = turned.identity.iter_mut().chain(&mut turned.boundary).chain(&mut turned.session);
        for document in documents.chain(&mut turned.resource_policy) {
            if let Some(statements) = document["Statement"].as_array_mut() {
                statements.reverse();
            }
        }
        prop_assert_eq!(turned.decide(), situation.decide());
    }

    /// Whoever chooses the value of a variable reaches that name and no other.
    #[test]
    fn a_value_is_never_a_wildcard(value in "[a*?${}:/]{0,6}", name in "[a*?${}:/]{0,6}") {
        let text = json!({ "Version": "2012-10-17", "Statement": [
            { "Effect": "Allow", "Action": "*", "Resource": "arn:aws:ssm:*:*:parameter/${v}" },
            { "Effect": "Allow", "Action": "*", "Resource": "*", "Condition": { "StringLike": { "k": "${v}" } } },
        ]});
        let policy = Arc::new(Policy::parse(&text.to_string(), Kind::Identity).expect("a policy"));
        let resource = format!("arn:aws:ssm:r:a:parameter/{name}");
        prop_assert_eq!(may(&policy, "ssm:GetParameter", &resource, &format!("v={value}")), value == name);
        let context = format!("v={value}; k={name}");
        prop_assert_eq!(may(&policy, "ssm:GetParameter", "*", &context), value == name);
    }

    /// Nobody but root has anything without a policy, and every denial has its words.
    #[test]
    fn nothing_comes_of_nothing(mut situation in situation()) {
        situation.identity.clear();
        situation.resource_policy = None;
        let decision = situation.decide();
        prop_assert!(!decision.is_allowed() || situation.caller.kind == CallerKind::Root);
        if let Decision::Denied(reason) = decision {
            prop_assert!(reason.text(situation.action).contains("polic") || reason.text(situation.action).contains("boundary"));
            prop_assert_ne!(reason, Reason::ExplicitDeny(Source::IdentityBased));
        }
    }

    /// Wildcards in every place of an ARN.
    #[test]
    fn globs_agree(pattern in "[ab:*?]{0,9}", text in "[ab:]{0,9}") {
        let (pattern, text) = (format!("arn:aws:{pattern}"), format!("arn:aws:{text}"));
        let document = json!({ "Version": "2012-10-17", "Statement": { "Effect": "Allow", "Action": "*", "Resource": pattern } });
        let Ok(policy) = Policy::parse(&document.to_string(), Kind::Identity) else { return Ok(()) };
        let allowed = may(&Arc::new(policy), "ssm:GetParameter", &text, "");
        prop_assert_eq!(allowed, reference::resource_matches(&pattern, &text, true, &Keys::new()), "{} {}", pattern, text);
    }

    /// The same without colons that end segments.
    #[test]
    fn texts_agree(pattern in "[ab*?]{0,9}", text in "[ab]{0,9}") {
        let document = json!({ "Version": "2012-10-17", "Statement": {
            "Effect": "Allow", "Action": "*", "Resource": "*", "Condition": { "StringLike": { "k": &pattern } },
        }});
        let policy = Arc::new(Policy::parse(&document.to_string(), Kind::Identity).expect("a policy"));
        let allowed = may(&policy, "ssm:GetParameter", "*", &format!("k={text}"));
        let wanted = reference::resource_matches(&format!("arn:::::{pattern}"), &format!("arn:::::{text}"), true, &Keys::new());
        prop_assert_eq!(allowed, wanted, "{} {}", pattern, text);
    }

    /// Bytes that mean nothing are refused, not more.
    #[test]
    fn any_text_is_answered(text in any::<String>(), json in "[\\[\\]{}\":,a1 *]{0,60}") {
        for kind in [Kind::Identity, Kind::Managed, Kind::Resource, Kind::Trust] {
            let _ = Policy::parse(&text, kind);
            let _ = Policy::parse(&json, kind);
        }
    }

    /// Nor does a policy with anything in any place.
    #[test]
    fn any_value_is_answered(
        document in document(true),
        place in prop::sample::select(vec!["Sid", "Effect", "Principal", "Action", "Resource", "NotResource", "Condition", "x"]),
        value in any_json(),
    ) {
        for kind in [Kind::Identity, Kind::Managed, Kind::Resource, Kind::Trust] {
            let mut document = document.clone();
            document["Statement"][0][place] = value.clone();
            let _ = Policy::parse(&document.to_string(), kind);
            document["Statement"] = value.clone();
            let _ = Policy::parse(&document.to_string(), kind);
        }
    }
}

/// The comparison is worth something only if the generator gets everywhere.
#[test]
fn every_answer_is_met() {
    let mut runner = TestRunner::deterministic();
    let strategy = situation();
    let mut answers = HashSet::new();
    for _ in 0..1500 {
        let situation = strategy.new_tree(&mut runner).expect("a situation").current();
        answers.insert(format!("{:?}", situation.decide()));
    }
    // Allowed, and two reasons for each of four sources.
    assert_eq!(answers.len(), 9, "{answers:?}");
}
