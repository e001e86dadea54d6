//! A file is short enough to be read at one sitting.

use super::{Fault, Source};

/// Lines of code from which a file is reported.
const TYPICAL: usize = 400;
/// Lines of code from which it fails.
const MOST: usize = 800;

/// Files that may be longer, and why.
const EXCEPTIONS: &[(&str, &str)] = &[];

pub(super) fn not_too_long(source: &Source, faults: &mut Vec<Fault>) {
    if source.is_generated() || !(source.is_rust() || source.is_python()) || excepted(&source.path) {
        return;
    }
    let lines = code_lines(&source.text);
    if lines > TYPICAL {
        let what = format!("{lines} lines of code; {TYPICAL} are typical, {MOST} the most");
        faults.push(Fault { only_a_warning: lines <= MOST, ..source.fault(0, what) });
    }
}

/// An exception that is no more needed goes.
pub(super) fn exceptions_are_needed(sources: &[Source], faults: &mut Vec<Fault>) {
    for (path, _) in EXCEPTIONS {
        let long = sources.iter().any(|source| source.path == *path && code_lines(&source.text) > MOST);
        if !long {
            let what = "no more too long: take it from the list of xtask/src/tidy/size.rs".to_owned();
            faults.push(Fault { path: (*path).to_owned(), line: 0, what, only_a_warning: false });
        }
    }
}

fn excepted(path: &str) -> bool {
    EXCEPTIONS.iter().any(|(other, _)| *other == path)
}

/// Lines up to the tests at the end.
fn code_lines(text: &str) -> usize {
    let code = text.find("\n#[cfg(test)]\nmod ").map_or(text, |end| &text[..end]);
    code.lines().count()
}
