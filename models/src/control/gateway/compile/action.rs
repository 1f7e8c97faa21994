//! What becomes of the requests of one rule: an answer, a redirect, or backends by weight.
//!
//! A filter that stands at one backend of several cannot be written into Envoy's weighted
//! clusters, unless it changes headers or the host. Such a rule becomes several routes one after
//! the other, of which each takes a share of the requests. Envoy draws once for all of them, so a
//! route's share counts from the beginning: its own and those of the routes before it.
//!
//! Source: gateway-api `apis/v1/httproute_types.go`, `HTTPRouteRule.BackendRefs`.

use crate::explain::Sourced;
use crate::manifest::Place;
use crate::manifest::kinds::gateway::{
    RedirectFilter, RewriteFilter, RouteBackend, RouteKind, RouteRule,
};
use crate::profile::{GatewayDifference, GatewayFacts};
use crate::proxy::envoy::config::{
    Cors, Destination, HeaderMutations, HostRewrite, Mirror, WeightedCluster,
};
use crate::units::Ppm;
use crate::world::Origin;

use super::super::backend::{From, Invalid};
use super::filters::{Effects, Level, effects};
use super::{Clusters, Context};

/// A share of a rule's requests and what becomes of them.
pub(super) struct Part<'a> {
    /// Its share together with those of the parts before it; `None` is the rest.
    pub(super) share: Option<Ppm>,
    pub(super) act: Act<'a>,
    pub(super) headers: HeaderMutations,
    pub(super) cors: Option<Cors>,
}

/// What becomes of requests.
pub(super) enum Act<'a> {
    /// The proxy answers with an error.
    Fail(Sourced<u16>),
    /// The client is sent elsewhere.
    Redirect(&'a RedirectFilter, Place),
    /// They are forwarded.
    Forward {
        destination: Destination,
        /// The host; the path is changed by `rewrite`.
        host: Option<Sourced<HostRewrite>>,
        rewrite: Option<(&'a RewriteFilter, Place)>,
        mirrors: Vec<Mirror>,
    },
}

/// The parts of a rule, and what of it leads nowhere.
pub(super) struct Actions<'a> {
    pub(super) parts: Vec<Part<'a>>,
    /// Backends and mirrors that cannot be resolved.
    pub(super) invalid: Vec<Invalid>,
    /// Filters that cannot be applied.
    pub(super) broken: Vec<Invalid>,
}

/// One backend with a share.
struct Choice<'a> {
    weight: Sourced<u32>,
    place: Place,
    cluster: Result<String, String>,
    effects: Effects<'a>,
}

impl Choice<'_> {
    /// Whether Envoy's weighted clusters have room for its filters beside those of the rule. The
    /// host of a route would take the place of its cluster's.
    fn is_plain(&self, own: &Effects<'_>) -> bool {
        let effects = &self.effects;
        let has_host = own.rewrite.is_some_and(|(rewrite, _)| rewrite.hostname.is_some());
        let takes = |rewrite: &RewriteFilter| {
            rewrite.path.is_none() && (rewrite.hostname.is_none() || !has_host)
        };
        effects.redirect.is_none()
            && effects.rewrite.is_none_or(|(rewrite, _)| takes(rewrite))
            && effects.mirrors.is_empty()
            && effects.cors.is_none()
            && effects.broken.is_none()
    }
}

/// The answer to requests that a rule cannot serve: 500, and `UNAVAILABLE` for gRPC, which Envoy
/// makes of 503. Istio answers both alike.
pub(super) fn error_status(facts: &GatewayFacts, kind: RouteKind) -> u16 {
    match kind {
        RouteKind::Grpc if !facts.differs(GatewayDifference::GrpcErrors) => 503,
        _ => 500,
    }
}

/// Works out what becomes of a rule's requests.
pub(super) fn actions<'a>(
    context: &Context<'_>,
    clusters: &mut Clusters,
    from: From<'_>,
    kind: RouteKind,
    rule: &'a RouteRule,
) -> Actions<'a> {
    let status = error_status(context.facts, kind);
    let own = effects(context, clusters, from, kind, Level::Rule, &rule.filters);
    let mut found =
        Actions { parts: Vec::new(), invalid: own.lost_mirrors.clone(), broken: vec![] };
    if let Some(broken) = &own.broken {
        found.broken.push(broken.clone());
        found.parts.push(fail(500, broken.place));
        return found;
    }
    if let Some((redirect, place)) = own.redirect {
        let act = Act::Redirect(redirect, place);
        found.parts.push(Part { share: None, act, headers: own.headers, cors: own.cors });
        return found;
    }
    let choices = choices(context, clusters, from, kind, &rule.backends, &mut found);
    if choices.is_empty() {
        found.parts.push(fail(status, rule.place));
    } else if choices.iter().all(|choice| choice.is_plain(&own)) {
        found.parts.push(together(own, choices));
    } else {
        found.parts.extend(one_by_one(&own, choices));
    }
    found
}

fn fail<'a>(status: u16, place: Place) -> Part<'a> {
    let status = Sourced::new(status, Origin::Manifest(place));
    let headers = HeaderMutations::default();
    Part { share: None, act: Act::Fail(status), headers, cors: None }
}

