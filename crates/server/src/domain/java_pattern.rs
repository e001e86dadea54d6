//! Patterns in Java's dialect, as AWS reads them. Not for: running them.

/// Anchored at both ends, with Java's meaning of the escapes.
pub(crate) fn whole(pattern: &str) -> String {
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
