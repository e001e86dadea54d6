//! What a write makes of a parameter.

use super::*;

const LIMITS: Limits = Limits { standard_characters: 8, advanced_characters: 16 };

fn draft(value: &str) -> Draft<'_> {
    Draft {
        value,
        kind: Some(Kind::String),
        tier: None,
        default_tier: Wanted::Tier(Tier::Standard),
        standard_is_full: false,
        data_type: None,
        key_id: None,
        allowed_pattern: None,
        description: None,
        policies: None,
    }
}

fn made(draft: Draft<'_>) -> Body {
    draft.against(None, LIMITS).unwrap().0
}

fn over(draft: Draft<'_>, before: &Body) -> Result<Body, ParameterError> {
    draft.against(Some(Existing { body: before }), LIMITS).map(|(body, ..)| body)
}

#[test]
fn a_new_parameter_needs_a_type() {
    let body = made(draft("v"));
    assert_eq!((&*body.kind, &*body.tier, &*body.data_type), ("String", "Standard", "text"));
    assert_eq!(body.key_id, None);
    let refused = Draft { kind: None, ..draft("v") }.against(None, LIMITS).unwrap_err();
    assert_eq!(refused.to_string(), "A parameter type is required when you create a parameter.");
}

#[test]
fn an_overwrite_keeps_what_it_does_not_name() {
    let first = made(Draft {
        kind: Some(Kind::SecureString),
        key_id: Some("alias/mine"),
        allowed_pattern: Some(".*"),
        description: Some("words"),
        data_type: Some("integer"),
        ..draft("1")
    });
    let next = over(Draft { kind: None, ..draft("2") }, &first).unwrap();
    assert_eq!((&*next.kind, next.key_id.as_deref()), ("SecureString", Some("alias/mine")));
    assert_eq!((next.allowed_pattern.as_deref(), &*next.data_type), (Some(".*"), "integer"));
    // The store keeps the old description.
    assert_eq!(next.description, None);
    let cleared = over(Draft { kind: None, allowed_pattern: Some(""), ..draft("2") }, &first).unwrap();
    assert_eq!(cleared.allowed_pattern, None);
    // Terraform changes types in place.
    let plain = over(draft("2"), &first).unwrap();
    assert_eq!((&*plain.kind, plain.key_id), ("String", None));
}

#[test]
fn keys_are_for_secure_strings() {
    let secure = made(Draft { kind: Some(Kind::SecureString), ..draft("v") });
    assert_eq!(secure.key_id.as_deref(), Some("alias/aws/ssm"));
    let refused = Draft { key_id: Some("k"), ..draft("v") }.against(None, LIMITS);
    assert_eq!(refused.unwrap_err(), ParameterError::KeyWithoutSecureString);
}

#[test]
fn values_that_no_parameter_can_have() {
    for (value, kind, error) in [
        ("", Kind::String, ParameterError::Empty),
        ("{{ssm:x}}", Kind::String, ParameterError::Nested),
        ("a{{}}b", Kind::SecureString, ParameterError::Nested),
        ("a,,b", Kind::StringList, ParameterError::EmptyItem),
        (",a", Kind::StringList, ParameterError::EmptyItem),
        ("a, ,b", Kind::StringList, ParameterError::EmptyItem),
        ("a,", Kind::StringList, ParameterError::EmptyItem),
    ] {
        let refused = Draft { kind: Some(kind), ..draft(value) }.against(None, LIMITS);
        assert_eq!(refused.unwrap_err(), error, "{value}");
    }
    for (value, kind) in [(r#"{{"a":1}"#, Kind::String), ("}}{{", Kind::String), ("a,b", Kind::StringList)] {
        assert!(Draft { kind: Some(kind), ..draft(value) }.against(None, LIMITS).is_ok(), "{value}");
    }
}

#[test]
fn tiers() {
    let (standard, advanced) = (Some(Wanted::Tier(Tier::Standard)), Some(Wanted::Tier(Tier::Advanced)));
    let intelligent = Some(Wanted::Intelligent);
    let tier = |tier, value: &str, before: Option<&Body>| {
        let draft = Draft { tier, ..draft(value) };
        let body = draft.against(before.map(|body| Existing { body }), LIMITS);
        body.map(|(body, ..)| body.tier)
    };
    let (small, large, larger) = ("12345678", "123456789", "1234567890123456");
    let too_large = "12345678901234567";
    assert_eq!(tier(None, small, None).as_deref(), Ok("Standard"));
    assert_eq!(tier(None, large, None), Err(ParameterError::StandardTooLarge(8)));
    assert_eq!(tier(advanced, larger, None).as_deref(), Ok("Advanced"));
    assert_eq!(tier(advanced, too_large, None), Err(ParameterError::AdvancedTooLarge(16)));
    assert_eq!(tier(intelligent, small, None).as_deref(), Ok("Standard"));
    assert_eq!(tier(intelligent, large, None).as_deref(), Ok("Advanced"));
    assert_eq!(tier(intelligent, too_large, None), Err(ParameterError::AdvancedTooLarge(16)));
    // Characters, as AWS says, not bytes.
    assert_eq!(tier(None, "ääääääää", None).as_deref(), Ok("Standard"));
    let was = Body { tier: "Advanced".to_owned(), ..made(draft("v")) };
    assert_eq!(tier(standard, small, Some(&was)), Err(ParameterError::Downgrade(8)));
    assert_eq!(tier(None, large, Some(&was)).as_deref(), Ok("Advanced"));
    assert_eq!(tier(intelligent, small, Some(&was)).as_deref(), Ok("Advanced"));
    let full = Draft { tier: intelligent, standard_is_full: true, ..draft("v") };
    assert_eq!(made(full).tier, "Advanced");
    assert_eq!(over(full, &made(draft("v"))).unwrap().tier, "Standard");
    let policies = Draft { policies: Some("[1]"), ..draft("v") };
    assert_eq!(policies.against(None, LIMITS).unwrap_err(), ParameterError::PoliciesNeedAdvanced);
    assert_eq!(made(Draft { tier: intelligent, ..policies }).tier, "Advanced");
    let json = Draft { data_type: Some("json"), tier: intelligent, ..draft("{}") };
    assert_eq!(made(json).tier, "Advanced");
}
