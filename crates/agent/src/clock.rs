//! The agent's clock: the machine's time, and the correction for signatures when the machine's time is wrong.
//!
//! The only place that reads the system time. Not for measuring durations: use `Instant`.

use std::cell::Cell;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// Environment variable (tests only): milliseconds to add to the machine's time.
pub(crate) const OFFSET_VARIABLE: &str = "MUSTER_AGENT_CLOCK_OFFSET_MS";

/// The machine's time plus what the server taught us about its error.
#[derive(Debug)]
pub(crate) struct Clock {
    shift_ms: i64,
    correction_ms: Cell<i64>,
    started: Instant,
    started_ms: i64,
}

impl Clock {
    /// A clock over the system time; honours the test variable.
    pub(crate) fn from_environment() -> Self {
        let shift_ms = std::env::var(OFFSET_VARIABLE).ok().and_then(|text| text.parse().ok()).unwrap_or(0);
        Self::shifted(shift_ms)
    }

    fn shifted(shift_ms: i64) -> Self {
        let started_ms = system_ms().saturating_add(shift_ms);
        Self { shift_ms, correction_ms: Cell::new(0), started: Instant::now(), started_ms }
    }

    /// Epoch milliseconds that never jump: for timers, not for telling the time.
    pub(crate) fn steady_ms(&self) -> i64 {
        let elapsed = i64::try_from(self.started.elapsed().as_millis()).unwrap_or(i64::MAX);
        self.started_ms.saturating_add(elapsed)
    }

    /// What this machine believes, epoch milliseconds.
    pub(crate) fn local_ms(&self) -> i64 {
        system_ms().saturating_add(self.shift_ms)
    }

    /// The time to sign with, epoch milliseconds.
    pub(crate) fn signing_ms(&self) -> i64 {
        self.local_ms().saturating_add(self.correction_ms.get())
    }

    /// Milliseconds added to the local time for signatures; positive when this machine is behind.
    pub(crate) fn correction_ms(&self) -> i64 {
        self.correction_ms.get()
    }

    /// Signs from now on as if the time were `server_ms`.
    pub(crate) fn correct_to(&self, server_ms: i64) {
        self.correction_ms.set(server_ms.saturating_sub(self.local_ms()));
    }
}

#[allow(clippy::disallowed_methods, reason = "this is the clock")]
fn system_ms() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .ok()
        .and_then(|elapsed| i64::try_from(elapsed.as_millis()).ok())
        .unwrap_or(0)
}

/// Epoch milliseconds of an HTTP date (`Tue, 01 Oct 2024 12:34:56 GMT`), the only form servers send today.
pub(crate) fn parse_http_date(text: &str) -> Option<i64> {
    let mut words = text.split_ascii_whitespace().skip(1);
    let day: i64 = words.next()?.parse().ok()?;
    let month = match words.next()? {
        "Jan" => 1,
        "Feb" => 2,
        "Mar" => 3,
        "Apr" => 4,
        "May" => 5,
        "Jun" => 6,
        "Jul" => 7,
        "Aug" => 8,
        "Sep" => 9,
        "Oct" => 10,
        "Nov" => 11,
        "Dec" => 12,
        _ => return None,
    };
    let year: i64 = words.next()?.parse().ok()?;
    let mut clock = words.next()?.split(':').map(|part| part.parse::<i64>().ok());
    let (hour, minute, second) = (clock.next()??, clock.next()??, clock.next()??);
    if !(1970..=9999).contains(&year) || !(1..=31).contains(&day) {
        return None;
    }
    Some(((days_from_civil(year, month, day) * 24 + hour) * 60 + minute) * 60_000 + second * 1000)
}

/// A duration in words: `10m02s`, `3h00m`, `45s`.
pub(crate) fn describe_duration(ms: i64) -> String {
    let seconds = ms.unsigned_abs() / 1000;
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3600 => format!("{}m{:02}s", seconds / 60, seconds % 60),
        _ => format!("{}h{:02}m", seconds / 3600, seconds / 60 % 60),
    }
}

// After Howard Hinnant's public-domain algorithm.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let month_index = (month + 9) % 12;
    let day_of_year = (153 * month_index + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_http_dates() {
        assert_eq!(parse_http_date("Tue, 01 Oct 2024 12:34:56 GMT"), Some(1_727_786_096_000));
        for broken in [
            "",
            "Tue",
            "Tue, 01 Foo 2024 12:34:56 GMT",
            "Tue, 01 Oct 2024 12:34 GMT",
            "x 1 Oct 99999999 1:1:1",
        ] {
            assert_eq!(parse_http_date(broken), None, "{broken}");
        }
    }

    #[test]
    fn describes_durations() {
        assert_eq!(describe_duration(-602_000), "10m02s");
        assert_eq!(describe_duration(59_999), "59s");
        assert_eq!(describe_duration(3 * 3_600_000), "3h00m");
    }

    #[test]
    fn correction_moves_signing_time_only() {
        let clock = Clock::shifted(-600_000);
        clock.correct_to(clock.local_ms() + 600_000);
        assert_eq!(clock.correction_ms(), 600_000);
        assert!(clock.signing_ms() - clock.local_ms() >= 599_000);
    }
}
