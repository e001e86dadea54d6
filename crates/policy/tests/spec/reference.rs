//! A second reading of AWS's documentation: slow, plain, on the JSON itself, and written without a look at the product. Not
//! for: documents that are refused; dates, numbers and addresses beyond what the generator makes.

use muster_policy::{Caller, CallerKind, Decision, Reason, Source};
use serde_json::Value;
use std::collections::BTreeMap;

/// One value, or a list.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Given {
    One(String),
    Many(Vec<String>),
}

/// Keys in small letters.
pub(crate) type Keys = BTreeMap<String, Given>;

/// What is asked.
#[derive(Debug, Clone)]
pub(crate) struct Question<'a> {
    pub(crate) caller: Caller<'a>,
    pub(crate) action: &'a str,
    pub(crate) resource: &'a str,
    pub(crate) owner: &'a str,
    pub(crate) keys: &'a Keys,
}

/// The documents that apply.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Documents<'a> {
    pub(crate) identity: &'a [Value],
    pub(crate) boundary: Option<&'a Value>,
    pub(crate) session: Option<&'a Value>,
    pub(crate) resource: Option<&'a Value>,
    pub(crate) decides: bool,
}

/// "Policy evaluation logic", from top to bottom.
pub(crate) fn decide(question: &Question<'_>, documents: &Documents<'_>) -> Decision {
    let one = |value: &Value| std::slice::from_ref(value).to_vec();
    let sets = [
        (Source::IdentityBased, Some(documents.identity.to_vec())),
        (Source::PermissionsBoundary, documents.boundary.map(one)),
        (Source::Session, documents.session.map(one)),
        (Source::ResourceBased, documents.resource.map(one)),
    ];
    let bounded = documents.boundary.is_some();
    for (source, set) in &sets {
        if statements(set)
            .any(|(new, s)| s["Effect"] == "Deny" && !reach(s, new, question, bounded).is_empty())
        {
            return Decision::Denied(Reason::ExplicitDeny(*source));
        }
    }
    let allows = |index: usize| {
        let (_, set) = &sets[index];
        statements(set).any(|(new, s)| s["Effect"] == "Allow" && !reach(s, new, question, bounded).is_empty())
    };
    let granted: Vec<Reach> = statements(&sets[3].1)
        .filter(|(_, s)| s["Effect"] == "Allow")
        .flat_map(|(new, s)| reach(s, new, question, bounded))
        .collect();
    let no = |source| Decision::Denied(Reason::NoneAllows(source));
    let kind = question.caller.kind;
    let outsider = matches!(kind, CallerKind::Service | CallerKind::Anonymous);
    if (outsider || documents.decides) && granted.is_empty() {
        return no(Source::ResourceBased);
    }
    if outsider {
        return Decision::Allowed;
    }
    let own = kind == CallerKind::Root || allows(0);
    let boundary = documents.boundary.is_none() || allows(1);
    let session = documents.session.is_none() || allows(2);
    let first_that_fails = |own: bool| {
        if !own {
            no(Source::IdentityBased)
        } else if !boundary {
            no(Source::PermissionsBoundary)
        } else if !session {
            no(Source::Session)
        } else {
            Decision::Allowed
        }
    };
    if question.owner.is_empty() || question.owner == question.caller.account {
        if granted.contains(&Reach::Itself) {
            return Decision::Allowed;
        }
        return first_that_fails(own || granted.contains(&Reach::Role));
    }
    match first_that_fails(own) {
        Decision::Allowed if granted.is_empty() => no(Source::ResourceBased),
        answer => answer,
    }
}

/// How a statement gets to the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reach {
    Account,
    Role,
    Itself,
}

fn statements(set: &Option<Vec<Value>>) -> impl Iterator<Item = (bool, &Value)> {
    set.iter().flatten().flat_map(|document| {
        let new = document["Version"] == "2012-10-17";
        list(&document["Statement"]).into_iter().map(move |statement| (new, statement))
    })
}

fn list(value: &Value) -> Vec<&Value> {
    value.as_array().map_or_else(|| vec![value], |list| list.iter().collect())
}

fn texts(value: &Value) -> Vec<String> {
    list(value)
        .into_iter()
        .map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned))
        .collect()
}

