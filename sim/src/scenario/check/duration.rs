//! Distributions that can be drawn from.

use meshwalk_models::units::SimDuration;

use super::Findings;
use crate::scenario::file::{DurationSpec, QuantilePoint};
use crate::scenario::key_path::KeyPath;
use crate::scenario::limits::{DURATION_MAX, QUANTILES_MAX, SHAPE_MAX};

pub(super) fn check(spec: &DurationSpec, at: &KeyPath, findings: &mut Findings) {
    match spec {
        DurationSpec::Constant(value) => expect_bounded(*value, at, findings),
        DurationSpec::Uniform { min, max } => {
            let at = at.key("uniform");
            if min > max {
                findings.add(at.key("min"), format!("`min` {min} is above `max` {max}"), None);
            }
            expect_bounded(*max, &at.key("max"), findings);
        }
        DurationSpec::Exponential { mean } => {
            findings.expect_some_time(at.key("exponential").key("mean"), Some(*mean));
        }
        DurationSpec::Lognormal { p50, p99 } => {
            let at = at.key("lognormal");
            findings.expect_some_time(at.key("p50"), Some(*p50));
            if p50 > p99 {
                findings.add(at.key("p50"), format!("`p50` {p50} is above `p99` {p99}"), None);
            }
            expect_bounded(*p99, &at.key("p99"), findings);
        }
        DurationSpec::Gamma { mean, shape } => {
            let at = at.key("gamma");
            findings.expect_some_time(at.key("mean"), Some(*mean));
            if !(*shape > 0.0 && *shape <= SHAPE_MAX) {
                let message = format!("expected a shape above 0, up to {SHAPE_MAX}, got {shape}");
                findings.add(at.key("shape"), message, None);
            }
        }
        DurationSpec::Empirical(points) => {
            check_quantiles(points, &at.key("empirical"), findings);
        }
    }
}

fn check_quantiles(points: &[QuantilePoint], at: &KeyPath, findings: &mut Findings) {
    if points.len() < 2 || points.len() > QUANTILES_MAX {
        let message = format!("expected 2 to {QUANTILES_MAX} quantiles, got {}", points.len());
        findings.add(at.clone(), message, None);
    }
    for (index, point) in points.iter().enumerate() {
        let at = at.index(index);
        if !(0.0..=1.0).contains(&point.quantile) {
            let message = format!("expected a quantile from 0 to 1, got {}", point.quantile);
            findings.add(at.key("quantile"), message, None);
        }
        expect_bounded(point.value, &at.key("value"), findings);
    }
    for (index, pair) in points.windows(2).enumerate() {
        let at = at.index(index + 1);
        if pair[0].quantile >= pair[1].quantile {
            let message = "quantiles must increase";
            findings.add(at.key("quantile"), message, Some("sort the list by `quantile`"));
        }
        if pair[0].value > pair[1].value {
            findings.add(at.key("value"), "a higher quantile cannot have a smaller value", None);
        }
    }
}

fn expect_bounded(value: SimDuration, at: &KeyPath, findings: &mut Findings) {
    if value > DURATION_MAX {
        findings.add(at.clone(), "expected 168h (7 days) at most", None);
    }
}
