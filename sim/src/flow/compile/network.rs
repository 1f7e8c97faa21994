//! The links of a run: what the scenario says, and defaults from published measurements.

use meshwalk_models::cost::{CostProfile, LinkPrior};
use meshwalk_models::units::{Probability, SimDuration};

use crate::flow::plan::ConnectPlan;
use crate::kernel::random::Distribution;
use crate::net::{Link, Links};
use crate::scenario::file::{LinkSpec, NetworkSpec};

const NS_PER_BYTE_AT_1_MBPS: f64 = 8_000.0;

/// The links, in the order of distance.
///
/// Defaults are round trips. Between nodes they are those of the cost profile, measured between
/// machines, and what the kernel's path to a pod adds; two pods of one node 21 µs (TCP_RR of
/// Cilium's benchmark, 2021); clients outside 20 ms, p99 60 ms (assumed). Inside a pod, the price
/// of `loopback` each way.
pub(super) fn links(spec: &NetworkSpec, costs: &CostProfile) -> Links {
    let us = SimDuration::from_us;
    let loopback = costs.kernel.loopback.value;
    let kernel = costs.kernel.round_trip(spec.kube_proxy);
    let between = |given: Option<&LinkSpec>, prior: &LinkPrior| {
        link(given, prior.p50.value + kernel, prior.p99.value + kernel)
    };
    let network = &costs.network;
    Links {
        same_pod: link(spec.same_pod.as_ref(), loopback + loopback, loopback + loopback),
        by_distance: [
            link(spec.same_node.as_ref(), us(21), us(28)),
            between(spec.same_zone.as_ref(), &network.same_zone),
            between(spec.same_region.as_ref(), &network.same_region),
            between(spec.cross_region.as_ref(), &network.cross_region),
            link(spec.outside.as_ref(), us(20_000), us(60_000)),
        ],
    }
}

/// What a new connection costs at the client's node.
pub(super) fn connects(spec: &NetworkSpec, costs: &CostProfile, services: usize) -> ConnectPlan {
    let services = services as u64 + u64::from(spec.more_services);
    let scaled = |time: SimDuration| time.as_ns() as f64 * costs.machine.k_cpu.value;
    ConnectPlan {
        connect: SimDuration::from_ns_f64(scaled(costs.kernel.connect.value)),
        pick: SimDuration::from_ns_f64(scaled(costs.kernel.pick(spec.kube_proxy, services))),
    }
}

fn link(spec: Option<&LinkSpec>, p50: SimDuration, p99: SimDuration) -> Link {
    // Prices of a user may be out of order; then there is no spread.
    let default = Distribution::lognormal(p50, p99)
        .ok()
        .filter(|_| p50 != p99)
        .unwrap_or(Distribution::constant(p50));
    match spec {
        None => Link { round_trip: default, loss: Probability::NEVER, ns_per_byte: 0.0 },
        Some(spec) => Link {
            round_trip: spec.round_trip.distribution().unwrap_or(default),
            loss: spec.loss,
            ns_per_byte: spec.bandwidth_mbps.map_or(0.0, |mbps| NS_PER_BYTE_AT_1_MBPS / mbps),
        },
    }
}
