//! What a write makes of a parameter: which members stay from before, which tier it gets, whether it may be. Not for: the
//! pattern (it takes time), the key, or races.

use super::{ParameterError, data_type};
use muster_store::parameter::Body;

/// Types of parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// One text.
    String,
    /// Texts with commas between them.
    StringList,
    /// One text, encrypted.
    SecureString,
}

impl Kind {
    const ALL: [Self; 3] = [Self::String, Self::StringList, Self::SecureString];

    /// As the wire and the store have it.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::String => "String",
            Self::StringList => "StringList",
            Self::SecureString => "SecureString",
        }
    }

    /// From the wire and the store.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

/// Tiers that parameters have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tier {
    /// Small.
    Standard,
    /// Larger, and with policies.
    Advanced,
}

impl Tier {
    /// As the wire and the store have it.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Standard => "Standard",
            Self::Advanced => "Advanced",
        }
    }
}

/// What a caller asks of the tier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// This one.
    Tier(Tier),
    /// The standard tier, unless the parameter needs more.
    Intelligent,
}

/// Limits of this installation; AWS's by default.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Characters of a value in the standard tier.
    pub(crate) standard_characters: usize,
    /// Characters of a value in the advanced tier.
    pub(crate) advanced_characters: usize,
}

/// The parameter as it is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Existing<'a> {
    /// Its latest version.
    pub(crate) body: &'a Body,
}

/// What the caller writes; `None` is what it left out.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Draft<'a> {
    /// The value.
    pub(crate) value: &'a str,
    /// Its type.
    pub(crate) kind: Option<Kind>,
    /// The tier, or what the account has by default.
    pub(crate) tier: Option<Wanted>,
    /// What the account gives new parameters without one.
    pub(crate) default_tier: Wanted,
    /// Whether the standard tier is full.
    pub(crate) standard_is_full: bool,
    /// The data type.
    pub(crate) data_type: Option<&'a str>,
    /// The key.
    pub(crate) key_id: Option<&'a str>,
    /// The pattern; empty for none.
    pub(crate) allowed_pattern: Option<&'a str>,
    /// Words about it.
    pub(crate) description: Option<&'a str>,
    /// The policies from now on, as they are stored; empty for none.
    pub(crate) policies: Option<&'a str>,
}

/// The key of SecureStrings whose writers name none.
const DEFAULT_KEY: &str = "alias/aws/ssm";

impl Draft<'_> {
    /// The new version, with the plain value, its type and its tier.
    ///
    /// # Errors
    /// Whichever rule it breaks.
    pub(crate) fn against(
        &self,
        existing: Option<Existing<'_>>,
        limits: Limits,
    ) -> Result<(Body, Kind, Tier), ParameterError> {
        let before = existing.map(|existing| existing.body);
        let kind = match (self.kind, before) {
            (Some(kind), _) => kind,
            (None, Some(before)) => Kind::parse(&before.kind).ok_or(ParameterError::TypeRequired)?,
            (None, None) => return Err(ParameterError::TypeRequired),
        };
        let secure = kind == Kind::SecureString;
        if self.key_id.is_some() && !secure {
            return Err(ParameterError::KeyWithoutSecureString);
        }
        self.check_texts()?;
        if kind == Kind::StringList && self.value.split(',').any(|item| item.trim().is_empty()) {
            return Err(ParameterError::EmptyItem);
        }
        let of = |given: Option<&str>, before: Option<&String>| -> Option<String> {
            match given {
                Some(given) => Some(given.to_owned()).filter(|given| !given.is_empty()),
                None => before.cloned(),
            }
        };
        let policies = of(self.policies, before.and_then(|before| before.policies.as_ref()));
        let allowed_pattern =
            of(self.allowed_pattern, before.and_then(|before| before.allowed_pattern.as_ref()));
        let data_type = of(self.data_type, before.map(|before| &before.data_type))
            .unwrap_or_else(|| data_type::TEXT.to_owned());
        if let Some(before) = before {
            data_type::change(&before.data_type, &data_type)?;
        }
        let tier = self.tier(before, policies.is_some(), &data_type, limits)?;
        data_type::check(&data_type, kind, tier, self.value)?;
        let key_id = secure.then(|| {
            let before = before.and_then(|before| before.key_id.as_deref());
            self.key_id.or(before).unwrap_or(DEFAULT_KEY).to_owned()
        });
        let body = Body {
            kind: kind.as_str().to_owned(),
            tier: tier.as_str().to_owned(),
            data_type,
            key_id,
            allowed_pattern,
            policies,
            description: self.description.map(str::to_owned),
            value: self.value.as_bytes().to_vec().into(),
        };
        Ok((body, kind, tier))
    }

    fn check_texts(&self) -> Result<(), ParameterError> {
        if self.value.is_empty() {
            return Err(ParameterError::Empty);
        }
        if nests(self.value) {
            return Err(ParameterError::Nested);
        }
        Ok(())
    }

    /// The tier of the new version. Without a word from the caller an advanced parameter stays what it is.
    fn tier(
        &self,
        before: Option<&Body>,
        policies: bool,
        data_type: &str,
        limits: Limits,
    ) -> Result<Tier, ParameterError> {
        let was_advanced = before.is_some_and(|before| before.tier == Tier::Advanced.as_str());
        let wanted = match self.tier {
            Some(wanted) => wanted,
            None if was_advanced => Wanted::Tier(Tier::Advanced),
            None => self.default_tier,
        };
        let size = self.value.chars().count();
        let full = self.standard_is_full && before.is_none();
        let tier = match wanted {
            Wanted::Tier(tier) => tier,
            Wanted::Intelligent
                if was_advanced
                    || policies
                    || full
                    || size > limits.standard_characters
                    || data_type::needs_advanced(data_type) =>
            {
                Tier::Advanced
            }
            Wanted::Intelligent => Tier::Standard,
        };
        match tier {
            Tier::Standard if was_advanced => Err(ParameterError::Downgrade(limits.standard_characters)),
            Tier::Standard if policies => Err(ParameterError::PoliciesNeedAdvanced),
            Tier::Standard if size > limits.standard_characters => {
                Err(ParameterError::StandardTooLarge(limits.standard_characters))
            }
            Tier::Advanced if size > limits.advanced_characters => {
                Err(ParameterError::AdvancedTooLarge(limits.advanced_characters))
            }
            tier => Ok(tier),
        }
    }
}

/// Whether a value has something in double braces, on one line.
fn nests(value: &str) -> bool {
    value.lines().any(|line| line.split_once("{{").is_some_and(|(_, rest)| rest.contains("}}")))
}

#[cfg(test)]
mod tests;
