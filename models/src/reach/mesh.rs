//! What the proxies of a mesh make of a connection that the network carries: how the client's side
//! encrypts it, whether the server's side takes it, and which requests access rules admit. Routes
//! are not looked at: a client is taken to reach the Services that lead to a port.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use crate::control::istio::capture::{self, Capture};
use crate::control::istio::clusters::BLACK_HOLE;
use crate::control::{Beside, ControlPlanes};
use crate::explain::Silent;
use crate::identity::SpiffeId;
use crate::manifest::kinds::Transport as L4;
use crate::manifest::kinds::istio::MtlsMode;
use crate::path::DataPath;
use crate::proxy::envoy::Connection;
use crate::proxy::envoy::config::{
    Direction, Discovery, DownstreamTls, Listener, NetworkFilter, OriginalDestination, ProxyConfig,
    Transport, UpstreamProtocol, UpstreamTls,
};
use crate::proxy::envoy::listening::{Arrival, Refusal, taken};
use crate::proxy::ztunnel;
use crate::walk::BoxKind;
use crate::world::{Origin, PodId, ServiceKind, World};

use super::access::{Known, Source};
use super::filters::{Gate, gate};
use super::link::{Fate, How, Requests};
use super::party::Class;
use super::ports::{Way, Ways};

/// One side of connections, as the mesh sees it.
pub(super) struct Side {
    pub(super) pod: Option<PodId>,
    /// The proxy beside a client.
    config: Option<Arc<ProxyConfig>>,
    pub(super) path: DataPath,
    /// What the ztunnel of its node goes by, where it is in ambient.
    policies: Option<Arc<ztunnel::Policies>>,
    pub(super) principal: Option<String>,
    pub(super) source: Source,
    /// What takes connections to it.
    beside: Beside,
    /// What chains of its proxy make of connections, by port and by how they come.
    gates: RefCell<BTreeMap<(u16, Sent), Arc<Gate>>>,
}

/// How a client's side sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Sent {
    pub(super) wire: Wire,
    /// Within the tunnel, where there is one.
    pub(super) encryption: Encryption,
    pub(super) spoken: Spoken,
    /// Whether the Service's port says that it is HTTP.
    pub(super) declared: Declared,
    /// What says so.
    pub(super) origin: Option<Origin>,
}

/// Which port the network sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Wire {
    /// The one that is called.
    OwnPort,
    /// That of tunnels.
    Tunnel,
}

