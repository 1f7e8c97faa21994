//! The HTTP connection manager as Istio sets it in every proxy. Whose routes it has, and what a
//! gateway sets otherwise, is said where listeners are made.

use std::collections::BTreeMap;

use crate::explain::Sourced;
use crate::proxy::envoy::config::{Fault, HttpFilter, HttpFilterKind, HttpManager, RouteSource};
use crate::units::SimDuration;

use super::Push;
use super::routes::{CORS_FILTER, FAULT_FILTER};

/// The manager whose routes are `routes`. Istio strips no port, sets no timeout of its own, and
/// takes `x-envoy-*` headers from nobody: no address counts as internal
/// (istio `pilot/pkg/networking/core/listener_builder.go`, `buildHTTPConnectionManager`; Envoy
/// `http_connection_manager.proto`, `internal_address_config`).
pub(super) fn http_manager(push: &Push, routes: RouteSource) -> HttpManager {
    let no_fault = Fault { abort: None, delay: None, headers: Vec::new(), max_active: None };
    let filter = |name: &str, kind| HttpFilter { name: name.to_owned(), kind };
    HttpManager {
        routes,
        filters: vec![
            filter(FAULT_FILTER, HttpFilterKind::Fault(no_fault)),
            filter(CORS_FILTER, HttpFilterKind::Cors),
        ],
        stream_idle_timeout: Sourced::default_of(SimDuration::ZERO, "istio.stream-idle-timeout"),
        request_timeout: Sourced::default_of(SimDuration::ZERO, "envoy.request-timeout"),
        max_stream_duration: None,
        normalization: push.mesh.normalization,
        strips_port: false,
        trusts_envoy_headers: false,
        uses_remote_address: false,
        server_name: "istio-envoy".to_owned(),
        local_replies: BTreeMap::new(),
    }
}
