//! Creation times of objects; no clock is read here, only what a manifest says.

use std::fmt;
use std::str::FromStr;

/// A point in time as the API server writes it: RFC 3339, to the second.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp {
    /// Seconds since the first of January 1970 in UTC.
    unix_s: i64,
}

/// The text is no RFC 3339 time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a time such as `2026-05-01T09:30:00Z`")]
pub struct TimestampError;

impl Timestamp {
    /// The time so many seconds after the first of January 1970 in UTC.
    #[must_use]
    pub const fn from_unix_s(unix_s: i64) -> Self {
        Self { unix_s }
    }

    /// Seconds since the first of January 1970 in UTC.
    #[must_use]
    pub const fn as_unix_s(self) -> i64 {
        self.unix_s
    }
}

impl FromStr for Timestamp {
    type Err = TimestampError;

    /// Reads `2026-05-01T09:30:00Z`, with any offset; fractions of a second are cut off, because
    /// the API server keeps none.
    fn from_str(text: &str) -> Result<Self, TimestampError> {
        parse(text).ok_or(TimestampError)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (days, second) = (self.unix_s.div_euclid(DAY_S), self.unix_s.rem_euclid(DAY_S));
        let (year, month, day) = civil_of(days);
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
    }
}

const DAY_S: i64 = 86_400;

fn parse(text: &str) -> Option<Timestamp> {
    let (date, rest) = text.split_at_checked(10)?;
    let (time, zone) = rest.strip_prefix(['T', 't'])?.split_at_checked(8)?;
    let [year, month, day] = numbers(date, '-')?;
    let [hour, minute, second] = numbers(time, ':')?;
    let zone = match zone.strip_prefix('.') {
        Some(fraction) => {
            let zone = fraction.trim_start_matches(|digit: char| digit.is_ascii_digit());
            (zone.len() < fraction.len()).then_some(zone)?
        }
        None => zone,
    };
    let offset_s = match zone.split_at_checked(1)? {
        ("Z" | "z", "") => 0,
        (sign @ ("+" | "-"), offset) => {
            let [hours, minutes] = numbers(offset, ':')?;
            let seconds = hours * 3600 + minutes * 60;
            if sign == "-" { -seconds } else { seconds }
        }
        _ => return None,
    };
    let days = days_of(year, month, day);
    // A day that its month lacks comes back as another one.
    let exists = civil_of(days) == (year, month, day);
    let in_range = exists && hour < 24 && minute < 60 && second <= 60 && offset_s.abs() < DAY_S;
    let unix_s = days * DAY_S + hour * 3600 + minute * 60 + second - offset_s;
    in_range.then_some(Timestamp { unix_s })
}

/// `N` numbers of digits only, between separators.
fn numbers<const N: usize>(text: &str, separator: char) -> Option<[i64; N]> {
    let mut found = [0; N];
    let mut parts = text.split(separator);
    for number in &mut found {
        let part = parts.next().filter(|part| part.bytes().all(|byte| byte.is_ascii_digit()))?;
        *number = part.parse().ok()?;
    }
    parts.next().is_none().then_some(found)
}

/// Days since the first of January 1970 in the Gregorian calendar. Years begin in March here, so
/// that the leap day is the last one of its year.
fn days_of(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// The year, month and day of [`days_of`].
fn civil_of(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = (month_from_march + 2) % 12 + 1;
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_compared_across_offsets() {
        let time = |text: &str| text.parse::<Timestamp>().unwrap();
        assert_eq!(time("1970-01-01T00:00:00Z").as_unix_s(), 0);
        assert_eq!(time("2024-02-29T12:00:00Z").as_unix_s(), 1_709_208_000);
        assert_eq!(time("2024-02-29T14:00:00+02:00"), time("2024-02-29T12:00:00.999Z"));
        assert!(time("2026-01-01T00:30:00+01:00") < time("2026-01-01T00:00:00Z"));
        assert_eq!(time("2026-11-05T01:02:03Z").to_string(), "2026-11-05T01:02:03Z");
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in [
            "",
            "today",
            "2026-02-30T00:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-01-01T25:00:00Z",
            "2026-01-01 00:00:00Z",
            "2026-01-01T00:00:00",
            "2026-01-01T00:00:00.Z",
            "+026-01-01T00:00:00Z",
        ] {
            assert!(text.parse::<Timestamp>().is_err(), "{text}");
        }
    }
}
