//! Dates of conditions: ISO 8601 in the forms of the W3C's profile (a year alone up to nanoseconds with a zone), or
//! seconds since 1970. As lenient as IAM's parser: fields may have one digit, parts may be left out. Not for: clocks.

const NANOS: i128 = 1_000_000_000;

/// Nanoseconds since 1970; `None` if the text is no date.
pub(crate) fn parse(text: &str) -> Option<i128> {
    let (date, time) = match text.split_once(['T', 't']) {
        Some((date, time)) => (date, time),
        None if text.contains('-') => (text, ""),
        None => {
            let seconds = digits(text, 19)?;
            return (seconds <= i128::from(i64::MAX)).then_some(seconds * NANOS);
        }
    };
    Some(days(date)? * 86_400 * NANOS + time_of_day(time)?)
}

/// `[-]Y[-M[-D]]` as days since 1970.
fn days(text: &str) -> Option<i128> {
    let (sign, text) = text.strip_prefix('-').map_or((1, text), |text| (-1, text));
    let mut parts = text.split('-');
    let year = sign * digits(parts.next()?, 9)?;
    let month = parts.next().map_or(Some(1), |month| digits(month, 2))?;
    let day = parts.next().map_or(Some(1), |day| digits(day, 2))?;
    let fits =
        (-292_275_054..=292_278_993).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day);
    (fits && parts.next().is_none()).then(|| from_civil(year, month, day))
}

/// Howard Hinnant's algorithm: the year begins in March, so that a leap day is its last.
fn from_civil(year: i128, month: i128, day: i128) -> i128 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// `[H[:M[:S[.f]]]][Z|±H[H][:]MM]` in nanoseconds, with the zone taken off.
fn time_of_day(text: &str) -> Option<i128> {
    let (time, zone) = match text.find(['Z', 'z', '+', '-']) {
        Some(at) => text.split_at_checked(at)?,
        None => (text, ""),
    };
    let mut parts = time.split(':');
    let part = |text: Option<&str>, most| {
        text.filter(|text| !text.is_empty())
            .map_or(Some(0), |text| digits(text, 2))
            .filter(|value| *value <= most)
    };
    let hours = part(parts.next(), 23)?;
    let minutes = part(parts.next(), 59)?;
    let (seconds, nanos) = match parts.next() {
        None => (0, 0),
        Some(text) => {
            let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
            let places = u32::try_from(fraction.len()).ok()?;
            let nanos = digits(fraction, 9)? * 10_i128.pow(9_u32.checked_sub(places)?);
            (part(Some(whole), 59)?, nanos)
        }
    };
    if parts.next().is_some() {
        return None;
    }
    Some(((hours * 60 + minutes) * 60 + seconds) * NANOS + nanos - zone_offset(zone)?)
}

/// East of Greenwich, in nanoseconds.
fn zone_offset(text: &str) -> Option<i128> {
    if matches!(text, "" | "Z" | "z") {
        return Some(0);
    }
    let (sign, text) = match text.strip_prefix('+') {
        Some(text) => (1, text),
        None => (-1, text.strip_prefix('-')?),
    };
    let (hours, minutes) = match text.split_once(':') {
        Some(parts) => parts,
        None => text.split_at_checked(2)?,
    };
    if hours.len() != 2 || !matches!(minutes.len(), 0 | 2) {
        return None;
    }
    let minutes = if minutes.is_empty() { 0 } else { digits(minutes, 2)? };
    let hours = digits(hours, 2)?;
    (hours <= 23 && minutes <= 59).then_some(sign * (hours * 60 + minutes) * 60 * NANOS)
}

/// A number of at most so many digits, and nothing else.
fn digits(text: &str, most: usize) -> Option<i128> {
    let fits = !text.is_empty() && text.len() <= most && text.bytes().all(|byte| byte.is_ascii_digit());
    if fits { text.parse().ok() } else { None }
}
