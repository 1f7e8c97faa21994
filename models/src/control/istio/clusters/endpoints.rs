//! The endpoints of a cluster, as one proxy sees them (istio
//! `pilot/pkg/xds/endpoints/endpoint_builder.go`).

use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::control::istio::config::selects;
use crate::control::istio::registry::{Port, Resolution, Service, ServiceEndpoint};
use crate::explain::Sourced;
use crate::manifest::kinds::Labels;
use crate::proxy::envoy::config::{
    DeclaredHealth, Endpoint, LoadAssignment, Locality, LocalityEndpoints,
};
use crate::world::Origin;

use super::locality::{Balancing, Group, Viewpoint};

/// The endpoints on a port with the labels of a subset, grouped by locality.
pub(super) fn assignment(
    service: &Service,
    port: &Port,
    labels: Option<&Labels>,
    balancing: &Balancing<'_>,
    proxy: Viewpoint<'_>,
) -> LoadAssignment {
    let groups = balancing.apply(groups(service, port, labels), proxy);
    let localities = groups.into_iter().map(|group| LocalityEndpoints {
        locality: group.locality.clone(),
        priority: group.priority,
        weight: Some(group.weight),
        endpoints: group.endpoints.into_iter().map(endpoint).collect(),
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

fn endpoint(endpoint: &ServiceEndpoint) -> Endpoint {
    Endpoint {
        address: endpoint.address.clone(),
        pod: endpoint.pod,
        weight: endpoint.weight,
        health: DeclaredHealth::Healthy,
        // Istio makes a cluster for each subset; nothing is left for Envoy to select.
        labels: BTreeMap::new(),
        takes_mutual_tls: endpoint.takes_mutual_tls,
        origin: endpoint.origin,
    }
}
