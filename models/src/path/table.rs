//! Which pair of caller and callee has which way.
//!
//! There is no shortcut between two pods of one node: a ztunnel carries their connections in HBONE
//! too (ztunnel `src/proxy/outbound.rs`, `build_request`, which compares no nodes).

use crate::explain::RuleId;

use super::DataPath;
use super::route::{
    Balancer, Balancing, Callee, Caller, Leg, Note, PathBox, Protection, Route, Seen,
};

use PathBox::{
    ClientApp, ClientSidecar, ClientZtunnel, Gateway, ServerApp, ServerSidecar, ServerZtunnel,
    Waypoint,
};
use Protection::{Hbone, MutualTls, Plaintext};

pub(super) const AMBIENT: RuleId = RuleId("path.ambient");
pub(super) const AMBIENT_TO_PLAIN: RuleId = RuleId("path.ambient-to-plain");
pub(super) const AMBIENT_TO_SIDECAR: RuleId = RuleId("path.ambient-to-sidecar");
pub(super) const GATEWAY: RuleId = RuleId("path.gateway");
pub(super) const HOST_TO_AMBIENT: RuleId = RuleId("path.host-to-ambient");
pub(super) const PLAIN: RuleId = RuleId("path.plain");
pub(super) const PLAIN_TO_AMBIENT: RuleId = RuleId("path.plain-to-ambient");
pub(super) const PLAIN_TO_SIDECAR: RuleId = RuleId("path.plain-to-sidecar");
pub(super) const SIDECAR_TO_AMBIENT: RuleId = RuleId("path.sidecar-to-ambient");
pub(super) const SIDECAR_TO_PLAIN: RuleId = RuleId("path.sidecar-to-plain");
pub(super) const SIDECAR_TO_SIDECAR: RuleId = RuleId("path.sidecar-to-sidecar");
pub(super) const WAYPOINT: RuleId = RuleId("path.waypoint");
pub(super) const WAYPOINT_BYPASSED: RuleId = RuleId("path.waypoint-bypassed");

const fn leg(from: PathBox, to: PathBox, protection: Protection) -> Leg {
    Leg { from, to, protection }
}

const PLAIN_WAY: Route = Route {
    legs: &[leg(ClientApp, ServerApp, Plaintext)],
    balancer: Balancer::KubeProxy,
    balancing: Balancing::PerConnection,
    l4_policy: &[],
    l7_policy: &[],
    seen: Seen::Nobody,
    notes: &[],
    rule: PLAIN,
};

const PLAIN_TO_OUTSIDE: Route = Route { balancer: Balancer::Resolver, ..PLAIN_WAY };

const TO_SIDECAR_IN_PLAINTEXT: Route = Route {
    legs: &[leg(ClientApp, ServerSidecar, Plaintext), leg(ServerSidecar, ServerApp, Plaintext)],
    l4_policy: &[ServerSidecar],
    l7_policy: &[ServerSidecar],
    notes: &[Note::Strict],
    rule: PLAIN_TO_SIDECAR,
    ..PLAIN_WAY
};

const TO_AMBIENT_IN_PLAINTEXT: Route = Route {
    legs: &[leg(ClientApp, ServerZtunnel, Plaintext), leg(ServerZtunnel, ServerApp, Plaintext)],
    l4_policy: &[ServerZtunnel],
    notes: &[Note::Strict],
    rule: PLAIN_TO_AMBIENT,
    ..PLAIN_WAY
};

const HOST_TO_AMBIENT_WAY: Route = Route {
    notes: &[Note::Strict, Note::SameNode],
    rule: HOST_TO_AMBIENT,
    ..TO_AMBIENT_IN_PLAINTEXT
};

const PLAIN_TO_WAYPOINT: Route = Route {
    notes: &[Note::Strict, Note::WaypointBypassed],
    rule: WAYPOINT_BYPASSED,
    ..TO_AMBIENT_IN_PLAINTEXT
};

const HOST_TO_WAYPOINT: Route = Route {
    notes: &[Note::Strict, Note::SameNode, Note::WaypointBypassed],
    rule: WAYPOINT_BYPASSED,
    ..TO_AMBIENT_IN_PLAINTEXT
};

