//! Names of parameters: what they may look like, and how calls refer to parameters by name or ARN, with a version or a
//! label behind a colon.
//!
//! AWS takes spaces from both ends. `x` and `/x` are one parameter, hence the [`Path`] with a leading slash under
//! which it is kept.

use super::ParameterError;
use muster_ids::{AccountId, Region, Tenant};
use std::{borrow::Cow, fmt};

/// Levels of a name.
pub(crate) const MOST_LEVELS: usize = 15;
/// Characters of a parameter's ARN; the name is what remains.
pub(crate) const LONGEST_ARN: usize = 1011;

/// A name with a leading slash and none at the end: `/a/b`. The key of a parameter.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Path(String);

impl Path {
    /// The text.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    fn of(name: &str) -> Self {
        Self(if name.starts_with('/') { name.to_owned() } else { format!("/{name}") })
    }
}

/// The name of a parameter that may be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Name {
    text: String,
    path: Path,
}

impl Name {
    /// A name for a parameter of this tenant.
    ///
    /// # Errors
    /// Whichever of AWS's rules it breaks.
    pub(crate) fn parse(text: &str, tenant: &Tenant) -> Result<Self, ParameterError> {
        let name = Self::parse_existing(text)?;
        if levels(name.path.as_str()) > MOST_LEVELS {
            return Err(ParameterError::TooDeep(MOST_LEVELS));
        }
        if crate::arn::parameter(tenant, &name.text).len() > LONGEST_ARN {
            return Err(ParameterError::NameTooLong(LONGEST_ARN));
        }
        Ok(name)
    }

    /// The name of a parameter that shall be changed or deleted: nothing too long can be there.
    ///
    /// # Errors
    /// As above.
    pub(crate) fn parse_existing(text: &str) -> Result<Self, ParameterError> {
        let text = trim(text);
        let levelled = text.matches('/').count() > 1;
        match reserved(text) {
            Some(Prefix::Aws) if levelled => return Err(ParameterError::Reserved(text.to_owned())),
            Some(Prefix::Ssm) if levelled => return Err(ParameterError::IllFormedName),
            Some(_) => return Err(ParameterError::ReservedPrefix),
            None => {}
        }
        if !text.chars().all(|letter| letter == '/' || is_letter(letter)) {
            return Err(ParameterError::IllFormedName);
        }
        if text.contains('/') && !text.starts_with('/') {
            return Err(ParameterError::NotQualified);
        }
        if text.ends_with('/') {
            return Err(ParameterError::EndsWithSlash);
        }
        let path = Path::of(text);
        if !has_good_parts(path.as_str()) {
            return Err(ParameterError::IllFormedName);
        }
        Ok(Self { text: text.to_owned(), path })
    }

    /// As its writer wrote it.
    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// Its key.
    pub(crate) const fn path(&self) -> &Path {
        &self.path
    }
}

/// Which version of a parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Selector {
    /// By number.
    Version(i64),
    /// By label.
    Label(String),
}

impl fmt::Display for Selector {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Version(number) => number.fmt(formatter),
            Self::Label(label) => formatter.write_str(label),
        }
    }
}

/// A parameter as a reader refers to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reference {
    /// The key.
    pub(crate) path: Path,
    /// The name as it was given; `None` if an ARN was.
    pub(crate) name: Option<String>,
    /// Which version, if not the latest.
    pub(crate) selector: Option<Selector>,
    /// The ARN's account and region, where they are not the caller's.
    pub(crate) elsewhere: Option<(AccountId, Region)>,
}

