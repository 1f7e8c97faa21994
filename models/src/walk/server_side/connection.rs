//! The connection that a server sees: who encrypts it, with which certificate, and what its first
//! bytes show.

use std::net::IpAddr;

use crate::manifest::kinds::istio::MtlsMode;
use crate::policy::network::NetworkPeer;
use crate::proxy::envoy::config::{Product, Transport};
use crate::proxy::envoy::{Connection, Request};
use crate::world::{ClusterId, PodId, World};

use super::super::answer::Answer;
use super::super::proxy::View;
use super::super::question::Admission;
use super::super::verdict::EndKind;
use super::reached::{Encryption, Group, Spoken};
use super::tunnel::Tunnel;

/// What the proxies of Istio's sidecars and gateways offer within mutual TLS, by what they speak
/// (istio `pilot/pkg/xds/filters/filters.go`, `Alpn`, and `pkg/networking/util/util.go`,
/// `ALPNInMeshWithMxc`).
const MESH_HTTP1: &[&str] = &["istio-http/1.1", "istio", "http/1.1"];
const MESH_HTTP2: &[&str] = &["istio-h2", "istio", "h2"];
const MESH_BYTES: &[&str] = &["istio-peer-exchange", "istio"];

/// Who calls, and what it wrote.
pub(super) struct Client<'a> {
    /// The request as it leaves the client's side.
    pub(super) request: &'a Request,
    /// Whether a proxy of the client's sends it.
    pub(super) by: By,
    /// What opens the connection.
    pub(super) sender: &'a Sending,
}

/// What opens connections to servers.
#[derive(Clone, Debug)]
pub(in crate::walk) struct Sending {
    /// Its pod, where it is known.
    pub(in crate::walk) pod: Option<PodId>,
    /// The same, as policies of the network see it.
    pub(in crate::walk) peer: NetworkPeer,
    /// Whose certificate of the mesh it shows, where it shows one; `None` is not known.
    pub(in crate::walk) identity: Option<String>,
    /// What to make of policies that ask for what is not known of it.
    pub(in crate::walk) admission: Admission,
    /// Its sort.
    pub(in crate::walk) kind: EndKind,
    /// Whose it is.
    pub(in crate::walk) name: String,
}

impl Sending {
    /// A pod, or the proxy beside it or on its node.
    pub(in crate::walk) const fn of_pod(
        pod: PodId,
        kind: EndKind,
        name: String,
        identity: Option<String>,
    ) -> Self {
        let (peer, admission) = (NetworkPeer::Pod(pod), Admission::Open);
        Self { pod: Some(pod), peer, identity, admission, kind, name }
    }
}

/// Who sends to the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::walk) enum By {
    /// A proxy that answers for a server which closes the connection.
    ProxyOfRequests,
    /// nginx, which does the same with statuses of its own.
    Nginx,
    /// A proxy that passes bytes on.
    ProxyOfBytes,
    /// The ztunnel of the client's node, which takes a connection before it makes its own.
    Ztunnel,
    /// The client itself.
    Itself,
}

impl<'a> Client<'a> {
    /// A client with a proxy.
    pub(super) fn proxy(
        product: Product,
        sender: &'a Sending,
        request: &'a Request,
        answer: &Answer,
    ) -> Self {
        let by = match (answer.request_after.is_some(), product) {
            (true, Product::Envoy) => By::ProxyOfRequests,
            (true, Product::Nginx) => By::Nginx,
            (false, _) => By::ProxyOfBytes,
        };
        Self { request, by, sender }
    }

    /// A client whose connection the ztunnel of its node takes.
    pub(super) const fn ztunnel(sender: &'a Sending, request: &'a Request) -> Self {
        Self { request, by: By::Ztunnel, sender }
    }

    /// A client without one; nobody shows a certificate.
    pub(super) const fn itself(sender: &'a Sending, request: &'a Request) -> Self {
        Self { request, by: By::Itself, sender }
    }

    /// The address of the client, where a manifest has it. Behind a gateway the client is somebody
    /// else, whom only headers name.
    fn source_ip(&self, world: &World) -> Option<IpAddr> {
        match (self.sender.kind, self.sender.pod) {
            (EndKind::Gateway, _) | (EndKind::Waypoint, None) => None,
            (_, Some(pod)) => declared_ip(world, pod),
            (_, None) => self.request.connection.source_ip,
        }
    }