const FROM_SIDECAR: Route = Route {
    legs: &[leg(ClientApp, ClientSidecar, Plaintext), leg(ClientSidecar, ServerApp, Plaintext)],
    balancer: Balancer::ClientSidecar,
    balancing: Balancing::PerRequest,
    rule: SIDECAR_TO_PLAIN,
    ..PLAIN_WAY
};

const SIDECAR_TO_OUTSIDE: Route = Route { notes: &[Note::UnknownHost], ..FROM_SIDECAR };

const BETWEEN_SIDECARS: Route = Route {
    legs: &[
        leg(ClientApp, ClientSidecar, Plaintext),
        leg(ClientSidecar, ServerSidecar, MutualTls),
        leg(ServerSidecar, ServerApp, Plaintext),
    ],
    l4_policy: &[ServerSidecar],
    l7_policy: &[ServerSidecar],
    seen: Seen::Caller,
    rule: SIDECAR_TO_SIDECAR,
    ..FROM_SIDECAR
};

const SIDECAR_TO_AMBIENT_WAY: Route = Route {
    legs: &[
        leg(ClientApp, ClientSidecar, Plaintext),
        leg(ClientSidecar, ServerZtunnel, Hbone),
        leg(ServerZtunnel, ServerApp, Plaintext),
    ],
    l4_policy: &[ServerZtunnel],
    seen: Seen::Caller,
    rule: SIDECAR_TO_AMBIENT,
    ..FROM_SIDECAR
};

const SIDECAR_TO_WAYPOINT: Route =
    Route { notes: &[Note::WaypointBypassed], rule: WAYPOINT_BYPASSED, ..SIDECAR_TO_AMBIENT_WAY };

const FROM_AMBIENT: Route = Route {
    legs: &[leg(ClientApp, ClientZtunnel, Plaintext), leg(ClientZtunnel, ServerApp, Plaintext)],
    balancer: Balancer::ClientZtunnel,
    rule: AMBIENT_TO_PLAIN,
    ..PLAIN_WAY
};

const AMBIENT_TO_OUTSIDE: Route = Route { balancer: Balancer::Resolver, ..FROM_AMBIENT };

const AMBIENT_TO_SIDECAR_WAY: Route = Route {
    legs: &[
        leg(ClientApp, ClientZtunnel, Plaintext),
        leg(ClientZtunnel, ServerSidecar, Hbone),
        leg(ServerSidecar, ServerApp, Plaintext),
    ],
    l4_policy: &[ServerSidecar],
    l7_policy: &[ServerSidecar],
    seen: Seen::Caller,
    notes: &[Note::SidecarListens],
    rule: AMBIENT_TO_SIDECAR,
    ..FROM_AMBIENT
};

const BETWEEN_ZTUNNELS: Route = Route {
    legs: &[
        leg(ClientApp, ClientZtunnel, Plaintext),
        leg(ClientZtunnel, ServerZtunnel, Hbone),
        leg(ServerZtunnel, ServerApp, Plaintext),
    ],
    l4_policy: &[ServerZtunnel],
    seen: Seen::Caller,
    rule: AMBIENT,
    ..FROM_AMBIENT
};

const THROUGH_WAYPOINT: Route = Route {
    legs: &[
        leg(ClientApp, ClientZtunnel, Plaintext),
        leg(ClientZtunnel, Waypoint, Hbone),
        leg(Waypoint, ServerZtunnel, Hbone),
        leg(ServerZtunnel, ServerApp, Plaintext),
    ],
    balancer: Balancer::Waypoint,
    balancing: Balancing::PerRequest,
    l4_policy: &[Waypoint, ServerZtunnel],
    l7_policy: &[Waypoint],
    seen: Seen::Waypoint,
    notes: &[Note::PodAddress],
    rule: WAYPOINT,
};

const FROM_GATEWAY: Route = Route {
    legs: &[leg(Gateway, ServerApp, Plaintext)],
    balancer: Balancer::Gateway,
    balancing: Balancing::PerRequest,
    l4_policy: &[Gateway],
    l7_policy: &[Gateway],
    rule: GATEWAY,
    ..PLAIN_WAY
};

const GATEWAY_TO_SIDECAR: Route = Route {
    legs: &[leg(Gateway, ServerSidecar, MutualTls), leg(ServerSidecar, ServerApp, Plaintext)],
    l4_policy: &[Gateway, ServerSidecar],
    l7_policy: &[Gateway, ServerSidecar],
    seen: Seen::Gateway,
    ..FROM_GATEWAY
};

