//! The two spellings of a time on these wires: `2024-10-01T12:34:56.789Z` in messages, `20241001T123456Z` in signatures.
//!
//! UTC alone, the proleptic Gregorian calendar, years 0 to 9999. Not for: zones, schedules, or reading a clock.

const DAY_SECONDS: i64 = 86_400;
/// 0000-01-01T00:00:00Z and 9999-12-31T23:59:59.999Z in milliseconds: what four digits of a year can hold.
const RANGE_MS: std::ops::RangeInclusive<i64> = -62_167_219_200_000..=253_402_300_799_999;

/// A broken-down time.
struct Civil {
    year: i64,
    month: i64,
    day: i64,
    hour: i64,
    minute: i64,
    second: i64,
}

impl Civil {
    /// Days from civil date, by the 400-year cycles of the calendar with the year beginning in March.
    fn to_seconds(&self) -> Option<i64> {
        let leap = self.year % 4 == 0 && (self.year % 100 != 0 || self.year % 400 == 0);
        let days_in_month = match self.month {
            2 => 28 + i64::from(leap),
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        };
        let valid = (0..=9999).contains(&self.year)
            && (1..=12).contains(&self.month)
            && (1..=days_in_month).contains(&self.day)
            && (0..24).contains(&self.hour)
            && (0..60).contains(&self.minute)
            // A leap second is written as 60 and counted as the next second.
            && (0..=60).contains(&self.second);
        if !valid {
            return None;
        }
        let year = if self.month <= 2 { self.year - 1 } else { self.year };
        let era = year.div_euclid(400);
        let year_of_era = year.rem_euclid(400);
        let day_of_year = (153 * ((self.month + 9) % 12) + 2) / 5 + self.day - 1;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        let days = era * 146_097 + day_of_era - 719_468;
        Some(days * DAY_SECONDS + self.hour * 3600 + self.minute * 60 + self.second)
    }

    fn from_seconds(seconds: i64) -> Self {
        let (days, rest) = (seconds.div_euclid(DAY_SECONDS) + 719_468, seconds.rem_euclid(DAY_SECONDS));
        let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
        let year_of_era =
            (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096).div_euclid(365);
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted_month = (5 * day_of_year + 2) / 153;
        let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
        Self {
            year: era * 400 + year_of_era + i64::from(month <= 2),
            month,
            day: day_of_year - (153 * shifted_month + 2) / 5 + 1,
            hour: rest / 3600,
            minute: rest % 3600 / 60,
            second: rest % 60,
        }
    }
}

fn clamp(ms: i64) -> i64 {
    ms.clamp(*RANGE_MS.start(), *RANGE_MS.end())
}

/// `2024-10-01T12:34:56.789Z`. Times out of the years 0 to 9999 are clamped.
pub fn iso_millis(ms: i64) -> String {
    let ms = clamp(ms);
    let Civil { year, month, day, hour, minute, second } = Civil::from_seconds(ms.div_euclid(1000));
    let millis = ms.rem_euclid(1000);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z")
}

/// Milliseconds of `2024-10-01T12:34:56Z` with any number of fractional digits (those after the third are dropped).
pub fn parse_iso(text: &str) -> Option<i64> {
    let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
    let (clock, fraction) =
        time.split_once('.').map_or((time, None), |(clock, digits)| (clock, Some(digits)));
    let [year, month, day] = fields(date, '-', [4, 2, 2])?;
    let [hour, minute, second] = fields(clock, ':', [2, 2, 2])?;
    let seconds = Civil { year, month, day, hour, minute, second }.to_seconds()?;
    let millis = match fraction {
        None => 0,
        Some(digits) if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            let kept: String = digits.chars().chain("000".chars()).take(3).collect();
            kept.parse::<i64>().ok()?
        }
        Some(_) => return None,
    };
    Some(seconds * 1000 + millis)
}

/// `20241001T123456Z`. Times out of the years 0 to 9999 are clamped.
pub(crate) fn basic(ms: i64) -> String {
    let Civil { year, month, day, hour, minute, second } = Civil::from_seconds(clamp(ms).div_euclid(1000));
    format!("{year:04}{month:02}{day:02}T{hour:02}{minute:02}{second:02}Z")
}

