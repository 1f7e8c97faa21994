//! Filter chains before they become Envoy's: which of them take the same connections, and which
//! takes all. Which listener they belong to is decided in `listeners`.

use std::collections::BTreeSet;
use std::net::IpAddr;

use ipnet::IpNet;

use crate::control::istio::routes::NetworkChain;
use crate::proxy::envoy::config::{
    ChainMatch, DownstreamTls, FilterChain, NetworkFilter, Transport,
};
use crate::world::Origin;
use std::sync::Arc;

/// What the first bytes of plaintext show where they are HTTP (istio
/// `pilot/pkg/networking/core/listener.go`, `plaintextHTTPALPNs`).
const PLAINTEXT_HTTP: [&str; 2] = ["http/1.1", "h2c"];

/// A chain.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    /// SNI; `*` takes all.
    server_names: Vec<String>,
    /// What the client dialled.
    subnets: Vec<IpNet>,
    /// Whether it takes only connections that look like HTTP.
    sniffs: Sniffs,
    filter: NetworkFilter,
    origin: Origin,
}

/// What a chain asks for.
pub(super) type DraftKey = (Sniffs, BTreeSet<String>, BTreeSet<IpNet>);

/// Whether a chain looks at the first bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Sniffs {
    /// It takes what looks like plaintext HTTP.
    Http,
    /// It takes whatever comes.
    Nothing,
}

impl Draft {
    /// A chain that routes requests.
    pub(super) fn http(filter: NetworkFilter, sniffs: Sniffs, origin: Origin) -> Self {
        Self { server_names: Vec::new(), subnets: Vec::new(), sniffs, filter, origin }
    }

    /// A chain that passes bytes on.
    pub(super) fn network(chain: NetworkChain) -> Self {
        Self {
            server_names: chain.server_names,
            subnets: chain.subnets.iter().filter_map(|text| subnet(text)).collect(),
            sniffs: Sniffs::Nothing,
            origin: chain.proxy.origin,
            filter: NetworkFilter::TcpProxy(Arc::new(chain.proxy)),
        }
    }

    /// Whether it takes every connection (istio `pilot/pkg/networking/core/listener.go`,
    /// `isMatchAll`).
    pub(super) fn takes_all(&self) -> bool {
        let any_name =
            self.server_names.is_empty() || self.server_names.iter().any(|name| name == "*");
        any_name && self.sniffs == Sniffs::Nothing && self.subnets.is_empty()
    }

    /// What it asks for; chains that agree in it conflict (the same file, `conflictsWith`).
    pub(super) fn key(&self) -> DraftKey {
        let names = self.server_names.iter().filter(|name| *name != "*");
        let ranges = self.subnets.iter().filter(|range| !is_unspecified(range));
        (self.sniffs, names.cloned().collect(), ranges.map(IpNet::trunc).collect())
    }

    pub(super) const fn origin(&self) -> Origin {
        self.origin
    }

    /// Whether SNI is looked at.
    pub(super) fn inspects_tls(&self) -> bool {
        !self.server_names.is_empty()
    }

    /// Whether the first bytes are looked at.
    pub(super) fn inspects_http(&self) -> bool {
        self.sniffs == Sniffs::Http
    }

    /// As Envoy gets it.
    pub(super) fn chain(self) -> FilterChain {
        let any_name = self.server_names.iter().any(|name| name == "*");
        let mut server_names = if any_name { Vec::new() } else { self.server_names };
        server_names.sort();
        let mut subnets = self.subnets;
        subnets.retain(|range| !is_unspecified(range));
        subnets.sort();
        let matches = ChainMatch {
            destination_prefixes: subnets,
            server_names,
            transport: (self.sniffs == Sniffs::Http).then_some(Transport::RawBuffer),
            application_protocols: match self.sniffs {
                Sniffs::Http => PLAINTEXT_HTTP.map(str::to_owned).to_vec(),
                Sniffs::Nothing => Vec::new(),
            },
            ..ChainMatch::default()
        };
        chain("", matches, self.filter, self.origin)
    }
}

/// A chain with one filter.
pub(super) fn chain(
    name: &str,
    matches: ChainMatch,
    filter: NetworkFilter,
    origin: Origin,
) -> FilterChain {
    FilterChain {
        name: name.to_owned(),
        matches,
        tls: DownstreamTls::None,
        filters: vec![filter],
        origin,
    }
}

fn is_unspecified(range: &IpNet) -> bool {
    range.addr().is_unspecified()
}

/// An address or a range.
fn subnet(text: &str) -> Option<IpNet> {
    text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
}
