//! What a route hashes, as the DestinationRule of its destination asks for it. Which host a hash
//! stands for is the proxy's business.

use crate::control::istio::Push;
use crate::control::istio::clusters::hash_policy;
use crate::control::istio::destination::{self, Traffic, rule_for};
use crate::explain::Silent;
use crate::manifest::kinds::istio::{Destination, LoadBalancerSettings, TrafficPolicy};
use crate::proxy::envoy::config::HashPolicy;

use super::matches::Client;
use super::seen::service_for;

/// What is hashed for a destination whose host is whole. Settings of a port count only where the
/// destination names that port (istio `pilot/pkg/networking/core/route/route.go`,
/// `HashForHTTPDestination`).
pub(super) fn of_destination(
    push: &Push,
    client: Client<'_>,
    destination: &Destination,
) -> Option<HashPolicy> {
    let subset = destination.subset.as_ref().map(|subset| subset.value.as_str());
    let port = destination.port.as_ref().map(|port| port.value);
    of_port(push, client, &destination.host, port, subset)
}

/// What is hashed for a service without a VirtualService (the same file, `hashForService`).
pub(super) fn of_service(
    push: &Push,
    client: Client<'_>,
    host: &str,
    port: u16,
) -> Option<HashPolicy> {
    of_port(push, client, host, Some(port), None)
}

/// Unlike a cluster's policy, settings of a port or subset that hash nothing leave the hash of the
/// host in force: the narrowest level that hashes counts.
fn of_port(
    push: &Push,
    client: Client<'_>,
    host: &str,
    port: Option<u16>,
    subset: Option<&str>,
) -> Option<HashPolicy> {
    let service = service_for(push, host, client.namespace)?;
    let caller = destination::Client { namespace: client.namespace, labels: client.labels };
    let rule = rule_for(push, caller, Traffic::Outbound, service, &mut Silent)?;
    let whole = rule.policy.as_ref();
    let subset = subset.and_then(|name| rule.subset(name)).and_then(|it| it.policy.as_ref());
    let levels = [at_port(subset, port), balancer(subset), at_port(whole, port), balancer(whole)];
    let hashing = levels.into_iter().flatten().find(|level| level.consistent_hash.is_some());
    hash_policy(hashing)
}

fn balancer(policy: Option<&TrafficPolicy>) -> Option<&LoadBalancerSettings> {
    policy?.load_balancer.as_ref()
}

fn at_port(policy: Option<&TrafficPolicy>, port: Option<u16>) -> Option<&LoadBalancerSettings> {
    let mut ports = policy?.ports.iter();
    let (_, settings) = ports.find(|(number, _)| Some(number.value) == port)?;
    settings.load_balancer.as_ref()
}