/// Milliseconds of `20241001T123456Z`.
pub(crate) fn parse_basic(text: &str) -> Option<i64> {
    let (date, clock) = text.strip_suffix('Z')?.split_once('T')?;
    let (year, date) = date.split_at_checked(4)?;
    let (month, day) = date.split_at_checked(2)?;
    let (hour, clock) = clock.split_at_checked(2)?;
    let (minute, second) = clock.split_at_checked(2)?;
    let [year, month, day, hour, minute, second] = [
        number(year, 4)?,
        number(month, 2)?,
        number(day, 2)?,
        number(hour, 2)?,
        number(minute, 2)?,
        number(second, 2)?,
    ];
    Civil { year, month, day, hour, minute, second }.to_seconds().map(|seconds| seconds * 1000)
}

/// Milliseconds of an HTTP date in the form that all software sends: `Tue, 01 Oct 2024 12:34:56 GMT`.
pub(crate) fn parse_http(text: &str) -> Option<i64> {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let (_weekday, rest) = text.split_once(", ")?;
    let mut words = rest.split(' ');
    let day = number(words.next()?, 2)?;
    let name = words.next()?;
    let month = MONTHS.iter().zip(1..).find(|(month, _)| **month == name).map(|(_, number)| number)?;
    let year = number(words.next()?, 4)?;
    let [hour, minute, second] = fields(words.next()?, ':', [2, 2, 2])?;
    if words.next()? != "GMT" || words.next().is_some() {
        return None;
    }
    Civil { year, month, day, hour, minute, second }.to_seconds().map(|seconds| seconds * 1000)
}

fn fields(text: &str, separator: char, widths: [usize; 3]) -> Option<[i64; 3]> {
    let mut parts = text.split(separator);
    let mut values = [0; 3];
    for (value, width) in values.iter_mut().zip(widths) {
        *value = number(parts.next()?, width)?;
    }
    parts.next().is_none().then_some(values)
}

fn number(text: &str, width: usize) -> Option<i64> {
    (text.len() == width && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MS: i64 = 1_727_786_096_789;

    #[test]
    fn known_times() {
        assert_eq!(iso_millis(MS), "2024-10-01T12:34:56.789Z");
        assert_eq!(parse_iso("2024-10-01T12:34:56.789Z"), Some(MS));
        assert_eq!(parse_iso("2024-10-01T12:34:56.789123456Z"), Some(MS));
        assert_eq!(parse_iso("2024-10-01T12:34:56Z"), Some(MS - 789));
        assert_eq!(parse_iso("2024-10-01T12:34:56.7Z"), Some(MS - 89));
        assert_eq!(basic(MS), "20241001T123456Z");
        assert_eq!(parse_basic("20241001T123456Z"), Some(MS - 789));
        assert_eq!(parse_http("Tue, 01 Oct 2024 12:34:56 GMT"), Some(MS - 789));
        assert_eq!(iso_millis(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(iso_millis(-1), "1969-12-31T23:59:59.999Z");
        assert_eq!(parse_iso("2024-02-29T00:00:00Z"), Some(1_709_164_800_000));
        assert_eq!(iso_millis(i64::MAX), "9999-12-31T23:59:59.999Z");
        assert_eq!(iso_millis(i64::MIN), "0000-01-01T00:00:00.000Z");
    }

    #[test]
    fn refuses_other_spellings() {
        for bad in [
            "",
            "Z",
            "2023-02-29T00:00:00Z",
            "2024-13-01T00:00:00Z",
            "2024-1-01T00:00:00Z",
            "2024-10-01T12:34:56",
            "2024-10-01T12:34:56.Z",
            "2024-10-01T24:00:00Z",
            "2024-10-01 12:34:56Z",
        ] {
            assert_eq!(parse_iso(bad), None, "{bad}");
        }
        for bad in [
            "",
            "T",
            "20241001T123456",
            "2024100T1123456Z",
            "20241001T1234566Z",
            "+0241001T123456Z",
            "2024ä01T123456Z",
        ] {
            assert_eq!(parse_basic(bad), None, "{bad}");
        }
        for bad in [
            "",
            "Tue, 01 Okt 2024 12:34:56 GMT",
            "Tue, 01 Oct 2024 12:34:56 UTC",
            "Tue, 1 Oct 2024 12:34:56 GMT",
        ] {
            assert_eq!(parse_http(bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn there_and_back(ms in RANGE_MS) {
            prop_assert_eq!(parse_iso(&iso_millis(ms)), Some(ms));
            prop_assert_eq!(parse_basic(&basic(ms)), Some(ms.div_euclid(1000) * 1000));
        }

        #[test]
        fn any_text_is_survived(text: String) {
            let _ = (parse_iso(&text), parse_basic(&text), parse_http(&text));
        }
    }
}
