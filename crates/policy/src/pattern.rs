//! Patterns of policies, compiled: `*`, `?` and variables. A variable's value is text, whatever it holds; a pattern with a
//! variable that has no value matches nothing. Not for: the kinds of values that condition operators compare.

use crate::context::{Context, Key};

/// What is special in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Syntax {
    /// `*` and `?` are.
    pub(crate) wildcards: bool,
    /// `${…}` is (Version 2012-10-17).
    pub(crate) variables: bool,
    /// The text is an ARN: before the fifth colon `${…}` is plain text, and wildcards do not match colons, but for a `*` at a
    /// segment's end.
    pub(crate) arn: bool,
}

/// A compiled pattern. The first three match without looking at tokens.
#[derive(Debug, Clone)]
pub(crate) enum Pattern {
    All,
    Exact(Box<str>),
    Prefix(Box<str>),
    Tokens(Box<[Token]>),
}

#[derive(Debug, Clone)]
pub(crate) enum Token {
    Text(Box<str>),
    /// `?`: one character; only a wide one takes a colon.
    One {
        wide: bool,
    },
    /// `*`: any number of characters; only a wide one takes colons.
    Many {
        wide: bool,
    },
    Variable(Variable),
}

/// `${key}` or `${key, 'default'}`.
#[derive(Debug, Clone)]
pub(crate) struct Variable {
    key: Key,
    default: Option<Box<str>>,
}

impl Variable {
    fn value<'c>(&'c self, context: &'c Context<'_>) -> Option<&'c str> {
        self.key.single(context).or(self.default.as_deref())
    }
}

impl Pattern {
    pub(crate) fn compile(text: &str, syntax: Syntax) -> Self {
        let mut tokens = tokens(text, syntax);
        match tokens.as_mut_slice() {
            [] => Self::Exact("".into()),
            [Token::Text(text)] => Self::Exact(std::mem::take(text)),
            [Token::Many { wide: true }] => Self::All,
            [Token::Text(text), Token::Many { wide: true }] => Self::Prefix(std::mem::take(text)),
            _ => Self::Tokens(tokens.into()),
        }
    }

    pub(crate) fn matches(&self, text: &str, context: &Context<'_>) -> bool {
        match self {
            Self::All => true,
            Self::Exact(exact) => **exact == *text,
            Self::Prefix(prefix) => text.starts_with(&**prefix),
            Self::Tokens(tokens) => ends_alike(tokens, text) && run(tokens, text, context),
        }
    }

    /// The keys of its variables.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &Key> {
        let tokens: &[Token] = if let Self::Tokens(tokens) = self { tokens } else { &[] };
        tokens.iter().filter_map(|token| {
            if let Token::Variable(variable) = token { Some(&variable.key) } else { None }
        })
    }

    /// The text that it stands for, if it has no wildcards; `None` if a variable has no value.
    pub(crate) fn expand(&self, context: &Context<'_>) -> Option<String> {
        match self {
            Self::All => Some("*".to_owned()),
            Self::Exact(text) | Self::Prefix(text) => Some(text.as_ref().to_owned()),
            Self::Tokens(tokens) => tokens
                .iter()
                .map(|token| match token {
                    Token::Text(text) => Some(&**text),
                    Token::One { .. } => Some("?"),
                    Token::Many { .. } => Some("*"),
                    Token::Variable(variable) => variable.value(context),
                })
                .collect(),
        }
    }
}

/// Splits a text into what is special and what is not.
fn tokens(text: &str, syntax: Syntax) -> Vec<Token> {
    let mut found = Vec::new();
    let mut plain = String::new();
    let mut colons = 0;
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        let in_resource = !syntax.arn || colons >= 5;
        if syntax.variables
            && in_resource
            && let Some((special, after)) = variable(rest)
        {
            rest = after;
            match special {
                Special::Character(character) => plain.push(character),
                Special::Variable(variable) => {
                    flush(&mut plain, &mut found);
                    found.push(Token::Variable(variable));
                }
            }
            continue;
        }
        let after = rest.get(next.len_utf8()..).unwrap_or_default();
        match next {
            '?' if syntax.wildcards => {
                flush(&mut plain, &mut found);
                found.push(Token::One { wide: in_resource });
            }
            '*' if syntax.wildcards => {
                flush(&mut plain, &mut found);
                let wide = in_resource || after.is_empty() || after.starts_with(':');
                match found.last_mut() {
                    Some(Token::Many { wide: before }) => *before |= wide,
                    _ => found.push(Token::Many { wide }),
                }
            }
            _ => {
                colons += usize::from(next == ':');
                plain.push(next);
            }
        }
        rest = after;
    }
    flush(&mut plain, &mut found);
    found
}

