//! How the sets of policies count together, and AWS's words when they do not allow.

use crate::support::{ACCOUNT, ANN, OTHER, decide, document, identity, policy};
use muster_policy::{Caller, CallerKind, Context, Decision, Kind, Policies, Policy, Request};
use std::sync::Arc;

/// What one set of policies says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Says {
    /// There is no such policy.
    Absent,
    /// It is about something else.
    Nothing,
    Allows,
    Denies,
    /// Only for policies of resources: it allows the account.
    Account,
    /// It allows the role.
    Role,
}
use Says::{Absent, Account, Allows, Denies, Nothing, Role};

#[derive(Debug, Clone, Copy)]
enum Who {
    Ann,
    /// A session of a role.
    App,
    Root,
    /// A user of another account, and its root.
    Eve,
    EveRoot,
    Service,
    Nobody,
}
use Who::{Ann, App, Eve, EveRoot, Nobody, Root, Service};

const ROLE: &str = "arn:aws:iam::111111111111:role/app";
const SESSION: &str = "arn:aws:sts::111111111111:assumed-role/app/s1";

const NO_IDENTITY: &str = "because no identity-based policy allows the ssm:GetParameter action";
const NO_BOUNDARY: &str = "because no permissions boundary allows the ssm:GetParameter action";
const NO_SESSION: &str = "because no session policy allows the ssm:GetParameter action";
const NO_RESOURCE: &str = "because no resource-based policy allows the ssm:GetParameter action";
const IDENTITY: &str = "with an explicit deny in an identity-based policy";
const BOUNDARY: &str = "with an explicit deny in a permissions boundary";
const SESSION_: &str = "with an explicit deny in a session policy";
const RESOURCE: &str = "with an explicit deny in a resource-based policy";
const MAY: &str = "";

/// Who asks, what identity-based policies, boundary, session's and resource's policy say, and the answer.
#[rustfmt::skip] // One case, one line.
const CASES: &[(Who, Says, Says, Says, Says, &str)] = &[
    // In one's own account one's own policies are enough, and so is the resource's.
    (Ann, Allows, Absent, Absent, Absent, MAY),
    (Ann, Nothing, Absent, Absent, Absent, NO_IDENTITY),
    (Ann, Absent, Absent, Absent, Absent, NO_IDENTITY),
    (Ann, Allows, Absent, Absent, Nothing, MAY),
    (Ann, Nothing, Absent, Absent, Allows, MAY),
    (Ann, Absent, Absent, Absent, Allows, MAY),
    (Ann, Nothing, Absent, Absent, Nothing, NO_IDENTITY),
    // A resource that names the account leaves it to the account's policies.
    (Ann, Nothing, Absent, Absent, Account, NO_IDENTITY),
    (Ann, Allows, Absent, Absent, Account, MAY),
    // A deny wins.
    (Ann, Denies, Absent, Absent, Allows, IDENTITY),
    (Ann, Allows, Denies, Absent, Allows, BOUNDARY),
    (Ann, Allows, Allows, Denies, Allows, SESSION_),
    (Ann, Allows, Allows, Allows, Denies, RESOURCE),
    (Ann, Denies, Denies, Denies, Denies, IDENTITY),
    // A boundary allows nothing, and limits one's own policies.
    (Ann, Allows, Allows, Absent, Absent, MAY),
    (Ann, Allows, Nothing, Absent, Absent, NO_BOUNDARY),
    (Ann, Nothing, Allows, Absent, Absent, NO_IDENTITY),
    (Ann, Nothing, Nothing, Absent, Absent, NO_IDENTITY),
    (Ann, Allows, Nothing, Absent, Account, NO_BOUNDARY),
    // It does not limit what a resource gives to the very user or session; what it gives to the role, it does.
    (Ann, Nothing, Nothing, Absent, Allows, MAY),
    (App, Nothing, Nothing, Absent, Allows, MAY),
    (App, Nothing, Nothing, Absent, Role, NO_BOUNDARY),
    (App, Nothing, Allows, Absent, Role, MAY),
    (App, Nothing, Absent, Absent, Role, MAY),
    // So do the policies of a session.
    (App, Allows, Absent, Allows, Absent, MAY),
    (App, Allows, Absent, Nothing, Absent, NO_SESSION),
    (App, Nothing, Absent, Allows, Absent, NO_IDENTITY),
    (App, Nothing, Absent, Nothing, Allows, MAY),
    (App, Nothing, Absent, Nothing, Role, NO_SESSION),
    (App, Nothing, Absent, Allows, Role, MAY),
    (App, Allows, Nothing, Nothing, Absent, NO_BOUNDARY),
    (App, Allows, Allows, Nothing, Absent, NO_SESSION),
    (App, Allows, Allows, Allows, Absent, MAY),
    // Root may all that no resource denies it.
    (Root, Absent, Absent, Absent, Absent, MAY),
    (Root, Absent, Absent, Absent, Nothing, MAY),
    (Root, Absent, Absent, Absent, Denies, RESOURCE),
    // Across accounts both must allow.
    (Eve, Allows, Absent, Absent, Allows, MAY),
    (Eve, Allows, Absent, Absent, Account, MAY),
    (Eve, Allows, Absent, Absent, Nothing, NO_RESOURCE),
    (Eve, Allows, Absent, Absent, Absent, NO_RESOURCE),
    (Eve, Nothing, Absent, Absent, Allows, NO_IDENTITY),
    (Eve, Nothing, Absent, Absent, Nothing, NO_IDENTITY),
    (Eve, Allows, Nothing, Absent, Allows, NO_BOUNDARY),
    (Eve, Allows, Allows, Nothing, Allows, NO_SESSION),
    (Eve, Denies, Absent, Absent, Allows, IDENTITY),
    (Eve, Allows, Absent, Absent, Denies, RESOURCE),
    (EveRoot, Absent, Absent, Absent, Account, MAY),
    (EveRoot, Absent, Absent, Absent, Absent, NO_RESOURCE),
    // Services and strangers have nothing but what the resource gives them.
    (Service, Absent, Absent, Absent, Allows, MAY),
    (Service, Absent, Absent, Absent, Nothing, NO_RESOURCE),
    (Service, Absent, Absent, Absent, Absent, NO_RESOURCE),
    (Service, Allows, Absent, Absent, Absent, NO_RESOURCE),
    (Nobody, Allows, Absent, Absent, Absent, NO_RESOURCE),
    (Nobody, Absent, Absent, Absent, Allows, MAY),
    (Nobody, Absent, Absent, Absent, Account, NO_RESOURCE),
];

