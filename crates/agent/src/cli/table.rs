//! Tables of text, as the official tool draws them.

/// Width of a whole table, unless its words are longer.
const WIDTH: usize = 100;

/// Draws a table of three columns; the last one is wrapped at words.
pub(super) fn table(head: [&str; 3], rows: &[[&str; 3]]) -> String {
    let all = || std::iter::once(&head).chain(rows);
    let widest =
        |column: usize| all().filter_map(|row| row.get(column)).map(|cell| length(cell)).max().unwrap_or(0);
    let (first, second) = (widest(0), widest(1));
    let longest_word = all().flat_map(|row| row[2].split(' ')).map(length).max().unwrap_or(0);
    // Three columns have ten characters of lines and padding.
    let third = WIDTH.saturating_sub(10 + first + second).max(longest_word).min(widest(2).max(longest_word));
    let rule = |left: char, middle: char, right: char| {
        let bar = |width: usize| "─".repeat(width + 2);
        format!("{left}{}{middle}{}{middle}{}{right}\n", bar(first), bar(second), bar(third))
    };
    let mut text = rule('┌', '┬', '┐');
    for (number, [check, status, note]) in all().enumerate() {
        if number > 0 {
            text.push_str(&rule('├', '┼', '┤'));
        }
        for (index, line) in wrap(note, third).iter().enumerate() {
            let (check, status) = if index == 0 { (*check, *status) } else { ("", "") };
            text.push_str(&format!(
                "│ {} │ {} │ {} │\n",
                pad(check, first),
                pad(status, second),
                pad(line, third)
            ));
        }
    }
    text.push_str(&rule('└', '┴', '┘'));
    text
}

fn length(text: &str) -> usize {
    text.chars().count()
}

fn pad(text: &str, width: usize) -> String {
    format!("{text}{}", " ".repeat(width.saturating_sub(length(text))))
}

fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let Some(line) = lines.last_mut() else { break };
        if line.is_empty() {
            line.push_str(word);
        } else if length(line) + 1 + length(word) <= width {
            line.push(' ');
            line.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wraps_the_last_column() {
        let note = "word ".repeat(30);
        let text =
            table(["Check", "Status", "Note"], &[["A", "Success", note.trim()], ["Bé", "Failed", "x"]]);
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines.iter().all(|line| length(line) == length(lines[0])), "{text}");
        assert!(length(lines[0]) <= WIDTH);
        assert_eq!(lines.len(), 8, "{text}");
    }
}
