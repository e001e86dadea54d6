//! A document, read and compiled. The order of the checks is IAM's: grammar, version, what its first parser refused,
//! doubled Sids, actions, resources, formats. Not for: evaluating.

use crate::{
    PolicyError, Position,
    action::Actions,
    condition::Condition,
    context::{Context, Key},
    draft::Draft,
    pattern::Pattern,
    position::Places,
    principal::{Grant, PrincipalRef, Principals},
    request::Caller,
    validate::{self, Document, Page},
};
use std::collections::HashSet;

/// What a document is attached to, which decides what it must and must not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Inline and session policies, boundaries: no `Principal`.
    Identity,
    /// As [`Kind::Identity`], and must be of version 2012-10-17: what `CreatePolicy` and `CreatePolicyVersion` take.
    Managed,
    /// Of a resource: with `Principal` and `Resource`.
    Resource,
    /// Of a role: with `Principal`, without `Resource`.
    Trust,
}

impl Kind {
    pub(crate) const fn has_principal(self) -> bool {
        matches!(self, Self::Resource | Self::Trust)
    }
}

/// The version of the language. A document without one is of the older version, which knows no variables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Version {
    /// `2008-10-17`
    V2008,
    /// `2012-10-17`
    V2012,
}

/// What a statement does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// `Allow`
    Allow,
    /// `Deny`
    Deny,
}

/// A policy, compiled. It never changes; share it through `Arc`.
#[derive(Debug)]
pub struct Policy {
    kind: Kind,
    version: Version,
    statements: Box<[Statement]>,
    /// Every condition key and variable, sorted without case.
    keys: Box<[Box<str>]>,
}

/// One statement.
#[derive(Debug)]
pub struct Statement {
    pub(crate) sid: Option<Box<str>>,
    pub(crate) effect: Effect,
    pub(crate) principals: Option<Principals>,
    pub(crate) actions: Actions,
    pub(crate) resources: Option<Resources>,
    pub(crate) conditions: Box<[Condition]>,
    pub(crate) start: Position,
    pub(crate) end: Position,
}

#[derive(Debug)]
pub(crate) struct Resources {
    pub(crate) negated: bool,
    pub(crate) patterns: Box<[Pattern]>,
}

impl Policy {
    /// Reads a document. How long it may be is the caller's to check; reading takes time in proportion to it.
    ///
    /// # Errors
    /// What AWS says about a document of that kind that it does not take.
    pub fn parse(text: &str, kind: Kind) -> Result<Self, PolicyError> {
        let page = Page { text, kind };
        let Document { version, statements } = page.document()?;
        let drafts = statements
            .into_iter()
            .map(|statement| Draft::read(statement, page))
            .collect::<Result<Vec<_>, _>>()?;
        if kind == Kind::Managed && version < Version::V2012 {
            return Err(PolicyError::fixed("Policy document must be version 2012-10-17 or greater."));
        }
        validate::drafts(&drafts, kind)?;
        let mut places = Places::new(text);
        let statements = drafts
            .into_iter()
            .map(|draft| draft.compile(page, version, &mut places))
            .collect::<Result<Box<[_]>, _>>()?;
        Ok(Self { kind, version, keys: keys(&statements), statements })
    }

    /// As given to [`Policy::parse`].
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// The version of the language.
    #[must_use]
    pub const fn version(&self) -> Version {
        self.version
    }

    /// The statements, in the order of the document.
    #[must_use]
    pub fn statements(&self) -> &[Statement] {
        &self.statements
    }

    /// Every condition key, also of variables, once, as the document spells it first; sorted without case.
    pub fn context_keys(&self) -> impl Iterator<Item = &str> {
        self.keys.iter().map(|key| &**key)
    }

    /// Whether a condition or a variable uses a key that begins so (`aws:ResourceTag/`), in whatever case.
    #[must_use]
    pub fn mentions(&self, key_prefix: &str) -> bool {
        let prefix = key_prefix.as_bytes();
        let begins =
            |key: &[u8]| key.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix));
        self.keys.iter().any(|key| begins(key.as_bytes()))
    }

    /// Whom `Principal` and `NotPrincipal` name, so that the caller can check that they exist.
    pub fn principals(&self) -> impl Iterator<Item = PrincipalRef<'_>> {
        self.statements
            .iter()
            .filter_map(|statement| statement.principals.as_ref())
            .flat_map(Principals::named)
    }
}

impl Statement {
    /// Its `Sid`; none if that is empty.
    #[must_use]
    pub fn sid(&self) -> Option<&str> {
        self.sid.as_deref()
    }

    /// What it does.
    #[must_use]
    pub const fn effect(&self) -> Effect {
        self.effect
    }

    /// Behind its `{`, as AWS counts.
    #[must_use]
    pub const fn start(&self) -> Position {
        self.start
    }

    /// Behind its `}`.
    #[must_use]
    pub const fn end(&self) -> Position {
        self.end
    }

    /// `action` in small letters.
    pub(crate) fn covers_action(&self, action: &str) -> bool {
        self.actions.cover(action)
    }

    pub(crate) fn covers_resource(&self, resource: &str, context: &Context<'_>) -> bool {
        self.resources.as_ref().is_none_or(|resources| {
            resources.patterns.iter().any(|pattern| pattern.matches(resource, context)) != resources.negated
        })
    }

    /// What it gives to a caller, or takes from it; statements without a principal are about whoever has them. A caller with
    /// a boundary is `bounded`.
    pub(crate) fn covers_caller(&self, caller: &Caller<'_>, bounded: bool) -> Grant {
        self.principals
            .as_ref()
            .map_or(Grant::Full, |principals| principals.covers(caller, self.effect, bounded))
    }

    pub(crate) fn conditions_hold(&self, context: &Context<'_>) -> bool {
        self.conditions.iter().all(|condition| condition.holds(context))
    }

    pub(crate) fn keys(&self) -> impl Iterator<Item = &Key> {
        let of_resources =
            self.resources.iter().flat_map(|resources| &resources.patterns).flat_map(Pattern::keys);
        self.conditions.iter().flat_map(Condition::keys).chain(of_resources)
    }
}

fn keys(statements: &[Statement]) -> Box<[Box<str>]> {
    let mut seen = HashSet::new();
    let mut keys: Vec<Box<str>> = statements
        .iter()
        .flat_map(Statement::keys)
        .filter(|key| seen.insert(key.name().to_ascii_lowercase()))
        .map(|key| key.name().into())
        .collect();
    keys.sort_by_cached_key(|key| key.to_ascii_lowercase());
    keys.into()
}
