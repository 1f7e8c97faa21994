//! How the inbound side serves requests: one virtual host with one route to the application,
//! without a limit of time (istio `pilot/pkg/networking/core/httproute.go`,
//! `buildSidecarInboundHTTPRouteConfig`).

use std::sync::Arc;

use crate::control::istio::Push;
use crate::control::istio::http_manager::http_manager;
use crate::control::istio::registry::Protocol;
use crate::control::istio::routes::{inbound_retries, plain_forward, table, whole_route};
use crate::explain::Sourced;
use crate::proxy::envoy::config::{HttpManager, RouteAction, RouteSource, VirtualHost};
use crate::world::Origin;

use super::ports::is_grpc;

/// The connection manager for requests to a cluster; `service_port` is in the virtual host's name.
pub(super) fn manager(
    push: &Push,
    cluster: &str,
    service_port: u16,
    protocol: Protocol,
    origin: Origin,
) -> HttpManager {
    let mut forward = plain_forward(Sourced::new(cluster.to_owned(), origin));
    // A retry is no help to streams of gRPC.
    if !is_grpc(protocol) {
        let policy = inbound_retries(push.mesh.inbound_retries.as_ref(), push.profile);
        forward.retry = policy.map(Arc::new);
    }
    let route = whole_route("default", RouteAction::Forward(Box::new(forward)), origin);
    let name = format!("inbound|http|{service_port}");
    let host = VirtualHost::plain(name, vec!["*".to_owned()], vec![Arc::new(route)], origin);
    let mut table = table(cluster.to_owned(), vec![Arc::new(host)]);
    table.ignore_port_in_host = false;
    http_manager(push, RouteSource::Inline(Arc::new(table)))
}
