//! The legs of the way: which two boxes speak with each other, what protects the bytes, and who
//! each takes the other for. Which boxes they are has been decided before.

use crate::proxy::envoy::Connection;
use crate::proxy::envoy::config::Transport;
use crate::world::{Origin, PodId};

use super::super::full_name;
use super::super::proxy::View;
use super::super::server_side::{Encryption, Sending, Tunnel, identity};
use super::{Crossing, EndKind, Leg, LegEncryption, LegEnd, SeenIdentity};

/// Who takes a connection at a server, and whether it ends the encryption.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::walk) enum Taker {
    /// The application itself.
    Application,
    /// A proxy beside it that ends TLS where there is any.
    Sidecar,
    /// A proxy beside it that passes encrypted bytes on.
    SidecarPassingOn,
    /// The ztunnel of its node.
    Ztunnel,
    /// A gateway.
    Gateway,
}

/// The two ends of the leg between client and server.
pub(in crate::walk) struct Ends<'a> {
    /// What opens the connection.
    pub(in crate::walk) sender: &'a Sending,
    /// The server's pods.
    pub(in crate::walk) pods: &'a [PodId],
    /// What takes the connection.
    pub(in crate::walk) taker: Taker,
    /// The tunnel around it.
    pub(in crate::walk) tunnel: Tunnel,
    /// Who encrypts.
    pub(in crate::walk) encryption: Encryption,
    /// What the server sees of the connection.
    pub(in crate::walk) connection: &'a Connection,
    /// What says how the client's side encrypts.
    pub(in crate::walk) origin: Option<Origin>,
}

/// The leg between an application and the proxy beside it.
pub(in crate::walk) fn inside(
    (from, to): (EndKind, EndKind),
    of: &str,
    encryption: LegEncryption,
) -> Leg {
    let end = |kind| LegEnd {
        kind,
        of: of.to_owned(),
        believed: nobody(match from == EndKind::Ztunnel || to == EndKind::Ztunnel {
            true => "both are on one node, where nobody shows a certificate",
            false => "both are in one pod, where nobody shows a certificate",
        }),
    };
    Leg { from: end(from), to: end(to), encryption, crosses_node: Crossing::No, origin: None }
}

/// The leg between a client outside and a gateway.
pub(in crate::walk) fn from_outside(gateway: &str, connection: &Connection) -> Leg {
    let encryption = word(Encryption::AsClient, connection);
    let source = match connection.principal {
        Some(_) => "the client's own certificate",
        None => "the client shows no certificate",
    };
    let believed =
        SeenIdentity { principal: connection.principal.clone(), source: source.to_owned() };
    let outside = LegEnd { kind: EndKind::Outside, of: "outside".to_owned(), believed };
    let believed = match encryption {
        LegEncryption::Plaintext => nobody("the connection is plaintext: anybody may answer"),
        _ => nobody("the certificate of the gateway, which the client checks"),
    };
    let gateway = LegEnd { kind: EndKind::Gateway, of: gateway.to_owned(), believed };
    let crosses_node = Crossing::May;
    Leg { from: outside, to: gateway, encryption, crosses_node, origin: None }
}

/// The legs from the client's last box to the server's application.
pub(in crate::walk) fn legs(view: View<'_>, ends: &Ends<'_>) -> Vec<Leg> {
    let Some(&server) = ends.pods.first() else { return Vec::new() };
    let name = full_name(view.world, view.world.pods[server].workload);
    let within = word(ends.encryption, ends.connection);
    let encryption = match ends.tunnel {
        Tunnel::Missing => within,
        Tunnel::ToZtunnel | Tunnel::ToSidecar => LegEncryption::Hbone,
    };
    let to = match ends.taker {
        Taker::Application => EndKind::Application,
        Taker::Sidecar | Taker::SidecarPassingOn => EndKind::Sidecar,
        Taker::Ztunnel => EndKind::Ztunnel,
        Taker::Gateway => EndKind::Gateway,
    };
    let mut legs = vec![Leg {
        from: LegEnd {
            kind: ends.sender.kind,
            of: ends.sender.name.clone(),
            believed: client(ends, encryption),
        },
        to: LegEnd {
            kind: to,
            of: name.clone(),
            believed: server_identity(view, server, encryption),
        },
        encryption,
        crosses_node: crossing(view, ends),
        origin: ends.origin,
    }];
    let behind = match ends.taker {
        Taker::Application | Taker::Gateway => return legs,
        Taker::Sidecar => LegEncryption::Plaintext,
        Taker::SidecarPassingOn | Taker::Ztunnel => within,
    };
    legs.push(inside((to, EndKind::Application), &name, behind));
    legs
}

