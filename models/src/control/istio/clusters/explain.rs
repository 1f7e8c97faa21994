//! Why a cluster has the settings that it has: what of it is Istio's own default. It decides
//! nothing; it tells what was decided.

use crate::control::istio::registry::Port;
use crate::explain::{Probe, RuleId};
use crate::proxy::envoy::config::{Cluster, LoadBalancer, RoutingPriority, Thresholds};
use crate::units::Ppm;
use crate::world::Origin;

const BALANCER: RuleId = RuleId("istio.cluster.load-balancer");
const CONNECT_TIMEOUT: RuleId = RuleId("istio.cluster.connect-timeout");
const EJECTION: RuleId = RuleId("istio.cluster.ejection");
const LIMITS: RuleId = RuleId("istio.cluster.limits");
const PANIC: RuleId = RuleId("istio.cluster.panic");
const PROTOCOL: RuleId = RuleId("istio.cluster.protocol");

/// What stands for no limit.
const UNLIMITED: u32 = u32::MAX;

/// Tells where the settings of a cluster come from, each with its rule.
pub(super) fn explain(cluster: &Cluster, port: &Port, probe: &mut impl Probe) {
    probe.step(PROTOCOL, Some(port.origin), || {
        format!("port {} is taken for {:?}", port.number, port.protocol).to_lowercase()
    });
    probe.step(BALANCER, Some(cluster.balancer.origin), || {
        let word = match cluster.balancer.value {
            LoadBalancer::RoundRobin(_) => "each host in turn",
            LoadBalancer::LeastRequest(_) => "the less busy of some hosts",
            LoadBalancer::Random => "any host",
            LoadBalancer::RingHash(_) | LoadBalancer::Maglev(_) => "the host of the hash",
            LoadBalancer::ClusterProvided => "whoever was dialled",
        };
        format!("{word} gets the next request")
    });
    let timeout = cluster.connect_timeout;
    probe.step(CONNECT_TIMEOUT, Some(timeout.origin), || {
        format!("a connection may take {} to be made", timeout.value)
    });
    if let Some(thresholds) = cluster.thresholds.get(&RoutingPriority::Default) {
        let (origin, told) = limits(thresholds);
        probe.step(LIMITS, Some(origin), || told);
    }
    match &cluster.outlier {
        Some(outlier) => {
            probe.step(EJECTION, Some(outlier.origin), || {
                format!("{} failures in a row eject a host", outlier.consecutive_5xx.value)
            });
            let panic = cluster.balancing.panic_threshold;
            probe.step(PANIC, Some(panic.origin), || match panic.value {
                Ppm::ZERO => "hosts that are ejected get nothing, be they all".to_owned(),
                share => {
                    format!("below {} % of healthy hosts all are used", share.as_percent_f64())
                }
            });
        }
        None => probe.step(EJECTION, None, || "no host is ever ejected".to_owned()),
    }
}

/// The first limit that is one.
fn limits(thresholds: &Thresholds) -> (Origin, String) {
    let limits = [
        (thresholds.max_connections, "connections"),
        (thresholds.max_pending, "waiting requests"),
        (thresholds.max_requests, "requests"),
        (thresholds.max_retries, "retries"),
    ];
    let written: Vec<_> = limits.iter().filter(|(limit, _)| limit.value < UNLIMITED).collect();
    let told: Vec<_> =
        written.iter().map(|(limit, name)| format!("{} {name}", limit.value)).collect();
    match written.first() {
        Some((limit, _)) => (limit.origin, format!("at most {}", told.join(", "))),
        None => (thresholds.max_connections.origin, "nothing is limited".to_owned()),
    }
}