const GATEWAY_TO_AMBIENT: Route = Route {
    legs: &[leg(Gateway, ServerZtunnel, Hbone), leg(ServerZtunnel, ServerApp, Plaintext)],
    l4_policy: &[Gateway, ServerZtunnel],
    seen: Seen::Gateway,
    ..FROM_GATEWAY
};

const GATEWAY_TO_WAYPOINT: Route = Route {
    notes: &[Note::WaypointBypassed, Note::IngressUseWaypoint],
    rule: WAYPOINT_BYPASSED,
    ..GATEWAY_TO_AMBIENT
};

/// The way of a call by the name of a Service or host.
#[must_use]
pub const fn route(caller: Caller, callee: Callee) -> &'static Route {
    use Callee as To;
    match (caller, callee) {
        (Caller::None | Caller::HostNetwork | Caller::Outside, To::None | To::HostNetwork) => {
            &PLAIN_WAY
        }
        (Caller::None | Caller::HostNetwork | Caller::Outside, To::Outside) => &PLAIN_TO_OUTSIDE,
        (Caller::None | Caller::HostNetwork | Caller::Outside, To::IstioSidecar) => {
            &TO_SIDECAR_IN_PLAINTEXT
        }
        (Caller::None | Caller::Outside, To::IstioAmbient) => &TO_AMBIENT_IN_PLAINTEXT,
        (Caller::None | Caller::Outside, To::IstioAmbientWaypoint) => &PLAIN_TO_WAYPOINT,
        (Caller::HostNetwork, To::IstioAmbient) => &HOST_TO_AMBIENT_WAY,
        (Caller::HostNetwork, To::IstioAmbientWaypoint) => &HOST_TO_WAYPOINT,
        (Caller::IstioSidecar, To::None | To::HostNetwork) => &FROM_SIDECAR,
        (Caller::IstioSidecar, To::Outside) => &SIDECAR_TO_OUTSIDE,
        (Caller::IstioSidecar, To::IstioSidecar) => &BETWEEN_SIDECARS,
        (Caller::IstioSidecar, To::IstioAmbient) => &SIDECAR_TO_AMBIENT_WAY,
        (Caller::IstioSidecar, To::IstioAmbientWaypoint) => &SIDECAR_TO_WAYPOINT,
        (Caller::IstioAmbient, To::None | To::HostNetwork) => &FROM_AMBIENT,
        (Caller::IstioAmbient, To::Outside) => &AMBIENT_TO_OUTSIDE,
        (Caller::IstioAmbient, To::IstioSidecar) => &AMBIENT_TO_SIDECAR_WAY,
        (Caller::IstioAmbient, To::IstioAmbient) => &BETWEEN_ZTUNNELS,
        (Caller::IstioAmbient, To::IstioAmbientWaypoint) => &THROUGH_WAYPOINT,
        (Caller::IstioGateway, To::None | To::HostNetwork | To::Outside) => &FROM_GATEWAY,
        (Caller::IstioGateway, To::IstioSidecar) => &GATEWAY_TO_SIDECAR,
        (Caller::IstioGateway, To::IstioAmbient) => &GATEWAY_TO_AMBIENT,
        (Caller::IstioGateway, To::IstioAmbientWaypoint) => &GATEWAY_TO_WAYPOINT,
    }
}

/// What protects a connection between two pods whose Service uses no waypoint.
#[must_use]
pub const fn protection(caller: DataPath, callee: DataPath) -> Protection {
    match (caller, callee) {
        (DataPath::None, _) | (_, DataPath::None) => Plaintext,
        (DataPath::IstioSidecar, DataPath::IstioSidecar) => MutualTls,
        (DataPath::IstioAmbient, _) | (_, DataPath::IstioAmbient) => Hbone,
    }
}

/// All pairs, except for those in which nobody is in the cluster.
pub fn pairs() -> impl Iterator<Item = (Caller, Callee)> {
    let all = Caller::ALL.into_iter().flat_map(|caller| Callee::ALL.map(|callee| (caller, callee)));
    all.filter(|pair| *pair != (Caller::Outside, Callee::Outside))
}