/// The same for a KMS key, whose policy decides.
#[rustfmt::skip] // One case, one line.
const DECIDED_BY_THE_RESOURCE: &[(Who, Says, Says, Says, Says, &str)] = &[
    (Ann, Allows, Absent, Absent, Absent, NO_RESOURCE),
    (Ann, Allows, Absent, Absent, Nothing, NO_RESOURCE),
    (Ann, Allows, Absent, Absent, Account, MAY),
    (Ann, Nothing, Absent, Absent, Account, NO_IDENTITY),
    (Ann, Nothing, Absent, Absent, Allows, MAY),
    (Ann, Allows, Nothing, Absent, Account, NO_BOUNDARY),
    (App, Nothing, Absent, Absent, Role, MAY),
    (App, Nothing, Absent, Nothing, Role, NO_SESSION),
    (Root, Absent, Absent, Absent, Absent, NO_RESOURCE),
    (Root, Absent, Absent, Absent, Nothing, NO_RESOURCE),
    (Root, Absent, Absent, Absent, Account, MAY),
    (Eve, Allows, Absent, Absent, Account, MAY),
    (Eve, Allows, Absent, Absent, Nothing, NO_RESOURCE),
    (Eve, Nothing, Absent, Absent, Account, NO_IDENTITY),
    (Service, Absent, Absent, Absent, Allows, MAY),
];

#[test]
fn decisions() {
    for (decides, cases) in [(false, CASES), (true, DECIDED_BY_THE_RESOURCE)] {
        for (who, identity, boundary, session, resource, expected) in cases {
            let answer = answer(*who, [*identity, *boundary, *session, *resource], decides);
            assert_eq!(
                answer, *expected,
                "{who:?} {identity:?} {boundary:?} {session:?} {resource:?}, decided by the resource: {decides}"
            );
        }
    }
}

