//! From one HTTP rule of a VirtualService to Envoy's routes: one for each match. Which rules count
//! for a host, and in which order, is decided elsewhere.

use std::sync::Arc;

use crate::explain::Sourced;
use crate::manifest::kinds::istio::{
    DerivePort, DirectResponseRule, HttpDestination, HttpMatch, HttpRule, RedirectRule, RetryRule,
    RewriteRule,
};
use crate::profile::Profile;
use crate::proxy::envoy::config::{
    Destination, DirectResponse, Forward, HeaderMutations, HostRewrite, Mirror, PathRewrite,
    Pattern, Redirect, RedirectPath, Route, RouteAction, RoutingPriority, RuntimeFraction,
    Substitution, WeightedCluster,
};
use crate::units::{Ppm, SimDuration};
use crate::world::Origin;

use super::destination::{self, Services};
use super::filters;
use super::headers;
use super::matches::{self, Client};
use super::retry::{self, Hashing};

/// What the routes of one listener are made with.
#[derive(Clone, Copy)]
pub struct RuleContext<'c> {
    /// The proxy.
    pub client: Client<'c>,
    /// The port that clients dial.
    pub listen_port: u16,
    /// Whether the listener ends TLS.
    pub listener: ListenerTls,
    /// The services that the proxy sees.
    pub services: &'c dyn Services,
    /// `defaultHttpRetryPolicy` of the mesh.
    pub default_retry: Option<&'c RetryRule>,
    /// The facts to go by.
    pub profile: &'c Profile,
}

/// Whether a listener ends TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListenerTls {
    /// Requests come in plaintext.
    Plaintext,
    /// It does.
    Ended,
}

/// The routes of a list of rules, in order. Behind a route that takes every request no other is
/// made, for it would never be reached (istio `pilot/pkg/networking/core/route/route.go`,
/// `BuildHTTPRoutesForVirtualService`).
#[must_use]
pub fn routes(rules: &[HttpRule], context: &RuleContext<'_>) -> Vec<Arc<Route>> {
    let mut routes = Vec::new();
    for rule in rules {
        if rule.matches.is_empty() {
            routes.extend(route(rule, None, context).map(Arc::new));
            return routes;
        }
        for found in &rule.matches {
            if let Some(route) = route(rule, Some(found), context) {
                let ends = matches::takes_every_request(&route.matches);
                routes.push(Arc::new(route));
                if ends {
                    return routes;
                }
            }
        }
    }
    routes
}

/// One route; `None` where the match can never hold for this client and port, or the rule asks for
/// something that Istio leaves out.
fn route(rule: &HttpRule, found: Option<&HttpMatch>, context: &RuleContext<'_>) -> Option<Route> {
    if let Some(found) = found {
        let on_port = found.port.as_ref().is_none_or(|port| port.value == context.listen_port);
        if !on_port || !context.client.may_match_http(found) {
            return None;
        }
    }
    let operations = headers::operations(&rule.headers);
    let mut mutations = operations.mutations;
    let action = if let Some(redirect) = &rule.redirect {
        RouteAction::Redirect(self::redirect(redirect, context)?)
    } else if let Some(response) = &rule.direct_response {
        RouteAction::Direct(direct_response(response))
    } else {
        let forward = forward(rule, operations.authority, &mut mutations, context);
        RouteAction::Forward(Box::new(forward))
    };
    Some(Route {
        name: name(rule, found),
        matches: matches::route_match(found, Origin::Manifest(rule.place)),
        action,
        headers: mutations,
        filters: filters::overrides(rule),
        origin: Origin::Manifest(rule.place),
    })
}

fn name(rule: &HttpRule, found: Option<&HttpMatch>) -> Option<String> {
    let rule = rule.name.as_ref().map(|name| name.value.as_str());
    match found.and_then(|found| found.name.as_ref()) {
        Some(found) => Some(format!("{}.{}", rule.unwrap_or_default(), found.value)),
        None => rule.map(str::to_owned),
    }
}

