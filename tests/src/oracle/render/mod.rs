//! From a case to the configuration of a proxy, key by key as the recorder's own renderer reads
//! them, and to the upstreams behind it.

mod cluster;
mod filter;
mod manager;
mod matcher;
mod outlier;
mod retry;
mod route;
mod runtime;

use std::collections::BTreeMap;
use std::sync::Arc;

use ipnet::IpNet;
use meshwalk_models::explain::Sourced;
use meshwalk_models::profile::Profile;
use meshwalk_models::proxy::envoy::config::{
    Bootstrap, Locality, Product, ProxyConfig, RouteTable,
};
use meshwalk_models::world::Origin;

pub(super) use cluster::{Reach, Rendered, Upstream};

use super::fields::{Fields, Read};
use super::json::Json;

/// What everything in a case comes from.
const ORIGIN: Origin = Origin::Assumed("the case");
/// Where the proxy listens.
pub(super) const LISTENER_PORT: u16 = 23_100;
/// Where all upstreams listen.
const UPSTREAM_PORT: u16 = 23_180;

/// The proxy of a case and what stands behind it.
#[derive(Clone, Debug)]
pub(super) struct World {
    pub(super) config: ProxyConfig,
    /// Callers with these addresses count as internal.
    pub(super) internal: Vec<IpNet>,
    /// Clusters in the order written.
    pub(super) clusters: Vec<Rendered>,
    /// Whether clients speak TLS.
    pub(super) transport: ClientTransport,
}

/// What clients speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ClientTransport {
    Plaintext,
    Tls,
}

fn given<T>(value: T) -> Sourced<T> {
    Sourced::new(value, ORIGIN)
}

/// Reads the proxy of a case.
pub(super) fn world(fields: &Fields<'_>) -> Read<World> {
    let table = table(fields)?;
    let mut filters = fields.objects("filters", filter::filter)?;
    let mut clusters = clusters(fields)?;
    runtime::apply(fields, &mut clusters, &mut filters)?;
    let managed = match fields.get("hcm") {
        None => manager::manager(None, table, filters)?,
        Some(json) => Fields::read(json, &fields.place("hcm"), |own| {
            manager::manager(Some(own), table, filters)
        })?,
    };
    let tls = match fields.get("tls") {
        None | Some(Json::Null | Json::Bool(false)) => None,
        Some(Json::Text(text)) if text.is_empty() => None,
        Some(Json::Text(text)) => Some(text.as_str()),
        Some(other) => return fields.wrong("tls", &format!("expected a text, found {other}")),
    };
    let named = |rendered: &Rendered| rendered.cluster.name.clone();
    let config = ProxyConfig {
        bootstrap: bootstrap(),
        listeners: vec![Arc::new(manager::listener(managed.manager, tls))],
        route_tables: BTreeMap::new(),
        clusters: clusters.iter().map(|it| (named(it), Arc::new(it.cluster.clone()))).collect(),
        assignments: clusters
            .iter()
            .map(|it| (named(it), Arc::new(it.assignment.clone())))
            .collect(),
    };
    let transport = if tls.is_some() { ClientTransport::Tls } else { ClientTransport::Plaintext };
    Ok(World { config, internal: managed.internal, clusters, transport })
}

fn table(fields: &Fields<'_>) -> Read<RouteTable> {
    let buffer = fields.whole("vh_buffer")?;
    let hosts = fields.objects("vhosts", |fields| route::virtual_host(fields, buffer))?;
    let sole = route::sole_host(fields, buffer)?;
    let headers = fields.object("route_config", route::mutations)?;
    Ok(RouteTable {
        name: "r".to_owned(),
        virtual_hosts: if hosts.is_empty() { vec![sole] } else { hosts },
        headers: headers.unwrap_or_default(),
        most_specific_wins: fields.switch("most_specific_header_mutations_wins")?,
        ignore_port_in_host: false,
    })
}

fn clusters(fields: &Fields<'_>) -> Read<Vec<Rendered>> {
    let clusters = fields.object("clusters", |inner| {
        let mut before = 0;
        let mut clusters = Vec::new();
        for (name, json) in inner.all() {
            let read = |own: &Fields<'_>| cluster::cluster(name, own, before);
            let rendered = Fields::read(json, &inner.place(name), read)?;
            before += rendered.upstreams.len();
            clusters.push(rendered);
        }
        Ok(clusters)
    })?;
    Ok(clusters.unwrap_or_default())
}

fn bootstrap() -> Bootstrap {
    Bootstrap {
        workers: 1,
        locality: Locality::default(),
        runtime: BTreeMap::new(),
        product: Product::Envoy,
        repeated_headers: Profile::built_in().envoy.repeated_headers.value,
    }
}
