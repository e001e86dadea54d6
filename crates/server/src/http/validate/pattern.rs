//! The model's patterns, which are Java's: the whole value must match, and `\w`, `\d`, `\s` mean ASCII.
//!
//! Each is compiled when it is first needed and kept. Most fit the linear-time engine; those with look-around or
//! back-references take a backtracking one with a bound on its steps. A value that reaches the bound does not match.

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

/// Anchored at both ends, with Java's meaning of the escapes.
fn whole(pattern: &str) -> String {
    format!(r"\A(?:{})\z", ascii_classes(pattern))
}

/// Rewrites `\w`, `\d`, `\s` and their opposites, which are Unicode's in Rust and ASCII's in Java.
fn ascii_classes(pattern: &str) -> String {
    let mut output = String::with_capacity(pattern.len() + 16);
    let mut letters = pattern.chars().peekable();
    let mut depth = 0_usize;
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => {
                let escaped = letters.next();
                let class = match escaped.map(|letter| letter.to_ascii_lowercase()) {
                    Some('w') => "a-zA-Z0-9_",
                    Some('d') => "0-9",
                    Some('s') => r" \t\n\x0B\x0C\r",
                    _ => {
                        output.push('\\');
                        output.extend(escaped);
                        continue;
                    }
                };
                let negated = escaped.is_some_and(|letter| letter.is_ascii_uppercase());
                match (negated, depth) {
                    (false, 1..) => output.push_str(class),
                    (false, 0) => output.push_str(&format!("[{class}]")),
                    (true, _) => output.push_str(&format!("[^{class}]")),
                }
                // `[\w-/]`: a range cannot begin with a class, so Java takes the hyphen for itself.
                if depth > 0 && letters.next_if_eq(&'-').is_some() {
                    output.push_str(r"\-");
                }
            }
            '[' => {
                depth += 1;
                output.push('[');
            }
            ']' => {
                depth = depth.saturating_sub(1);
                output.push(']');
            }
            _ => output.push(letter),
        }
    }
    output
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
