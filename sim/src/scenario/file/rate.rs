//! Rates of requests, as people write them.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Requests per unit of time: `200/s`, `12000/min`. Never negative, always finite.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd)]
pub struct Rate {
    per_s: f64,
}

/// Why a text is no rate.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RateError {
    /// It is not a number, a slash and a unit.
    #[error("expected a rate such as `200/s` or `12000/min`, got `{0}`")]
    Malformed(String),
    /// The number stands alone.
    #[error("`{0}` has no unit of time; write `{0}/s` or `{0}/min`")]
    NoUnit(String),
}

impl Rate {
    /// So many whole requests per second.
    #[must_use]
    pub fn from_per_s(per_s: u32) -> Self {
        Self { per_s: f64::from(per_s) }
    }

    /// Requests per second.
    #[must_use]
    pub fn per_s(self) -> f64 {
        self.per_s
    }
}

impl FromStr for Rate {
    type Err = RateError;

    fn from_str(text: &str) -> Result<Self, RateError> {
        let malformed = || RateError::Malformed(text.to_owned());
        let is_number = |text: &str| {
            !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
        };
        let Some((number, unit)) = text.split_once('/') else {
            return Err(if is_number(text) {
                RateError::NoUnit(text.to_owned())
            } else {
                malformed()
            });
        };
        let unit_s = match unit {
            "s" => 1.0,
            "m" | "min" => 60.0,
            "h" => 3_600.0,
            _ => return Err(malformed()),
        };
        // `parse` alone would also take signs, exponents and infinity.
        if !is_number(number) {
            return Err(malformed());
        }
        let number: f64 = number.parse().map_err(|_| malformed())?;
        if number.is_finite() { Ok(Self { per_s: number / unit_s }) } else { Err(malformed()) }
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/s", self.per_s)
    }
}

impl Serialize for Rate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Rate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RateVisitor)
    }
}

struct RateVisitor;

impl Visitor<'_> for RateVisitor {
    type Value = Rate;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a rate such as `200/s` or `12000/min`")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Rate, E> {
        text.parse().map_err(E::custom)
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Rate, E> {
        self.visit_str(&number.to_string())
    }
}

impl JsonSchema for Rate {
    fn schema_name() -> Cow<'static, str> {
        "Rate".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "Requests per unit of time, such as `200/s` or `12000/min`.",
            "type": "string",
            "pattern": "^([0-9]+(\\.[0-9]*)?|\\.[0-9]+)/(s|m|min|h)$"
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_read_per_second() {
        for (text, per_s) in
            [("200/s", 200.0), ("12000/min", 200.0), ("1.5/s", 1.5), ("36/h", 0.01)]
        {
            assert_eq!(text.parse::<Rate>().map(Rate::per_s), Ok(per_s), "{text}");
        }
    }

    #[test]
    fn what_is_no_rate_is_refused() {
        for text in ["", "/s", "-1/s", "1e9/s", "inf/s", "1/day", "1 /s", "1.2.3/s"] {
            assert!(text.parse::<Rate>().is_err(), "{text}");
        }
        let bare = "200".parse::<Rate>().unwrap_err();
        assert_eq!(bare.to_string(), "`200` has no unit of time; write `200/s` or `200/min`");
    }

    #[test]
    fn display_reads_back() {
        for text in ["0/s", "200/s", "100/min", "0.1/s"] {
            let rate: Rate = text.parse().unwrap();
            assert_eq!(rate.to_string().parse(), Ok(rate));
        }
    }
}
