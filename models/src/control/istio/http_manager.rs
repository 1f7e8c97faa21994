//! The HTTP connection manager as Istio sets it in every proxy. Whose routes it has, and what a
//! gateway sets otherwise, is said where listeners are made.

use std::collections::BTreeMap;

use crate::explain::Sourced;
use crate::proxy::envoy::config::{
    Fault, HttpFilter, HttpFilterKind, HttpManager, NetworkFilter, RouteSource,
};
use crate::units::SimDuration;

use super::Push;
use super::attachment::At;
use super::authorization::{self, AccessFilters};
use super::routes::{CORS_FILTER, FAULT_FILTER};
use super::tokens;

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

/// What judges requests and connections before anything else looks at them.
#[derive(Clone, Debug, Default)]
pub(super) struct Guards {
    access: AccessFilters,
    tokens: Option<HttpFilter>,
}

impl Guards {
    /// The guards of a proxy.
    pub(super) fn of<'t>(push: &Push, at: impl Into<At<'t>>) -> Self {
        let at = at.into();
        Self { access: authorization::filters(push, at), tokens: tokens::filter(push, at) }
    }

    /// The manager with its guards in front: external authorisers, tokens, access rules
    /// (istio `pilot/pkg/networking/core/listener_builder.go`, `buildHTTPConnectionManager`).
    pub(super) fn before(&self, mut manager: HttpManager) -> HttpManager {
        let AccessFilters { asks, rules, .. } = &self.access;
        let others = std::mem::take(&mut manager.filters);
        manager.filters =
            asks.iter().chain(&self.tokens).chain(rules).cloned().chain(others).collect();
        manager
    }

    /// The filters of a chain that passes bytes on, with its guards in front (the same folder,
    /// `networkfilter.go`, `buildCompleteNetworkFilters`).
    pub(super) fn before_bytes(&self, last: NetworkFilter) -> Vec<NetworkFilter> {
        self.access.network.iter().cloned().chain([last]).collect()
    }
}
