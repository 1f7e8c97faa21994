//! The catch-all chains and the capturing listener of a sidecar's calls.

use std::sync::Arc;

use crate::control::istio::clusters::BLACK_HOLE;
use crate::explain::Sourced;
use crate::proxy::envoy::config::{
    ChainMatch, Direction, FilterChain, Listener, NetworkFilter, OriginalDestination, TcpProxy,
};
use crate::units::SimDuration;
use crate::world::Origin;

use super::draft::chain;

/// The port to which the node redirects calls of the workload
/// (istio `pkg/config/mesh/mesh.go`, `ProxyListenPort`).
pub const OUTBOUND_PORT: u16 = 15001;

/// The listener on that port.
pub const VIRTUAL_OUTBOUND: &str = "virtualOutbound";

/// Silence after which Envoy closes a connection that it passes on.
const IDLE_TIMEOUT: SimDuration = SimDuration::from_secs(3600);

fn tcp_proxy(cluster: Sourced<String>) -> NetworkFilter {
    let origin = cluster.origin;
    NetworkFilter::TcpProxy(Arc::new(TcpProxy {
        clusters: vec![(cluster, 1)],
        idle_timeout: Sourced::default_of(IDLE_TIMEOUT, "envoy.tcp-idle-timeout"),
        origin,
    }))
}

/// The chain of a listener for what its services' chains leave.
pub(super) fn passthrough_chain(unclaimed: Sourced<String>) -> FilterChain {
    let origin = unclaimed.origin;
    chain("PassthroughFilterChain", ChainMatch::default(), tcp_proxy(unclaimed), origin)
}

/// The listener that captures all calls. What was meant for its own port goes nowhere, or it would
/// come back for ever (the same file, `buildVirtualOutboundListener` and `blackholeFilterChain`).
pub(super) fn virtual_outbound(address: &str, unclaimed: Sourced<String>) -> Listener {
    let own = Origin::Default("istio.virtual-outbound");
    let loops = ChainMatch { destination_port: Some(OUTBOUND_PORT), ..ChainMatch::default() };
    let black_hole = tcp_proxy(Sourced::new(BLACK_HOLE.to_owned(), own));
    let origin = unclaimed.origin;
    let all = ChainMatch::default();
    let chains = vec![
        chain("virtualOutbound-blackhole", loops, black_hole, own),
        chain("virtualOutbound-catchall-tcp", all, tcp_proxy(unclaimed), origin),
    ];
    let address = address.to_owned();
    Listener {
        name: VIRTUAL_OUTBOUND.to_owned(),
        original_destination: OriginalDestination::HandedOver,
        ..Listener::bound(address, OUTBOUND_PORT, Direction::Outbound, chains, own)
    }
}
