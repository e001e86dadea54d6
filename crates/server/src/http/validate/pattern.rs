//! The model's patterns, which are Java's: the whole value must match, and `\w`, `\d`, `\s` mean ASCII.
//!
//! Each is compiled when it is first needed and kept. Most fit the linear-time engine; those with look-around or
//! back-references take a backtracking one with a bound on its steps. A value that reaches the bound does not match.

use crate::domain::java_pattern::whole;
use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

/// Steps of the backtracking engine; the model's patterns need a few per letter.
const BACKTRACK_LIMIT: usize = 500_000;
/// Repetitions of one class that are counted by us: an automaton with that many states is slow to build.
const COUNTED_FROM: usize = 64;

static COMPILED: RwLock<Option<HashMap<&'static str, Arc<Matcher>>>> = RwLock::new(None);

/// Whether the whole of a text matches a pattern. A pattern that does not compile matches nothing; a test over
/// the model sees to it that there is none.
pub(super) fn matches(pattern: &'static str, text: &str) -> bool {
    let known = {
        let compiled = COMPILED.read().unwrap_or_else(PoisonError::into_inner);
        compiled.as_ref().and_then(|map| map.get(pattern).cloned())
    };
    let matcher = known.unwrap_or_else(|| {
        let made = Arc::new(Matcher::compile(pattern).unwrap_or(Matcher::Nothing));
        let mut compiled = COMPILED.write().unwrap_or_else(PoisonError::into_inner);
        compiled.get_or_insert_default().insert(pattern, Arc::clone(&made));
        made
    });
    matcher.matches(text)
}

enum Matcher {
    Linear(regex::Regex),
    /// `class{min,max}` and nothing else, with the counting done here.
    Counted {
        letter: regex::Regex,
        min: usize,
        max: usize,
    },
    Backtracking(Box<fancy_regex::Regex>),
    Nothing,
}

impl Matcher {
    fn compile(pattern: &str) -> Option<Self> {
        if let Some((letter, min, max)) = counted(pattern) {
            let letter = regex::Regex::new(&whole(&format!("(?:{letter})*"))).ok()?;
            return Some(Self::Counted { letter, min, max });
        }
        let whole = whole(pattern);
        if let Ok(linear) = regex::Regex::new(&whole) {
            return Some(Self::Linear(linear));
        }
        let backtracking =
            fancy_regex::RegexBuilder::new(&whole).backtrack_limit(BACKTRACK_LIMIT).build().ok()?;
        Some(Self::Backtracking(Box::new(backtracking)))
    }

    fn matches(&self, text: &str) -> bool {
        match self {
            Self::Linear(regex) => regex.is_match(text),
            Self::Counted { letter, min, max } => {
                (*min..=*max).contains(&text.chars().count()) && letter.is_match(text)
            }
            Self::Backtracking(regex) => regex.is_match(text).unwrap_or(false),
            Self::Nothing => false,
        }
    }
}

/// A pattern of the form `^class{min,max}$`, one class or dot with many repetitions: its three parts.
fn counted(pattern: &str) -> Option<(&str, usize, usize)> {
    let inner = pattern.strip_prefix('^').unwrap_or(pattern);
    let inner = inner.strip_suffix('$').unwrap_or(inner);
    let (letter, bounds) = inner.strip_suffix('}')?.rsplit_once('{')?;
    let (min, max) = bounds.split_once(',')?;
    let (min, max) = (min.parse().ok()?, if max.is_empty() { usize::MAX } else { max.parse().ok()? });
    (max >= COUNTED_FROM && is_one_letter(letter)).then_some((letter, min, max))
}

/// A dot, or one bracketed class without brackets inside.
fn is_one_letter(pattern: &str) -> bool {
    if pattern == "." {
        return true;
    }
    let Some(inner) = pattern.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) else { return false };
    let mut letters = inner.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' if letters.next().is_none() => return false,
            '[' | ']' => return false,
            _ => {}
        }
    }
    !inner.is_empty()
}

#[cfg(test)]
pub(super) fn compiles(pattern: &str) -> bool {
    Matcher::compile(pattern).is_some()
}