/// The ways in which a statement is about the question; none if it is not.
fn reach(statement: &Value, new: bool, question: &Question<'_>, bounded: bool) -> Vec<Reach> {
    let named = |name: &str, matches: &dyn Fn(&str) -> bool| {
        let any = |value: &Value| texts(value).iter().any(|text| matches(text));
        match (statement.get(name), statement.get(format!("Not{name}"))) {
            (Some(value), _) => any(value),
            (_, Some(value)) => !any(value),
            _ => true,
        }
    };
    let action = |text: &str| {
        let pattern = atoms(&text.to_lowercase(), false, true, &Keys::new());
        pattern.is_some_and(|pattern| like(&pattern, &chars(&question.action.to_lowercase())))
    };
    let resource = |text: &str| resource_matches(text, question.resource, new, question.keys);
    let holds = statement.get("Condition").and_then(Value::as_object).into_iter().flatten().all(
        |(operator, keys)| {
            keys.as_object().into_iter().flatten().all(|(key, values)| {
                condition(
                    operator,
                    question.keys.get(&key.to_lowercase()),
                    &texts(values),
                    new,
                    question.keys,
                )
            })
        },
    );
    if !named("Action", &action) || !named("Resource", &resource) || !holds {
        return Vec::new();
    }
    if let Some(principal) = statement.get("Principal") {
        return reaches(principal, &question.caller);
    }
    let Some(principal) = statement.get("NotPrincipal") else { return vec![Reach::Itself] };
    let found = reaches(principal, &question.caller);
    let spared = if statement["Effect"] == "Allow" {
        !found.is_empty()
    } else {
        let every_level = match question.caller.kind {
            CallerKind::User => found.contains(&Reach::Account) && found.contains(&Reach::Itself),
            CallerKind::RoleSession => {
                let role = format!("{}/", question.caller.arn.rsplit_once('/').expect("a session").0);
                let others = texts(&principal["AWS"]).iter().any(|text| text.starts_with(&role));
                found.contains(&Reach::Account)
                    && found.contains(&Reach::Role)
                    && (!others || found.contains(&Reach::Itself))
            }
            CallerKind::Root => found.contains(&Reach::Account),
            CallerKind::Service | CallerKind::Anonymous => !found.is_empty(),
        };
        every_level && !bounded
    };
    if spared { Vec::new() } else { vec![Reach::Itself] }
}

fn reaches(principal: &Value, caller: &Caller<'_>) -> Vec<Reach> {
    if principal == "*" {
        return vec![Reach::Itself];
    }
    let signed = !matches!(caller.kind, CallerKind::Service | CallerKind::Anonymous);
    let mut found = Vec::new();
    for (kind, names) in principal.as_object().into_iter().flatten() {
        for name in texts(names) {
            let account = [caller.account.to_owned(), format!("arn:aws:iam::{}:root", caller.account)];
            if kind == "AWS" && name == "*" {
                found.push(Reach::Itself);
            } else if kind == "AWS" && signed && account.contains(&name) {
                found.push(Reach::Account);
            } else if kind == "AWS" && signed && Some(&*name) == caller.role_arn {
                found.push(Reach::Role);
            } else if kind == "AWS" && signed && name == caller.arn
                || kind == "Service" && caller.kind == CallerKind::Service && name == caller.arn
            {
                found.push(Reach::Itself);
            }
        }
    }
    found
}

/// A pattern's parts, when variables have their values.
#[derive(Debug, Clone, PartialEq)]
enum Atom {
    Char(char),
    One,
    Many,
    /// The same within one of an ARN's first five segments.
    OneButColon,
    ManyButColons,
}

fn chars(text: &str) -> Vec<char> {
    text.chars().collect()
}

/// `None` if a variable has no value.
fn atoms(text: &str, variables: bool, wildcards: bool, keys: &Keys) -> Option<Vec<Atom>> {
    let mut found = Vec::new();
    let mut rest = text.to_owned();
    while !rest.is_empty() {
        let end = rest.find('}').filter(|_| variables && rest.starts_with("${"));
        if let Some(end) = end {
            let body = rest[2..end].to_owned();
            rest = rest[end + 1..].to_owned();
            let (name, default) = match body.split_once(", '") {
                Some((name, default)) => (name.to_owned(), default.strip_suffix('\'').map(str::to_owned)),
                None => (body, None),
            };
            let value = match (&*name, keys.get(&name.to_lowercase())) {
                ("*" | "?" | "$", _) => Some(name.clone()),
                (_, Some(Given::One(value))) => Some(value.clone()),
                _ => default,
            };
            found.extend(value?.chars().map(Atom::Char));
            continue;
        }
        let next = rest.remove(0);
        found.push(match next {
            '*' if wildcards => Atom::Many,
            '?' if wildcards => Atom::One,
            other => Atom::Char(other),
        });
    }
    Some(found)
}

/// By recursion, as one would explain it.
fn like(pattern: &[Atom], text: &[char]) -> bool {
    match pattern.split_first() {
        None => text.is_empty(),
        Some((Atom::Char(wanted), rest)) => text.first() == Some(wanted) && like(rest, &text[1..]),
        Some((Atom::One, rest)) => !text.is_empty() && like(rest, &text[1..]),
        Some((Atom::OneButColon, rest)) => {
            text.first().is_some_and(|next| *next != ':') && like(rest, &text[1..])
        }
        Some((Atom::Many, rest)) => (0..=text.len()).any(|taken| like(rest, &text[taken..])),
        Some((Atom::ManyButColons, rest)) => {
            (0..=text.len()).any(|taken| !text[..taken].contains(&':') && like(rest, &text[taken..]))
        }
    }
}

