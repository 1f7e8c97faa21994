//! Listeners, filter chains and connection managers, as data. Which chain takes a connection is
//! `listening`'s business.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::explain::Sourced;
use crate::units::SimDuration;
use crate::world::Origin;

use super::{ExtAuthz, HttpFilter, Rbac, RouteTable};

/// Where connections come in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listener {
    /// Such as `0.0.0.0_8080` or `virtualInbound`.
    pub name: String,
    /// The address it is bound to; `0.0.0.0` and `::` take all.
    pub address: String,
    /// The port.
    pub port: u16,
    /// Which way its traffic goes.
    pub direction: Direction,
    /// Whether it has a socket of its own; others get connections from a capturing listener.
    pub bind_to_port: bool,
    /// What it does with connections that the node redirected to it.
    pub original_destination: OriginalDestination,
    /// Where SNI, ALPN and TLS are looked at before a chain is chosen.
    pub inspects_tls: Inspection,
    /// Where the first bytes are looked at to tell HTTP from other protocols.
    pub inspects_http: Inspection,
    /// The chains; the most specific match takes a connection.
    pub chains: Vec<FilterChain>,
    /// For connections that no chain takes.
    pub default_chain: Option<FilterChain>,
    /// What made it.
    pub origin: Origin,
}

impl Listener {
    /// A listener with a socket of its own that takes connections as they come and looks into
    /// none of them.
    #[must_use]
    pub fn bound(
        address: String,
        port: u16,
        direction: Direction,
        chains: Vec<FilterChain>,
        origin: Origin,
    ) -> Self {
        Self {
            name: format!("{address}_{port}"),
            address,
            port,
            direction,
            bind_to_port: true,
            original_destination: OriginalDestination::Ignored,
            inspects_tls: Inspection::Never,
            inspects_http: Inspection::Never,
            chains,
            default_chain: None,
            origin,
        }
    }
}

/// On connections to which ports a listener looks at the first bytes (`filter_disabled` of a
/// listener filter).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Inspection {
    /// On none.
    #[default]
    Never,
    /// On all.
    Always,
    /// On connections to these ports alone.
    On(BTreeSet<u16>),
    /// On connections to all ports but these.
    ExceptOn(BTreeSet<u16>),
}

impl Inspection {
    /// Whether connections to `port` are looked at.
    #[must_use]
    pub fn covers(&self, port: u16) -> bool {
        match self {
            Self::Never => false,
            Self::Always => true,
            Self::On(ports) => ports.contains(&port),
            Self::ExceptOn(ports) => !ports.contains(&port),
        }
    }
}

/// What a listener does with the address that a redirected connection was meant for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum OriginalDestination {
    /// Nothing: connections are not redirected to it.
    #[default]
    Ignored,
    /// Its chains see that address (`virtualInbound`).
    Restored,
    /// The listener of that address gets the connection; without one its own chains see the
    /// address (`virtualOutbound`).
    HandedOver,
}

/// Which way traffic goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// To the workload beside the proxy.
    Inbound,
    /// From it.
    Outbound,
    /// Through a gateway.
    Gateway,
}

/// One chain of filters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilterChain {
    /// Its name.
    pub name: String,
    /// Which connections it takes.
    pub matches: ChainMatch,
    /// TLS towards the client.
    pub tls: DownstreamTls,
    /// The filters, in order; the last one is a connection manager or a TCP proxy.
    pub filters: Vec<NetworkFilter>,
    /// What made it.
    pub origin: Origin,
}

impl FilterChain {
    /// The chain in words: by its name, or by what it takes.
    #[must_use]
    pub fn title(&self) -> String {
        if !self.name.is_empty() {
            return format!("chain {}", self.name);
        }
        let found = &self.matches;
        let names = if found.server_names.is_empty() {
            &found.application_protocols
        } else {
            &found.server_names
        };
        match names.is_empty() {
            true => "the chain without a name".to_owned(),
            false => format!("the chain for {}", names.join(", ")),
        }
    }
}

