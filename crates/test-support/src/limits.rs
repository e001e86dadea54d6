//! Descriptors enough for many sockets. Not for: any other limit.

use nix::sys::resource::{Resource, getrlimit, setrlimit};

/// Raises the limit of open files as far as this process may, and checks that `needed` fit; the limit.
///
/// # Errors
/// Too low a limit, in words that say what to do.
pub fn raise_open_files(needed: u64) -> Result<u64, String> {
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE)
        .map_err(|error| format!("cannot read the limit of open files: {error}"))?;
    let most = hard.max(needed);
    // A privileged process may go beyond its hard limit; any other goes up to it.
    let raised = setrlimit(Resource::RLIMIT_NOFILE, most, most).is_ok()
        || setrlimit(Resource::RLIMIT_NOFILE, hard, hard).is_ok();
    let limit = if raised { getrlimit(Resource::RLIMIT_NOFILE).map_or(0, |(soft, _)| soft) } else { 0 };
    if limit >= needed {
        return Ok(limit);
    }
    Err(format!(
        "{needed} open files are needed and {limit} allowed: raise the hard limit with `ulimit -Hn {needed}` as root"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_when_it_cannot() {
        assert!(raise_open_files(1).is_ok());
        assert!(raise_open_files(u64::MAX / 2).unwrap_err().contains("ulimit"));
    }
}
