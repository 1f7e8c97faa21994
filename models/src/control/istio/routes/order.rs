//! The orders in which gateways hold routes and hosts.

use std::cmp::Ordering;
use std::sync::Arc;

use crate::control::istio::hosts;
use crate::proxy::envoy::config::Route;

use super::matches::takes_every_request;

/// Routes that take every request move behind all others; apart from that the order stays
/// (istio `pilot/pkg/networking/core/route/route.go`, `SortVHostRoutes`). Only gateways do so,
/// because only there the routes of several VirtualServices stand in one virtual host.
pub(in crate::control::istio) fn sort_catch_all_last(
    mut routes: Vec<Arc<Route>>,
) -> Vec<Arc<Route>> {
    routes.sort_by_key(|route| takes_every_request(&route.matches));
    routes
}

/// The more specific of two hosts first: wildcards last, longer names before shorter ones
/// (istio `pkg/config/host/names.go`, `MoreSpecific`).
pub(in crate::control::istio) fn more_specific(one: &str, other: &str) -> Ordering {
    let key = |host: &str| (hosts::is_wildcard(host), std::cmp::Reverse(host.len()));
    key(one).cmp(&key(other)).then_with(|| one.cmp(other))
}
