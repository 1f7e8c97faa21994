//! The pods that may get a request, and how the client's side encrypts what it sends to each.

use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::policy::network::NetworkPeer;

use crate::proxy::envoy::config::{Cluster, Discovery, UpstreamProtocol, UpstreamTls};
use crate::proxy::envoy::{Request, is_grpc};
use crate::world::{Origin, PodId, World};

use super::super::answer::{Answer, InUse, Share};
use super::super::proxy::View;
use super::super::request::Dial;
use super::super::shown_target;
use super::super::verdict::EndKind;
use super::connection::Sending;
use super::tunnel::{self, Tunnel};

/// A row of the answer's weights, and of its endpoints, where the pod is listed there.
pub(super) type Place = (usize, Option<usize>);

/// A pod that may get the request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reached {
    pub(super) place: Place,
    pub(super) pod: PodId,
    pub(super) port: u16,
    pub(super) sent: Sent,
    /// Its share of all requests, in parts per million.
    pub(super) share: u64,
}

/// Who may get the request.
#[derive(Debug, Default)]
pub(super) struct Servers {
    pub(super) pods: Vec<Reached>,
    /// The share of the requests, in parts per million, that goes without mutual TLS to workloads
    /// which are no pods and have a proxy: what that proxy demands is not looked at.
    pub(super) undecided: u64,
    /// Servers that are no pods.
    pub(super) others: Vec<Other>,
}

/// A server that is no pod.
#[derive(Clone, Debug)]
pub(super) struct Other {
    pub(super) place: Place,
    pub(super) name: String,
    pub(super) peer: NetworkPeer,
    pub(super) port: u16,
    /// Its share of all requests, in parts per million.
    pub(super) share: u64,
}

/// How something is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Sent {
    pub(super) tunnel: Tunnel,
    /// Within the tunnel, where there is one.
    pub(super) encryption: Encryption,
    pub(super) spoken: Spoken,
    pub(super) declared: Declared,
}

/// Who encrypts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::walk) enum Encryption {
    /// The client itself, or nobody.
    AsClient,
    /// Its proxy, with the mesh's certificates.
    Mesh,
    /// Its proxy, with TLS of the user's and no certificate of its own.
    Simple,
    /// Its proxy, with a certificate of the user's.
    Mutual,
}

/// What goes over the connection, within its encryption.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Spoken {
    /// The proxy's own HTTP/1.1.
    Http1,
    /// The proxy's own HTTP/2.
    Http2,
    /// What the client wrote.
    AsClient,
}

/// What the port of the service declares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Declared {
    /// HTTP in plaintext.
    Http,
    /// Nothing, or bytes, TLS among them.
    Anything,
}

/// What the client's proxy makes of what it reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Writes {
    /// It reads requests and writes its own.
    Requests,
    /// It passes bytes on.
    Bytes,
}

/// Pods that are met alike.
#[derive(Clone, Debug)]
pub(super) struct Group {
    /// One that stands for all.
    pub(super) pod: PodId,
    pub(super) port: u16,
    pub(super) sent: Sent,
    pub(super) share: u64,
    pub(super) places: Vec<Place>,
    /// All of them.
    pub(super) pods: Vec<PodId>,
    /// The cluster of the client's proxy that leads to them.
    pub(super) cluster: Option<String>,
}

/// Pods of one workload with the same labels are met alike on one port.
pub(super) fn groups(world: &World, answer: &Answer, reached: &[Reached]) -> Vec<Group> {
    let mut index = BTreeMap::new();
    let mut groups: Vec<Group> = Vec::new();
    for it in reached {
        let pod = &world.pods[it.pod];
        let labels: Vec<(&str, &str)> =
            pod.labels.iter().map(|(key, value)| (key.as_str(), value.value.as_str())).collect();
        let at = *index.entry((pod.workload, labels, it.port, it.sent)).or_insert(groups.len());
        if at == groups.len() {
            let &Reached { pod, port, sent, .. } = it;
            let cluster = Some(answer.weights[it.place.0].cluster.clone());
            let cluster = cluster.filter(|cluster| !cluster.is_empty());
            let (places, pods) = (Vec::new(), Vec::new());
            groups.push(Group { pod, port, sent, share: 0, places, pods, cluster });
        }
        groups[at].share += it.share;
        groups[at].places.push(it.place);
        groups[at].pods.push(it.pod);
    }
    groups
}

