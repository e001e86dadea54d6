//! ARNs in conditions: the six segments are compared one by one, so no wildcard reaches over a colon before the last.
//! Not for: the `Resource` of a statement, where a `*` may.

use crate::{
    context::{Context, Key},
    pattern::{Pattern, Syntax},
};

/// The pattern of an ARN.
#[derive(Debug, Clone)]
pub(crate) enum ArnPattern {
    Segments(Box<[Pattern; 6]>),
    /// Fewer than six: `*`, `arn:aws:ssm:*`, or a variable that stands for a whole ARN. Compared as one text.
    Short(Pattern),
}

impl ArnPattern {
    pub(crate) fn compile(text: &str, variables: bool) -> Self {
        let syntax = Syntax { wildcards: true, variables, arn: false };
        let segments = split(text, variables);
        match <[&str; 6]>::try_from(segments) {
            Ok(segments) => {
                Self::Segments(Box::new(segments.map(|segment| Pattern::compile(segment, syntax))))
            }
            Err(_) => Self::Short(Pattern::compile(text, syntax)),
        }
    }

    pub(crate) fn keys(&self) -> impl Iterator<Item = &Key> {
        let patterns = match self {
            Self::Segments(patterns) => patterns.as_slice(),
            Self::Short(pattern) => std::slice::from_ref(pattern),
        };
        patterns.iter().flat_map(Pattern::keys)
    }
}

/// Whether one of the patterns matches an ARN. What is no ARN matches none.
pub(crate) fn matches(patterns: &[ArnPattern], value: &str, context: &Context<'_>) -> bool {
    let mut segments = [""; 6];
    let mut count = 0;
    for (place, segment) in segments.iter_mut().zip(value.splitn(6, ':')) {
        *place = segment;
        count += 1;
    }
    count == 6
        && patterns.iter().any(|pattern| match pattern {
            ArnPattern::Segments(patterns) => {
                patterns.iter().zip(segments).all(|(pattern, segment)| pattern.matches(segment, context))
            }
            ArnPattern::Short(pattern) => pattern.matches(value, context),
        })
}

/// At the first five colons that are not in a variable.
fn split(text: &str, variables: bool) -> Vec<&str> {
    let mut segments = Vec::with_capacity(6);
    let (mut start, mut depth) = (0, 0_u32);
    for (at, character) in text.char_indices() {
        match character {
            '{' if variables && text.get(..at).is_some_and(|before| before.ends_with('$')) => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            ':' if depth == 0 && segments.len() < 5 => {
                segments.extend(text.get(start..at));
                start = at + 1;
            }
            _ => {}
        }
    }
    segments.extend(text.get(start..));
    segments
}
