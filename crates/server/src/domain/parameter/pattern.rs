//! `AllowedPattern`: what values must match, whole. Patterns are Java's and come from callers, so they are made and run
//! within bounds: memory for the automaton, steps for those with look-around or back-references. Run them away from the
//! threads that serve requests.

use super::ParameterError;
use crate::domain::java_pattern;

/// Memory of a compiled pattern, bytes.
const LARGEST_AUTOMATON: usize = 1 << 20;
/// Steps of the backtracking engine: tens of milliseconds.
const BACKTRACK_LIMIT: usize = 500_000;

/// A compiled pattern.
#[derive(Debug)]
pub(crate) struct AllowedPattern {
    text: String,
    matcher: Matcher,
}

#[derive(Debug)]
enum Matcher {
    Linear(regex::Regex),
    Backtracking(Box<fancy_regex::Regex>),
}

impl AllowedPattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// `BadPattern`: it is none, or too large.
    pub(crate) fn parse(text: &str) -> Result<Self, ParameterError> {
        let compile = |pattern: &str| {
            let linear = regex::RegexBuilder::new(pattern).size_limit(LARGEST_AUTOMATON).build();
            match linear {
                Ok(regex) => Ok(Matcher::Linear(regex)),
                Err(regex::Error::CompiledTooBig(_)) => Err(ParameterError::BadPattern),
                Err(_) => fancy_regex::RegexBuilder::new(pattern)
                    .backtrack_limit(BACKTRACK_LIMIT)
                    .delegate_size_limit(LARGEST_AUTOMATON)
                    .build()
                    .map(|regex| Matcher::Backtracking(Box::new(regex)))
                    .map_err(|_| ParameterError::BadPattern),
            }
        };
        // By itself first: `a)|(b` is no pattern, although it is one in parentheses.
        compile(text)?;
        let matcher = compile(&java_pattern::whole(text))?;
        Ok(Self { text: text.to_owned(), matcher })
    }

    /// Checks a value; of a list every item.
    ///
    /// # Errors
    /// `PatternMismatch`, also where the pattern takes too many steps to tell.
    pub(crate) fn check(&self, value: &str, list: bool) -> Result<(), ParameterError> {
        let matches = |text: &str| match &self.matcher {
            Matcher::Linear(regex) => regex.is_match(text),
            Matcher::Backtracking(regex) => regex.is_match(text).unwrap_or(false),
        };
        let good = if list { value.split(',').all(matches) } else { matches(value) };
        if good { Ok(()) } else { Err(ParameterError::PatternMismatch(self.text.clone())) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, value: &str) -> bool {
        AllowedPattern::parse(pattern).unwrap().check(value, false).is_ok()
    }

    #[test]
    fn the_whole_value_must_match() {
        for (pattern, good, bad) in [
            (r"\d{1,4}", "100", "10,000"),
            (".{8,20}", "p#sW*rd33", "short"),
            (r"^\d+$", "7", "٧"),
            ("a|ab", "ab", "abc"),
            (r"(?=.*[A-Z])(?=.*\d).{4,}", "aB3x", "ab3x"),
            (r"(?!prod).*", "test", "prod-1"),
            (r"(a)\1", "aa", "ab"),
            (r"(?i)yes|no", "YES", "maybe"),
            (r"[\w-]+", "a-b_c", "a b"),
        ] {
            assert!(matches(pattern, good), "{pattern} {good}");
            assert!(!matches(pattern, bad), "{pattern} {bad}");
        }
    }

    #[test]
    fn every_item_of_a_list_must_match() {
        let pattern = AllowedPattern::parse("[a-z]+").unwrap();
        assert!(pattern.check("a,bc,d", true).is_ok());
        assert!(pattern.check("a,B,d", true).is_err());
        assert!(pattern.check("a,bc", false).is_err());
    }

    #[test]
    fn what_is_no_pattern() {
        for bad in
            ["(", "a)|(b", "[a", "*", r"\", "(?P<", "a{2,1}", "((a{1000}){1000}){1000}", "(?<=a*)b\\1("]
        {
            assert_eq!(AllowedPattern::parse(bad).err(), Some(ParameterError::BadPattern), "{bad}");
        }
    }

    #[test]
    fn a_catastrophic_pattern_ends() {
        let value = format!("{}!", "a".repeat(4000));
        for pattern in ["(a+)+", "(a|aa)+", r"(?=(a+)+$)(a|aa)+", r"((a+)+)\2b", "(?!b)(a|a)*c"] {
            assert!(!matches(pattern, &value), "{pattern}");
        }
    }
}
