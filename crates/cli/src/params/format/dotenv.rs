//! dotenv: `KEY=value`, a line each. Values may be bare, in single quotes (as they stand, over several lines too) or in
//! double quotes (with `\n`, `\r`, `\t`, `\"`, `\\`, `\$`). `export ` before a key and comments are ignored. Nothing is
//! substituted: a `$` in a password is a `$`.

use super::Entries;
use std::fmt::Write as _;

/// Reads the lines.
pub(super) fn parse(text: &str) -> Result<Entries, String> {
    let mut entries = Entries::new();
    let mut rest = text;
    while !rest.is_empty() {
        let number = 1 + text.len().checked_sub(rest.len()).and_then(|at| text.get(..at)).map_or(0, lines);
        let wrong = |why: &str| format!("line {number}: {why}");
        let (line, after) = rest.split_once('\n').unwrap_or((rest, ""));
        let trimmed = line.trim();
        if trimmed.is_empty() || trimmed.starts_with('#') {
            rest = after;
            continue;
        }
        let (key, value) = line.split_once('=').ok_or_else(|| wrong("there is no `=`"))?;
        let key = key.trim();
        let key = key.strip_prefix("export ").unwrap_or(key).trim();
        if key.is_empty()
            || !key.chars().all(|letter| letter.is_ascii_alphanumeric() || "_-./".contains(letter))
        {
            return Err(wrong("the key has other characters than letters, digits and _ - . /"));
        }
        let value = value.trim_start_matches([' ', '\t']);
        let (value, after) = match value.chars().next() {
            Some(quote @ ('\'' | '"')) => {
                let begin = rest.len() - after.len() - usize::from(line.len() < rest.len()) - value.len() + 1;
                let quoted = rest.get(begin..).unwrap_or_default();
                let (value, length) = unquote(quoted, quote).ok_or_else(|| wrong("the quote has no end"))?;
                let tail = quoted.get(length..).unwrap_or_default();
                let (tail, after) = tail.split_once('\n').unwrap_or((tail, ""));
                if !matches!(tail.trim().chars().next(), None | Some('#')) {
                    return Err(wrong("there is something after the quote"));
                }
                (value, after)
            }
            _ => (bare(value).to_owned(), after),
        };
        if entries.insert(key.to_owned(), value).is_some() {
            return Err(wrong("the key was there before"));
        }
        rest = after;
    }
    Ok(entries)
}

fn lines(text: &str) -> usize {
    text.matches('\n').count()
}

/// A bare value ends at a comment, which a space goes before.
fn bare(value: &str) -> &str {
    let end = [" #", "\t#"].iter().filter_map(|comment| value.find(comment)).min();
    value.get(..end.unwrap_or(value.len())).unwrap_or(value).trim()
}

/// The content up to the closing quote, and the length of it all.
fn unquote(text: &str, quote: char) -> Option<(String, usize)> {
    let mut value = String::new();
    let mut letters = text.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            letter if letter == quote => return Some((value, at + letter.len_utf8())),
            '\\' if quote == '"' => match letters.next()?.1 {
                'n' => value.push('\n'),
                'r' => value.push('\r'),
                't' => value.push('\t'),
                escaped @ ('"' | '\\' | '$' | '`') => value.push(escaped),
                other => value.extend(['\\', other]),
            },
            letter => value.push(letter),
        }
    }
    None
}

/// Writes them; what is more than a word goes into double quotes.
pub(super) fn write(entries: &Entries) -> Result<String, String> {
    let mut text = String::new();
    for (key, value) in entries {
        let plain =
            value.chars().all(|letter| letter.is_ascii_alphanumeric() || "_-./:@%+,=".contains(letter));
        // Writing to a String does not fail.
        let _ = match plain && !value.is_empty() {
            true => writeln!(text, "{key}={value}"),
            false => writeln!(text, "{key}=\"{}\"", escape(value)),
        };
    }
    Ok(text)
}

fn escape(value: &str) -> String {
    let mut escaped = String::with_capacity(value.len());
    for letter in value.chars() {
        match letter {
            '\n' => escaped.push_str("\\n"),
            '\r' => escaped.push_str("\\r"),
            '"' | '\\' | '$' | '`' => escaped.extend(['\\', letter]),
            letter => escaped.push(letter),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_as_shells_and_libraries_do() {
        let text = "# a comment\n\nexport A=1\nB = two words # a comment\nC='it''s\n\nD=\"x\\ny\\\"z\" # c\nE='\n$a\n'\nF=a#b\n";
        let error = parse(text).unwrap_err();
        assert!(error.starts_with("line 5:"), "{error}");
        let text = text.replace("C='it''s\n", "C='its'\n");
        let expected =
            [("A", "1"), ("B", "two words"), ("C", "its"), ("D", "x\ny\"z"), ("E", "\n$a\n"), ("F", "a#b")];
        assert_eq!(
            parse(&text).unwrap(),
            expected.map(|(key, value)| (key.to_owned(), value.to_owned())).into()
        );
    }

    #[test]
    fn what_is_wrong_is_told_by_its_line() {
        for (text, line) in [("A=1\nA=2\n", 2), ("A='x\n", 1), ("=1\n", 1), ("A B=1\n", 1), ("A='x' y\n", 1)]
        {
            let error = parse(text).unwrap_err();
            assert!(error.starts_with(&format!("line {line}:")), "{text:?}: {error}");
        }
    }
}