/// The backends that have a share.
fn choices<'a>(
    context: &Context<'_>,
    clusters: &mut Clusters,
    from: From<'_>,
    kind: RouteKind,
    backends: &'a [RouteBackend],
    found: &mut Actions<'_>,
) -> Vec<Choice<'a>> {
    let mut choices = Vec::new();
    for backend in backends {
        let place = backend.target.object.place;
        let weight =
            backend.weight.map_or(Sourced::default_of(1, "gateway.backend-weight"), |weight| {
                Sourced::new(weight.value, Origin::Manifest(weight.place))
            });
        let cluster = clusters.of_backend(context, from, kind, &backend.target);
        let effects = effects(context, clusters, from, kind, Level::Backend, &backend.filters);
        found.invalid.extend(effects.lost_mirrors.iter().cloned());
        found.broken.extend(effects.broken.clone());
        let cluster = cluster.map_err(|invalid| {
            found.invalid.push(invalid);
            // A name that no cluster has: requests for it get the route's error.
            format!("invalid-backend|{}", backend.target.object.name)
        });
        if weight.value > 0 {
            choices.push(Choice { weight, place, cluster, effects });
        }
    }
    choices
}

/// All backends as one forwarding route. The changes of an only backend are those of the route.
fn together<'a>(own: Effects<'a>, choices: Vec<Choice<'a>>) -> Part<'a> {
    let own_host = own.rewrite.and_then(host_rewrite);
    let (destination, host, headers) = match <[Choice<'a>; 1]>::try_from(choices) {
        Ok([Choice { place, cluster, effects, .. }]) => {
            let cluster = cluster.unwrap_or_else(|invalid| invalid);
            let cluster = Sourced::new(cluster, Origin::Manifest(place));
            let host = own_host.or_else(|| effects.rewrite.and_then(host_rewrite));
            let headers = joined(&own.headers, effects.headers);
            (Destination::Cluster(cluster), host, headers)
        }
        Err(choices) => (weighted(choices), own_host, own.headers),
    };
    let act = Act::Forward { destination, host, rewrite: own.rewrite, mirrors: own.mirrors };
    Part { share: None, act, headers, cors: own.cors }
}

fn weighted(choices: Vec<Choice<'_>>) -> Destination {
    let clusters = choices.into_iter().map(|choice| WeightedCluster {
        cluster: Sourced::new(
            choice.cluster.unwrap_or_else(|invalid| invalid),
            Origin::Manifest(choice.place),
        ),
        weight: choice.weight,
        host_rewrite: choice.effects.rewrite.and_then(host_rewrite),
        headers: choice.effects.headers,
        subset: Default::default(),
        filters: Default::default(),
    });
    Destination::Weighted { clusters: clusters.collect(), header: None }
}

fn host_rewrite((rewrite, _): (&RewriteFilter, Place)) -> Option<Sourced<HostRewrite>> {
    let host = rewrite.hostname.as_ref()?;
    Some(Sourced::new(HostRewrite::Literal(host.value.clone()), Origin::Manifest(host.place)))
}

/// Each backend as a route of its own.
fn one_by_one<'a>(own: &Effects<'a>, choices: Vec<Choice<'a>>) -> Vec<Part<'a>> {
    let total: u64 = choices.iter().map(|choice| u64::from(choice.weight.value)).sum();
    let mut reached = 0;
    let mut parts = Vec::with_capacity(choices.len());
    for choice in choices {
        reached += u64::from(choice.weight.value);
        let share = (reached < total).then(|| share_of(reached, total));
        let place = choice.place;
        let effects = choice.effects;
        if let Some(broken) = &effects.broken {
            parts.push(Part { share, ..fail(500, broken.place) });
            continue;
        }
        let headers = joined(&own.headers, effects.headers);
        let cors = effects.cors.or_else(|| own.cors.clone());
        let act = match effects.redirect {
            Some((redirect, place)) => Act::Redirect(redirect, place),
            None => {
                let cluster = choice.cluster.unwrap_or_else(|invalid| invalid);
                let cluster = Sourced::new(cluster, Origin::Manifest(place));
                let host = effects.rewrite.and_then(host_rewrite);
                let path = effects.rewrite.filter(|(rewrite, _)| rewrite.path.is_some());
                Act::Forward {
                    destination: Destination::Cluster(cluster),
                    host: host.or_else(|| own.rewrite.and_then(host_rewrite)),
                    rewrite: path.or(own.rewrite),
                    mirrors: own.mirrors.iter().cloned().chain(effects.mirrors).collect(),
                }
            }
        };
        parts.push(Part { share, act, headers, cors });
    }
    parts
}

fn share_of(reached: u64, total: u64) -> Ppm {
    let parts = (reached * 1_000_000 + total / 2) / total;
    u32::try_from(parts).map_or(Ppm::ONE, Ppm::from_ppm)
}

/// The changes of a rule, then those of one of its backends.
fn joined(rule: &HeaderMutations, backend: HeaderMutations) -> HeaderMutations {
    let mut joined = rule.clone();
    joined.request_set.extend(backend.request_set);
    joined.request_remove.extend(backend.request_remove);
    joined.response_set.extend(backend.response_set);
    joined.response_remove.extend(backend.response_remove);
    joined
}
