//! Why a proxy has the routes that it has: what of a compiled route is Istio's own default, and
//! which of several VirtualServices counts. It decides nothing; it tells what was decided.

use crate::explain::{Probe, RuleId};
use crate::proxy::envoy::config::{
    Destination, Forward, HostRewrite, PathMatcher, RetryPolicy, Route, RouteAction,
};
use crate::units::SimDuration;
use crate::world::Origin;

use super::effective::EffectiveVirtualService;
use super::matches::{MESH, takes_every_request};
use super::mesh;
use super::sidecar::{SidecarRoutes, UnknownHosts};
use crate::control::istio::hosts;

/// Tells where the settings of a route come from, each with its rule.
pub fn explain_route(route: &Route, probe: &mut impl Probe) {
    if takes_every_request(&route.matches) {
        probe.step(RuleId("istio.route.catch-all-ends"), Some(route.matches.origin), || {
            "it takes every request, so rules behind it in its object are not made".to_owned()
        });
    }
    if let PathMatcher::Prefix(prefix) = &route.matches.path
        && prefix != "/"
    {
        probe.step(RuleId("istio.route.raw-prefix"), Some(route.matches.origin), || {
            format!("every path takes it that begins with `{prefix}`, such as `{prefix}x`")
        });
    }
    let RouteAction::Forward(forward) = &route.action else { return };
    destination(forward, probe);
    if let Some(rewrite) = &forward.host_rewrite
        && let HostRewrite::Literal(host) = &rewrite.value
    {
        probe.step(RuleId("istio.route.authority-rewrite"), Some(rewrite.origin), || {
            format!("the authority becomes `{host}`")
        });
    }
    if forward.timeout.value == SimDuration::ZERO {
        probe.step(RuleId("istio.route.no-timeout"), Some(forward.timeout.origin), || {
            "no timeout is written, and Istio disables Envoy's 15 s".to_owned()
        });
    }
    match &forward.retry {
        Some(policy) => retries(policy, probe),
        None => probe.step(RuleId("istio.route.retry-disabled"), Some(route.origin), || {
            "nothing is tried again: `attempts` is 0 or missing".to_owned()
        }),
    }
}

fn destination(forward: &Forward, probe: &mut impl Probe) {
    match &forward.destination {
        Destination::Cluster(cluster) => {
            probe.step(RuleId("istio.route.destination-port"), Some(cluster.origin), || {
                format!("requests go to {}", cluster.value)
            });
        }
        Destination::Weighted { clusters, .. } => {
            for cluster in clusters {
                probe.step(RuleId("istio.route.zero-weight"), Some(cluster.weight.origin), || {
                    format!("{} has the weight {}", cluster.cluster.value, cluster.weight.value)
                });
            }
        }
        Destination::ClusterHeader(_) => {}
    }
}

fn retries(policy: &RetryPolicy, probe: &mut impl Probe) {
    let is_default = |origin: Origin| matches!(origin, Origin::Default(_));
    probe.step(RuleId("istio.route.retry-attempts"), Some(policy.retries.origin), || {
        format!("{} tries in all", policy.retries.value + 1)
    });
    let words = || policy.retry_on.words().collect::<Vec<_>>().join(",");
    match (is_default(policy.origin), is_default(policy.retry_on.origin)) {
        (true, _) => {
            probe.step(RuleId("istio.route.retry-conditions"), Some(policy.retry_on.origin), words);
        }
        (false, true) => {
            let rule = RuleId("istio.route.retry-keeps-conditions");
            probe.step(rule, Some(policy.origin), || format!("by default {}", words()));
        }
        (false, false) if !policy.status_codes.is_empty() => {
            let rule = RuleId("istio.route.retry-numerals");
            probe.step(rule, Some(policy.retry_on.origin), || {
                format!("{} for {:?}", words(), policy.status_codes)
            });
        }
        (false, false) => {}
    }
    probe.step(RuleId("istio.route.retry-other-hosts"), Some(policy.origin), || {
        match policy.host_predicates.is_empty() {
            true => "hosts that were tried may be tried again".to_owned(),
            false => format!(
                "hosts that were tried are passed over, in up to {} draws",
                policy.host_selection_attempts
            ),
        }
    });
}

impl SidecarRoutes<'_> {
    /// Tells which VirtualService counts for a host on a port, and why the others do not.
    pub fn explain_host(&self, host: &str, port: u16, probe: &mut impl Probe) {
        probe.enter();
        let name = format!("{host}:{port}");
        let found = self.virtual_hosts(port).into_iter().find(|it| it.name == name);
        let objects = self.virtual_services.iter().map(|object| &**object);
        let names_it = |object: &&EffectiveVirtualService| {
            object.hosts.iter().any(|known| hosts::covers(known, host))
        };
        let counts = |object: &EffectiveVirtualService| {
            found.as_ref().is_some_and(|it| it.origin == Origin::Manifest(object.place))
        };
        let group = self.others.mesh_group(host, port);
        let candidates: Vec<_> = objects.filter(names_it).collect();
        let winner = candidates.iter().find(|object| counts(object)).copied();
        for object in &candidates {
            let (rule, why) = match winner {
                Some(winner) if std::ptr::eq(winner, *object) => {
                    (RuleId("istio.route.short-names"), format!("counts: its host is `{host}`"))
                }
                _ if self.routes_of(object, port).is_empty() => (
                    RuleId("istio.route.source-labels"),
                    "is passed over: no match of it can hold for this workload".to_owned(),
                ),
                Some(winner) if is_exact(winner, host) && !is_exact(object, host) => (
                    RuleId("istio.route.exact-host-first"),
                    "is passed over: its host is a wildcard".to_owned(),
                ),
                _ => (
                    RuleId("istio.route.oldest-wins"),
                    "is passed over: another stands before it".to_owned(),
                ),
            };
            probe.step(rule, Some(Origin::Manifest(object.place)), || {
                format!("{}/{} {why}", object.namespace, object.name)
            });
        }
        match (winner, &found) {
            (Some(winner), _) => {
                let origin = Some(Origin::Manifest(winner.place));
                probe.leave(RuleId("istio.route.gateways"), origin, || {
                    format!("{}/{} is bound to `{MESH}`", winner.namespace, winner.name)
                });
            }
            (None, Some(_)) if group.is_some() => {
                let origin = group.as_ref().map(|group| group.origin);
                probe.leave(mesh::RULE, origin, || {
                    format!("routes of Gateway API count for `{host}`")
                });
            }
            (None, Some(service)) => {
                probe.leave(RuleId("istio.route.gateways"), Some(service.origin), || {
                    format!("no VirtualService counts for `{host}`; it has its default route")
                });
            }
            (None, None) => probe.leave(RuleId("istio.route.unknown-host"), None, || {
                let answer = match self.unknown_hosts {
                    UnknownHosts::PassThrough | UnknownHosts::Proxy(_) => "is passed through",
                    UnknownHosts::Block => "is answered with 502",
                };
                format!("no service or VirtualService has `{host}`, and the request {answer}")
            }),
        }
    }
}

fn is_exact(object: &EffectiveVirtualService, host: &str) -> bool {
    object.hosts.iter().any(|known| known.value == host)
}
