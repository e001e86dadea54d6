//! What a person sees while something takes its time: one line a step, with a spinner on a terminal. All of it goes to
//! standard error; standard output is for results.

use indicatif::{ProgressBar, ProgressStyle};
use std::{
    env,
    io::{IsTerminal as _, stderr, stdout},
    time::{Duration, Instant},
};

/// A step under way.
pub(crate) struct Step {
    what: &'static str,
    began: Instant,
    spinner: Option<ProgressBar>,
}

/// Begins a step: `what` in the present participle.
pub(crate) fn step(what: &'static str) -> Step {
    let spinner = fancy().then(|| {
        let style = ProgressStyle::with_template("  {spinner:.cyan} {msg}")
            .unwrap_or_else(|_| ProgressStyle::default_spinner());
        let spinner = ProgressBar::new_spinner().with_style(style).with_message(what);
        spinner.enable_steady_tick(Duration::from_millis(80));
        spinner
    });
    if spinner.is_none() {
        eprintln!("  … {what}");
    }
    Step { what, began: Instant::now(), spinner }
}

impl Step {
    /// It went well; `result` says what came of it.
    pub(crate) fn done(self, result: &str) {
        let elapsed = self.began.elapsed();
        let time = if elapsed.as_secs() == 0 {
            format!("{} ms", elapsed.as_millis())
        } else {
            format!("{:.1} s", elapsed.as_secs_f64())
        };
        self.clear();
        eprintln!("  {} {result}  {}", paint("32", "✓"), paint("2", &format!("({time})")));
    }

    /// It did not.
    pub(crate) fn failed(self) {
        self.clear();
        eprintln!("  {} {}", paint("31", "✗"), self.what);
    }

    fn clear(&self) {
        if let Some(spinner) = &self.spinner {
            spinner.finish_and_clear();
        }
    }
}

/// Why the program ends.
pub(crate) fn error(text: &str) {
    eprintln!("{} {text}", paint("1;31", "error:"));
}

/// Words of emphasis on standard output.
pub(crate) fn bold(text: &str) -> String {
    let plain = !stdout().is_terminal() || env::var_os("NO_COLOR").is_some();
    if plain { text.to_owned() } else { format!("\u{1b}[1m{text}\u{1b}[0m") }
}

fn paint(code: &str, text: &str) -> String {
    if fancy() { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
}

fn fancy() -> bool {
    stderr().is_terminal() && env::var_os("NO_COLOR").is_none()
}
