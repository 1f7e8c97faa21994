//! Clusters, one line for each.

use meshwalk_models::proxy::envoy::config::{Cluster, Discovery, ProxyConfig};
use serde::Serialize;

use super::{Filter, Places, Row, or_dash};

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
    origin: String,
}

impl Row for ClusterRow {
    const HEADERS: &'static [&'static str] =
        &["SERVICE FQDN", "PORT", "SUBSET", "DIRECTION", "TYPE", "ORIGIN"];

    fn cells(&self) -> Vec<String> {
        vec![
            self.service_fqdn.clone(),
            or_dash(&self.port.map_or_else(String::new, |port| port.to_string())),
            or_dash(&self.subset),
            or_dash(&self.direction),
            self.discovery.to_owned(),
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
pub(super) fn rows(config: &ProxyConfig, filter: &Filter, places: Places<'_>) -> Vec<ClusterRow> {
    let fits = |cluster: &&Cluster| {
        let parts = parts(&cluster.name);
        filter.name(&cluster.name)
            && filter.fqdn(parts.fqdn)
            && filter.port.is_none_or(|port| parts.port == Some(port))
    };
    let clusters = config.clusters.values().map(AsRef::as_ref).filter(fits);
    let mut rows: Vec<_> = clusters.map(|cluster| row(cluster, places)).collect();
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

fn row(cluster: &Cluster, places: Places<'_>) -> ClusterRow {
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
        origin: places.show(cluster.origin),
    }
}
