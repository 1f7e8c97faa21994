//! Simulated time as integer nanoseconds; it never reads a clock.

use std::fmt;
use std::ops::{Add, AddAssign, Sub};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

const NS_PER_US: u64 = 1_000;
const NS_PER_MS: u64 = 1_000_000;
const NS_PER_S: u64 = 1_000_000_000;

/// A point in simulated time, in nanoseconds since the run began.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct SimTime(u64);

impl SimTime {
    /// The moment at which every run begins.
    pub const ZERO: Self = Self(0);
    /// Later than any event of any run.
    pub const MAX: Self = Self(u64::MAX);

    /// The point `ns` nanoseconds after the run began.
    #[must_use]
    pub const fn from_ns(ns: u64) -> Self {
        Self(ns)
    }

    /// Nanoseconds since the run began.
    #[must_use]
    pub const fn as_ns(self) -> u64 {
        self.0
    }

    /// Seconds since the run began, for display and statistics.
    #[must_use]
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / NS_PER_S as f64
    }

    /// The time that passed since `earlier`, zero if `earlier` is later.
    #[must_use]
    pub const fn since(self, earlier: Self) -> SimDuration {
        SimDuration(self.0.saturating_sub(earlier.0))
    }
}

impl Add<SimDuration> for SimTime {
    type Output = Self;

    fn add(self, span: SimDuration) -> Self {
        Self(self.0.saturating_add(span.0))
    }
}

impl AddAssign<SimDuration> for SimTime {
    fn add_assign(&mut self, span: SimDuration) {
        *self = *self + span;
    }
}

impl Sub for SimTime {
    type Output = SimDuration;

    fn sub(self, earlier: Self) -> SimDuration {
        self.since(earlier)
    }
}

impl fmt::Display for SimTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        SimDuration(self.0).fmt(f)
    }
}

/// A length of simulated time, in nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SimDuration(u64);

impl SimDuration {
    /// No time at all.
    pub const ZERO: Self = Self(0);
    /// Longer than any run.
    pub const MAX: Self = Self(u64::MAX);

    /// A span of `ns` nanoseconds.
    #[must_use]
    pub const fn from_ns(ns: u64) -> Self {
        Self(ns)
    }

    /// A span of `us` microseconds.
    #[must_use]
    pub const fn from_us(us: u64) -> Self {
        Self(us * NS_PER_US)
    }

    /// A span of `ms` milliseconds.
    #[must_use]
    pub const fn from_ms(ms: u64) -> Self {
        Self(ms * NS_PER_MS)
    }

    /// A span of `s` seconds.
    #[must_use]
    pub const fn from_secs(s: u64) -> Self {
        Self(s * NS_PER_S)
    }

    /// The nearest whole nanosecond to `ns`; negative and NaN become zero, too large becomes MAX.
    #[must_use]
    pub fn from_ns_f64(ns: f64) -> Self {
        // The cast saturates and maps NaN to zero, which is the documented behaviour.
        Self((ns + 0.5) as u64)
    }

    /// Nanoseconds.
    #[must_use]
    pub const fn as_ns(self) -> u64 {
        self.0
    }

    /// Whole milliseconds; what is left of one is cut off.
    #[must_use]
    pub const fn as_ms(self) -> u64 {
        self.0 / NS_PER_MS
    }

    /// Whether it is no time at all, which many settings take for "no limit".
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// Seconds, for display and statistics.
    #[must_use]
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / NS_PER_S as f64
    }

    /// The sum, held at [`SimDuration::MAX`].
    #[must_use]
    pub const fn saturating_add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Add for SimDuration {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        self.saturating_add(other)
    }
}

impl fmt::Display for SimDuration {
    /// At most three significant decimals and the largest unit that fits: `1.5ms`, `250us`, `30s`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (unit_ns, unit) = match self.0 {
            0..NS_PER_US => (1, "ns"),
            NS_PER_US..NS_PER_MS => (NS_PER_US, "us"),
            NS_PER_MS..NS_PER_S => (NS_PER_MS, "ms"),
            _ => (NS_PER_S, "s"),
        };
        let (whole, rest) = (self.0 / unit_ns, self.0 % unit_ns);
        let thousandths = (rest * 1_000).checked_div(unit_ns).unwrap_or(0);
        if thousandths == 0 {
            return f.pad(&format!("{whole}{unit}"));
        }
        let decimals = format!("{thousandths:03}");
        f.pad(&format!("{whole}.{}{unit}", decimals.trim_end_matches('0')))
    }
}

/// Why a text is no duration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DurationError {
    /// The number before the unit is missing or malformed.
    #[error("expected a duration such as `250ms`, `1.5s` or `1m30s`, got `{0}`")]
    Malformed(String),
    /// The number stands alone.
    #[error("`{0}` has no unit; write `{0}ms` or `{0}s`")]
    NoUnit(String),
    /// It exceeds what 64 bits of nanoseconds can hold (584 years).
    #[error("`{0}` is too long; at most 584 years fit")]
    TooLong(String),
}

impl FromStr for SimDuration {
    type Err = DurationError;