/// Which connections a chain takes; empty criteria take all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct ChainMatch {
    /// The port that the client dialled.
    pub destination_port: Option<u16>,
    /// The addresses that the client dialled, as `address/length`.
    pub destination_prefixes: Vec<ipnet::IpNet>,
    /// SNI: exact or `*.suffix`.
    pub server_names: Vec<String>,
    /// Plaintext or TLS, if it matters.
    pub transport: Option<Transport>,
    /// ALPN, or what the first bytes show, such as `http/1.1` and `h2c`.
    pub application_protocols: Vec<String>,
    /// Where the client is, as `address/length`.
    pub source_prefixes: Vec<ipnet::IpNet>,
}

/// Plaintext or TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Transport {
    /// `raw_buffer`.
    RawBuffer,
    /// `tls`.
    Tls,
}

/// TLS towards the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum DownstreamTls {
    /// The chain does not end TLS.
    None,
    /// The server shows a certificate.
    Simple,
    /// The client must show one too, of the user's making.
    Mutual,
    /// The client may show one too.
    OptionalMutual,
    /// The client must show one of the mesh.
    IstioMutual,
    /// The connection comes out of a tunnel of the mesh (HBONE), whose client showed a certificate
    /// of the mesh; what is inside is plaintext or TLS of the application.
    Tunnel,
}

/// A filter of a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NetworkFilter {
    /// Access rules on connections.
    Rbac(Arc<Rbac>),
    /// Asks an external authoriser about some of the connections.
    ExtAuthz(Arc<ExtAuthz>),
    /// HTTP.
    Http(Arc<HttpManager>),
    /// Bytes are passed on.
    TcpProxy(Arc<TcpProxy>),
}

/// The HTTP connection manager.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpManager {
    /// Where its routes are.
    pub routes: RouteSource,
    /// Its filters, in order; the router stands last and is not listed.
    pub filters: Vec<HttpFilter>,
    /// Silence of a stream; 5 min by default, zero disables.
    pub stream_idle_timeout: Sourced<SimDuration>,
    /// From the first byte to the end of the request; zero disables.
    pub request_timeout: Sourced<SimDuration>,
    /// The whole stream; `None` is no limit.
    pub max_stream_duration: Option<Sourced<SimDuration>>,
    /// What is done to paths before anything else looks at them.
    pub normalization: Sourced<PathNormalization>,
    /// Whether a port in the authority is removed.
    pub strips_port: bool,
    /// Whether the peer counts as internal, so that `x-envoy-*` headers of the request count.
    pub trusts_envoy_headers: bool,
    /// Whether the peer is the client itself, as at the edge of a mesh: `x-forwarded-proto` and
    /// `x-forwarded-for` of the request then do not count.
    pub uses_remote_address: bool,
    /// The value of the `server` header; empty keeps what the upstream sent.
    pub server_name: String,
    /// Answers in place of the proxy's own, by status: only their body differs.
    pub local_replies: BTreeMap<u16, String>,
}

/// Where a connection manager's routes are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RouteSource {
    /// In the manager itself.
    Inline(Arc<RouteTable>),
    /// In the proxy's table of this name.
    Named(String),
}

/// What is done to paths.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Serialize)]
pub struct PathNormalization {
    /// `.` and `..` and percent-encoded unreserved characters are resolved (RFC 3986).
    pub normalizes: bool,
    /// `//` becomes `/`.
    pub merges_slashes: bool,
    /// What becomes of `%2F` and `%5C`.
    pub escaped_slashes: EscapedSlashes,
}

/// What becomes of `%2F` and `%5C` in paths.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum EscapedSlashes {
    /// They stay.
    #[default]
    Keep,
    /// The request is rejected.
    Reject,
    /// They are decoded, and the client is redirected.
    UnescapeAndRedirect,
    /// They are decoded.
    UnescapeAndForward,
}

/// Passes bytes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TcpProxy {
    /// The clusters with their weights; one for plain forwarding.
    pub clusters: Vec<(Sourced<String>, u32)>,
    /// Silence of the connection; 1 h by default, zero disables.
    pub idle_timeout: Sourced<SimDuration>,
    /// Where the route stands.
    pub origin: Origin,
}
