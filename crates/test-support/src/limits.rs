//! Descriptors enough for many sockets. Not for: any other limit.

use nix::sys::resource::{Resource, getrlimit, setrlimit};

/// Raises the limit of open files as far as this process may, up to `wanted`; what it is then. Processes that are
/// started later take it over.
pub fn raise_open_files(wanted: u64) -> u64 {
    let limits = || getrlimit(Resource::RLIMIT_NOFILE).unwrap_or((1024, 1024));
    let (_, hard) = limits();
    let most = hard.max(wanted);
    // A privileged process may go beyond its hard limit; any other goes up to it.
    if setrlimit(Resource::RLIMIT_NOFILE, most, most).is_err() {
        // Then the soft limit stays, and is what counts.
        let _ = setrlimit(Resource::RLIMIT_NOFILE, hard, hard);
    }
    limits().0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn goes_as_far_as_it_may() {
        let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
        assert_eq!(raise_open_files(1), hard);
    }
}