/// Whether an element of `Resource` matches.
pub(crate) fn resource_matches(pattern: &str, resource: &str, new: bool, keys: &Keys) -> bool {
    // The name begins behind the fifth colon; variables work there.
    let name = pattern.match_indices(':').nth(4).map_or(pattern.len(), |(at, _)| at + 1);
    let (head, name) = pattern.split_at(name);
    let mut parts = Vec::new();
    let head = chars(head);
    for (at, character) in head.iter().enumerate() {
        // A run of `*` is one of them.
        let after = head[at..].iter().find(|next| **next != '*');
        let last = match after {
            None => true,
            Some(next) => *next == ':',
        };
        parts.push(match character {
            '*' if last => Atom::Many,
            '*' => Atom::ManyButColons,
            '?' => Atom::OneButColon,
            other => Atom::Char(*other),
        });
    }
    let Some(name) = atoms(name, new, true, keys) else { return false };
    parts.extend(name);
    like(&parts, &chars(resource))
}

/// "Condition operators", with "single-valued and multivalued keys".
fn condition(operator: &str, given: Option<&Given>, wanted: &[String], new: bool, keys: &Keys) -> bool {
    let given = match given {
        None => Vec::new(),
        Some(Given::One(value)) => vec![value.clone()],
        Some(Given::Many(values)) => values.clone(),
    };
    if operator == "Null" {
        return wanted.contains(&given.is_empty().to_string());
    }
    let (set, operator) = match operator.split_once(':') {
        Some((set, operator)) => (Some(set), operator),
        None => (None, operator),
    };
    let if_exists = operator.ends_with("IfExists");
    let operator = operator.trim_end_matches("IfExists");
    let negated = operator.contains("Not");
    let plain = operator.replace("Not", "");
    if given.is_empty() {
        return match set {
            Some("ForAllValues") => true,
            Some(_) => if_exists,
            None => negated || if_exists,
        };
    }
    if set.is_some() && given.iter().all(String::is_empty) {
        return set == Some("ForAllValues");
    }
    let fits =
        |value: &String| wanted.iter().any(|wanted| compare(&plain, value, wanted, new, keys)) != negated;
    match set {
        Some("ForAllValues") => given.iter().all(fits),
        Some(_) => given.iter().any(fits),
        None if negated => given.iter().all(fits),
        None => given.iter().any(fits),
    }
}

fn compare(operator: &str, value: &str, wanted: &str, new: bool, keys: &Keys) -> bool {
    let text = |wildcards, wanted: &str, value: &str| {
        atoms(wanted, new, wildcards, keys).is_some_and(|pattern| like(&pattern, &chars(value)))
    };
    let numbers = || Some((value.parse::<f64>().ok()?, wanted.parse::<f64>().ok()?));
    match operator {
        "StringEquals" => text(false, wanted, value),
        "StringLike" => text(true, wanted, value),
        "StringEqualsIgnoreCase" => atoms(wanted, new, false, keys).is_some_and(|pattern| {
            let lower = |c: &char| c.to_lowercase().collect::<String>();
            let wanted: String = pattern
                .iter()
                .map(|atom| if let Atom::Char(c) = atom { lower(c) } else { String::new() })
                .collect();
            wanted == value.to_lowercase()
        }),
        "ArnEquals" | "ArnLike" => {
            let (wanted, value): (Vec<_>, Vec<_>) =
                (wanted.splitn(6, ':').collect(), value.splitn(6, ':').collect());
            value.len() == 6
                && wanted.len() == 6
                && wanted.iter().zip(value).all(|(wanted, value)| text(true, wanted, value))
        }
        "Bool" => value == wanted,
        "NumericEquals" => numbers().is_some_and(|(value, wanted)| (value - wanted).abs() < 1e-9),
        "NumericLessThan" => numbers().is_some_and(|(value, wanted)| value < wanted),
        "NumericGreaterThanEquals" => numbers().is_some_and(|(value, wanted)| value >= wanted),
        // The generator makes dates of one form only, which sort as texts.
        "DateLessThan" => value < wanted,
        "DateGreaterThanEquals" => value >= wanted,
        // And blocks of whole bytes.
        "IpAddress" => {
            let (prefix, bits) = wanted.split_once('/').unwrap_or((wanted, "32"));
            let bytes = bits.parse::<usize>().expect("bits") / 8;
            let first = |text: &str| text.split('.').take(bytes).map(str::to_owned).collect::<Vec<_>>();
            first(prefix) == first(value)
        }
        _ => panic!("no such operator: {operator}"),
    }
}