impl Reference {
    /// `name`, `name:3`, `name:label`, or an ARN in front of the same. AWS's own parameters may be read.
    ///
    /// # Errors
    /// `IllFormedName` for what no parameter can be called, `NotFound` for what can be read but names nothing: two
    /// selectors, or an ARN of something else.
    pub(crate) fn parse(text: &str, tenant: &Tenant) -> Result<Self, ParameterError> {
        let text = trim(text);
        let (rest, elsewhere, by_arn) = match text.strip_prefix("arn:") {
            None => (text, None, false),
            Some(arn) => {
                let (account, region, rest) = of_arn(arn).ok_or(ParameterError::NotFound)?;
                let here = account == tenant.account && region == tenant.region;
                (rest, (!here).then_some((account, region)), true)
            }
        };
        let (name, selector) = match rest.split_once(':') {
            None => (rest, None),
            Some((name, selector)) => (name, Some(selector)),
        };
        // An ARN has the name without its slash, whether it has levels or not.
        let path = if by_arn { Path::of(name) } else { readable(name)? };
        if !has_good_parts(path.as_str()) {
            return Err(ParameterError::IllFormedName);
        }
        let selector = match selector {
            None => None,
            Some(text) if text.is_empty() || text.contains(':') => return Err(ParameterError::NotFound),
            Some(text) if text.bytes().all(|byte| byte.is_ascii_digit()) => {
                // A number that no version can have is one that is not there.
                Some(Selector::Version(text.parse().unwrap_or(i64::MAX)))
            }
            Some(text) => Some(Selector::Label(text.to_owned())),
        };
        let name = (!by_arn).then(|| name.to_owned());
        Ok(Self { path, name, selector, elsewhere })
    }

    /// Whose parameter it is.
    pub(crate) fn owner<'a>(&self, here: &'a Tenant) -> Cow<'a, Tenant> {
        match &self.elsewhere {
            None => Cow::Borrowed(here),
            Some((account, region)) => Cow::Owned(Tenant::new(account.clone(), region.clone())),
        }
    }

    /// The name in error texts.
    pub(crate) fn told(&self) -> &str {
        self.name.as_deref().unwrap_or(self.path.as_str())
    }
}

/// A name that a reader may ask for.
fn readable(name: &str) -> Result<Path, ParameterError> {
    let qualified = name.starts_with('/') || !name.contains('/');
    if !qualified || reserved(name) == Some(Prefix::Ssm) {
        return Err(ParameterError::IllFormedName);
    }
    Ok(Path::of(name))
}

/// Account, region and the rest of `PARTITION:ssm:REGION:ACCOUNT:parameter/REST`.
fn of_arn(arn: &str) -> Option<(AccountId, Region, &str)> {
    let mut parts = arn.splitn(5, ':');
    let partition = parts.next()?;
    (partition == "aws" || partition.starts_with("aws-")).then_some(())?;
    (parts.next()? == "ssm").then_some(())?;
    let region = Region::parse(parts.next()?).ok()?;
    let account = AccountId::parse(parts.next()?).ok()?;
    Some((account, region, parts.next()?.strip_prefix("parameter/")?))
}

/// The hierarchy that a listing begins at, without a slash at its end: empty for the root.
///
/// # Errors
/// `IllFormedPath`, or too many levels.
pub(crate) fn hierarchy(text: &str) -> Result<String, ParameterError> {
    let text = trim(text);
    let path = text.strip_suffix('/').unwrap_or(text);
    let good = text.starts_with('/')
        && reserved(text) != Some(Prefix::Ssm)
        && (path.is_empty() || has_good_parts(path));
    if !good {
        return Err(ParameterError::IllFormedPath);
    }
    if levels(path) > MOST_LEVELS {
        return Err(ParameterError::TooDeep(MOST_LEVELS));
    }
    Ok(path.to_owned())
}

/// Prefixes that AWS keeps for itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Prefix {
    Aws,
    Ssm,
}

fn reserved(name: &str) -> Option<Prefix> {
    let name = name.strip_prefix('/').unwrap_or(name);
    let begins = |prefix: &str| name.get(..3).is_some_and(|start| start.eq_ignore_ascii_case(prefix));
    match () {
        () if begins("aws") => Some(Prefix::Aws),
        () if begins("ssm") => Some(Prefix::Ssm),
        () => None,
    }
}

/// Spaces at the ends do not count.
fn trim(text: &str) -> &str {
    text.trim_matches(' ')
}

const fn is_letter(letter: char) -> bool {
    matches!(letter, 'a'..='z' | 'A'..='Z' | '0'..='9' | '.' | '-' | '_')
}

/// Whether all parts of a path are made of letters. `.` and `..` are parts of file names alone: whoever writes
/// parameters to files relies on it.
fn has_good_parts(path: &str) -> bool {
    let good = |part: &str| !matches!(part, "" | "." | "..") && part.chars().all(is_letter);
    path.strip_prefix('/').is_some_and(|path| path.split('/').all(good))
}

fn levels(path: &str) -> usize {
    path.matches('/').count()
}

#[cfg(test)]
mod tests;
