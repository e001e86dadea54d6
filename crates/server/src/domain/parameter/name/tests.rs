//! Names, selectors, ARNs and hierarchies: AWS's examples, and properties.

use super::*;
use crate::testing::tenant;
use proptest::prelude::*;

const SSM: &str = "Parameter name: can't be prefixed with \"ssm\" (case-insensitive). If formed as a path, it can \
    consist of sub-paths divided by slash symbol; each sub-path can be formed as a mix of letters, numbers and the \
    following 3 symbols .-_";
const EITHER: &str = "Parameter name: can't be prefixed with \"aws\" or \"ssm\" (case-insensitive).";

fn refusal(name: &str) -> String {
    Name::parse(name, &tenant("us-east-2")).unwrap_err().to_string()
}

#[test]
fn names_that_can_be_written() {
    for (text, name, path) in [
        ("x", "x", "/x"),
        ("/x", "/x", "/x"),
        ("  /a/b ", "/a/b", "/a/b"),
        ("/a.b-c_d/E9", "/a.b-c_d/E9", "/a.b-c_d/E9"),
        ("/my/aws/ssm", "/my/aws/ssm", "/my/aws/ssm"),
        ("...", "...", "/..."),
        ("/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15", "/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15", ""),
    ] {
        let parsed = Name::parse(text, &tenant("us-east-2")).unwrap();
        assert_eq!(parsed.as_str(), name);
        assert_eq!(parsed.path().as_str(), if path.is_empty() { name } else { path });
    }
}

#[test]
fn names_that_cannot() {
    for (name, text) in [
        ("ssm_test", EITHER),
        ("SSM_TEST", EITHER),
        ("aws_test", EITHER),
        ("/awsx", EITHER),
        ("/ssm_test/path/to/var", SSM),
        ("/SSM/PATH", SSM),
        ("/aws_test/path", "No access to reserved parameter name: /aws_test/path."),
        ("/AWS/path", "No access to reserved parameter name: /AWS/path."),
        ("a b", SSM),
        ("/a//b", SSM),
        ("//a", SSM),
        ("/a/../b", SSM),
        ("/a/./b", SSM),
        ("..", SSM),
        ("a@b", SSM),
        ("ä", SSM),
        ("x:1", SSM),
        ("a\0b", SSM),
        ("arn:aws:ssm:us-east-2:123456789012:parameter/x", SSM),
        ("", SSM),
        ("   ", SSM),
        ("a/b", "Parameter name must be a fully qualified name."),
        ("/a/", "Parameter name must not end with slash."),
        ("/", "Parameter name must not end with slash."),
    ] {
        assert_eq!(refusal(name), text, "{name:?}");
    }
    let deep = "/1".repeat(16);
    assert!(refusal(&deep).starts_with("A hierarchy can have a maximum of 15 levels."));
}

#[test]
fn the_arn_has_a_length() {
    // 45 characters stand before the name in this region, as in AWS's documentation.
    let longest = format!("/{}", "x".repeat(1011 - 45));
    assert!(Name::parse(&longest, &tenant("us-east-2")).is_ok());
    assert!(refusal(&format!("{longest}x")).contains("1011"));
}

#[test]
fn references() {
    let here = tenant("us-east-2");
    let parse = |text: &str| Reference::parse(text, &here);
    let of = |path: &str, name: Option<&str>, selector: Option<Selector>| Reference {
        path: Path(path.to_owned()),
        name: name.map(str::to_owned),
        selector,
        elsewhere: None,
    };
    let label = |text: &str| Some(Selector::Label(text.to_owned()));
    for (text, expected) in [
        ("x", of("/x", Some("x"), None)),
        (" /a/b ", of("/a/b", Some("/a/b"), None)),
        ("/a:3", of("/a", Some("/a"), Some(Selector::Version(3)))),
        ("/a:0003", of("/a", Some("/a"), Some(Selector::Version(3)))),
        ("a:prod", of("/a", Some("a"), label("prod"))),
        ("a:99999999999999999999", of("/a", Some("a"), Some(Selector::Version(i64::MAX)))),
        ("/aws/service/x", of("/aws/service/x", Some("/aws/service/x"), None)),
        ("arn:aws:ssm:us-east-2:123456789012:parameter/a/b", of("/a/b", None, None)),
        ("arn:aws:ssm:us-east-2:123456789012:parameter/x:3", of("/x", None, Some(Selector::Version(3)))),
        ("arn:aws-cn:ssm:us-east-2:123456789012:parameter/x:l", of("/x", None, label("l"))),
    ] {
        assert_eq!(parse(text), Ok(expected), "{text}");
    }
    for text in ["{test}-test", "/a//b", "a/b", "/a/", "ssm-x", "/SSM/x", "a b", "", ":1", "/a/../b", "a\0"] {
        assert_eq!(parse(text), Err(ParameterError::IllFormedName), "{text}");
    }
    for text in ["a:2:3", "a:", "arn:aws:ssm:us-east-2:123456789012:document/x", "arn:aws:s3:::b", "arn:"] {
        assert_eq!(parse(text), Err(ParameterError::NotFound), "{text}");
    }
    let elsewhere = parse("arn:aws:ssm:us-east-2:999999999999:parameter/x").unwrap().elsewhere.unwrap();
    assert_eq!(elsewhere.0.as_str(), "999999999999");
    assert!(parse("arn:aws:ssm:eu-west-1:123456789012:parameter/x").unwrap().elsewhere.is_some());
}