/// Who encrypts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Encryption {
    Nobody,
    Mesh,
    Simple,
    Mutual,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Spoken {
    Http1,
    Http2,
    AsClient,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Declared {
    Http,
    Anything,
}

pub(super) const PLAIN: Sent = Sent {
    wire: Wire::OwnPort,
    encryption: Encryption::Nobody,
    spoken: Spoken::AsClient,
    declared: Declared::Anything,
    origin: None,
};

/// What proxies offer within mutual TLS (istio `pilot/pkg/xds/filters/filters.go`, `Alpn`).
const MESH_HTTP1: &[&str] = &["istio-http/1.1", "istio", "http/1.1"];
const MESH_HTTP2: &[&str] = &["istio-h2", "istio", "h2"];
const MESH_BYTES: &[&str] = &["istio-peer-exchange", "istio"];

impl Side {
    pub(super) fn of(world: &World, planes: &ControlPlanes, class: &Class) -> Self {
        let source = match (class.pod, class.ranges.as_slice()) {
            (Some(pod), _) if world.pods[pod].ip_is_declared => Source::At(world.pods[pod].ip),
            (None, [(first, last)]) => Source::Among(*first, *last),
            _ => Source::Open,
        };
        let config = class.pod.and_then(|pod| planes.sidecar(world, pod));
        let path = class.pod.map_or(DataPath::None, |pod| planes.data_path(world, pod));
        let is_ambient = path == DataPath::IstioAmbient;
        let principal = class.pod.filter(|_| config.is_some() || is_ambient);
        let policies = class.pod.filter(|_| is_ambient);
        Self {
            pod: class.pod,
            principal: principal.and_then(|pod| identity(world, planes, pod)),
            config,
            path,
            policies: policies.map(|pod| planes.ztunnel_policies(world, pod)),
            source,
            beside: class.pod.map_or(Beside::Nothing, |pod| planes.beside(world, pod)),
            gates: RefCell::default(),
        }
    }

    /// Whether a proxy stands beside it.
    const fn has_proxy(&self) -> bool {
        self.config.is_some() || self.policies.is_some() || !matches!(self.beside, Beside::Nothing)
    }

    /// What the ztunnel of its node goes by, where it is in ambient.
    pub(super) fn policies(&self) -> Option<&ztunnel::Policies> {
        self.policies.as_deref()
    }

    pub(super) const fn beside(&self) -> &Beside {
        &self.beside
    }

    /// Whether the mesh can tell it from other clients of a server.
    pub(super) const fn is_told_apart_by(&self, server: &Self) -> bool {
        self.config.is_some()
            || self.policies.is_some()
            || (server.has_proxy() && !matches!(self.source, Source::Open))
    }
}

/// The identity of a pod's proxy.
fn identity(world: &World, planes: &ControlPlanes, pod: PodId) -> Option<String> {
    let workload = world.workload_of(pod);
    let namespace = &world.namespaces[workload.namespace?].name;
    let account = &world.service_accounts[workload.service_account?].name;
    let domain = &planes.istio().push_of(world, pod)?.mesh.trust_domain.value;
    SpiffeId::new(domain, namespace, account).ok().map(|id| id.to_string())
}

/// A connection that is asked about.
#[derive(Clone, Copy)]
pub(super) struct Meeting<'m> {
    pub(super) world: &'m World,
    pub(super) planes: &'m ControlPlanes,
    pub(super) ways: &'m Ways,
    pub(super) client: &'m Side,
    pub(super) server: &'m Side,
    pub(super) port: u16,
}