    /// Reads Go's notation, which Kubernetes and every mesh use: `1h`, `1m30s`, `1.5s`, `250ms`,
    /// `10us`, `5ns`; a bare `0` is zero.
    fn from_str(text: &str) -> Result<Self, DurationError> {
        let malformed = || DurationError::Malformed(text.to_owned());
        if text == "0" {
            return Ok(Self::ZERO);
        }
        if text.is_empty() {
            return Err(malformed());
        }
        if text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(DurationError::NoUnit(text.to_owned()));
        }
        let mut total_ns: u64 = 0;
        let mut rest = text;
        while !rest.is_empty() {
            let number_len = rest
                .find(|c: char| !c.is_ascii_digit() && c != '.')
                .filter(|len| *len > 0)
                .ok_or_else(malformed)?;
            let (number, tail) = rest.split_at(number_len);
            let unit_len =
                tail.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(tail.len());
            let (unit, tail) = tail.split_at(unit_len);
            let unit_ns = match unit {
                "ns" => 1,
                "us" | "µs" | "μs" => NS_PER_US,
                "ms" => NS_PER_MS,
                "s" => NS_PER_S,
                "m" => 60 * NS_PER_S,
                "h" => 3_600 * NS_PER_S,
                _ => return Err(malformed()),
            };
            let part_ns = scaled_ns(number, unit_ns, text)?;
            total_ns = total_ns
                .checked_add(part_ns)
                .ok_or_else(|| DurationError::TooLong(text.to_owned()))?;
            rest = tail;
        }
        Ok(Self(total_ns))
    }
}

/// `number` (digits with at most one point) times `unit_ns`, exact to the nanosecond.
fn scaled_ns(number: &str, unit_ns: u64, text: &str) -> Result<u64, DurationError> {
    let malformed = || DurationError::Malformed(text.to_owned());
    let too_long = || DurationError::TooLong(text.to_owned());
    let (whole, decimals) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() && decimals.is_empty() || decimals.contains('.') {
        return Err(malformed());
    }
    let whole: u64 = if whole.is_empty() { 0 } else { whole.parse().map_err(|_| too_long())? };
    let mut total_ns = whole.checked_mul(unit_ns).ok_or_else(too_long)?;
    let mut digit_ns = unit_ns;
    for digit in decimals.bytes() {
        digit_ns /= 10;
        total_ns = total_ns.checked_add(u64::from(digit - b'0') * digit_ns).ok_or_else(too_long)?;
    }
    Ok(total_ns)
}

impl Serialize for SimDuration {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // Display rounds to three decimals; what is written must read back to the nanosecond.
        let units = [(NS_PER_S, "s"), (NS_PER_MS, "ms"), (NS_PER_US, "us"), (1, "ns")];
        let exact = units.into_iter().find(|(unit_ns, _)| self.0.is_multiple_of(*unit_ns));
        let (unit_ns, unit) = exact.expect("every number is a multiple of 1 ns");
        serializer.collect_str(&format_args!("{}{unit}", self.0 / unit_ns))
    }
}

impl<'de> Deserialize<'de> for SimDuration {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl serde::de::Visitor<'_> for Visitor {
            type Value = SimDuration;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a duration such as `250ms`, `1.5s` or `1m30s`")
            }

            fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<SimDuration, E> {
                self.visit_str(&number.to_string())
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<SimDuration, E> {
                text.parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn go_durations_are_read_to_the_nanosecond() {
        for (text, ns) in [
            ("0", 0),
            ("5ns", 5),
            ("1.5us", 1_500),
            ("250ms", 250_000_000),
            ("1m30s", 90_000_000_000),
            ("0.1s", 100_000_000),
        ] {
            assert_eq!(text.parse(), Ok(SimDuration::from_ns(ns)), "{text}");
        }
    }

    #[test]
    fn a_number_without_unit_says_what_to_write() {
        let error = "30".parse::<SimDuration>().unwrap_err();
        assert_eq!(error.to_string(), "`30` has no unit; write `30ms` or `30s`");
    }

    #[test]
    fn nonsense_is_refused() {
        for text in ["", "s", "1.2.3s", "1x", "-1s", "99999999999h", "1s2"] {
            assert!(text.parse::<SimDuration>().is_err(), "{text}");
        }
    }

    #[test]
    fn display_reads_back() {
        for ns in [0, 7, 1_500, 250_000_000, 1_250_000_000, 90_000_000_000] {
            let span = SimDuration::from_ns(ns);
            assert_eq!(span.to_string().parse(), Ok(span));
        }
    }

    #[test]
    fn serialised_durations_are_exact() {
        for (ns, text) in [(0, "0s"), (1_234_567_891, "1234567891ns"), (90_000_000_000, "90s")] {
            let json = serde_json::json!(SimDuration::from_ns(ns));
            assert_eq!(json, text);
            assert_eq!(serde_json::from_value::<SimDuration>(json).unwrap().as_ns(), ns);
        }
    }

    #[test]
    fn a_bare_number_in_a_file_says_what_to_write() {
        let error = serde_json::from_str::<SimDuration>("30").unwrap_err();
        assert!(error.to_string().contains("write `30ms` or `30s`"), "{error}");
        let zero = serde_json::from_str::<SimDuration>("0").unwrap();
        assert_eq!(zero, SimDuration::ZERO);
    }
}