fn word(encryption: Encryption, connection: &Connection) -> LegEncryption {
    match (encryption, connection.transport) {
        (Encryption::Mesh, _) => LegEncryption::Mtls,
        (Encryption::Simple | Encryption::Mutual, _) => LegEncryption::Tls,
        (Encryption::AsClient, Transport::Tls) => LegEncryption::ApplicationTls,
        (Encryption::AsClient, Transport::RawBuffer) => LegEncryption::Plaintext,
    }
}

/// Whom the server takes the client for.
fn client(ends: &Ends<'_>, encryption: LegEncryption) -> SeenIdentity {
    let reads = match ends.taker {
        Taker::Sidecar | Taker::Gateway | Taker::Ztunnel => true,
        Taker::Application | Taker::SidecarPassingOn => false,
    };
    let is_waypoint = ends.sender.kind == EndKind::Waypoint;
    let principal = ends.connection.principal.clone().filter(|name| !name.is_empty());
    match (encryption, principal) {
        (LegEncryption::Plaintext, _) => nobody("the connection is plaintext: nobody signs it"),
        (LegEncryption::Mtls | LegEncryption::Hbone, None) => {
            nobody("the client's proxy is not known")
        }
        (_, None) => nobody("the client shows no certificate"),
        (_, Some(_)) if !reads => nobody("nobody but the application sees the certificate"),
        (LegEncryption::Hbone, Some(name)) if is_waypoint => SeenIdentity {
            principal: Some(name),
            source: "the waypoint's certificate of the mesh: the client's own is seen by the \
                     waypoint alone"
                .to_owned(),
        },
        (LegEncryption::Mtls | LegEncryption::Hbone, Some(name)) => SeenIdentity {
            principal: Some(name),
            source: "the client's certificate of the mesh, made for its service account".to_owned(),
        },
        (_, Some(name)) => SeenIdentity {
            principal: Some(name),
            source: "the client's own certificate".to_owned(),
        },
    }
}

/// Whom the client takes the server for.
fn server_identity(view: View<'_>, server: PodId, encryption: LegEncryption) -> SeenIdentity {
    match encryption {
        LegEncryption::Plaintext => nobody("the connection is plaintext: anybody may answer"),
        LegEncryption::Mtls | LegEncryption::Hbone => SeenIdentity {
            principal: identity(view, server),
            source: "the server's certificate of the mesh, which the client's proxy checks"
                .to_owned(),
        },
        LegEncryption::Tls => nobody("a certificate that the manifests do not hold"),
        LegEncryption::ApplicationTls => nobody("a certificate that the applications check"),
    }
}

fn nobody(source: &str) -> SeenIdentity {
    SeenIdentity { principal: None, source: source.to_owned() }
}

/// The leg from a client's last proxy to a waypoint.
pub(in crate::walk) fn to_waypoint(sender: &Sending, waypoint: &Sending) -> Leg {
    let believed = |of: &Sending, source: &str| SeenIdentity {
        principal: of.identity.clone(),
        source: source.to_owned(),
    };
    let client = "the client's certificate of the mesh, made for its service account";
    let server = "the waypoint's certificate of the mesh, which the client's proxy checks";
    let end = |of: &Sending, source| LegEnd {
        kind: of.kind,
        of: of.name.clone(),
        believed: believed(of, source),
    };
    Leg {
        from: end(sender, client),
        to: end(waypoint, server),
        encryption: LegEncryption::Hbone,
        crosses_node: Crossing::May,
        origin: None,
    }
}

/// A pod that no manifest binds may run anywhere.
fn crossing(view: View<'_>, ends: &Ends<'_>) -> Crossing {
    let node = |pod: PodId| {
        let row = &view.world.pods[pod];
        row.node_is_declared.then_some(row.node)
    };
    let Some(sender) = ends.sender.pod.and_then(node) else { return Crossing::May };
    let is_there = |&pod: &PodId| node(pod) == Some(sender) || ends.sender.pod == Some(pod);
    if ends.pods.iter().all(is_there) { Crossing::No } else { Crossing::May }
}
