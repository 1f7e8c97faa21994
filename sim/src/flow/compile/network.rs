//! The links of a run: what the scenario says, and defaults from published measurements.

use meshwalk_models::units::{Probability, SimDuration};

use crate::kernel::random::Distribution;
use crate::net::{Link, Links};
use crate::scenario::file::{LinkSpec, NetworkSpec};

const NS_PER_BYTE_AT_1_MBPS: f64 = 8_000.0;

/// The links, in the order of distance.
///
/// Defaults are round trips: two pods of one node 21 µs (TCP_RR of Cilium's benchmark, 2021);
/// one zone p50 84 µs, p99 107 µs; two zones 0.5 to 1.5 ms, p99/p50 1.5; two regions 67 ms,
/// p99/p50 1.1 (us-east-1 to eu-west-1); clients outside 20 ms, p99 60 ms (assumed). Inside a pod, the price of
/// `loopback` each way.
pub(super) fn links(spec: &NetworkSpec, loopback: SimDuration) -> Links {
    let us = SimDuration::from_us;
    Links {
        same_pod: link(spec.same_pod.as_ref(), loopback + loopback, loopback + loopback),
        by_distance: [
            link(spec.same_node.as_ref(), us(21), us(28)),
            link(spec.same_zone.as_ref(), us(84), us(107)),
            link(spec.same_region.as_ref(), us(700), us(1_050)),
            link(spec.cross_region.as_ref(), us(67_000), us(73_700)),
            link(spec.outside.as_ref(), us(20_000), us(60_000)),
        ],
    }
}

fn link(spec: Option<&LinkSpec>, p50: SimDuration, p99: SimDuration) -> Link {
    let default = if p50 == p99 {
        Distribution::constant(p50)
    } else {
        Distribution::lognormal(p50, p99).expect("the defaults are in order")
    };
    match spec {
        None => Link { round_trip: default, loss: Probability::NEVER, ns_per_byte: 0.0 },
        Some(spec) => Link {
            round_trip: spec.round_trip.distribution().unwrap_or(default),
            loss: spec.loss,
            ns_per_byte: spec.bandwidth_mbps.map_or(0.0, |mbps| NS_PER_BYTE_AT_1_MBPS / mbps),
        },
    }
}
