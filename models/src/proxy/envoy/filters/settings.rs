//! Which settings of a filter count for a request: those of the weighted cluster, the route or
//! the virtual host, or the filter's own.

use super::super::config::{
    Cors, ExtAuthz, Fault, FilterOverride, HttpFilter, HttpFilterKind, JwtAuthn, LocalRateLimit,
    Rbac, RouteAction, WeightedCluster,
};
use super::super::routing::Taken;

/// Where settings for filters may stand.
#[derive(Clone, Copy, Debug, Default)]
pub struct Settings<'c> {
    /// The route; `None` for a request that no route takes, which the filters see all the same.
    pub taken: Option<Taken<'c>>,
    /// The weighted cluster that was picked.
    pub weighted: Option<&'c WeightedCluster>,
}

/// The settings that count.
#[derive(Clone, Copy, Debug)]
pub(super) enum InForce<'c> {
    /// The filter does nothing.
    Off,
    Cors(&'c Cors),
    Fault(&'c Fault),
    Rbac(&'c Rbac),
    ExtAuthz(&'c ExtAuthz),
    Jwt(&'c JwtAuthn),
    RateLimit(&'c LocalRateLimit),
}

impl<'c> Settings<'c> {
    /// The settings of `filter`: the most specific ones, whole. They are not merged.
    ///
    /// Source: Envoy, "HTTP filters", per-route configuration.
    pub(super) fn of(self, filter: &'c HttpFilter) -> InForce<'c> {
        match (&filter.kind, self.override_of(&filter.name)) {
            (_, Some(FilterOverride::Disabled)) => InForce::Off,
            (HttpFilterKind::Cors, found) => match (self.cors_of_route(), found) {
                (_, Some(FilterOverride::Cors(cors))) | (Some(cors), _) => InForce::Cors(cors),
                _ => InForce::Off,
            },
            (HttpFilterKind::Fault(_), Some(FilterOverride::Fault(own))) => InForce::Fault(own),
            (HttpFilterKind::Fault(own), _) => InForce::Fault(own),
            (HttpFilterKind::Rbac(_), Some(FilterOverride::Rbac(own))) => InForce::Rbac(own),
            (HttpFilterKind::Rbac(own), _) => InForce::Rbac(own),
            (HttpFilterKind::ExtAuthz(own), _) => InForce::ExtAuthz(own),
            (HttpFilterKind::Jwt(own), _) => InForce::Jwt(own),
            (HttpFilterKind::LocalRateLimit(_), Some(FilterOverride::LocalRateLimit(own))) => {
                InForce::RateLimit(own)
            }
            (HttpFilterKind::LocalRateLimit(own), _) => InForce::RateLimit(own),
        }
    }

    fn override_of(self, name: &str) -> Option<&'c FilterOverride> {
        let of_cluster = self.weighted.and_then(|cluster| cluster.filters.get(name));
        of_cluster.or_else(|| {
            let Taken { host, route } = self.taken?;
            route.filters.get(name).or_else(|| host.filters.get(name))
        })
    }

    fn cors_of_route(self) -> Option<&'c Cors> {
        match &self.taken?.route.action {
            RouteAction::Forward(forward) => forward.cors.as_ref(),
            RouteAction::Redirect(_) | RouteAction::Direct(_) => None,
        }
    }
}
