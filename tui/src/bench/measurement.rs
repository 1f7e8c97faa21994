//! One measured figure and what was aimed at.

use std::borrow::Cow;

use serde::Serialize;

/// A figure.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Measurement {
    /// What was measured.
    pub name: Cow<'static, str>,
    /// The figure.
    pub value: f64,
    /// Its unit: `hops/s`, `x`, `s`, `bytes`.
    pub unit: &'static str,
    /// What it should be, where there is an aim.
    pub aim: Option<Aim>,
    /// Whether the aim is met.
    pub met: Option<bool>,
}

/// What a figure should be.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Aim {
    /// Speeds and ratios.
    AtLeast(f64),
    /// Times and sizes.
    AtMost(f64),
}

impl Aim {
    fn is_met_by(self, value: f64) -> bool {
        match self {
            Self::AtLeast(least) => value >= least,
            Self::AtMost(most) => value <= most,
        }
    }
}

impl Measurement {
    /// A figure without an aim.
    pub(super) fn new(name: impl Into<Cow<'static, str>>, value: f64, unit: &'static str) -> Self {
        Self { name: name.into(), value, unit, aim: None, met: None }
    }

    /// Says what it should be.
    pub(super) fn aim(self, aim: Aim) -> Self {
        Self { met: Some(aim.is_met_by(self.value)), aim: Some(aim), ..self }
    }

    /// The bare figure, where the aim is about something larger.
    pub(super) fn without_aim(self) -> Self {
        Self { aim: None, met: None, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn speeds_aim_at_more_and_times_at_less() {
        let met = |aim| Measurement::new("it", 10.0, "s").aim(aim).met;
        assert_eq!([met(Aim::AtLeast(9.0)), met(Aim::AtLeast(11.0))], [Some(true), Some(false)]);
        assert_eq!([met(Aim::AtMost(9.0)), met(Aim::AtMost(11.0))], [Some(false), Some(true)]);
    }
}
