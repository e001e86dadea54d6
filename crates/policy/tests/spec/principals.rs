//! `Principal` and `NotPrincipal` of a resource's policy: whom it gives how much, with nothing else allowing or limiting.

use crate::support::{ACCOUNT, ANN, NO, OTHER, YES, decide, document, identity, policy};
use muster_policy::{Caller, CallerKind, Context, Kind, Policies, Request};

const ROLE: &str = "arn:aws:iam::111111111111:role/path/app";
const SESSION: &str = "arn:aws:sts::111111111111:assumed-role/app/s1";
const ROOT: &str = "arn:aws:iam::111111111111:root";

const fn caller(arn: &'static str, role: Option<&'static str>, kind: CallerKind) -> Caller<'static> {
    Caller { account: ACCOUNT, arn, role_arn: role, kind }
}
const ANN_: Caller<'_> = caller(ANN, None, CallerKind::User);
const APP: Caller<'_> = caller(SESSION, Some(ROLE), CallerKind::RoleSession);
const ROOT_: Caller<'_> = caller(ROOT, None, CallerKind::Root);
const EC2: Caller<'_> =
    Caller { account: "", arn: "ec2.amazonaws.com", role_arn: None, kind: CallerKind::Service };
const NOBODY: Caller<'_> = Caller { account: "", arn: "*", role_arn: None, kind: CallerKind::Anonymous };