impl Meeting<'_> {
    /// The best that a client can have, and the port that the network sees of it: by any Service
    /// that leads to the port, else directly.
    pub(super) fn fate(self) -> (Fate, Wire) {
        let Some(server) = self.server.pod else { return (self.outside(), Wire::OwnPort) };
        let ways = self.ways.of(server, (L4::Tcp, self.port));
        let each = ways.iter().map(|way| self.by(server, Some(*way)));
        let best = each.min_by_key(|(fate, _)| fate.rank());
        best.unwrap_or_else(|| self.by(server, None))
    }

    /// Calls of addresses outside.
    fn outside(self) -> Fate {
        match &self.client.config {
            Some(config) if lets_out_only_what_it_knows(config) => Fate::Unknown {
                why: "the client's sidecar lets out only what the registry knows".to_owned(),
                origins: Vec::new(),
            },
            _ => Fate::Allowed(Requests::All),
        }
    }

    fn by(self, server: PodId, way: Option<Way>) -> (Fate, Wire) {
        match self.sent(server, way) {
            Ok(sent) => (self.received(server, sent), sent.wire),
            Err(fate) => (fate, Wire::OwnPort),
        }
    }

    /// How the client's side sends.
    fn sent(self, server: PodId, way: Option<Way>) -> Result<Sent, Fate> {
        if self.client.path == DataPath::IstioAmbient {
            return self.sent_by_ztunnel(server, way);
        }
        let Some((config, pod)) = self.client.config.as_ref().zip(self.client.pod) else {
            return Ok(PLAIN);
        };
        let (ip, port) = self.dialled(server, way);
        let annotations = &self.world.workload_of(pod).annotations;
        let own = [self.world.pods[pod].ip];
        match capture::outbound(annotations, &own, (ip, port), &mut Silent).value {
            Capture::Proxy => {}
            Capture::Bypass => return Ok(PLAIN),
            Capture::Unknown => {
                let why = "whether the client's sidecar gets the connection cannot be told";
                return Err(unknown(why, None));
            }
        }
        let Some((service, at)) = way else {
            if lets_out_only_what_it_knows(config) {
                let why = "the client's sidecar lets out only what the registry knows, and no \
                           Service leads to the port";
                return Err(unknown(why, None));
            }
            return Ok(PLAIN);
        };
        let row = &self.world.services[service];
        let namespace = &self.world.namespaces[row.namespace].name;
        let number = row.ports[at].port;
        let host = format!("{}.{namespace}.svc.cluster.local", row.name);
        let name = format!("outbound|{number}||{host}");
        let Some(cluster) = config.clusters.get(&name) else {
            let why = format!("the client's sidecar does not know {}.{namespace}", row.name);
            return Err(unknown(&why, Some(row.ports[at].origin)));
        };
        // Clusters without a subset, `outbound|80||…`, are passed over: there is one for each
        // service that the client knows.
        let range = |from: &str, to: &str| {
            let bound = |end: &str| format!("outbound|{number}{end}");
            config.clusters.range(bound(from)..bound(to))
        };
        let mut subsets = range("|", "||").chain(range("|}", "}"));
        let suffix = format!("|{host}");
        if subsets.any(|(key, it)| key.ends_with(&suffix) && it.tls.value != cluster.tls.value) {
            let why = format!("the subsets of {host} are encrypted differently");
            return Err(unknown(&why, Some(cluster.tls.origin)));
        }
        let protocol = cluster.http.protocol.value;
        let (spoken, declared) = match protocol {
            UpstreamProtocol::Http1 => (Spoken::Http1, Declared::Http),
            UpstreamProtocol::Http2 => (Spoken::Http2, Declared::Http),
            UpstreamProtocol::AsDownstream => (Spoken::Http1, Declared::Anything),
            UpstreamProtocol::Tcp => (Spoken::AsClient, Declared::Anything),
        };
        let takes = || takes_mutual_tls(config, &name, server);
        let encryption = encryption(&cluster.tls.value, takes);
        let is_dialled = cluster.discovery == Discovery::OriginalDestination;
        let path = if is_dialled { DataPath::None } else { self.server.path };
        let (wire, encryption) = on_the_wire(path, encryption);
        Ok(Sent { wire, encryption, spoken, declared, origin: Some(cluster.tls.origin) })
    }

    /// What is dialled.
    fn dialled(self, server: PodId, way: Option<Way>) -> (Option<IpAddr>, u16) {
        let pod = Some(self.world.pods[server].ip);
        let Some((service, at)) = way else { return (pod, self.port) };
        let row = &self.world.services[service];
        match &row.kind {
            ServiceKind::ClusterIp(ip) => (Some(*ip), row.ports[at].port),
            ServiceKind::Headless | ServiceKind::ExternalName(_) => (pod, self.port),
        }
    }

    /// What the server's side makes of what is sent.
    fn received(self, server: PodId, sent: Sent) -> Fate {
        match &self.server.beside {
            Beside::Nothing => match &self.server.policies {
                Some(policies) => self.at_ztunnel(policies, server, sent),
                None => at_application(sent),
            },
            Beside::Gateway(config) => {
                let looks = config.listeners.iter().any(|listener| {
                    listener
                        .chains
                        .iter()
                        .chain(&listener.default_chain)
                        .any(super::filters::judges)
                });
                match looks {
                    true => unknown("the gateway has access rules of its own: ask why --at", None),
                    false => Fate::Allowed(Requests::All),
                }
            }
            Beside::Sidecar(config) => {
                let annotations = &self.world.workload_of(server).annotations;
                let capture = capture::inbound(annotations, self.port, &mut Silent);
                let has_socket = config.listeners.iter().any(|it| {
                    it.port == self.port && it.direction == Direction::Inbound && it.bind_to_port
                });
                let by = match sent.wire {
                    // The sidecar ends the tunnel, whatever port is called within.
                    Wire::Tunnel => Capture::Proxy,
                    Wire::OwnPort => capture.value,
                };
                match by {
                    Capture::Proxy => {
                        let arrival = Arrival::Redirected(Direction::Inbound);
                        self.at_sidecar(server, config, arrival, sent)
                    }
                    Capture::Bypass if has_socket => {
                        self.at_sidecar(server, config, Arrival::Dialled, sent)
                    }
                    Capture::Bypass => at_application(sent),
                    Capture::Unknown => {
                        unknown("whether the server's sidecar gets it cannot be told", None)
                    }
                }
            }
        }
    }

    fn at_sidecar(self, server: PodId, config: &ProxyConfig, arrival: Arrival, sent: Sent) -> Fate {
        let known = self.server.gates.borrow().get(&(self.port, sent)).cloned();
        let gate = known.unwrap_or_else(|| {
            let made = Arc::new(self.gate(server, config, arrival, sent));
            self.server.gates.borrow_mut().insert((self.port, sent), Arc::clone(&made));
            made
        });
        let ip = &self.world.pods[server];
        let shows = sent.encryption == Encryption::Mesh || sent.wire == Wire::Tunnel;
        let principal = self.client.principal.as_deref().filter(|_| shows);
        if shows && principal.is_none() {
            return unknown("the identity of the client's proxy is not known", sent.origin);
        }
        gate.fate(&Known {
            principal,
            source: self.client.source,
            server_ip: ip.ip_is_declared.then_some(ip.ip),
            port: self.port,
            sees: super::access::Sees::Connections,
        })
    }

    /// What the chain that takes the connection demands.
    fn gate(self, server: PodId, config: &ProxyConfig, arrival: Arrival, sent: Sent) -> Gate {
        let connection = self.connection(server, sent);
        match taken(config, arrival, &connection, &mut Silent) {
            Ok(accepted) => {
                let passes_on = accepted.chain.tls == DownstreamTls::None;
                let behind =
                    if passes_on { at_application(sent) } else { Fate::Allowed(Requests::All) };
                let gate = gate(config, accepted, behind);
                if sent.wire == Wire::Tunnel { gate.seeing_clients() } else { gate }
            }
            Err(refusal) => Gate::Closed(self.refused(server, &refusal, sent)),
        }
    }

    /// The connection as the server's side sees it.
    fn connection(self, server: PodId, sent: Sent) -> Connection {
        let texts = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect();
        let (transport, alpn): (_, &[&str]) = match (sent.encryption, sent.spoken) {
            (Encryption::Nobody, Spoken::Http2) => (Transport::RawBuffer, &["h2c"]),
            (Encryption::Nobody, _) => (Transport::RawBuffer, &["http/1.1"]),
            (Encryption::Mesh, Spoken::Http1) => (Transport::Tls, MESH_HTTP1),
            (Encryption::Mesh, Spoken::Http2) => (Transport::Tls, MESH_HTTP2),
            (Encryption::Mesh, Spoken::AsClient) => (Transport::Tls, MESH_BYTES),
            (Encryption::Simple | Encryption::Mutual, Spoken::Http2) => (Transport::Tls, &["h2"]),
            (Encryption::Simple | Encryption::Mutual, _) => (Transport::Tls, &[]),
        };
        Connection {
            source_ip: self.client.pod.map(|pod| self.world.pods[pod].ip),
            destination_ip: Some(self.world.pods[server].ip),
            destination_port: self.port,
            transport,
            sni: None,
            alpn: texts(alpn),
            principal: (sent.encryption == Encryption::Mesh).then(|| "the client".to_owned()),
        }
    }

    /// The server's sidecar does not take the connection.
    fn refused(self, server: PodId, why: &Refusal, sent: Sent) -> Fate {
        let demand = self.planes.istio().demands(self.world, server, self.port);
        let origins: Vec<Origin> = demand.iter().map(|it| it.origin).chain(sent.origin).collect();
        let refuses = |why: String| Fate::Refused {
            how: How::Reset,
            by: BoxKind::ServerSidecar,
            why,
            origins: origins.clone(),
        };
        let sends = match sent.encryption {
            Encryption::Nobody => "plaintext",
            Encryption::Mesh => "mutual TLS of the mesh",
            Encryption::Simple => "TLS without a certificate of the mesh",
            Encryption::Mutual => "TLS with a certificate of the user's",
        };
        match why {
            Refusal::NoListener => refuses("nothing listens on the port".to_owned()),
            Refusal::NoCertificate { .. } if sent.encryption == Encryption::Mutual => {
                let why = "whether the server's sidecar accepts the client's own certificate is \
                           not known";
                unknown(why, sent.origin)
            }
            Refusal::NoChain { .. }
            | Refusal::PlaintextToTls { .. }
            | Refusal::TlsToPlaintext { .. }
            | Refusal::NoCertificate { .. } => {
                let demand = demand.as_ref().map_or("", |demand| match demand.value {
                    MtlsMode::Strict => "demands STRICT mutual TLS, and ",
                    MtlsMode::Permissive => "",
                    MtlsMode::Disable => "has mutual TLS disabled, and ",
                });
                refuses(format!("the server's sidecar {demand}takes no {sends}"))
            }
            _ => unknown("which filter chain takes the connection cannot be told", None),
        }
    }
}

