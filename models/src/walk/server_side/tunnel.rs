//! Whether a connection comes in a tunnel (HBONE), and who ends that. What is sent within is not
//! decided here.

use crate::explain::Tree;
use crate::path::DataPath;
use crate::proxy::ztunnel::{Dialled, Endpoint, HBONE_PORT, Takes, Waypoint, send};
use crate::world::PodId;

use super::super::proxy::View;
use super::super::verdict::EndKind;
use super::connection::Sending;

/// The tunnel around a connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::walk) enum Tunnel {
    /// There is none.
    #[default]
    Missing,
    /// The ztunnel of the server's node ends it.
    ToZtunnel,
    /// The sidecar of the server ends it.
    ToSidecar,
}

impl Tunnel {
    /// The port that the network sees, where `port` is called.
    pub(in crate::walk) const fn wire_port(self, port: u16) -> u16 {
        match self {
            Self::Missing => port,
            Self::ToZtunnel | Self::ToSidecar => HBONE_PORT,
        }
    }

    /// Tells how the ztunnel of a client's node sends to a pod.
    pub(super) fn tell_sending(self, port: u16, tree: &mut Tree) {
        let takes = match self {
            Self::Missing => Takes::Plaintext,
            Self::ToZtunnel | Self::ToSidecar => Takes::Hbone,
        };
        let endpoint = Endpoint { pod: (), port, takes };
        send(Dialled::Pod { waypoint: Waypoint::None, endpoint }, tree);
    }
}

/// The tunnel from whoever sends to a pod of a Service. Sidecars speak mutual TLS with each other as
/// they do without ambient, and tunnels to pods in ambient (istio
/// `pilot/pkg/xds/endpoints/endpoint_builder.go`, `buildEnvoyLbEndpoint`).
pub(super) fn between(view: View<'_>, sender: &Sending, server: PodId) -> Tunnel {
    match (sender.kind, view.planes.data_path(view.world, server)) {
        (EndKind::Application | EndKind::Outside, _) | (_, DataPath::None) => Tunnel::Missing,
        (EndKind::Sidecar | EndKind::Gateway, DataPath::IstioSidecar) => Tunnel::Missing,
        (EndKind::Ztunnel | EndKind::Waypoint, DataPath::IstioSidecar) => Tunnel::ToSidecar,
        (_, DataPath::IstioAmbient) => Tunnel::ToZtunnel,
    }
}