fn answer(who: Who, [identity, boundary, session, resource]: [Says; 4], resource_decides: bool) -> String {
    let eve_root = format!("arn:aws:iam::{OTHER}:root");
    let (account, arn, role_arn, kind) = match who {
        Ann => (ACCOUNT, ANN, None, CallerKind::User),
        App => (ACCOUNT, SESSION, Some(ROLE), CallerKind::RoleSession),
        Root => (ACCOUNT, "arn:aws:iam::111111111111:root", None, CallerKind::Root),
        Eve => (OTHER, "arn:aws:iam::222222222222:user/eve", None, CallerKind::User),
        EveRoot => (OTHER, &*eve_root, None, CallerKind::Root),
        Service => ("", "ec2.amazonaws.com", None, CallerKind::Service),
        Nobody => ("", "*", None, CallerKind::Anonymous),
    };
    let caller = Caller { account, arn, role_arn, kind };
    let principal = match resource {
        Account => format!(r#"{{"AWS":"{}"}}"#, if account.is_empty() { ACCOUNT } else { account }),
        Role => format!(r#"{{"AWS":"{ROLE}"}}"#),
        _ => match who {
            Service => r#"{"Service":"ec2.amazonaws.com"}"#.to_owned(),
            Nobody | Root | EveRoot => r#""*""#.to_owned(),
            _ => format!(r#"{{"AWS":"{arn}"}}"#),
        },
    };
    let own: Vec<Arc<Policy>> = says(identity).map(|text| self::identity(&[&text])).into_iter().collect();
    let boundary = says(boundary).map(|text| self::identity(&[&text]));
    let session = says(session).map(|text| vec![self::identity(&[&text])]);
    let resource = says(resource)
        .map(|text| policy(&document(&[&format!(r#"{text},"Principal":{principal}"#)]), Kind::Resource));
    let nothing = Context::new();
    let request = Request {
        caller: &caller,
        action: "ssm:GetParameter",
        resource: "arn:aws:ssm:us-east-1:111111111111:parameter/a",
        resource_account: ACCOUNT,
        context: &nothing,
    };
    let policies = Policies {
        identity: &own,
        boundary: boundary.as_deref(),
        session: session.as_deref(),
        resource: resource.as_deref(),
        resource_decides,
    };
    match decide(&request, &policies) {
        Decision::Allowed => String::new(),
        Decision::Denied(reason) => reason.text(request.action),
    }
}

fn says(says: Says) -> Option<String> {
    let (effect, action) = match says {
        Absent => return None,
        Nothing => ("Allow", "s3:*"),
        Denies => ("Deny", "ssm:*"),
        Allows | Account | Role => ("Allow", "ssm:*"),
    };
    Some(format!(r#""Effect":"{effect}","Action":"{action}","Resource":"*""#))
}

/// Documents of AWS belong to no account.
#[test]
fn what_no_account_owns_is_for_ones_own_policies_to_allow() {
    let (caller, nothing) = (crate::support::ann(), Context::new());
    let request = Request {
        caller: &caller,
        action: "ssm:SendCommand",
        resource: "arn:aws:ssm:us-east-1::document/AWS-RunShellScript",
        resource_account: "",
        context: &nothing,
    };
    let list = [identity(&[
        r#""Effect":"Allow","Action":"ssm:SendCommand","Resource":"arn:aws:ssm:*:*:document/AWS-RunShellScript""#,
    ])];
    assert!(decide(&request, &Policies { identity: &list, ..Policies::default() }).is_allowed());
    assert!(!decide(&request, &Policies::default()).is_allowed());
}

#[test]
fn a_trust_policy_has_its_own_words() {
    let caller = crate::support::ann();
    let nothing = Context::new();
    let request = Request {
        caller: &caller,
        action: "sts:AssumeRole",
        resource: ROLE,
        resource_account: ACCOUNT,
        context: &nothing,
    };
    let ask = |effect: &str, account: &str| {
        let trust = document(&[&format!(
            r#""Effect":"{effect}","Principal":{{"AWS":"{account}"}},"Action":"sts:AssumeRole""#
        )]);
        let trust = policy(&trust, Kind::Trust);
        let policies = Policies { resource: Some(&trust), resource_decides: true, ..Policies::default() };
        match decide(&request, &policies) {
            Decision::Allowed => String::new(),
            Decision::Denied(reason) => reason.text(request.action),
        }
    };
    assert_eq!(ask("Allow", OTHER), "because no role trust policy allows the sts:AssumeRole action");
    assert_eq!(ask("Deny", ACCOUNT), "with an explicit deny in the role trust policy");
    assert_eq!(ask("Allow", ACCOUNT), "because no identity-based policy allows the sts:AssumeRole action");
}
