//! The format of AWS's shared credentials and configuration files: sections of `key = value` lines. Not for: what the
//! keys mean.

use std::collections::BTreeMap;

/// The settings of one profile. The configuration file calls all but the default one `profile NAME`.
pub(crate) fn profile(text: &str, name: &str) -> Option<BTreeMap<String, String>> {
    let mut found: Option<BTreeMap<String, String>> = None;
    let mut inside = false;
    for line in text.lines() {
        let trimmed = line.trim();
        if trimmed.is_empty() || trimmed.starts_with(['#', ';']) {
            continue;
        }
        if let Some(section) = trimmed.strip_prefix('[').and_then(|rest| rest.split(']').next()) {
            let section = section.trim();
            inside =
                section == name || section.strip_prefix("profile").is_some_and(|rest| rest.trim() == name);
            if inside {
                found.get_or_insert_default();
            }
            continue;
        }
        // An indented line belongs to a nested setting, of which none is ours.
        let nested = line.starts_with([' ', '\t']);
        if let (true, false, Some((key, value))) = (inside, nested, trimmed.split_once('=')) {
            found.get_or_insert_default().insert(key.trim().to_owned(), value.trim().to_owned());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
# comment
[default]
aws_access_key_id = AKIA1
aws_secret_access_key=se=cret
s3 =
    region = nested

[profile two]
region = eu-west-1
";

    #[test]
    fn profiles_are_told_apart() {
        let one = profile(TEXT, "default").unwrap();
        assert_eq!(one["aws_access_key_id"], "AKIA1");
        assert_eq!(one["aws_secret_access_key"], "se=cret");
        assert!(!one.contains_key("region"));
        assert_eq!(profile(TEXT, "two").unwrap()["region"], "eu-west-1");
        assert_eq!(profile(TEXT, "three"), None);
    }
}