/// What a client's sidecar sends to a pod: to one in ambient a tunnel, which stands for mutual TLS.
const fn on_the_wire(server: DataPath, encryption: Encryption) -> (Wire, Encryption) {
    match (server, encryption) {
        (DataPath::IstioAmbient, Encryption::Mesh) => (Wire::Tunnel, Encryption::Nobody),
        (DataPath::IstioAmbient, encryption) => (Wire::Tunnel, encryption),
        (_, encryption) => (Wire::OwnPort, encryption),
    }
}

/// No proxy is in the way.
pub(super) fn at_application(sent: Sent) -> Fate {
    match (sent.encryption, sent.declared) {
        (Encryption::Nobody | Encryption::Simple | Encryption::Mutual, _) => {
            Fate::Allowed(Requests::All)
        }
        (Encryption::Mesh, Declared::Http) => Fate::Refused {
            how: How::Reset,
            by: BoxKind::ServerApplication,
            why: "the client's side sends mutual TLS of the mesh, which nobody ends".to_owned(),
            origins: sent.origin.into_iter().collect(),
        },
        (Encryption::Mesh, Declared::Anything) => {
            let why = "the client's side sends mutual TLS of the mesh, and whether the application \
                       ends it is not known";
            unknown(why, sent.origin)
        }
    }
}