fn flush(plain: &mut String, found: &mut Vec<Token>) {
    if !plain.is_empty() {
        found.push(Token::Text(std::mem::take(plain).into()));
    }
}

enum Special {
    Character(char),
    Variable(Variable),
}

/// The variable that a text begins with, and what follows. `None` if it is not well formed; it is plain text then.
fn variable(text: &str) -> Option<(Special, &str)> {
    let body = text.strip_prefix("${")?;
    for (escape, character) in [("*}", '*'), ("?}", '?'), ("$}", '$')] {
        if let Some(after) = body.strip_prefix(escape) {
            return Some((Special::Character(character), after));
        }
    }
    // The first that no name has ends the search, so that a text full of `${` does not take the square of its length.
    let name_end = body.find([',', '}', '$', '{', '*', '?', '\'', '"'])?;
    let (name, after) = body.split_at_checked(name_end)?;
    let name = name.trim();
    if name.is_empty() || !after.starts_with([',', '}']) {
        return None;
    }
    let key = Key::new(name);
    if let Some(after) = after.strip_prefix('}') {
        return Some((Special::Variable(Variable { key, default: None }), after));
    }
    let quoted = after.strip_prefix(',')?.trim_start().strip_prefix('\'')?;
    let (default, after) = quoted.split_once('\'')?;
    let after = after.trim_start().strip_prefix('}')?;
    Some((Special::Variable(Variable { key, default: Some(default.into()) }), after))
}

/// Rules most texts out before the walk.
fn ends_alike(tokens: &[Token], text: &str) -> bool {
    !matches!(tokens.last(), Some(Token::Text(plain)) if !text.ends_with(&**plain))
}

/// Matches without recursion. Only the last wide `*` and the last narrow one after it need to be tried again: what an
/// earlier wide one could take the later one can, and the text between two narrow ones either has a colon, and then only
/// one place, or has none, and then the first place is the best.
fn run(tokens: &[Token], text: &str, context: &Context<'_>) -> bool {
    let (mut tokens, mut text) = (tokens, text);
    let (mut wide, mut narrow): (Option<Point<'_, '_>>, Option<Point<'_, '_>>) = (None, None);
    loop {
        let step = match tokens.split_first() {
            None if text.is_empty() => return true,
            None => None,
            // At the end it takes all that is left.
            Some((Token::Many { wide: true }, [])) => return true,
            Some((Token::Many { wide: true }, after)) => {
                narrow = None;
                wide = nearest(after, text, true);
                wide
            }
            Some((Token::Many { wide: false }, after)) => {
                narrow = nearest(after, text, false);
                narrow
            }
            Some((Token::One { wide }, after)) => {
                skip(text).filter(|(character, _)| *wide || *character != ':').map(|(_, rest)| (after, rest))
            }
            Some((Token::Text(plain), after)) => text.strip_prefix(&**plain).map(|rest| (after, rest)),
            Some((Token::Variable(variable), after)) => match variable.value(context) {
                Some(value) => text.strip_prefix(value).map(|rest| (after, rest)),
                None => return false,
            },
        };
        (tokens, text) = match step.or_else(|| again(&mut wide, &mut narrow)) {
            Some(step) => step,
            None => return false,
        };
    }
}

/// The tokens after a `*`, and the text that it leaves to them.
type Point<'p, 't> = (&'p [Token], &'t str);

/// Lets the last `*` that can take more take it.
fn again<'p, 't>(
    wide: &mut Option<Point<'p, 't>>,
    narrow: &mut Option<Point<'p, 't>>,
) -> Option<Point<'p, 't>> {
    if let Some((tokens, text)) = narrow.take()
        && let Some((character, rest)) = skip(text)
        && character != ':'
    {
        *narrow = nearest(tokens, rest, false);
        if narrow.is_some() {
            return *narrow;
        }
    }
    let (tokens, text) = wide.take()?;
    *wide = nearest(tokens, skip(text)?.1, true);
    *wide
}

/// The first place at or behind the start of a text where the tokens may match; only a wide `*` gets over colons.
fn nearest<'p, 't>(tokens: &'p [Token], text: &'t str, wide: bool) -> Option<Point<'p, 't>> {
    let Some(Token::Text(plain)) = tokens.first() else { return Some((tokens, text)) };
    let first = plain.chars().next()?;
    let mut rest = text;
    loop {
        let (before, found) = rest.split_at_checked(rest.find(first)?)?;
        if !wide && before.contains(':') {
            return None;
        }
        if found.starts_with(&**plain) {
            return Some((tokens, found));
        }
        if !wide && first == ':' {
            return None;
        }
        rest = skip(found)?.1;
    }
}

fn skip(text: &str) -> Option<(char, &str)> {
    let mut characters = text.chars();
    characters.next().map(|character| (character, characters.as_str()))
}