/// The element, the caller, whether an allow is enough for it, and whether a deny takes what it may otherwise.
#[rustfmt::skip] // One case, one line.
const CASES: &[(&str, Caller<'_>, bool, bool)] = &[
    // Everybody.
    (r#""Principal":"*""#, ANN_, YES, YES),
    (r#""Principal":{"AWS":"*"}"#, ANN_, YES, YES),
    (r#""Principal":"*""#, APP, YES, YES),
    (r#""Principal":"*""#, EC2, YES, YES),
    (r#""Principal":"*""#, NOBODY, YES, YES),
    (r#""Principal":"*""#, ROOT_, YES, YES),
    // An account: its own policies must allow too, so nothing comes of it here. A deny is for all of it.
    (r#""Principal":{"AWS":"111111111111"}"#, ANN_, NO, YES),
    (r#""Principal":{"AWS":"arn:aws:iam::111111111111:root"}"#, ANN_, NO, YES),
    (r#""Principal":{"AWS":"arn:aws:iam::111111111111:root"}"#, APP, NO, YES),
    (r#""Principal":{"AWS":"arn:aws:iam::222222222222:root"}"#, ANN_, NO, NO),
    (r#""Principal":{"AWS":"111111111111"}"#, ROOT_, YES, YES),
    (r#""Principal":{"AWS":"111111111111"}"#, NOBODY, NO, NO),
    // A user, exactly.
    (r#""Principal":{"AWS":"arn:aws:iam::111111111111:user/ann"}"#, ANN_, YES, YES),
    (r#""Principal":{"AWS":"arn:aws:iam::111111111111:user/Ann"}"#, ANN_, NO, NO),
    (r#""Principal":{"AWS":"arn:aws:iam::111111111111:user/x/ann"}"#, ANN_, NO, NO),
    (r#""Principal":{"AWS":"arn:aws:iam::222222222222:user/ann"}"#, ANN_, NO, NO),
    (r#""Principal":{"AWS":["arn:aws:iam::111111111111:user/bob","arn:aws:iam::111111111111:user/ann"]}"#, ANN_, YES, YES),
    // A role, and one session of it.
    (r#""Principal":{"AWS":"arn:aws:iam::111111111111:role/path/app"}"#, APP, YES, YES),
    (r#""Principal":{"AWS":"arn:aws:iam::111111111111:role/app"}"#, APP, NO, NO),
    (r#""Principal":{"AWS":"arn:aws:sts::111111111111:assumed-role/app/s1"}"#, APP, YES, YES),
    (r#""Principal":{"AWS":"arn:aws:sts::111111111111:assumed-role/app/s2"}"#, APP, NO, NO),
    // Services and others.
    (r#""Principal":{"Service":"ec2.amazonaws.com"}"#, EC2, YES, YES),
    (r#""Principal":{"Service":["ssm.amazonaws.com","ec2.amazonaws.com"]}"#, EC2, YES, YES),
    (r#""Principal":{"Service":"ssm.amazonaws.com"}"#, EC2, NO, NO),
    (r#""Principal":{"Service":"ec2.amazonaws.com"}"#, ANN_, NO, NO),
    (r#""Principal":{"Federated":"arn:aws:iam::111111111111:saml-provider/x"}"#, ANN_, NO, NO),
    (r#""Principal":{"CanonicalUser":"79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"}"#, ANN_, NO, NO),
    (r#""Principal":{"Service":"ssm.amazonaws.com","AWS":"arn:aws:iam::111111111111:user/ann"}"#, ANN_, YES, YES),
    // All but these. A deny spares only whom it names at every level.
    (r#""NotPrincipal":{"AWS":"arn:aws:iam::111111111111:user/bob"}"#, ANN_, YES, YES),
    (r#""NotPrincipal":{"AWS":"arn:aws:iam::111111111111:user/ann"}"#, ANN_, NO, YES),
    (r#""NotPrincipal":{"AWS":["arn:aws:iam::111111111111:user/ann","111111111111"]}"#, ANN_, NO, NO),
    (r#""NotPrincipal":{"AWS":"111111111111"}"#, ANN_, NO, YES),
    (r#""NotPrincipal":{"AWS":["arn:aws:iam::111111111111:role/path/app","111111111111"]}"#, APP, NO, NO),
    (r#""NotPrincipal":{"AWS":["arn:aws:sts::111111111111:assumed-role/app/s1","arn:aws:iam::111111111111:role/path/app","111111111111"]}"#, APP, NO, NO),
    (r#""NotPrincipal":{"AWS":["arn:aws:sts::111111111111:assumed-role/app/s2","arn:aws:iam::111111111111:role/path/app","111111111111"]}"#, APP, NO, YES),
    (r#""NotPrincipal":{"AWS":["arn:aws:sts::111111111111:assumed-role/app/s1","111111111111"]}"#, APP, NO, YES),
    (r#""NotPrincipal":{"AWS":"111111111111"}"#, ROOT_, YES, NO),
    (r#""NotPrincipal":{"Service":"ec2.amazonaws.com"}"#, EC2, NO, NO),
    (r#""NotPrincipal":{"Service":"ssm.amazonaws.com"}"#, EC2, YES, YES),
    (r#""NotPrincipal":{"AWS":"arn:aws:iam::111111111111:user/ann"}"#, NOBODY, YES, YES),
    (r#""NotPrincipal":"*""#, NOBODY, NO, NO),
];

#[test]
fn principals() {
    let nothing = Context::new();
    for (element, caller, allowed, denied) in CASES {
        let (action, resource) = ("s3:GetObject", "arn:aws:s3:::b/k");
        let request = Request { caller, action, resource, resource_account: ACCOUNT, context: &nothing };
        let allow = document(&[&format!(r#""Effect":"Allow",{element},"Action":"s3:*","Resource":"*""#)]);
        let allow = policy(&allow, Kind::Resource);
        let policies = Policies { resource: Some(&allow), ..Policies::default() };
        assert_eq!(decide(&request, &policies).is_allowed(), *allowed, "{element} allows {}", caller.arn);
        let deny = document(&[
            r#""Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"*""#,
            &format!(r#""Effect":"Deny",{element},"Action":"s3:*","Resource":"*""#),
        ]);
        let deny = policy(&deny, Kind::Resource);
        let policies = Policies { resource: Some(&deny), ..Policies::default() };
        assert_eq!(decide(&request, &policies).is_allowed(), !*denied, "{element} denies {}", caller.arn);
    }
}

/// AWS: such a statement denies everybody who has a boundary.
#[test]
fn a_boundary_voids_the_exception_of_not_principal() {
    let nothing = Context::new();
    let all = identity(&[r#""Effect":"Allow","Action":"*","Resource":"*""#]);
    let deny = document(&[
        r#""Effect":"Deny","NotPrincipal":{"AWS":["arn:aws:iam::111111111111:user/ann","111111111111"]},"Action":"*","Resource":"*""#,
    ]);
    let deny = policy(&deny, Kind::Resource);
    let request = Request {
        caller: &ANN_,
        action: "s3:GetObject",
        resource: "arn:aws:s3:::b/k",
        resource_account: ACCOUNT,
        context: &nothing,
    };
    let list = [all.clone()];
    let policies = Policies { identity: &list, resource: Some(&deny), ..Policies::default() };
    assert!(decide(&request, &policies).is_allowed());
    assert!(!decide(&request, &Policies { boundary: Some(&all), ..policies }).is_allowed());
}

/// A role is assumed: its trust policy decides, also about root.
#[test]
fn trust() {
    let nothing = Context::new();
    let external = crate::support::context("sts:ExternalId=42");
    let resource = "arn:aws:iam::111111111111:role/target";
    let ask = |caller: &Caller<'_>, trust: &str, identity_allows: bool, context: &Context<'_>| {
        let trust = policy(&document(&[trust]), Kind::Trust);
        let allow = [identity(&[r#""Effect":"Allow","Action":"sts:AssumeRole","Resource":"*""#])];
        let policies = Policies {
            identity: if identity_allows { &allow } else { &[] },
            resource: Some(&trust),
            resource_decides: true,
            ..Policies::default()
        };
        let request =
            Request { caller, action: "sts:AssumeRole", resource, resource_account: ACCOUNT, context };
        decide(&request, &policies).is_allowed()
    };
    let account = r#""Effect":"Allow","Principal":{"AWS":"111111111111"},"Action":"sts:AssumeRole""#;
    assert!(ask(&ANN_, account, true, &nothing));
    assert!(!ask(&ANN_, account, false, &nothing));
    assert!(ask(&ROOT_, account, false, &nothing));
    let service = r#""Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole""#;
    assert!(ask(&EC2, service, false, &nothing));
    assert!(!ask(&ANN_, service, true, &nothing));
    assert!(!ask(&ROOT_, service, true, &nothing));
    let user = r#""Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111111111111:user/ann"},"Action":"sts:AssumeRole""#;
    assert!(ask(&ANN_, user, false, &nothing));
    let stranger = Caller {
        account: OTHER,
        arn: "arn:aws:iam::222222222222:user/eve",
        role_arn: None,
        kind: CallerKind::User,
    };
    let vendor = r#""Effect":"Allow","Principal":{"AWS":"222222222222"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"42"}}"#;
    assert!(ask(&stranger, vendor, true, &external));
    assert!(!ask(&stranger, vendor, true, &nothing));
    assert!(!ask(&stranger, vendor, false, &external));
    assert!(!ask(&ANN_, vendor, true, &external));
}
