//! What Istio makes of AuthorizationPolicies: filters with access rules, and with external
//! authorisers, for requests and for connections (istio `pilot/pkg/security/authz`). Where in a
//! proxy the filters stand is said where listeners are made; what they decide is the proxy's
//! business.

mod attach;
mod clause;
mod compile;
mod condition;
mod explain;
mod external;
mod findings;
mod refusal;
mod values;

use crate::manifest::kinds::istio::AccessAction;
use crate::proxy::envoy::config::{HttpFilter, HttpFilterKind, NetworkFilter, Rbac, RbacAction};

use super::Push;
use super::attachment::At;

pub use attach::{InForce, in_force};
pub use compile::Layer;
pub(super) use compile::is_trial;
pub use explain::explain;
pub(super) use findings::findings;
pub(super) use refusal::first as refusal_of;

/// The name of Envoy's filter of access rules.
const RBAC_FILTER: &str = "envoy.filters.http.rbac";

/// The filters that a proxy's AuthorizationPolicies come to.
#[derive(Clone, Debug, Default)]
pub struct AccessFilters {
    /// On requests, before tokens are looked at: external authorisers.
    pub asks: Vec<HttpFilter>,
    /// On requests, after tokens: access rules.
    pub rules: Vec<HttpFilter>,
    /// On connections that carry no requests.
    pub network: Vec<NetworkFilter>,
}

/// The filters for a proxy. CUSTOM stands first, then AUDIT, DENY and ALLOW
/// (istio `pilot/pkg/security/authz/builder/builder.go`, `build`).
#[must_use]
pub fn filters<'t>(push: &Push, at: impl Into<At<'t>>) -> AccessFilters {
    let policies = in_force(push, at);
    let mut filters = AccessFilters::default();
    if policies.is_empty() {
        return filters;
    }
    let http = |kind| HttpFilter { name: RBAC_FILTER.to_owned(), kind };
    for filter in external::guards(push, &policies, Layer::Requests) {
        filters.asks.push(filter.on_requests());
    }
    for filter in external::guards(push, &policies, Layer::Connections) {
        filters.network.push(filter.on_connections());
    }
    for (action, rbac_action) in [
        (AccessAction::Audit, RbacAction::Log),
        (AccessAction::Deny, RbacAction::Deny),
        (AccessAction::Allow, RbacAction::Allow),
    ] {
        let of_action = policies.of(action);
        let on = |layer| -> Option<Rbac> { compile::rbac(push, of_action, rbac_action, layer) };
        filters.rules.extend(on(Layer::Requests).map(|rbac| http(HttpFilterKind::Rbac(rbac))));
        let network = on(Layer::Connections).map(|rbac| NetworkFilter::Rbac(rbac.into()));
        filters.network.extend(network);
    }
    filters
}

#[cfg(test)]
mod tests;
