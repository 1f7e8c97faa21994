//! Where ztunnel sends a connection that leaves a pod (ztunnel `src/proxy/outbound.rs`,
//! `build_request`). Which endpoint of a Service it takes is said in `balance`, and on which tunnel
//! in `pool`; connections between networks are not modelled.

use crate::explain::{Probe, RuleId};

/// The rule that closes connections to a Service with nobody behind it.
pub const NO_ENDPOINT: RuleId = RuleId("ztunnel.outbound.no-endpoint");

const DIRECT: RuleId = RuleId("ztunnel.outbound.direct");
const PASSTHROUGH: RuleId = RuleId("ztunnel.outbound.passthrough");
const PLAINTEXT: RuleId = RuleId("ztunnel.outbound.plaintext");
const WAYPOINT: RuleId = RuleId("ztunnel.outbound.waypoint");
const WAYPOINT_GONE: RuleId = RuleId("ztunnel.outbound.waypoint-gone");

/// What ztunnel knows of the address that an application dials. `P` names a pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialled<P> {
    /// The virtual address of a Service.
    Service {
        /// The waypoint of the Service.
        waypoint: Waypoint<P>,
        /// The endpoint that was chosen for this connection; `None` if there is none for the port.
        endpoint: Option<Endpoint<P>>,
    },
    /// The address of a pod, as names of headless Services stand for.
    Pod {
        /// The waypoint of the pod; that of a Service before it does not count.
        waypoint: Waypoint<P>,
        /// The pod, with the port that was dialled.
        endpoint: Endpoint<P>,
    },
    /// An address that the control plane knows nothing of.
    Unknown,
}

/// The waypoint before a Service or a pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waypoint<P> {
    /// There is none.
    None,
    /// The pod of it that was chosen for this connection.
    Chosen(P),
    /// There is one, and none of its pods is ready.
    Gone,
}

/// Where a connection may end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Endpoint<P> {
    /// Who.
    pub pod: P,
    /// Its own port.
    pub port: u16,
    /// What it takes.
    pub takes: Takes,
}

/// What a pod takes of ztunnel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Takes {
    /// HBONE: a pod of the ambient mesh, or one whose sidecar was injected with HBONE turned on.
    Hbone,
    /// The bytes as they are.
    Plaintext,
}

/// Where a connection goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outbound<P> {
    /// In HBONE to a waypoint. CONNECT names the address and port that were dialled.
    ThroughWaypoint(P),
    /// In HBONE to the pod itself, on this or another node. CONNECT names its address and this port.
    Direct(P, u16),
    /// In plaintext to a pod and this port.
    Plaintext(P, u16),
    /// In plaintext to the address that was dialled.
    Passthrough,
    /// Nowhere: the application's connection, which was accepted already, is closed.
    Closed,
}

/// Where a connection of a pod of the ambient mesh goes.
pub fn send<P: Copy>(dialled: Dialled<P>, probe: &mut impl Probe) -> Outbound<P> {
    let (waypoint, endpoint) = match dialled {
        Dialled::Unknown => {
            probe.step(PASSTHROUGH, None, || {
                "the address is nobody's that the mesh knows, so ztunnel dials it itself".to_owned()
            });
            return Outbound::Passthrough;
        }
        Dialled::Service { waypoint, endpoint } => (waypoint, endpoint),
        Dialled::Pod { waypoint, endpoint } => (waypoint, Some(endpoint)),
    };
    match waypoint {
        Waypoint::Chosen(pod) => {
            probe.step(WAYPOINT, None, || "the connection goes to the waypoint".to_owned());
            return Outbound::ThroughWaypoint(pod);
        }
        Waypoint::Gone => {
            probe.step(WAYPOINT_GONE, None, || {
                "no pod of the waypoint is ready, and nothing goes past it".to_owned()
            });
            return Outbound::Closed;
        }
        Waypoint::None => {}
    }
    match endpoint {
        None => {
            probe.step(NO_ENDPOINT, None, || {
                "the Service has no ready endpoint for this port".to_owned()
            });
            Outbound::Closed
        }
        Some(Endpoint { pod, port, takes: Takes::Hbone }) => {
            probe.step(DIRECT, None, || {
                format!("HBONE to port 15008 of the pod, for its port {port}")
            });
            Outbound::Direct(pod, port)
        }
        Some(Endpoint { pod, port, takes: Takes::Plaintext }) => {
            probe.step(PLAINTEXT, None, || {
                format!("the pod takes no HBONE, so its port {port} gets the bytes as they are")
            });
            Outbound::Plaintext(pod, port)
        }
    }
}