pub(super) fn unknown(why: &str, origin: Option<Origin>) -> Fate {
    Fate::Unknown { why: why.to_owned(), origins: origin.into_iter().collect() }
}

/// Who ends the encryption that a cluster asks for.
fn encryption(tls: &UpstreamTls, takes: impl Fn() -> bool) -> Encryption {
    match tls {
        UpstreamTls::IstioMutual { .. } => Encryption::Mesh,
        UpstreamTls::AutoMutual | UpstreamTls::Hbone if takes() => Encryption::Mesh,
        UpstreamTls::AutoMutual | UpstreamTls::Hbone | UpstreamTls::None => Encryption::Nobody,
        UpstreamTls::Simple { .. } => Encryption::Simple,
        UpstreamTls::Mutual { .. } => Encryption::Mutual,
    }
}

fn takes_mutual_tls(config: &ProxyConfig, cluster: &str, server: PodId) -> bool {
    let assignment = config.assignments.get(cluster);
    let groups = assignment.into_iter().flat_map(|assignment| &assignment.localities);
    let mut endpoints = groups.flat_map(|group| &group.endpoints);
    endpoints.any(|it| it.pod == Some(server) && it.takes_mutual_tls)
}

/// Whether connections to what a proxy does not know end there (`REGISTRY_ONLY`).
fn lets_out_only_what_it_knows(config: &ProxyConfig) -> bool {
    let captures = |it: &&Arc<Listener>| it.original_destination == OriginalDestination::HandedOver;
    let chains = config.listeners.iter().filter(captures).flat_map(|listener| &listener.chains);
    let unclaimed = chains.filter(|chain| chain.matches.destination_port.is_none());
    unclaimed.flat_map(|chain| &chain.filters).any(|filter| match filter {
        NetworkFilter::TcpProxy(proxy) => {
            proxy.clusters.iter().all(|(cluster, _)| cluster.value == BLACK_HOLE)
        }
        _ => false,
    })
}
