//! Runtime values, which take the place of what the configuration says of clusters and faults.
//!
//! Source: Envoy, "Runtime" pages of circuit breaking, outlier detection, fault injection and load
//! balancing.

use meshwalk_models::proxy::envoy::config::{
    FaultAbort, FaultDelay, HttpFilter, HttpFilterKind, OutlierDetection, RoutingPriority,
    Thresholds,
};
use meshwalk_models::units::{Ppm, SimDuration};

use super::super::fields::{Fields, Read};
use super::super::json::Json;
use super::cluster::{Rendered, default_thresholds};
use super::given;

/// Applies the runtime values of a case.
pub(super) fn apply(
    fields: &Fields<'_>,
    clusters: &mut [Rendered],
    filters: &mut [HttpFilter],
) -> Read<()> {
    let Some(json) = fields.get("runtime") else { return Ok(()) };
    let mut values = Vec::new();
    flatten(json, String::new(), &mut values);
    for (key, value) in values {
        let number = match value {
            Json::Text(text) => text.parse().ok(),
            other => other.as_number(),
        };
        let number = number.filter(|number| (0.0..=1e9).contains(number)).map(|it| it as u32);
        let known = number.is_some_and(|number| {
            if let Some(rest) = key.strip_prefix("circuit_breakers.") {
                breaker(rest, number, clusters)
            } else if let Some(rest) = key.strip_prefix("outlier_detection.") {
                let mut all = clusters.iter_mut().filter_map(|it| it.cluster.outlier.as_mut());
                all.all(|detection| outlier(rest, number, detection))
            } else if let Some(rest) = key.strip_prefix("fault.http.") {
                faults(rest, number, filters)
            } else if key == "upstream.healthy_panic_threshold" {
                for one in clusters.iter_mut() {
                    one.cluster.balancing.panic_threshold = given(Ppm::from_percent(number));
                }
                true
            } else {
                false
            }
        });
        if !known {
            return fields.wrong(&format!("runtime.{key}"), "this runtime value is not modelled");
        }
    }
    Ok(())
}

/// Keys may be written with dots or as objects within each other.
fn flatten<'j>(json: &'j Json, key: String, values: &mut Vec<(String, &'j Json)>) {
    let Json::Object(members) = json else {
        values.push((key, json));
        return;
    };
    for (name, inner) in members {
        let key = if key.is_empty() { name.clone() } else { format!("{key}.{name}") };
        flatten(inner, key, values);
    }
}

/// `<cluster>.<priority>.<limit>`.
fn breaker(key: &str, number: u32, clusters: &mut [Rendered]) -> bool {
    for priority in [(".default.", RoutingPriority::Default), (".high.", RoutingPriority::High)] {
        let Some((cluster, limit)) = key.split_once(priority.0) else { continue };
        let Some(one) = clusters.iter_mut().find(|one| one.cluster.name == cluster) else {
            return false;
        };
        let limits = &mut one.cluster.thresholds;
        return set_limit(
            limits.entry(priority.1).or_insert_with(default_thresholds),
            limit,
            number,
        );
    }
    false
}

fn set_limit(limits: &mut Thresholds, name: &str, number: u32) -> bool {
    match name {
        "max_connections" => limits.max_connections = given(number),
        "max_pending_requests" => limits.max_pending = given(number),
        "max_requests" => limits.max_requests = given(number),
        "max_retries" => limits.max_retries = given(number),
        "retry_budget.budget_percent" => {
            limits.retry_budget = Some(given(Ppm::from_percent(number)));
        }
        "retry_budget.min_retry_concurrency" => limits.min_retry_concurrency = number,
        _ => return false,
    }
    true
}

fn outlier(key: &str, number: u32, detection: &mut OutlierDetection) -> bool {
    let ms = given(SimDuration::from_ms(u64::from(number)));
    match key {
        "consecutive_5xx" => detection.consecutive_5xx = given(number),
        "consecutive_gateway_failure" => detection.consecutive_gateway = given(number),
        "consecutive_local_origin_failure" => detection.consecutive_local = given(number),
        "interval_ms" => detection.interval = ms,
        "base_ejection_time_ms" => detection.base_ejection = ms,
        "max_ejection_time_ms" => detection.max_ejection = ms,
        "max_ejection_percent" => detection.max_ejection_share = given(Ppm::from_percent(number)),
        "enforcing_consecutive_5xx" => detection.enforcing_consecutive_5xx = number,
        "enforcing_consecutive_gateway_failure" => {
            detection.enforcing_consecutive_gateway = number;
        }
        "enforcing_consecutive_local_origin_failure" => {
            detection.enforcing_consecutive_local = number;
        }
        "enforcing_success_rate" => detection.enforcing_success_rate = number,
        "enforcing_failure_percentage" => detection.enforcing_failure_percentage = number,
        "success_rate_minimum_hosts" => detection.success_rate_min_hosts = number,
        "success_rate_request_volume" => detection.success_rate_request_volume = number,
        "success_rate_stdev_factor" => detection.success_rate_stdev_factor = number,
        "failure_percentage_threshold" => detection.failure_percentage_threshold = number,
        "failure_percentage_minimum_hosts" => detection.failure_percentage_min_hosts = number,
        "failure_percentage_request_volume" => {
            detection.failure_percentage_request_volume = number;
        }
        _ => return false,
    }
    true
}

fn faults(key: &str, number: u32, filters: &mut [HttpFilter]) -> bool {
    let mut known = true;
    for filter in filters {
        let HttpFilterKind::Fault(fault) = &mut filter.kind else { continue };
        let percent = Ppm::from_percent(number);
        match (key, &mut fault.abort, &mut fault.delay) {
            ("max_active_faults", ..) => fault.max_active = Some(number),
            ("abort.abort_percent", Some(abort), _) => match &mut abort.value {
                FaultAbort::Http { share, .. }
                | FaultAbort::Grpc { share, .. }
                | FaultAbort::ByHeader { share } => *share = percent,
            },
            ("abort.http_status", Some(abort), _) => {
                if let FaultAbort::Http { status, .. } = &mut abort.value {
                    *status = u16::try_from(number).unwrap_or(*status);
                }
            }
            ("delay.fixed_delay_percent", _, Some(delay)) => match &mut delay.value {
                FaultDelay::Fixed { share, .. } | FaultDelay::ByHeader { share } => {
                    *share = percent;
                }
            },
            ("delay.fixed_duration_ms", _, Some(delay)) => {
                if let FaultDelay::Fixed { pause, .. } = &mut delay.value {
                    *pause = SimDuration::from_ms(u64::from(number));
                }
            }
            (
                "abort.abort_percent"
                | "abort.http_status"
                | "delay.fixed_delay_percent"
                | "delay.fixed_duration_ms",
                ..,
            ) => {}
            _ => known = false,
        }
    }
    known
}
