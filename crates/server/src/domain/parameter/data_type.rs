//! Data types: what a parameter's value is checked for. Not for: whether an image exists, which is nobody's to say here.

use super::{Kind, ParameterError, Tier};
use std::net::{Ipv4Addr, Ipv6Addr};

/// What nobody asked to check.
pub(crate) const TEXT: &str = "text";
const IMAGE: &str = "aws:ec2:image";
const INTEGRATION: &str = "aws:ssm:integration";

/// Checks the data type and the value. The value of a StringList is checked item by item.
///
/// # Errors
/// What AWS refuses; an image id of the wrong form is refused at once, where AWS drops it later without a word.
pub(super) fn check(data_type: &str, kind: Kind, tier: Tier, value: &str) -> Result<(), ParameterError> {
    let is: fn(&str) -> bool = match data_type {
        TEXT => |_| true,
        IMAGE => is_image,
        INTEGRATION => |_| true,
        "aws:region" => is_region,
        "aws:account:id" => |text| text.len() == 12 && all(text, |byte| byte.is_ascii_digit()),
        "boolean" => |text| text.eq_ignore_ascii_case("true") || text.eq_ignore_ascii_case("false"),
        "integer" => |text| {
            let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
            !digits.is_empty() && all(digits, |byte| byte.is_ascii_digit())
        },
        "float" => |text| {
            let number = |byte: u8| byte.is_ascii_digit() || b"+-.eE".contains(&byte);
            all(text, number) && text.parse::<f64>().is_ok_and(f64::is_finite)
        },
        "binary" => is_base64,
        "hostname" => is_hostname,
        "email" => |text| {
            text.rsplit_once('@').is_some_and(|(user, host)| {
                !user.is_empty() && !user.contains(['@', ' ']) && is_hostname(host)
            })
        },
        "ipv4-address" => |text| text.parse::<Ipv4Addr>().is_ok(),
        "ipv6-address" => |text| text.parse::<Ipv6Addr>().is_ok(),
        "url" => |text| {
            text.parse::<http::Uri>().is_ok_and(|url| url.scheme().is_some() && url.authority().is_some())
        },
        "json" => |text| serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok(),
        "jsonc" => |text| serde_json::from_str::<serde::de::IgnoredAny>(&without_comments(text)).is_ok(),
        _ => return Err(ParameterError::UnknownDataType(data_type.to_owned())),
    };
    let kinds: &[Kind] = match data_type {
        IMAGE => &[Kind::String],
        INTEGRATION => &[Kind::SecureString],
        "binary" | "url" | "json" | "jsonc" => &[Kind::String, Kind::SecureString],
        _ => &[Kind::String, Kind::SecureString, Kind::StringList],
    };
    if !kinds.contains(&kind) {
        return Err(ParameterError::DataTypeOfKind { data_type: data_type.to_owned(), kind: kind.as_str() });
    }
    if tier == Tier::Standard && needs_advanced(data_type) {
        return Err(ParameterError::DataTypeNeedsAdvanced(data_type.to_owned()));
    }
    let good = if kind == Kind::StringList { value.split(',').all(is) } else { is(value) };
    if good { Ok(()) } else { Err(ParameterError::NotOfDataType(data_type.to_owned())) }
}

/// Whether only the advanced tier has it.
pub(super) fn needs_advanced(data_type: &str) -> bool {
    matches!(data_type, "url" | "json" | "jsonc")
}

/// Whether a parameter may change from one to the other.
///
/// # Errors
/// `DataTypeStays`.
pub(super) fn change(from: &str, to: &str) -> Result<(), ParameterError> {
    let fixed = [from, to].iter().any(|data_type| matches!(*data_type, IMAGE | INTEGRATION));
    if fixed && from != to {
        return Err(ParameterError::DataTypeStays { from: from.to_owned(), to: to.to_owned() });
    }
    Ok(())
}

fn all(text: &str, good: impl Fn(u8) -> bool) -> bool {
    text.bytes().all(good)
}

fn is_image(text: &str) -> bool {
    text.strip_prefix("ami-").is_some_and(|id| {
        (8..=17).contains(&id.len()) && all(id, |byte| byte.is_ascii_digit() || byte.is_ascii_lowercase())
    })
}

/// `us-east-1`, `us-gov-west-1`.
fn is_region(text: &str) -> bool {
    let mut parts = text.split('-').collect::<Vec<_>>();
    let number = parts.pop().is_some_and(|part| !part.is_empty() && all(part, |byte| byte.is_ascii_digit()));
    let word = |part: &&str| !part.is_empty() && all(part, |byte| byte.is_ascii_lowercase());
    number && parts.len() >= 2 && parts.iter().all(word)
}

