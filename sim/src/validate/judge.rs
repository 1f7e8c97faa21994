//! Whether the laws hold: all checks share one level of confidence.

use serde::Serialize;

use crate::stats::Estimate;

use super::law::Law;

/// The probability that all checks pass if all laws hold.
pub const JOINT_CONFIDENCE: f64 = 0.999;

/// The widest interval, relative to its value, that counts as a measurement.
pub const RELATIVE_HALF_WIDTH_MAX: f64 = 0.01;

/// What a check must meet.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Standard {
    /// The confidence of all checks together.
    pub joint_confidence: f64,
    /// The widest interval, relative to its value.
    pub relative_half_width_max: f64,
}

impl Standard {
    /// What `meshwalk validate` asks.
    pub const STRICT: Self = Self {
        joint_confidence: JOINT_CONFIDENCE,
        relative_half_width_max: RELATIVE_HALF_WIDTH_MAX,
    };

    /// The confidence of each of `checks` checks: by Bonferroni's inequality their errors add up
    /// to no more than the joint one, however they depend on one another.
    fn confidence_of_each(self, checks: usize) -> f64 {
        1.0 - (1.0 - self.joint_confidence) / checks as f64
    }
}

/// How one check of one law came out.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LawResult {
    /// The law.
    pub law: &'static str,
    /// The figure and its unit.
    pub quantity: &'static str,
    /// What theory says.
    pub closed_form: f64,
    /// The mean over the replications.
    pub measured: f64,
    /// Half the width of its interval; `null` where there is none.
    pub half_width: Option<f64>,
    /// The same relative to the mean.
    pub relative_half_width: Option<f64>,
    /// Whether the interval holds the closed form and is narrow enough.
    pub holds: bool,
}

/// Judges `laws` by what their replications measured: for each law, the figures of each
/// replication as [`Law::replicate`] gives them.
#[must_use]
pub fn judge(laws: &[Law], measured: &[Vec<Vec<f64>>], standard: Standard) -> Vec<LawResult> {
    let checks = laws.iter().map(|law| law.quantities().len()).sum();
    let confidence = standard.confidence_of_each(checks);
    let mut results = Vec::with_capacity(checks);
    for (law, replications) in laws.iter().zip(measured) {
        for (row, quantity) in law.quantities().iter().enumerate() {
            let values: Vec<f64> = replications.iter().map(|figures| figures[row]).collect();
            let estimate = Estimate::with_confidence(&values, confidence)
                .unwrap_or(Estimate { value: f64::NAN, half_width: None });
            let relative_half_width = estimate.relative_half_width();
            let narrow =
                relative_half_width.is_some_and(|width| width <= standard.relative_half_width_max);
            results.push(LawResult {
                law: law.name(),
                quantity: quantity.name,
                closed_form: quantity.closed_form,
                measured: estimate.value,
                half_width: estimate.half_width,
                relative_half_width,
                holds: narrow && estimate.covers(quantity.closed_form),
            });
        }
    }
    results
}