/// `authority` is what `headers` of the rule set; a rewrite counts before it, and it before what a
/// single destination sets.
fn forward(
    rule: &HttpRule,
    authority: Option<Sourced<String>>,
    mutations: &mut HeaderMutations,
    context: &RuleContext<'_>,
) -> Forward {
    let rewritten = rule.rewrite.as_ref().and_then(|rewrite| rewrite.authority.as_ref());
    let rewritten = rewritten.map(|it| Sourced::new(it.value.clone(), Origin::Manifest(it.place)));
    let mut authority = rewritten.or(authority);
    let hash = rule.route.iter().filter_map(|to| context.services.hash(&to.destination)).collect();
    let (destination, hashing) = match &rule.route[..] {
        [single] => {
            let hashing = match context.services.hash(&single.destination) {
                Some(_) => Hashing::Consistent,
                None => Hashing::No,
            };
            let operations = headers::operations(&single.headers);
            headers::extend(mutations, operations.mutations);
            authority = authority.or(operations.authority);
            let name =
                destination::cluster(&single.destination, context.listen_port, context.services);
            (Destination::Cluster(name), hashing)
        }
        several => (weighted(several, context), Hashing::No),
    };
    let retries = rule.retries.as_ref().or(context.default_retry);
    let (timeout, grpc_timeout_max) = timeouts(rule);
    Forward {
        destination,
        cluster_not_found_status: Sourced::default_of(503, "envoy.cluster-not-found-status"),
        subset: std::collections::BTreeMap::new(),
        path_rewrite: rule.rewrite.as_ref().and_then(path_rewrite),
        host_rewrite: authority.map(|authority| authority.map(HostRewrite::Literal)),
        timeout,
        idle_timeout: None,
        max_stream_duration: None,
        grpc_timeout_max: Some(grpc_timeout_max),
        retry: retry::policy(retries, hashing, context.profile).map(Arc::new),
        hedge: None,
        mirrors: mirrors(rule, context),
        hash,
        priority: RoutingPriority::Default,
        cors: None,
    }
}

/// Of several destinations those with weight zero are left out
/// (the same file, `applyHTTPRouteDestination`).
fn weighted(route: &[HttpDestination], context: &RuleContext<'_>) -> Destination {
    let mut clusters = Vec::new();
    for to in route {
        let Some(weight) = to.weight.as_ref().filter(|weight| weight.value > 0) else { continue };
        let operations = headers::operations(&to.headers);
        clusters.push(WeightedCluster {
            cluster: destination::cluster(&to.destination, context.listen_port, context.services),
            weight: Sourced::new(weight.value, Origin::Manifest(weight.place)),
            headers: operations.mutations,
            subset: std::collections::BTreeMap::new(),
            host_rewrite: operations.authority.map(|it| it.map(HostRewrite::Literal)),
            filters: std::collections::BTreeMap::new(),
        });
    }
    Destination::Weighted { clusters, header: None }
}

/// The timeout, and the most that `grpc-timeout` of a request may ask for. Without one, Istio
/// disables both, where Envoy would wait 15 s (the same file, `setTimeout`).
fn timeouts(rule: &HttpRule) -> (Sourced<SimDuration>, Sourced<SimDuration>) {
    let timeout = match &rule.timeout {
        Some(timeout) => Sourced::new(timeout.value, Origin::Manifest(timeout.place)),
        None => Sourced::default_of(SimDuration::ZERO, "istio.route-timeout"),
    };
    (timeout, timeout)
}

