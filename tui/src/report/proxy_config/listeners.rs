//! Listeners, one line for each chain.

use meshwalk_models::proxy::envoy::config::{
    FilterChain, Listener, NetworkFilter, ProxyConfig, RouteSource,
};
use serde::Serialize;

use super::{Filter, Origins, Places, Row, matches};

/// One chain of a listener.
#[derive(Serialize)]
pub(super) struct ListenerRow {
    name: String,
    address: String,
    port: u16,
    #[serde(rename = "match")]
    matches: String,
    destination: String,
    origin: String,
}

impl Row for ListenerRow {
    const HEADERS: &'static [&'static str] =
        &["ADDRESSES", "PORT", "MATCH", "DESTINATION", "ORIGIN"];

    fn cells(&self) -> Vec<String> {
        vec![
            self.address.clone(),
            self.port.to_string(),
            self.matches.clone(),
            self.destination.clone(),
            self.origin.clone(),
        ]
    }
}

/// The chains of the listeners that fit, by port and address as istioctl sorts them.
pub(super) fn rows(
    config: &ProxyConfig,
    filter: &Filter,
    origins: Origins<'_>,
) -> Vec<ListenerRow> {
    let places = origins.places;
    let mut listeners: Vec<&Listener> = config
        .listeners
        .iter()
        .map(AsRef::as_ref)
        .filter(|listener| filter.port(listener.port) && filter.name(&listener.name))
        .collect();
    listeners.sort_by(|a, b| (a.port, &a.address).cmp(&(b.port, &b.address)));
    let mut rows = Vec::new();
    for listener in listeners {
        for chain in &listener.chains {
            rows.push(row(listener, chain, matches::chain(&chain.matches), places));
        }
        if let Some(chain) = &listener.default_chain {
            rows.push(row(listener, chain, "ALL (default)".to_owned(), places));
        }
    }
    let host =
        |row: &ListenerRow| filter.fqdn.as_ref().is_none_or(|it| row.destination.contains(it));
    rows.retain(host);
    rows
}

fn row(
    listener: &Listener,
    chain: &FilterChain,
    matches: String,
    places: Places<'_>,
) -> ListenerRow {
    ListenerRow {
        name: listener.name.clone(),
        address: listener.address.clone(),
        port: listener.port,
        matches,
        destination: destination(chain),
        origin: places.show(chain.origin),
    }
}

/// Where the last filter of a chain leads.
fn destination(chain: &FilterChain) -> String {
    match chain.filters.last() {
        Some(NetworkFilter::Http(manager)) => match &manager.routes {
            RouteSource::Named(name) => format!("Route: {name}"),
            RouteSource::Inline(table) => format!("Inline Route: {}", table.name),
        },
        Some(NetworkFilter::TcpProxy(proxy)) => match proxy.clusters.as_slice() {
            [(cluster, _)] => format!("Cluster: {}", cluster.value),
            several => {
                let shares = several.iter().map(|(it, weight)| format!("{} {weight}", it.value));
                format!("Weighted: {}", shares.collect::<Vec<_>>().join(", "))
            }
        },
        Some(NetworkFilter::Rbac(_) | NetworkFilter::ExtAuthz(_)) | None => {
            "Non-HTTP/Non-TCP".to_owned()
        }
    }
}
