//! A statement between the text and its compiled form: members of the right types, not yet checked against each other.
//! Not for: those checks.

use crate::{
    Effect, PolicyError, Version,
    action::Actions,
    condition::{Condition, Operator},
    json::{object, scalars, string, strings},
    pattern::{Pattern, Syntax},
    policy::{Resources, Statement},
    position::Places,
    principal::Principals,
    validate::Page,
};
use serde_json::value::RawValue;
use std::collections::HashSet;

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
    pub(crate) fn read(text: &'a RawValue, page: Page<'_>) -> Result<Self, PolicyError> {
        let mut draft = Self {
            text,
            sid: None,
            effect: None,
            principal: None,
            actions: None,
            resources: None,
            conditions: Vec::new(),
        };
        for (name, value) in object(text.get()).ok_or_else(|| page.syntax(text))? {
            let negated = name.starts_with("Not");
            let refused = || page.syntax(value);
            let doubled = match &*name {
                "Sid" => draft.sid.replace(string(value).ok_or_else(refused)?).is_some(),
                "Effect" => draft.effect.replace(string(value).ok_or_else(refused)?).is_some(),
                "Principal" | "NotPrincipal" => draft.principal.replace((negated, value)).is_some(),
                "Action" | "NotAction" => {
                    draft.actions.replace((negated, strings(value).ok_or_else(refused)?)).is_some()
                }
                "Resource" | "NotResource" => {
                    draft.resources.replace((negated, strings(value).ok_or_else(refused)?)).is_some()
                }
                "Condition" => {
                    draft.conditions = conditions(value, page)?;
                    false
                }
                _ => true,
            };
            if doubled {
                return Err(refused());
            }
        }
        Ok(draft)
    }

    pub(crate) fn compile(
        self,
        page: Page<'_>,
        version: Version,
        places: &mut Places<'_>,
    ) -> Result<Statement, PolicyError> {
        let variables = version == Version::V2012;
        let compile = |list: Vec<String>, syntax: Syntax| -> Box<[Pattern]> {
            list.iter().map(|text| Pattern::compile(text, syntax)).collect()
        };
        let (negated, list) = self.actions.unwrap_or_default();
        let actions = Actions::compile(negated, &list);
        let resources = self.resources.map(|(negated, list)| {
            let patterns = compile(list, Syntax { wildcards: true, variables, arn: true });
            Resources { negated, patterns }
        });
        let principals =
            self.principal.map(|(negated, value)| Principals::read(value, negated, page)).transpose()?;
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
fn conditions(value: &RawValue, page: Page<'_>) -> Result<Block, PolicyError> {
    let mut block = Block::new();
    for (name, keys) in object(value.get()).ok_or_else(|| page.syntax(value))? {
        let operator = Operator::parse(&name);
        let mut seen = HashSet::new();
        for (key, values) in object(keys.get()).ok_or_else(|| page.syntax(keys))? {
            // Names of keys ignore case, so these are the same one.
            let doubled = !seen.insert(key.to_ascii_lowercase());
            match (operator, scalars(values)) {
                (Some(operator), Some(values)) if !doubled => block.push((operator, key, values)),
                _ => return Err(page.syntax(values)),
            }
        }
    }
    Ok(block)
}
