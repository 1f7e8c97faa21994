//! The endpoints of a cluster, as one proxy sees them (istio
//! `pilot/pkg/xds/endpoints/endpoint_builder.go`).

use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::control::istio::Push;
use crate::control::istio::authentication::demands;
use crate::control::istio::config::selects;
use crate::control::istio::registry::{Port, Resolution, Service, ServiceEndpoint};
use crate::explain::{Silent, Sourced};
use crate::manifest::Located;
use crate::manifest::kinds::Labels;
use crate::manifest::kinds::istio::MtlsMode;
use crate::proxy::envoy::config::{
    DeclaredHealth, Endpoint, LoadAssignment, Locality, LocalityEndpoints,
};
use crate::world::Origin;

use super::locality::{Balancing, Group, Viewpoint};

/// The endpoints on a port with the labels of a subset, grouped by locality.
pub(super) fn assignment(
    (service, port): (&Service, &Port),
    labels: Option<&Labels>,
    balancing: &Balancing<'_>,
    offers: Offers<'_>,
    proxy: Viewpoint<'_>,
) -> LoadAssignment {
    let groups = balancing.apply(groups(service, port, labels), proxy);
    let localities = groups.into_iter().map(|group| LocalityEndpoints {
        locality: group.locality.clone(),
        priority: group.priority,
        weight: Some(group.weight),
        endpoints: group.endpoints.into_iter().map(|it| endpoint(it, offers)).collect(),
    });
    LoadAssignment { localities: localities.collect(), overprovisioning: None }
}

fn members<'e>(
    service: &'e Service,
    port: &'e Port,
    labels: Option<&'e Labels>,
) -> impl Iterator<Item = &'e ServiceEndpoint> {
    // Endpoints that the control plane sends must be addresses; only DNS clusters resolve names.
    let by_name = matches!(service.resolution, Resolution::Dns | Resolution::DnsRoundRobin);
    port.endpoints.iter().filter(move |endpoint| {
        let usable = by_name || endpoint.address.host.parse::<IpAddr>().is_ok();
        usable && labels.is_none_or(|labels| selects(labels, &endpoint.labels))
    })
}

fn groups<'e>(service: &'e Service, port: &'e Port, labels: Option<&'e Labels>) -> Vec<Group<'e>> {
    let mut by_locality: BTreeMap<&Locality, Vec<&ServiceEndpoint>> = BTreeMap::new();
    for endpoint in members(service, port, labels) {
        by_locality.entry(&endpoint.locality).or_default().push(endpoint);
    }
    let group = |(locality, endpoints): (&'e Locality, Vec<&'e ServiceEndpoint>)| {
        let weight = endpoints.iter().fold(0_u32, |sum, it| sum.saturating_add(it.weight));
        let weight = Sourced::new(weight, Origin::Default("istio.locality-weight"));
        Group { locality, priority: 0, weight, endpoints }
    };
    by_locality.into_iter().map(group).collect()
}

/// Which encryption of the mesh a cluster offers to its endpoints.
#[derive(Clone, Copy)]
pub(super) enum Offers<'e> {
    /// Mutual TLS.
    MutualTls(Encryption<'e>),
    /// Tunnels.
    Tunnel,
}

impl<'e> Offers<'e> {
    pub(super) fn mutual_tls(push: &'e Push, service: &'e Service) -> Self {
        Self::MutualTls(Encryption::of(push, service))
    }

    fn are_taken_by(self, endpoint: &ServiceEndpoint) -> bool {
        match self {
            Self::MutualTls(encryption) => encryption.takes_mutual_tls(endpoint),
            Self::Tunnel => endpoint.takes_tunnel,
        }
    }
}

/// What decides whether endpoints of a service take mutual TLS of Istio's choice.
#[derive(Clone, Copy)]
pub(super) struct Encryption<'e> {
    push: &'e Push,
    namespace: &'e str,
    /// Whether any policy of the cluster turns mutual TLS off.
    is_disabled_somewhere: bool,
}

impl<'e> Encryption<'e> {
    fn of(push: &'e Push, service: &'e Service) -> Self {
        let disables = |mode: &Option<Located<MtlsMode>>| {
            mode.as_ref().is_some_and(|mode| mode.value == MtlsMode::Disable)
        };
        let is_disabled_somewhere = push.peer_authentications.iter().any(|policy| {
            disables(&policy.object.mode) || policy.object.ports.values().any(disables)
        });
        Self { push, namespace: &service.namespace, is_disabled_somewhere }
    }

    /// A proxy beside the endpoint takes it, and no policy turns it off there (istio
    /// `pilot/pkg/xds/endpoints/mtls_checker.go`, `checkMtlsEnabled`).
    fn takes_mutual_tls(self, endpoint: &ServiceEndpoint) -> bool {
        endpoint.takes_mutual_tls
            && (!self.is_disabled_somewhere || {
                let labels = &endpoint.labels;
                let demands = demands(self.push, self.namespace, labels, &mut Silent);
                demands.on_port(endpoint.address.port).value != MtlsMode::Disable
            })
    }
}

fn endpoint(endpoint: &ServiceEndpoint, offers: Offers<'_>) -> Endpoint {
    Endpoint {
        address: endpoint.address.clone(),
        pod: endpoint.pod,
        weight: endpoint.weight,
        health: DeclaredHealth::Healthy,
        // Istio makes a cluster for each subset; nothing is left for Envoy to select.
        labels: BTreeMap::new(),
        takes_mutual_tls: offers.are_taken_by(endpoint),
        origin: endpoint.origin,
    }
}