fn path_rewrite(rewrite: &RewriteRule) -> Option<Sourced<PathRewrite>> {
    if let Some((found, replacement)) = &rewrite.uri_regex {
        let pattern = Pattern::new(found.value.as_str());
        let substitution = Substitution { pattern, replacement: replacement.clone() };
        let rewrite = PathRewrite::Regex(substitution);
        return Some(Sourced::new(rewrite, Origin::Manifest(found.place)));
    }
    let uri = rewrite.uri.as_ref()?;
    Some(Sourced::new(PathRewrite::Prefix(uri.value.clone()), Origin::Manifest(uri.place)))
}

/// `mirror` stands before `mirrors`. A share of zero makes none; no share makes one of every
/// request (the same file, `MirrorPercent`).
fn mirrors(rule: &HttpRule, context: &RuleContext<'_>) -> Vec<Mirror> {
    let single = rule.mirror.iter().map(|destination| (destination, rule.mirror_share));
    let several = rule.mirrors.iter().map(|mirror| (&mirror.destination, mirror.share));
    let shared = single.chain(several).filter_map(|(destination, share)| {
        let share = match share {
            Some(share) if share.value == Ppm::ZERO => return None,
            Some(share) => Sourced::new(share.value, Origin::Manifest(share.place)),
            None => Sourced::default_of(Ppm::ONE, "istio.mirror-share"),
        };
        Some(Mirror {
            cluster: destination::cluster(destination, context.listen_port, context.services),
            fraction: share.map(|default| RuntimeFraction { default, runtime_key: None }),
        })
    });
    shared.collect()
}

/// `None` for a status that Istio does not take (the same file, `ApplyRedirect`).
fn redirect(rule: &RedirectRule, context: &RuleContext<'_>) -> Option<Redirect> {
    let status = match &rule.code {
        None => Sourced::default_of(301, "envoy.redirect-status"),
        Some(code) if REDIRECT_CODES.contains(&code.value) => {
            Sourced::new(code.value, Origin::Manifest(code.place))
        }
        Some(_) => return None,
    };
    let text = |it: &crate::manifest::Located<String>| {
        Sourced::new(it.value.clone(), Origin::Manifest(it.place))
    };
    let prefix = rule.prefix_rewrite.as_ref().map(|it| text(it).map(RedirectPath::Prefix));
    let full = rule.uri.as_ref().map(|it| text(it).map(RedirectPath::Full));
    Some(Redirect {
        status,
        scheme: rule.scheme.as_ref().map(text),
        host: rule.authority.as_ref().map(text),
        port: redirect_port(rule, context),
        path: prefix.or(full),
        strip_query: false,
        origin: Origin::Manifest(rule.place),
    })
}

/// The statuses that a redirect may have.
pub(super) const REDIRECT_CODES: [u16; 5] = [301, 302, 303, 307, 308];

/// Envoy cannot take the port from the request, but routes are made for one port. A port that is
/// the scheme's default is left out.
fn redirect_port(rule: &RedirectRule, context: &RuleContext<'_>) -> Option<Sourced<u16>> {
    let derived = rule.derive_port.as_ref().and_then(|derive| match derive.value {
        DerivePort::FromRequestPort => {
            Some(Sourced::new(context.listen_port, Origin::Manifest(derive.place)))
        }
        DerivePort::FromProtocolDefault => None,
    });
    let written = rule.port.as_ref().map(|it| Sourced::new(it.value, Origin::Manifest(it.place)));
    let port = written.or(derived)?;
    let scheme = match (&rule.scheme, context.listener) {
        (Some(scheme), _) => scheme.value.as_str(),
        (None, ListenerTls::Plaintext) => "http",
        (None, ListenerTls::Ended) => "https",
    };
    let is_default = matches!((scheme, port.value), ("http", 80) | ("https", 443));
    (port.value != 0 && !is_default).then_some(port)
}

fn direct_response(rule: &DirectResponseRule) -> DirectResponse {
    DirectResponse {
        status: Sourced::new(rule.status.value, Origin::Manifest(rule.status.place)),
        body: rule.body.clone(),
        origin: Origin::Manifest(rule.place),
    }
}