/// The pods behind the clusters of a proxy.
pub(super) fn by_proxy(
    view: View<'_>,
    sender: &Sending,
    request: &Request,
    answer: &Answer,
) -> Servers {
    let mut servers = Servers::default();
    let writes = if answer.request_after.is_some() { Writes::Requests } else { Writes::Bytes };
    for (at, share) in answer.weights.iter().enumerate().filter(|(_, it)| is_tried(it)) {
        let Some(cluster) = view.config.clusters.get(&share.cluster) else { continue };
        let (spoken, declared) = written(cluster, request, writes);
        let sent = |tunnel, takes| Sent {
            tunnel,
            encryption: within(tunnel, encryption(&cluster.tls, takes)),
            spoken,
            declared,
        };
        let assignment = view.config.assignments.get(&share.cluster);
        let groups = assignment.into_iter().flat_map(|assignment| &assignment.localities);
        let takes = groups.flat_map(|group| &group.endpoints).map(|it| it.takes_mutual_tls);
        // Whoever dials endpoints encrypts for all of them or for none.
        let is_dialled = cluster.discovery == Discovery::OriginalDestination;
        servers.others.extend(nameless(view.dial, (at, share)));
        let takes = takes.chain(std::iter::repeat(is_dialled));
        for ((place, endpoint), takes) in share.endpoints.iter().enumerate().zip(takes) {
            if endpoint.in_use != InUse::Yes {
                continue;
            }
            let takes = if takes { Takes::MutualTls } else { Takes::Plaintext };
            let share_of_all = of(share, endpoint.share.as_ppm());
            let Some(pod) = endpoint.pod_id else {
                let has_proxy = !is_dialled && takes == Takes::MutualTls;
                if has_proxy && sent(Tunnel::Missing, takes).encryption != Encryption::Mesh {
                    servers.undecided += share_of_all;
                }
                servers.others.push(other((at, Some(place)), &endpoint.address, share_of_all));
                continue;
            };
            let Some(port) = port(&endpoint.address) else { continue };
            let tunnel = tunnel_of(cluster, sender, tunnel::between(view, sender, pod));
            servers.pods.push(Reached {
                place: (at, Some(place)),
                pod,
                port,
                sent: sent(tunnel, takes),
                share: share_of_all,
            });
        }
    }
    servers
}

/// The pods that kube-proxy, or the ztunnel of the client's node, picks from.
pub(super) fn by_kube_proxy(view: View<'_>, sender: &Sending, answer: &Answer) -> Servers {
    let dial = view.dial;
    let sent = |tunnel| Sent {
        tunnel,
        encryption: Encryption::AsClient,
        spoken: Spoken::AsClient,
        declared: Declared::Anything,
    };
    let mut servers = Servers::default();
    for (at, row) in answer.weights.iter().enumerate().filter(|(_, share)| is_tried(share)) {
        servers.others.extend(nameless(dial, (at, row)));
        for (place, endpoint) in row.endpoints.iter().enumerate() {
            if endpoint.in_use != InUse::Yes {
                continue;
            }
            let (place, share) = ((at, Some(place)), of(row, endpoint.share.as_ppm()));
            match (endpoint.pod_id, port(&endpoint.address)) {
                (Some(pod), Some(port)) => {
                    let sent = sent(tunnel::between(view, sender, pod));
                    servers.pods.push(Reached { place, pod, port, sent, share });
                }
                _ => servers.others.push(other(place, &endpoint.address, share)),
            }
        }
    }
    servers
}

