//! The reasons of outlier detection's decisions, as sentences.

use super::super::super::config::{Endpoint, OutlierDetection};
use super::super::rules;
use super::{Change, Detector, HealthChange, Spared};
use crate::explain::{Explanation, Fact, RuleId};
use crate::world::Origin;

/// Why `change` was decided.
pub(in super::super) fn explain(
    change: &HealthChange,
    config: &OutlierDetection,
    endpoint: &Endpoint,
) -> Explanation {
    let host = &endpoint.address;
    match change.change {
        Change::Ejected { by, returns_from } => Explanation {
            rule: rules::EJECTION_TIME,
            finding: format!(
                "{host} is ejected, and the first sweep from {returns_from} on brings it back"
            ),
            facts: share(change),
            origin: Some(config.base_ejection.origin),
            because: vec![found(change, by, config), merged(change)],
        },
        Change::Spared { by, why } => {
            let (rule, origin, finding) = match why {
                Spared::Limit => (
                    rules::EJECTION_LIMIT,
                    config.max_ejection_share.origin,
                    format!(
                        "{host} fails and is not ejected: {} of {} hosts are, and at most {} % \
                         may be",
                        change.ejected,
                        change.hosts,
                        config.max_ejection_share.as_percent_f64()
                    ),
                ),
                Spared::NotEnforced => (
                    rules::ENFORCING,
                    config.origin,
                    format!(
                        "{host} fails and is not ejected: the detector is enforced {} % of the time",
                        by.enforcing(config)
                    ),
                ),
            };
            let because = vec![found(change, by, config)];
            Explanation { rule, finding, facts: share(change), origin: Some(origin), because }
        }
        Change::Returned { after } => Explanation {
            rule: rules::RETURN,
            finding: format!("{host} is back after {after}"),
            facts: share(change),
            origin: Some(config.interval.origin),
            because: vec![merged(change)],
        },
    }
}

fn share(change: &HealthChange) -> Vec<Fact> {
    vec![
        Fact { name: "ejected", value: change.ejected.to_string() },
        Fact { name: "hosts", value: change.hosts.to_string() },
    ]
}

fn found(change: &HealthChange, by: Detector, config: &OutlierDetection) -> Explanation {
    let (rule, origin, finding) = detector(by, config);
    let rates = change.rates.map_or(Vec::new(), |(own, least)| {
        vec![
            Fact { name: "success_rate", value: format!("{own:.2}") },
            Fact { name: "threshold", value: format!("{least:.2}") },
        ]
    });
    Explanation { rule, finding, facts: rates, origin: Some(origin), because: Vec::new() }
}

fn detector(by: Detector, config: &OutlierDetection) -> (RuleId, Origin, String) {
    match by {
        Detector::Consecutive5xx => (
            rules::CONSECUTIVE_5XX,
            config.consecutive_5xx.origin,
            format!("{} answers in a row were 5xx", config.consecutive_5xx.value),
        ),
        Detector::ConsecutiveGateway => (
            rules::CONSECUTIVE_GATEWAY,
            config.consecutive_gateway.origin,
            format!("{} answers in a row were 502, 503 or 504", config.consecutive_gateway.value),
        ),
        Detector::ConsecutiveLocalOrigin => (
            rules::CONSECUTIVE_LOCAL,
            config.consecutive_local.origin,
            format!("{} attempts in a row failed locally", config.consecutive_local.value),
        ),
        Detector::SuccessRate | Detector::LocalOriginSuccessRate => (
            rules::SUCCESS_RATE,
            config.origin,
            "its success rate in the last interval is an outlier".to_owned(),
        ),
        Detector::FailurePercentage | Detector::LocalOriginFailurePercentage => (
            rules::FAILURE_PERCENTAGE,
            config.origin,
            format!(
                "at least {} % of its requests in the last interval failed",
                config.failure_percentage_threshold
            ),
        ),
    }
}

fn merged(change: &HealthChange) -> Explanation {
    let finding = if change.seen_from == change.at {
        "the workers learn of it at once".to_owned()
    } else {
        format!("the workers learn of it at {}, with other changes", change.seen_from)
    };
    Explanation {
        rule: rules::MERGE_WINDOW,
        finding,
        facts: Vec::new(),
        origin: None,
        because: Vec::new(),
    }
}
