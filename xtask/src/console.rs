//! What a person sees while a task works: one line when a step begins, one when it ends, with the time it took.

use std::{
    env,
    io::{IsTerminal as _, stderr},
    time::{Duration, Instant},
};

/// A step under way.
#[derive(Debug)]
pub(crate) struct Step {
    what: String,
    began: Instant,
}

/// Announces a step: `what` in the present participle, without a full stop.
pub(crate) fn step(what: impl Into<String>) -> Step {
    let what = what.into();
    eprintln!("{} {what} …", paint("1;36", "==>"));
    Step { what, began: Instant::now() }
}

impl Step {
    /// The step went well; it says so if it took long enough to wonder.
    pub(crate) fn done(self) {
        let elapsed = self.began.elapsed();
        if elapsed >= Duration::from_secs(1) {
            note(&format!("{}: done in {}", self.what, spell(elapsed)));
        }
    }

    /// How long the step has been under way.
    pub(crate) fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }
}

/// A line that belongs to the step under way.
pub(crate) fn note(line: &str) {
    eprintln!("    {line}");
}

/// Something that the reader should look at, but that stops nothing.
pub(crate) fn warn(line: &str) {
    eprintln!("{} {line}", paint("1;33", "warning:"));
}

/// Why the task ends here.
pub(crate) fn error(line: &str) {
    eprintln!("{} {line}", paint("1;31", "error:"));
}

/// `1m 05s`, `12.3s`, `840ms`.
pub(crate) fn spell(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds {
        0 => format!("{}ms", time.as_millis()),
        1..60 => format!("{:.1}s", time.as_secs_f64()),
        _ => format!("{}m {:02}s", seconds / 60, seconds % 60),
    }
}

fn paint(code: &str, text: &str) -> String {
    let plain = !stderr().is_terminal() || env::var_os("NO_COLOR").is_some();
    if plain { text.to_owned() } else { format!("\u{1b}[{code}m{text}\u{1b}[0m") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_short() {
        assert_eq!(spell(Duration::from_millis(840)), "840ms");
        assert_eq!(spell(Duration::from_millis(12_340)), "12.3s");
        assert_eq!(spell(Duration::from_secs(65)), "1m 05s");
    }
}
