//! How much of a step's output a reply shows. Limits count characters, so that none is split. Not for: whole outputs,
//! which go to files and uploads.

/// Characters of standard output and of standard error in a reply, each; the suffix of a cut one included.
pub const OUTPUT_LIMIT: usize = 24_000;
/// Characters of both in one.
pub const COMBINED_LIMIT: usize = 2_500;

/// The end of a stream that was cut.
const STREAM_CUT: &str = "--output truncated--";
/// Between standard output and standard error in one text.
const SEPARATOR: &str = "\n----------ERROR-------\n";
/// The end of standard output in one text, when it was cut.
const OUTPUT_CUT: &str = "\n---Output truncated---";
/// The end of standard error in one text, when it was cut.
const ERROR_CUT: &str = "\n---Error truncated----";

/// A stream as a reply shows it: whole up to [`OUTPUT_LIMIT`], else its beginning and a suffix, of that length together.
pub fn cut_stream(text: &str) -> String {
    match text.char_indices().nth(OUTPUT_LIMIT) {
        None => text.to_owned(),
        Some(_) => format!("{}{STREAM_CUT}", beginning(text, OUTPUT_LIMIT - STREAM_CUT.len())),
    }
}

/// Both streams in one text of at most [`COMBINED_LIMIT`]: a stream that needs less than half of it is shown whole, the
/// other one gets the rest.
pub fn combine(stdout: &str, stderr: &str) -> String {
    combine_within(stdout, stderr, COMBINED_LIMIT)
}

fn combine_within(stdout: &str, stderr: &str, limit: usize) -> String {
    let separator = if stderr.is_empty() { "" } else { SEPARATOR };
    let room = limit.saturating_sub(separator.len());
    // Counting further than the room is a waste: outputs may be long.
    let length = |text: &str| text.chars().take(limit + 1).count();
    let (out, error) = (length(stdout), length(stderr));
    if out + error < room {
        return format!("{stdout}{separator}{stderr}");
    }
    if out > room / 2 && error > room / 2 {
        let half = room.saturating_sub(OUTPUT_CUT.len() + ERROR_CUT.len()) / 2;
        let (stdout, stderr) = (beginning(stdout, half), beginning(stderr, half));
        return format!("{stdout}{OUTPUT_CUT}{separator}{stderr}{ERROR_CUT}");
    }
    if out <= room / 2 {
        let stderr = beginning(stderr, room.saturating_sub(ERROR_CUT.len() + out));
        return format!("{stdout}{separator}{stderr}{ERROR_CUT}");
    }
    let stdout = beginning(stdout, room.saturating_sub(OUTPUT_CUT.len() + error));
    format!("{stdout}{OUTPUT_CUT}{separator}{stderr}")
}

/// The first `count` characters.
fn beginning(text: &str, count: usize) -> &str {
    text.char_indices().nth(count).and_then(|(end, _)| text.get(..end)).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn streams() {
        assert_eq!(cut_stream(""), "");
        let full = "ä".repeat(OUTPUT_LIMIT);
        assert_eq!(cut_stream(&full), full);
        let cut = cut_stream(&format!("{full}x"));
        assert_eq!(cut.chars().count(), OUTPUT_LIMIT);
        assert!(cut.ends_with("ä--output truncated--"));
    }

    #[test]
    fn both_in_one() {
        assert_eq!(combine("", ""), "");
        assert_eq!(combine("out", ""), "out");
        assert_eq!(combine("", "error"), "\n----------ERROR-------\nerror");
        assert_eq!(combine("out", "error"), "out\n----------ERROR-------\nerror");
        let (o, e) = ("o".repeat(150), "e".repeat(150));
        let of = |digit: &str, count: usize| digit.repeat(count);
        assert_eq!(combine_within(&o, "", 100), format!("{}{OUTPUT_CUT}", of("o", 77)));
        assert_eq!(combine_within("", &e, 100), format!("{SEPARATOR}{}{ERROR_CUT}", of("e", 53)));
        assert_eq!(combine_within("short", &e, 100), format!("short{SEPARATOR}{}{ERROR_CUT}", of("e", 48)));
        assert_eq!(combine_within(&o, "short", 100), format!("{}{OUTPUT_CUT}{SEPARATOR}short", of("o", 48)));
        let both = format!("{}{OUTPUT_CUT}{SEPARATOR}{}{ERROR_CUT}", of("o", 15), of("e", 15));
        assert_eq!(combine_within(&o, &e, 100), both);
        // Exactly half the room: shown whole.
        let half = "o".repeat((100 - SEPARATOR.len()) / 2);
        let combined = combine_within(&half, &e, 100);
        assert!(combined.starts_with(&format!("{half}{SEPARATOR}")) && combined.ends_with(ERROR_CUT));
    }

    proptest! {
        #[test]
        fn limits_hold_and_beginnings_stay(
            out in "\\PC{0,5}", error in "\\PC{0,5}", outs in 0..900_usize, errors in 0..900_usize,
        ) {
            let (stdout, stderr) = (out.repeat(outs), error.repeat(errors));
            let combined = combine(&stdout, &stderr);
            prop_assert!(combined.chars().count() <= COMBINED_LIMIT);
            let shown = combined.split(SEPARATOR).next().unwrap_or_default();
            prop_assert!(stdout.starts_with(shown.strip_suffix(OUTPUT_CUT).unwrap_or(shown)));

            let stream = stdout.repeat(20);
            let cut = cut_stream(&stream);
            prop_assert!(cut.chars().count() <= OUTPUT_LIMIT);
            prop_assert!(cut == stream || stream.starts_with(cut.strip_suffix(STREAM_CUT).unwrap()));
        }
    }
}
