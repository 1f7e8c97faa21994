//! Endpoints, one line for each in each cluster.

use meshwalk_models::proxy::envoy::config::{
    DeclaredHealth, Endpoint, LocalityEndpoints, ProxyConfig,
};
use serde::Serialize;

use super::clusters::parts;
use super::{Filter, Origins, Places, Row, or_dash};

/// One endpoint of a cluster.
#[derive(Serialize)]
pub(super) struct EndpointRow {
    endpoint: String,
    status: &'static str,
    outlier_check: &'static str,
    cluster: String,
    locality: String,
    priority: u32,
    weight: u32,
    origin: String,
}

impl Row for EndpointRow {
    const HEADERS: &'static [&'static str] = &[
        "ENDPOINT",
        "STATUS",
        "OUTLIER CHECK",
        "CLUSTER",
        "LOCALITY",
        "PRIORITY",
        "WEIGHT",
        "ORIGIN",
    ];

    fn cells(&self) -> Vec<String> {
        vec![
            self.endpoint.clone(),
            self.status.to_owned(),
            self.outlier_check.to_owned(),
            self.cluster.clone(),
            or_dash(&self.locality),
            self.priority.to_string(),
            self.weight.to_string(),
            self.origin.clone(),
        ]
    }
}

/// The endpoints that fit, by address and cluster.
pub(super) fn rows(
    config: &ProxyConfig,
    filter: &Filter,
    origins: Origins<'_>,
) -> Vec<EndpointRow> {
    let places = origins.places;
    let mut rows = Vec::new();
    let fits = |cluster: &str| filter.name(cluster) && filter.fqdn(parts(cluster).fqdn);
    for (cluster, assignment) in config.assignments.iter().filter(|(name, _)| fits(name)) {
        for locality in &assignment.localities {
            let endpoints = locality.endpoints.iter().filter(|it| filter.port(it.address.port));
            rows.extend(
                endpoints.map(|it| (it.address.clone(), row(cluster, locality, it, places))),
            );
        }
    }
    rows.sort_by(|(a, first), (b, second)| (a, &first.cluster).cmp(&(b, &second.cluster)));
    rows.into_iter().map(|(_, row)| row).collect()
}

fn row(
    cluster: &str,
    locality: &LocalityEndpoints,
    endpoint: &Endpoint,
    places: Places<'_>,
) -> EndpointRow {
    let place = &locality.locality;
    let names = [&place.region, &place.zone, &place.sub_zone];
    let names: Vec<_> = names.into_iter().filter(|it| !it.is_empty()).map(String::as_str).collect();
    EndpointRow {
        endpoint: endpoint.address.to_string(),
        status: match endpoint.health {
            DeclaredHealth::Unknown | DeclaredHealth::Healthy => "HEALTHY",
            DeclaredHealth::Unhealthy => "UNHEALTHY",
            DeclaredHealth::Draining => "DRAINING",
            DeclaredHealth::Timeout => "TIMEOUT",
            DeclaredHealth::Degraded => "DEGRADED",
        },
        // Nothing has been sent yet, so nobody is ejected.
        outlier_check: "OK",
        cluster: cluster.to_owned(),
        locality: names.join("/"),
        priority: locality.priority,
        weight: endpoint.weight,
        origin: places.show(endpoint.origin),
    }
}
