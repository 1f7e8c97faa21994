//! One rule of an HTTPRoute or GRPCRoute as Envoy's routes.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::control::istio::routes::CORS_FILTER;
use crate::explain::Sourced;
use crate::manifest::Place;
use crate::manifest::kinds::gateway::{RouteKind, RouteRule};
use crate::profile::GatewayFacts;
use crate::proxy::envoy::config::{
    DirectResponse, FilterOverride, Forward, PathMatcher, Route, RouteAction, RouteMatch,
    RoutingPriority, RuntimeFraction,
};
use crate::world::Origin;

use super::super::attach::RouteName;
use super::super::backend::{From, Invalid};
use super::super::precedence::Specificity;
use super::super::rules;
use super::action::{Act, Actions, Part, actions, error_status};
use super::limits::{Limits, limits};
use super::matches::route_match;
use super::redirect::{Entrance, redirect};
use super::{Clusters, Context, paths};

/// A rule, ready to be put before any entrance.
pub(in super::super) struct CompiledRule<'a> {
    name: String,
    kind: RouteKind,
    facts: &'static GatewayFacts,
    origin: Origin,
    /// Its matches, in the order written.
    pub(in super::super) matches: Vec<(RouteMatch, Specificity)>,
    actions: Actions<'a>,
    limits: Limits,
}

/// Compiles a rule. `index` is its place in the route.
pub(in super::super) fn compile_rule<'a>(
    context: &Context<'_>,
    clusters: &mut Clusters,
    from: From<'_>,
    (kind, (namespace, route)): RouteName<'_>,
    (index, rule): (usize, &'a RouteRule),
) -> CompiledRule<'a> {
    let facts = context.facts;
    let matches = if rule.matches.is_empty() {
        vec![route_match(facts, kind, None, rule.place)]
    } else {
        let entries = rule.matches.iter();
        entries.map(|entry| route_match(facts, kind, Some(entry), rule.place)).collect()
    };
    let name = match &rule.name {
        Some(name) => name.value.clone(),
        None => format!("{namespace}.{route}.{index}"),
    };
    let mut compiled = CompiledRule {
        name,
        kind,
        facts,
        origin: Origin::Manifest(rule.place),
        matches,
        actions: actions(context, clusters, from, kind, rule),
        limits: limits(context, rule),
    };
    compiled.find_incompatible_paths();
    compiled
}

impl CompiledRule<'_> {
    /// Backends and mirrors that cannot be resolved.
    pub(in super::super) fn invalid(&self) -> &[Invalid] {
        &self.actions.invalid
    }

    /// Filters that cannot be applied.
    pub(in super::super) fn broken(&self) -> &[Invalid] {
        &self.actions.broken
    }

    /// A prefix can only be replaced where a prefix matched.
    fn find_incompatible_paths(&mut self) {
        let entrance = Entrance { port: 80, scheme: "http" };
        let mut broken: Vec<(String, Place)> = Vec::new();
        for part in &self.actions.parts {
            let fits = self
                .matches
                .iter()
                .find_map(|(matches, _)| self.action(part, &matches.path, entrance).err());
            broken.extend(fits);
        }
        self.actions.broken.extend(broken.into_iter().map(|(message, place)| Invalid {
            reason: "UnsupportedValue",
            rule: rules::FILTER_UNSUPPORTED,
            message,
            place,
        }));
    }

    /// The routes for one of its matches.
    pub(in super::super) fn routes(&self, at: usize, entrance: Entrance) -> Vec<Arc<Route>> {
        let (matches, _) = &self.matches[at];
        let routes = self.actions.parts.iter().map(|part| {
            let action = self.action(part, &matches.path, entrance);
            // A filter that cannot be applied must not be skipped.
            let action = action
                .unwrap_or_else(|(_, place)| direct(Sourced::new(500, Origin::Manifest(place))));
            let fraction = part.share.map(|default| RuntimeFraction { default, runtime_key: None });
            let cors = part.cors.clone().map(FilterOverride::Cors);
            let filters: BTreeMap<_, _> =
                cors.map(|cors| (CORS_FILTER.to_owned(), cors)).into_iter().collect();
            Arc::new(Route {
                name: Some(self.name.clone()),
                matches: RouteMatch { fraction, ..matches.clone() },
                action,
                headers: part.headers.clone(),
                filters,
                origin: self.origin,
            })
        });
        routes.collect()
    }

    fn action(
        &self,
        part: &Part<'_>,
        matched: &PathMatcher,
        entrance: Entrance,
    ) -> Result<RouteAction, (String, Place)> {
        match &part.act {
            Act::Fail(status) => Ok(direct(*status)),
            Act::Redirect(filter, place) => {
                let redirect = redirect(self.facts, entrance, filter, *place, matched);
                redirect.map(RouteAction::Redirect).map_err(|message| (message, *place))
            }
            Act::Forward { destination, host, rewrite, mirrors } => {
                let path =
                    rewrite.and_then(|(rewrite, place)| Some((rewrite.path.as_ref()?, place)));
                let path_rewrite = match path {
                    Some((modifier, place)) => {
                        let path = paths::rewrite(self.facts, modifier, matched);
                        let path = path.map_err(|message| (message, place))?;
                        Some(Sourced::new(path, Origin::Manifest(place)))
                    }
                    None => None,
                };
                let status = error_status(self.facts, self.kind);
                Ok(RouteAction::Forward(Box::new(Forward {
                    destination: destination.clone(),
                    cluster_not_found_status: Sourced::default_of(
                        status,
                        "gateway.invalid-backend-status",
                    ),
                    subset: BTreeMap::new(),
                    path_rewrite,
                    host_rewrite: host.clone(),
                    timeout: self.limits.timeout,
                    idle_timeout: None,
                    max_stream_duration: None,
                    grpc_timeout_max: None,
                    retry: self.limits.retry.clone(),
                    hedge: None,
                    mirrors: mirrors.clone(),
                    hash: Vec::new(),
                    priority: RoutingPriority::Default,
                    cors: None,
                })))
            }
        }
    }
}

fn direct(status: Sourced<u16>) -> RouteAction {
    RouteAction::Direct(DirectResponse { status, body: String::new(), origin: status.origin })
}
