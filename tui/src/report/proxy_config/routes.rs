//! Routes, one line for each, in the order in which they are tried.

use meshwalk_models::proxy::envoy::config::{
    Destination, NetworkFilter, ProxyConfig, Route, RouteAction, RouteSource, RouteTable,
    VirtualHost,
};
use serde::Serialize;

use super::super::objects::OwnerKind;
use super::{Filter, Origins, Row, matches};

/// One route of a virtual host.
#[derive(Serialize)]
pub(super) struct RouteRow {
    name: String,
    virtual_host: String,
    domains: Vec<String>,
    #[serde(rename = "match")]
    matches: String,
    virtual_service: Option<String>,
    action: String,
    origin: String,
}

impl Row for RouteRow {
    const HEADERS: &'static [&'static str] =
        &["NAME", "VHOST NAME", "DOMAINS", "MATCH", "VIRTUAL SERVICE", "ACTION", "ORIGIN"];

    fn cells(&self) -> Vec<String> {
        /// istioctl shows so many domains and counts the others.
        const DOMAINS_MAX: usize = 2;
        let mut domains =
            self.domains.iter().take(DOMAINS_MAX).cloned().collect::<Vec<_>>().join(", ");
        if self.domains.len() > DOMAINS_MAX {
            domains.push_str(&format!(" + {} more...", self.domains.len() - DOMAINS_MAX));
        }
        vec![
            self.name.clone(),
            self.virtual_host.clone(),
            domains,
            self.matches.clone(),
            self.virtual_service.clone().unwrap_or_default(),
            self.action.clone(),
            self.origin.clone(),
        ]
    }
}

/// The routes of the tables that fit: named ones by name, then those inside listeners.
pub(super) fn rows(config: &ProxyConfig, filter: &Filter, origins: Origins<'_>) -> Vec<RouteRow> {
    let mut rows = Vec::new();
    let inline = config.listeners.iter().flat_map(|listener| {
        listener.chains.iter().chain(&listener.default_chain).flat_map(|chain| &chain.filters)
    });
    let inline = inline.filter_map(|filter| match filter {
        NetworkFilter::Http(manager) => match &manager.routes {
            RouteSource::Inline(table) => Some(table),
            RouteSource::Named(_) => None,
        },
        NetworkFilter::Rbac(_) | NetworkFilter::ExtAuthz(_) | NetworkFilter::TcpProxy(_) => None,
    });
    let mut seen = std::collections::BTreeSet::new();
    for table in config.route_tables.values().chain(inline) {
        if filter.name(&table.name) {
            add_table(&mut rows, table, filter, origins);
        }
    }
    // Several chains of one listener share a table.
    rows.retain(|row| {
        seen.insert((
            row.name.clone(),
            row.virtual_host.clone(),
            row.matches.clone(),
            row.origin.clone(),
        ))
    });
    rows
}

fn add_table(rows: &mut Vec<RouteRow>, table: &RouteTable, filter: &Filter, origins: Origins<'_>) {
    for host in &table.virtual_hosts {
        if fits(host, filter) {
            rows.extend(host.routes.iter().map(|route| row(table, host, route, origins)));
        }
        if host.routes.is_empty() && fits(host, filter) {
            rows.push(RouteRow {
                name: table.name.clone(),
                virtual_host: host.name.clone(),
                domains: host.domains.clone(),
                matches: String::new(),
                virtual_service: None,
                action: "404: no routes".to_owned(),
                origin: origins.places.show(host.origin),
            });
        }
    }
}

fn fits(host: &VirtualHost, filter: &Filter) -> bool {
    let port = |domain: &str, port: u16| {
        domain.rsplit_once(':').is_some_and(|(_, it)| it == port.to_string())
    };
    filter.fqdn.as_ref().is_none_or(|fqdn| host.domains.contains(fqdn))
        && filter.port.is_none_or(|wanted| host.domains.iter().any(|domain| port(domain, wanted)))
}

fn row(table: &RouteTable, host: &VirtualHost, route: &Route, origins: Origins<'_>) -> RouteRow {
    RouteRow {
        name: table.name.clone(),
        virtual_host: host.name.clone(),
        domains: host.domains.clone(),
        matches: matches::route(&route.matches),
        virtual_service: origins.objects.owner(route.origin, OwnerKind::Route).map(str::to_owned),
        action: action(&route.action),
        origin: origins.places.show(route.origin),
    }
}

fn action(action: &RouteAction) -> String {
    match action {
        RouteAction::Forward(forward) => match &forward.destination {
            Destination::Cluster(cluster) => cluster.value.clone(),
            Destination::ClusterHeader(header) => format!("cluster in header {header}"),
            Destination::Weighted { clusters, .. } => {
                let shares =
                    clusters.iter().map(|it| format!("{} {}", it.cluster.value, it.weight.value));
                shares.collect::<Vec<_>>().join(", ")
            }
        },
        RouteAction::Redirect(redirect) => format!("redirect {}", redirect.status.value),
        RouteAction::Direct(direct) => format!("direct response {}", direct.status.value),
    }
}
