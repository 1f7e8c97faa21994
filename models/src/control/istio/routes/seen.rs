//! The services of the registry as one proxy's routes look them up. Which services a Sidecar hides
//! is decided elsewhere.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::control::istio::Push;
use crate::control::istio::registry::{Protocol, Resolution, Service};
use crate::manifest::kinds::istio::Destination;
use crate::proxy::envoy::config::HashPolicy;

use super::destination::{KnownService, Services};
use super::hash;
use super::matches::Client;
use super::sidecar::{OutboundPort, OutboundService};

/// The service that a host stands for in a namespace: its own, or one of Kubernetes, or the first
/// by namespace (istio `pilot/pkg/model/push_context.go`, `ServiceForHostname`).
#[must_use]
pub fn service_for<'p>(push: &'p Push, host: &str, namespace: &str) -> Option<&'p Arc<Service>> {
    let candidates = push.registry.with_host(host)?;
    let sees = |service: &&Arc<Service>| service.export_to.reaches(&service.namespace, namespace);
    let own = candidates.get(namespace).filter(sees);
    let kubernetes = || candidates.values().filter(sees).find(|service| service.is_kubernetes());
    own.or_else(kubernetes).or_else(|| candidates.values().find(sees))
}

/// Services as a gateway's routes look them up: with all their ports.
#[derive(Clone, Copy)]
pub struct SeenServices<'p> {
    /// What Istio knows.
    pub push: &'p Push,
    /// The proxy.
    pub client: Client<'p>,
}

impl Services for SeenServices<'_> {
    fn service(&self, host: &str) -> Option<KnownService> {
        let service = service_for(self.push, host, self.client.namespace)?;
        Some(KnownService {
            ports: service.ports.iter().map(|port| port.number).collect(),
            external_name: service.alias_of.clone(),
        })
    }

    fn hash(&self, destination: &Destination) -> Option<HashPolicy> {
        hash::of_destination(self.push, self.client, destination)
    }
}

/// Services as a sidecar calls them; those that are only other names of one become its aliases.
#[must_use]
pub fn outbound_services(services: &[Arc<Service>]) -> Vec<OutboundService> {
    let mut aliases: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for service in services {
        if let Some(target) = &service.alias_of {
            aliases.entry(target.as_str()).or_default().push(service.host.clone());
        }
    }
    let outbound = services.iter().map(|service| OutboundService {
        host: service.host.clone(),
        namespace: service.namespace.clone(),
        ports: service
            .ports
            .iter()
            .map(|port| OutboundPort {
                number: port.number,
                may_be_http: port.protocol.is_http() || port.protocol == Protocol::Sniffed,
            })
            .collect(),
        addresses: single_addresses(service),
        aliases: aliases.get(service.host.as_str()).cloned().unwrap_or_default(),
        answers_for_pods: service.is_kubernetes()
            && service.resolution == Resolution::Passthrough
            && service.alias_of.is_none(),
        alias_of: service.alias_of.clone(),
        origin: service.origin,
    });
    outbound.collect()
}

/// A range of addresses is no authority.
fn single_addresses(service: &Service) -> Vec<String> {
    let single =
        service.addresses.iter().filter(|range| range.prefix_len() == range.max_prefix_len());
    single.map(|range| range.addr().to_string()).collect()
}
