//! What is special about the clusters of a waypoint: their names, and how what they send is
//! encrypted (istio `pilot/pkg/networking/core/cluster_waypoint.go`). All else is as everywhere.

use crate::control::istio::destination::Policy;
use crate::control::istio::registry::{Port, Service};
use crate::explain::Sourced;
use crate::manifest::kinds::istio::ClientTlsMode;
use crate::proxy::envoy::config::UpstreamTls;
use crate::world::Origin;

use super::tls;

/// What a waypoint sends through a cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Vip {
    /// Requests.
    Requests,
    /// Bytes.
    Bytes,
}

/// The name of a waypoint's cluster, such as
/// `inbound-vip|9080|http/v1|reviews.shop.svc.cluster.local`.
#[must_use]
pub fn vip_name(port: u16, vip: Vip, subset: &str, host: &str) -> String {
    let word = match vip {
        Vip::Requests => "http",
        Vip::Bytes => "tcp",
    };
    let slash = if subset.is_empty() { "" } else { "/" };
    format!("inbound-vip|{port}|{word}{slash}{subset}|{host}")
}

/// Tunnels, and TLS of the user's making within them; what else a DestinationRule says of TLS does
/// not count (the same file, `buildWaypointTLSContext`).
pub(super) fn tls(
    service: &Service,
    policy: &Policy<'_>,
    subset: &str,
    port: &Port,
) -> Sourced<UpstreamTls> {
    let own = policy
        .tls
        .filter(|tls| matches!(tls.mode.value, ClientTlsMode::Simple | ClientTlsMode::Mutual));
    match own {
        Some(own) => {
            let written = tls::written(own, service, tls::sni(service, port, subset));
            Sourced::new(written, Origin::Manifest(own.mode.place))
        }
        None => Sourced::default_of(UpstreamTls::Hbone, "istio.waypoint-tunnel"),
    }
}