fn is_hostname(text: &str) -> bool {
    let label = |part: &str| {
        (1..=63).contains(&part.len())
            && all(part, |byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !part.starts_with('-')
            && !part.ends_with('-')
    };
    text.len() <= 253 && text.split('.').all(label)
}

fn is_base64(text: &str) -> bool {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    STANDARD.decode(text).is_ok()
}

/// JSON without `//` and `/* */` and without commas before a closing bracket.
fn without_comments(text: &str) -> String {
    let mut output = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    let mut quoted = false;
    while let Some(letter) = letters.next() {
        match letter {
            '\\' if quoted => {
                output.push(letter);
                output.extend(letters.next());
            }
            '"' => {
                quoted = !quoted;
                output.push(letter);
            }
            '/' if !quoted && letters.next_if_eq(&'/').is_some() => {
                while letters.next_if(|next| *next != '\n').is_some() {}
            }
            '/' if !quoted && letters.next_if_eq(&'*').is_some() => {
                let mut before = ' ';
                for next in letters.by_ref() {
                    if before == '*' && next == '/' {
                        break;
                    }
                    before = next;
                }
                output.push(' ');
            }
            ']' | '}' if !quoted => {
                let end = output.trim_end().len();
                if output[..end].ends_with(',') {
                    output.truncate(end - 1);
                }
                output.push(letter);
            }
            _ => output.push(letter),
        }
    }
    output
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_each_data_type() {
        for (data_type, good, bad) in [
            ("text", vec!["anything {"], vec![]),
            (
                "aws:ec2:image",
                vec!["ami-12345678", "ami-0123456789abcdef0"],
                vec!["ami-1", "i-12345678", "ami-1234567G"],
            ),
            (
                "aws:region",
                vec!["us-east-1", "us-gov-west-1"],
                vec!["us-1", "useast1", "us-east-", "US-east-1"],
            ),
            ("aws:account:id", vec!["012345678901"], vec!["1234", "01234567890a"]),
            ("boolean", vec!["true", "False"], vec!["yes", "1", ""]),
            ("integer", vec!["0", "-7", "+12345678901234567890"], vec!["1.0", "-", "", "0x1"]),
            ("float", vec!["1", "-1.5e3", ".5"], vec!["nan", "inf", "1e999", "1,5", ""]),
            ("binary", vec!["AAEC", ""], vec!["A", "*"]),
            ("hostname", vec!["a", "db-1.example.com"], vec!["-a", "a..b", "a_b", ""]),
            ("email", vec!["a.b@example.com"], vec!["a", "@b", "a@", "a b@c.d"]),
            ("ipv4-address", vec!["10.0.0.1"], vec!["10.0.0.256", "::1"]),
            ("ipv6-address", vec!["::1", "fe80::1"], vec!["10.0.0.1", "::g"]),
            ("url", vec!["https://example.com/x?y=1"], vec!["example.com", "/x", "https://"]),
            ("json", vec![r#"{"a":[1,null]}"#, "1"], vec!["{", "{a:1}", "// c\n1"]),
            ("jsonc", vec!["{\"a\": \"//\", /* c */ \"b\": [1,2,],} // end"], vec!["{", "/*", "[,,]"]),
        ] {
            let kind = Kind::String;
            for value in good {
                assert_eq!(check(data_type, kind, Tier::Advanced, value), Ok(()), "{data_type} {value}");
            }
            let refused = Err(ParameterError::NotOfDataType(data_type.to_owned()));
            for value in bad {
                assert_eq!(check(data_type, kind, Tier::Advanced, value), refused, "{data_type} {value}");
            }
        }
    }

    #[test]
    fn types_and_tiers() {
        assert_eq!(check("integer", Kind::StringList, Tier::Standard, "1,2"), Ok(()));
        assert!(check("integer", Kind::StringList, Tier::Standard, "1,b").is_err());
        assert!(check("aws:ec2:image", Kind::StringList, Tier::Standard, "ami-12345678").is_err());
        assert!(check("aws:ssm:integration", Kind::String, Tier::Standard, "x").is_err());
        assert!(check("json", Kind::String, Tier::Standard, "1").is_err());
        let unknown = check("Text", Kind::String, Tier::Standard, "x").unwrap_err().to_string();
        assert_eq!(
            unknown,
            "The following data type is not supported: Text. (Data type names are all lowercase.)"
        );
        assert!(change("text", "integer").is_ok() && change(IMAGE, IMAGE).is_ok());
        assert!(change("text", IMAGE).is_err() && change(INTEGRATION, "text").is_err());
    }
}