#[test]
fn hierarchies() {
    for (text, path) in
        [("/", ""), ("/a", "/a"), ("/a/b/", "/a/b"), (" /a ", "/a"), ("/aws/service", "/aws/service")]
    {
        assert_eq!(hierarchy(text).as_deref(), Ok(path), "{text}");
    }
    for text in ["", "a", "//", "/a//", "/a//b", "/###", "/ssm", "/a b", "/../a", "/a\0"] {
        assert_eq!(hierarchy(text), Err(ParameterError::IllFormedPath), "{text}");
    }
    let text = hierarchy("a").unwrap_err().to_string();
    assert!(text.contains(r#"begin with a forward slash "/". It can't be prefixed with \"aws\""#), "{text}");
    assert!(matches!(hierarchy(&"/1".repeat(16)), Err(ParameterError::TooDeep(15))));
}

proptest! {
    #[test]
    fn nothing_that_comes_in_can_break_it(text in any::<String>()) {
        let here = tenant("r");
        let _ = (Name::parse(&text, &here), Reference::parse(&text, &here), hierarchy(&text));
    }

    /// Who can write a name can read it, in either spelling, by its ARN, and with a selector.
    #[test]
    fn what_is_written_can_be_read(
        parts in prop::collection::vec("[a-zA-Z0-9._-]{1,6}", 1..=15),
        slash in any::<bool>(),
        version in 1..i64::MAX,
        label in "[a-zA-Z_.-][a-zA-Z0-9_.-]{0,9}",
    ) {
        let here = tenant("us-east-2");
        let text = format!("{}{}", if slash || parts.len() > 1 { "/" } else { "" }, parts.join("/"));
        let Ok(name) = Name::parse(&text, &here) else { return Ok(()) };
        let read = |text: &str| Reference::parse(text, &here).unwrap();
        prop_assert_eq!(&read(&text).path, name.path());
        prop_assert_eq!(&read(name.path().as_str()).path, name.path());
        let arn = crate::arn::parameter(&here, &text);
        prop_assert_eq!(&read(&arn).path, name.path());
        for base in [&text, &arn] {
            let read_version = read(&format!("{base}:{version}"));
            prop_assert_eq!(read_version.selector, Some(Selector::Version(version)));
            prop_assert_eq!(read(&format!("{base}:{label}")).selector, Some(Selector::Label(label.clone())));
        }
        prop_assert_eq!(hierarchy(name.path().as_str()).unwrap(), name.path().as_str());
    }

    /// Names are refused for the reasons that AWS documents, and no others.
    #[test]
    fn names_against_a_slow_reading(text in "[aAwWsSmM/.x: ]{0,9}") {
        let trimmed = text.trim_matches(' ');
        let bare = trimmed.trim_start_matches('/').to_lowercase();
        let parts: Vec<&str> = trimmed.strip_prefix('/').unwrap_or(trimmed).split('/').collect();
        let good = !bare.starts_with("aws")
            && !bare.starts_with("ssm")
            && (parts.len() == 1 || trimmed.starts_with('/'))
            && parts.iter().all(|part| {
                !["", ".", ".."].contains(part) && part.chars().all(|letter| !"/: ".contains(letter))
            });
        prop_assert_eq!(Name::parse(&text, &tenant("r")).is_ok(), good, "{}", text);
    }
}