/// Whoever stands where a share without endpoints leads.
fn nameless(dial: &Dial, (at, share): (usize, &Share)) -> Option<Other> {
    if !share.endpoints.is_empty() {
        return None;
    }
    Some(Other {
        place: (at, None),
        name: shown_target(&share.destination),
        peer: dial.destination.map_or(NetworkPeer::Elsewhere, NetworkPeer::Address),
        port: dial.port,
        share: u64::from(share.share.as_ppm()),
    })
}

fn other(place: Place, address: &str, share: u64) -> Other {
    let host = address.rsplit_once(':').map_or(address, |(host, _)| host);
    let ip = host.trim_matches(['[', ']']).parse::<IpAddr>().ok();
    Other {
        place,
        name: address.to_owned(),
        peer: ip.map_or(NetworkPeer::Elsewhere, NetworkPeer::Address),
        port: port(address).unwrap_or(0),
        share,
    }
}

fn is_tried(share: &Share) -> bool {
    share.share.as_ppm() > 0 && share.fails_with.is_none()
}

fn of(share: &Share, ppm: u32) -> u64 {
    u64::from(share.share.as_ppm()) * u64::from(ppm) / 1_000_000
}

fn port(address: &str) -> Option<u16> {
    address.rsplit_once(':')?.1.parse().ok()
}

/// Whether an endpoint takes the mesh's mutual TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// It does.
    MutualTls,
    /// It does not.
    Plaintext,
}

/// Whether nobody says how a cluster of Gateway API is encrypted: the standard leaves it open.
pub(super) fn is_unsaid(cluster: &Cluster) -> bool {
    cluster.tls.origin == Origin::Default("gateway.backend-tls")
}

pub(super) fn encryption(tls: &UpstreamTls, takes: Takes) -> Encryption {
    match (tls, takes) {
        (UpstreamTls::IstioMutual { .. }, _)
        | (UpstreamTls::AutoMutual | UpstreamTls::Hbone, Takes::MutualTls) => Encryption::Mesh,
        (UpstreamTls::None, _)
        | (UpstreamTls::AutoMutual | UpstreamTls::Hbone, Takes::Plaintext) => Encryption::AsClient,
        (UpstreamTls::Simple { .. }, _) => Encryption::Simple,
        (UpstreamTls::Mutual { .. }, _) => Encryption::Mutual,
    }
}

/// The tunnel for a cluster: only a waypoint puts one around what it passes on to where its client
/// dialled.
pub(super) fn tunnel_of(cluster: &Cluster, sender: &Sending, tunnel: Tunnel) -> Tunnel {
    let is_passed_on = cluster.discovery == Discovery::OriginalDestination;
    match (is_passed_on && sender.kind != EndKind::Waypoint) || is_unsaid(cluster) {
        true => Tunnel::Missing,
        false => tunnel,
    }
}

/// What is encrypted within a tunnel: the mesh's own encryption is the tunnel's.
pub(super) const fn within(tunnel: Tunnel, encryption: Encryption) -> Encryption {
    match (tunnel, encryption) {
        (Tunnel::ToZtunnel | Tunnel::ToSidecar, Encryption::Mesh) => Encryption::AsClient,
        _ => encryption,
    }
}

/// What the proxy writes, and what the port of the cluster declares.
pub(super) fn written(cluster: &Cluster, request: &Request, writes: Writes) -> (Spoken, Declared) {
    let protocol = cluster.http.protocol.value;
    let declared = match protocol {
        UpstreamProtocol::Http1 | UpstreamProtocol::Http2 => Declared::Http,
        UpstreamProtocol::AsDownstream | UpstreamProtocol::Tcp => Declared::Anything,
    };
    let spoken = match (writes, protocol) {
        (Writes::Bytes, _) => Spoken::AsClient,
        (Writes::Requests, UpstreamProtocol::Http2) => Spoken::Http2,
        (Writes::Requests, UpstreamProtocol::Http1) => Spoken::Http1,
        (Writes::Requests, _) => {
            let offers_http2 = request.connection.alpn.iter().any(|it| it == "h2" || it == "h2c");
            if offers_http2 || is_grpc(&request.headers) { Spoken::Http2 } else { Spoken::Http1 }
        }
    };
    (spoken, declared)
}
