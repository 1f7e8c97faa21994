//! Distributions that can be drawn from: the kernel's own conditions, and bounds.

use meshwalk_models::units::SimDuration;

use super::Findings;
use crate::scenario::file::DurationSpec;
use crate::scenario::key_path::KeyPath;
use crate::scenario::limits::{DURATION_MAX, QUANTILES_MAX};

pub(super) fn check(spec: &DurationSpec, at: &KeyPath, findings: &mut Findings) {
    if let Err(error) = spec.distribution() {
        findings.add(at.clone(), error.to_string(), None);
    } else if longest(spec) > DURATION_MAX {
        findings.add(at.clone(), "expected 168h (7 days) at most", None);
    }
    if let DurationSpec::Empirical(points) = spec
        && points.len() > QUANTILES_MAX
    {
        findings.add(at.clone(), format!("expected at most {QUANTILES_MAX} quantiles"), None);
    }
}

/// The greatest of the parameters.
fn longest(spec: &DurationSpec) -> SimDuration {
    match spec {
        DurationSpec::Constant(value) => *value,
        DurationSpec::Uniform { max, .. } => *max,
        DurationSpec::Exponential { mean } | DurationSpec::Gamma { mean, .. } => *mean,
        DurationSpec::Lognormal { p99, .. } => *p99,
        DurationSpec::Empirical(points) => {
            points.iter().map(|point| point.value).max().unwrap_or_default()
        }
    }
}
