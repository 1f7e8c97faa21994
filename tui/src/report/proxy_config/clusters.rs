//! Clusters, one line for each.

use std::collections::BTreeMap;

use meshwalk_models::proxy::envoy::config::{Cluster, Discovery, ProxyConfig};
use serde::Serialize;

use super::super::objects::OwnerKind;
use super::{Filter, Origins, Row, or_dash};

/// One cluster.
#[derive(Serialize)]
pub(super) struct ClusterRow {
    name: String,
    service_fqdn: String,
    port: Option<u16>,
    subset: String,
    direction: String,
    #[serde(rename = "type")]
    discovery: &'static str,
    destination_rule: Option<String>,
    origin: String,
}

impl Row for ClusterRow {
    const HEADERS: &'static [&'static str] =
        &["SERVICE FQDN", "PORT", "SUBSET", "DIRECTION", "TYPE", "DESTINATION RULE", "ORIGIN"];

    fn cells(&self) -> Vec<String> {
        vec![
            self.service_fqdn.clone(),
            or_dash(&self.port.map_or_else(String::new, |port| port.to_string())),
            or_dash(&self.subset),
            or_dash(&self.direction),
            self.discovery.to_owned(),
            self.destination_rule.clone().unwrap_or_default(),
            self.origin.clone(),
        ]
    }
}

/// The parts of a name such as `outbound|9080|v2|reviews.default.svc.cluster.local`.
pub(super) struct NameParts<'n> {
    pub(super) direction: &'n str,
    pub(super) port: Option<u16>,
    pub(super) subset: &'n str,
    pub(super) fqdn: &'n str,
}

/// Takes a name apart; other names are hosts of their own.
pub(super) fn parts(name: &str) -> NameParts<'_> {
    let mut words = name.splitn(4, '|');
    match (words.next(), words.next(), words.next(), words.next()) {
        (Some(direction), Some(port), Some(subset), Some(fqdn)) => {
            NameParts { direction, port: port.parse().ok(), subset, fqdn }
        }
        _ => NameParts { direction: "", port: None, subset: "", fqdn: name },
    }
}

/// The clusters that fit, by host, port, subset and direction, as istioctl sorts them.
pub(super) fn rows(config: &ProxyConfig, filter: &Filter, origins: Origins<'_>) -> Vec<ClusterRow> {
    let fits = |cluster: &&Cluster| {
        let parts = parts(&cluster.name);
        filter.name(&cluster.name)
            && filter.fqdn(parts.fqdn)
            && filter.port.is_none_or(|port| parts.port == Some(port))
    };
    let clusters = config.clusters.values().map(AsRef::as_ref).filter(fits);
    let mut rows: Vec<_> = clusters.map(|cluster| row(cluster, origins)).collect();
    let rules: BTreeMap<String, String> = rows
        .iter()
        .filter(|row| row.direction == "outbound")
        .filter_map(|row| Some((row.service_fqdn.clone(), row.destination_rule.clone()?)))
        .collect();
    // A rule is one of the host, also where it sets something for a subset alone.
    for row in rows.iter_mut().filter(|row| row.direction == "outbound") {
        let of_host = || rules.get(&row.service_fqdn).cloned();
        row.destination_rule = row.destination_rule.take().or_else(of_host);
    }
    rows.sort_by(|a, b| {
        (&a.service_fqdn, a.port, &a.subset, &a.direction).cmp(&(
            &b.service_fqdn,
            b.port,
            &b.subset,
            &b.direction,
        ))
    });
    rows
}

/// The DestinationRule that set anything of a cluster.
fn destination_rule(cluster: &Cluster, origins: Origins<'_>) -> Option<String> {
    let limits = cluster
        .thresholds
        .values()
        .flat_map(|it| [it.max_connections.origin, it.max_pending.origin, it.max_requests.origin]);
    let outlier = cluster.outlier.iter().map(|it| it.origin);
    let set = [
        cluster.origin,
        cluster.balancer.origin,
        cluster.tls.origin,
        cluster.connect_timeout.origin,
        cluster.http.protocol.origin,
        cluster.http.max_requests_per_connection.origin,
    ];
    let mut owners = set
        .into_iter()
        .chain(limits)
        .chain(outlier)
        .filter_map(|origin| origins.objects.owner(origin, OwnerKind::DestinationRule));
    owners.next().map(str::to_owned)
}

fn row(cluster: &Cluster, origins: Origins<'_>) -> ClusterRow {
    let parts = parts(&cluster.name);
    ClusterRow {
        name: cluster.name.clone(),
        service_fqdn: parts.fqdn.to_owned(),
        port: parts.port,
        subset: parts.subset.to_owned(),
        direction: parts.direction.to_owned(),
        discovery: match cluster.discovery {
            Discovery::Static => "STATIC",
            Discovery::Eds => "EDS",
            Discovery::StrictDns => "STRICT_DNS",
            Discovery::LogicalDns => "LOGICAL_DNS",
            Discovery::OriginalDestination => "ORIGINAL_DST",
        },
        destination_rule: destination_rule(cluster, origins),
        origin: origins.places.show(cluster.origin),
    }
}
