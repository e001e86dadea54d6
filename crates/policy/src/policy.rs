//! A document, read and compiled. The order of the checks is IAM's: grammar, version, what its first parser refused,
//! doubled Sids, actions, resources, formats. Not for: evaluating.

use crate::{
    PolicyError,
    condition::{Condition, Operator},
    context::{Context, Key},
    json::{object, offset, one_or_many, scalars, string, strings},
    pattern::{Pattern, Syntax},
    principal::{Grant, PrincipalRef, Principals},
    request::Caller,
    validate,
};
use serde_json::value::RawValue;
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

/// A place in a document, both counted from 1; columns count characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The line.
    pub line: u32,
    /// The column.
    pub column: u32,
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
    sid: Option<Box<str>>,
    effect: Effect,
    principals: Option<Principals>,
    actions: Actions,
    resources: Option<Resources>,
    conditions: Box<[Condition]>,
    start: Position,
    end: Position,
}

#[derive(Debug)]
struct Actions {
    negated: bool,
    /// In small letters.
    patterns: Box<[Pattern]>,
}

#[derive(Debug)]
struct Resources {
    negated: bool,
    patterns: Box<[Pattern]>,
}

impl Policy {
    /// Reads a document. How long it may be is the caller's to check; reading takes time in proportion to it.
    ///
    /// # Errors
    /// What AWS says about a document of that kind that it does not take.
    pub fn parse(text: &str, kind: Kind) -> Result<Self, PolicyError> {
        let document = validate::document(text, kind)?;
        let drafts = document
            .statements
            .iter()
            .map(|statement| Draft::read(statement, kind))
            .collect::<Result<Vec<_>, _>>()?;
        let version = document.version;
        if kind == Kind::Managed && version < Version::V2012 {
            return Err(PolicyError::fixed("Policy document must be version 2012-10-17 or greater."));
        }
        validate::drafts(&drafts, kind)?;
        let mut places = Places::new(text);
        let statements = drafts
            .into_iter()
            .map(|draft| draft.compile(kind, version, &mut places))
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

    /// Where its `{` stands.
    #[must_use]
    pub const fn start(&self) -> Position {
        self.start
    }

    /// Where it ends: behind its `}`.
    #[must_use]
    pub const fn end(&self) -> Position {
        self.end
    }

    /// `action` in small letters.
    pub(crate) fn covers_action(&self, action: &str) -> bool {
        // Patterns of actions have no variables.
        let nothing = &Context::new();
        self.actions.patterns.iter().any(|pattern| pattern.matches(action, nothing)) != self.actions.negated
    }

    pub(crate) fn covers_resource(&self, resource: &str, context: &Context<'_>) -> bool {
        self.resources.as_ref().is_none_or(|resources| {
            resources.patterns.iter().any(|pattern| pattern.matches(resource, context)) != resources.negated
        })
    }

    /// What it gives to a caller, or takes from it; statements without a principal are about whoever has them.
    pub(crate) fn covers_caller(&self, caller: &Caller<'_>) -> Grant {
        self.principals.as_ref().map_or(Grant::Full, |principals| principals.covers(caller, self.effect))
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

/// A statement whose members are of the right types.
pub(crate) struct Draft<'a> {
    text: &'a RawValue,
    pub(crate) sid: Option<String>,
    pub(crate) effect: Option<String>,
    pub(crate) principal: Option<(bool, &'a RawValue)>,
    pub(crate) actions: Option<(bool, Vec<String>)>,
    pub(crate) resources: Option<(bool, Vec<String>)>,
    pub(crate) conditions: Vec<(Operator, String, Vec<String>)>,
}

impl<'a> Draft<'a> {
    fn read(text: &'a RawValue, kind: Kind) -> Result<Self, PolicyError> {
        let syntax = validate::syntax(kind);
        let mut draft = Self {
            text,
            sid: None,
            effect: None,
            principal: None,
            actions: None,
            resources: None,
            conditions: Vec::new(),
        };
        for (name, value) in object(text.get()).map_err(|_| syntax.clone())? {
            let negated = name.starts_with("Not");
            let doubled = match &*name {
                "Sid" => draft.sid.replace(string(value).map_err(|_| syntax.clone())?).is_some(),
                "Effect" => draft.effect.replace(string(value).map_err(|_| syntax.clone())?).is_some(),
                "Principal" | "NotPrincipal" => draft.principal.replace((negated, value)).is_some(),
                "Action" | "NotAction" => {
                    let list = strings(value).map_err(|_| syntax.clone())?;
                    draft.actions.replace((negated, list)).is_some()
                }
                "Resource" | "NotResource" => {
                    let list = strings(value).map_err(|_| syntax.clone())?;
                    draft.resources.replace((negated, list)).is_some()
                }
                "Condition" => {
                    draft.conditions = conditions(value).map_err(|_| syntax.clone())?;
                    false
                }
                _ => true,
            };
            if doubled {
                return Err(syntax);
            }
        }
        Ok(draft)
    }

    fn compile(
        self,
        kind: Kind,
        version: Version,
        places: &mut Places<'_>,
    ) -> Result<Statement, PolicyError> {
        let variables = version == Version::V2012;
        let compile = |list: Vec<String>, syntax: Syntax| -> Box<[Pattern]> {
            list.iter().map(|text| Pattern::compile(text, syntax)).collect()
        };
        let (negated, list) = self.actions.unwrap_or_default();
        let list = list.into_iter().map(|action| action.to_ascii_lowercase()).collect();
        let patterns = compile(list, Syntax { wildcards: true, variables: false, arn: false });
        let actions = Actions { negated, patterns };
        let resources = self.resources.map(|(negated, list)| {
            let patterns = compile(list, Syntax { wildcards: true, variables, arn: true });
            Resources { negated, patterns }
        });
        let principals =
            self.principal.map(|(negated, value)| Principals::read(value, negated, kind)).transpose()?;
        let conditions = self
            .conditions
            .iter()
            .map(|(operator, key, values)| Condition::compile(*operator, key, values, version))
            .collect::<Result<_, _>>()?;
        let (start, end) = places.of(self.text);
        let effect = if self.effect.as_deref() == Some("Allow") { Effect::Allow } else { Effect::Deny };
        let sid = self.sid.filter(|sid| !sid.is_empty()).map(Into::into);
        Ok(Statement { sid, effect, principals, actions, resources, conditions, start, end })
    }
}

type Block = Vec<(Operator, String, Vec<String>)>;

/// The block of conditions. IAM lets an unknown operator pass if it has no keys.
fn conditions(value: &RawValue) -> Result<Block, PolicyError> {
    let mut block = Block::new();
    for (name, keys) in object(value.get())? {
        let keys = object(keys.get())?;
        let operator = Operator::parse(&name);
        for (key, values) in keys {
            block.push((operator.ok_or(PolicyError::SYNTAX)?, key, scalars(values)?));
        }
    }
    Ok(block)
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

/// Lines and columns, for statements in the order of the text: counts each character once.
struct Places<'a> {
    text: &'a str,
    counted: usize,
    position: Position,
}

impl<'a> Places<'a> {
    const fn new(text: &'a str) -> Self {
        Self { text, counted: 0, position: Position { line: 1, column: 1 } }
    }

    fn of(&mut self, statement: &RawValue) -> (Position, Position) {
        let start = offset(self.text, statement);
        (self.at(start), self.at(start.saturating_add(statement.get().len())))
    }

    fn at(&mut self, offset: usize) -> Position {
        for character in self.text.get(self.counted..offset).unwrap_or_default().chars() {
            if character == '\n' {
                self.position = Position { line: self.position.line.saturating_add(1), column: 1 };
            } else {
                self.position.column = self.position.column.saturating_add(1);
            }
        }
        self.counted = offset;
        self.position
    }
}

/// The parts of a document.
pub(crate) struct Document<'a> {
    pub(crate) version: Version,
    pub(crate) statements: Vec<&'a RawValue>,
}

impl<'a> Document<'a> {
    /// Reads the outermost object.
    pub(crate) fn read(text: &'a str, kind: Kind) -> Result<Self, PolicyError> {
        let syntax = validate::syntax(kind);
        let mut version = Version::V2008;
        let mut statements = None;
        for (name, value) in object(text)? {
            match &*name {
                "Version" => {
                    version = match &*string(value).map_err(|_| validate::bad_version(kind))? {
                        "2008-10-17" => Version::V2008,
                        "2012-10-17" => Version::V2012,
                        _ => return Err(validate::bad_version(kind)),
                    };
                }
                "Id" => drop(string(value).map_err(|_| syntax.clone())?),
                "Statement" => statements = Some(one_or_many(value)?),
                _ => return Err(syntax),
            }
        }
        match statements {
            Some(statements) if !statements.is_empty() => Ok(Self { version, statements }),
            _ => Err(validate::no_statement(kind)),
        }
    }
}
