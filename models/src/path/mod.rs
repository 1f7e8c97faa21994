//! Which boxes the bytes of a call pass, and what holds on the wire between them. What each box
//! costs and decides is not said here.

mod placement;

use serde::Serialize;

use crate::explain::{Probe, RuleId};

pub use placement::{Choice, Placement, WaypointPlacement};

pub(crate) const PLAIN: RuleId = RuleId("path.plain");
pub(crate) const SIDECAR_TO_PLAIN: RuleId = RuleId("path.sidecar-to-plain");
pub(crate) const SIDECAR_TO_SIDECAR: RuleId = RuleId("path.sidecar-to-sidecar");
pub(crate) const PLAIN_TO_SIDECAR: RuleId = RuleId("path.plain-to-sidecar");
pub(crate) const AMBIENT: RuleId = RuleId("path.ambient");

/// What carries a workload's traffic.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum DataPath {
    /// Nothing but the kernel and kube-proxy.
    #[default]
    None,
    /// An Envoy beside every pod, configured by istiod.
    IstioSidecar,
    /// A ztunnel on every node, configured by istiod, and waypoints where they are asked for.
    IstioAmbient,
}

/// A box that handles the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum PathBox {
    /// The calling application.
    ClientApp,
    /// The proxy beside the caller.
    ClientSidecar,
    /// The ztunnel of the caller's node.
    ClientZtunnel,
    /// The ztunnel of the callee's node.
    ServerZtunnel,
    /// The proxy beside the callee.
    ServerSidecar,
    /// The called application.
    ServerApp,
}

/// What protects the bytes between the two pods.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Protection {
    /// Nothing that the mesh adds; the application may speak TLS itself.
    Plaintext,
    /// TLS with certificates on both sides, between the proxies.
    MutualTls,
    /// A stream of HTTP/2 in mutual TLS, between the proxies.
    Hbone,
}

/// Who picks the endpoint, and how often.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Balancing {
    /// kube-proxy, when a connection is opened; all its requests go to one endpoint.
    PerConnection,
    /// The caller's proxy, for each HTTP request; for other protocols once a connection.
    PerRequest,
}

/// The way from one workload to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Route {
    /// The boxes in the order of the request; the response goes back through the same.
    pub boxes: &'static [PathBox],
    /// What protects the bytes between the pods; between an application and its own sidecar
    /// they are never encrypted by the mesh.
    pub protection: Protection,
    /// Who picks the endpoint.
    pub balancing: Balancing,
    /// The rule that says so.
    pub rule: RuleId,
}

/// The way of a call, by the data paths of caller and callee.
///
/// Assumes that no PeerAuthentication or DestinationRule says otherwise: then Istio accepts
/// plaintext and mTLS (PERMISSIVE) and sends mTLS wherever the endpoint has a sidecar (auto mTLS).
///
/// Source: <https://istio.io/latest/docs/ops/configuration/traffic-management/tls-configuration/>,
/// section "Auto mTLS", and <https://istio.io/latest/docs/concepts/security/#permissive-mode>.
#[must_use]
pub const fn route(caller: DataPath, callee: DataPath) -> Route {
    use Balancing::{PerConnection, PerRequest};
    use DataPath::{IstioAmbient, IstioSidecar, None};
    use PathBox::{
        ClientApp, ClientSidecar, ClientZtunnel, ServerApp, ServerSidecar, ServerZtunnel,
    };
    use Protection::{Hbone, MutualTls, Plaintext};
    let (boxes, protection, balancing, rule): (&[PathBox], _, _, _) = match (caller, callee) {
        (None, None) => (&[ClientApp, ServerApp], Plaintext, PerConnection, PLAIN),
        (None, IstioSidecar) => {
            (&[ClientApp, ServerSidecar, ServerApp], Plaintext, PerConnection, PLAIN_TO_SIDECAR)
        }
        (IstioSidecar, None) => {
            (&[ClientApp, ClientSidecar, ServerApp], Plaintext, PerRequest, SIDECAR_TO_PLAIN)
        }
        (IstioSidecar, IstioSidecar) => (
            &[ClientApp, ClientSidecar, ServerSidecar, ServerApp],
            MutualTls,
            PerRequest,
            SIDECAR_TO_SIDECAR,
        ),
        (None, IstioAmbient) => {
            (&[ClientApp, ServerZtunnel, ServerApp], Plaintext, PerConnection, AMBIENT)
        }
        (IstioSidecar, IstioAmbient) => {
            (&[ClientApp, ClientSidecar, ServerZtunnel, ServerApp], Hbone, PerRequest, AMBIENT)
        }
        (IstioAmbient, None) => {
            (&[ClientApp, ClientZtunnel, ServerApp], Plaintext, PerConnection, AMBIENT)
        }
        (IstioAmbient, IstioSidecar) => {
            (&[ClientApp, ClientZtunnel, ServerSidecar, ServerApp], Hbone, PerConnection, AMBIENT)
        }
        (IstioAmbient, IstioAmbient) => {
            (&[ClientApp, ClientZtunnel, ServerZtunnel, ServerApp], Hbone, PerConnection, AMBIENT)
        }
    };
    Route { boxes, protection, balancing, rule }
}

/// [`route`], with its reason told to `probe`.
pub fn explained_route(caller: DataPath, callee: DataPath, probe: &mut impl Probe) -> Route {
    let route = route(caller, callee);
    probe.enter();
    probe.fact("caller", || format!("{caller:?}"));
    probe.fact("callee", || format!("{callee:?}"));
    probe.leave(route.rule, None, || {
        format!(
            "{:?} through {} boxes, balanced {:?}",
            route.protection,
            route.boxes.len(),
            route.balancing
        )
    });
    route
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [DataPath; 2] = [DataPath::None, DataPath::IstioSidecar];

    #[test]
    fn there_is_mutual_tls_only_between_two_sidecars() {
        for (caller, callee) in ALL.iter().flat_map(|one| ALL.map(|other| (*one, other))) {
            let boxes = route(caller, callee).boxes;
            let both =
                boxes.contains(&PathBox::ClientSidecar) && boxes.contains(&PathBox::ServerSidecar);
            let protected = route(caller, callee).protection == Protection::MutualTls;
            assert_eq!(protected, both, "{caller:?} to {callee:?}");
        }
    }

    #[test]
    fn two_proxies_that_speak_hbone_protect_the_bytes_with_it() {
        for caller in [DataPath::IstioSidecar, DataPath::IstioAmbient] {
            assert_eq!(route(caller, DataPath::IstioAmbient).protection, Protection::Hbone);
        }
        let plain = route(DataPath::None, DataPath::IstioAmbient);
        assert_eq!(plain.protection, Protection::Plaintext);
        assert!(plain.boxes.contains(&PathBox::ServerZtunnel));
    }

    #[test]
    fn a_plain_caller_is_accepted_in_plaintext() {
        let route = route(DataPath::None, DataPath::IstioSidecar);
        assert_eq!(route.protection, Protection::Plaintext);
        assert!(route.boxes.contains(&PathBox::ServerSidecar));
    }

    #[test]
    fn only_a_callers_sidecar_balances_requests() {
        for callee in ALL {
            assert_eq!(route(DataPath::None, callee).balancing, Balancing::PerConnection);
            assert_eq!(route(DataPath::IstioSidecar, callee).balancing, Balancing::PerRequest);
        }
    }

    #[test]
    fn no_mesh_means_no_box_between_the_applications() {
        let route = route(DataPath::None, DataPath::None);
        assert_eq!(route.boxes, [PathBox::ClientApp, PathBox::ServerApp]);
    }
}
