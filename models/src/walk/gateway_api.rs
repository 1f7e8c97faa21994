//! What Gateway API's control plane has to say of an answer at one of its Gateways: why a backend
//! means nothing, in which order matches were tried, and which objects are not in force. It
//! decides nothing.

use crate::control::{ControlPlanes, GatewayKind, GatewayName};
use crate::explain::{Silent, Tree};
use crate::profile::GatewayReading;
use crate::proxy::envoy::Request;
use crate::proxy::envoy::config::{ProxyConfig, RouteSource};
use crate::proxy::envoy::listening::{Arrival, Service, accept};
use crate::proxy::envoy::routing::find_host;

use super::answer::{Answer, Outcome};

/// Tells what Istio runs for the Gateway.
pub(super) fn deployment(planes: &ControlPlanes, name: &GatewayName, tree: &mut Tree) {
    let is_istio = *planes.profile().gateway.reading == GatewayReading::Istio;
    if name.kind == GatewayKind::GatewayApi && is_istio {
        planes.gateway_api().explain_deployment(&name.namespace, &name.name, tree);
    }
}

/// Tells what explains an answer.
pub(super) fn tell(
    planes: &ControlPlanes,
    name: &GatewayName,
    config: &ProxyConfig,
    request: &Request,
    answer: &Answer,
    tree: &mut Tree,
) {
    if name.kind != GatewayKind::GatewayApi {
        return;
    }
    let api = planes.gateway_api();
    let gateway = (name.namespace.as_str(), name.name.as_str());
    if let Some((table, domain)) = domain(config, request) {
        api.explain_order(gateway, table, domain, tree);
    }
    for share in answer.weights.iter().filter(|share| share.fails_with.is_some()) {
        api.explain_backend(share.cluster_origin, tree);
    }
    if !matches!(answer.outcome, Outcome::Routed | Outcome::Redirected) {
        api.explain_refusals(gateway, tree);
    }
}

/// The route table and the domain that a request falls to.
fn domain<'c>(config: &'c ProxyConfig, request: &Request) -> Option<(&'c str, &'c str)> {
    let accepted = accept(config, Arrival::Dialled, &request.connection, &mut Silent).ok()?;
    let Service::Http(manager) = accepted.service() else { return None };
    let RouteSource::Named(name) = &manager.routes else { return None };
    let (name, table) = config.route_tables.get_key_value(name)?;
    let host = find_host(table, request.authority(), &mut Silent)?;
    Some((name, host.domains.first()?))
}