    /// What the server sees.
    pub(super) fn connection(&self, view: View<'_>, group: &Group) -> Connection {
        let world = view.world;
        let own = &self.request.connection;
        let principal = || Some(self.sender.identity.clone().unwrap_or_default());
        let to = Connection {
            source_ip: self.source_ip(world),
            destination_ip: declared_ip(world, group.pod),
            destination_port: group.port,
            ..own.clone()
        };
        let tls = |alpn: &[&str], principal| Connection {
            transport: Transport::Tls,
            sni: None,
            alpn: texts(alpn),
            principal,
            ..to.clone()
        };
        let (encryption, spoken) = (group.sent.encryption, group.sent.spoken);
        let own = match (encryption, spoken) {
            (Encryption::AsClient, Spoken::AsClient) => to.clone(),
            (Encryption::AsClient, Spoken::Http1) => plain(to.clone(), "http/1.1"),
            (Encryption::AsClient, Spoken::Http2) => plain(to.clone(), "h2c"),
            (Encryption::Mesh, spoken) => tls(mesh_alpn(spoken), principal()),
            (Encryption::Simple | Encryption::Mutual, Spoken::Http2) => tls(&["h2"], None),
            (Encryption::Simple | Encryption::Mutual, _) => tls(&[], None),
        };
        match group.sent.tunnel {
            Tunnel::Missing => own,
            Tunnel::ToZtunnel => Connection { principal: principal(), ..own },
            // The chains for tunnels are those of a port without mutual TLS (istio
            // `pilot/pkg/networking/core/listener_inbound.go`, `buildInboundHBONEListeners`), and
            // have the filters of those for mutual TLS.
            Tunnel::ToSidecar if has_no_tls(view, group) => {
                Connection { principal: principal(), ..own }
            }
            Tunnel::ToSidecar => match own.transport {
                Transport::Tls => tls(MESH_BYTES, principal()),
                Transport::RawBuffer if own.alpn.iter().any(|it| it == "h2c") => {
                    tls(MESH_HTTP2, principal())
                }
                Transport::RawBuffer => tls(MESH_HTTP1, principal()),
            },
        }
    }
}

/// Whether a sidecar ends no mutual TLS on a port.
fn has_no_tls(view: View<'_>, group: &Group) -> bool {
    let demand = view.planes.istio().demands(view.world, group.pod, group.port);
    demand.is_some_and(|demand| demand.value == MtlsMode::Disable)
}

/// What a proxy offers within mutual TLS of the mesh.
const fn mesh_alpn(spoken: Spoken) -> &'static [&'static str] {
    match spoken {
        Spoken::Http1 => MESH_HTTP1,
        Spoken::Http2 => MESH_HTTP2,
        Spoken::AsClient => MESH_BYTES,
    }
}

/// Addresses that nobody declared are made up here, and rules on addresses cannot be told.
fn declared_ip(world: &World, pod: PodId) -> Option<IpAddr> {
    let row = &world.pods[pod];
    row.ip_is_declared.then_some(row.ip)
}

fn plain(connection: Connection, alpn: &str) -> Connection {
    Connection {
        transport: Transport::RawBuffer,
        sni: None,
        alpn: texts(&[alpn]),
        principal: None,
        ..connection
    }
}

fn texts(words: &[&str]) -> Vec<String> {
    words.iter().map(|&word| word.to_owned()).collect()
}

/// The identity of a pod's proxy, such as `spiffe://cluster.local/ns/shop/sa/cart`.
pub(in crate::walk) fn identity(view: View<'_>, pod: PodId) -> Option<String> {
    view.planes.identity(view.world, pod).map(|id| id.to_string())
}

/// The trust domain of a cluster's mesh.
pub(in crate::walk) fn trust_domain(view: View<'_>, cluster: ClusterId) -> Option<&str> {
    let pushes = view.planes.istio().pushes();
    let push = pushes.iter().find(|push| push.cluster == cluster)?;
    Some(push.mesh.trust_domain.value.as_str())
}
