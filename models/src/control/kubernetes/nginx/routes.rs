//! Hosts and paths of an Ingress class in nginx's order. Backends were resolved when the world was
//! built.
//!
//! Source: kubernetes/ingress-nginx `docs/user-guide/ingress-path-matching.md`; nginx
//! `ngx_http_core_module`, `location`: an exact path first, then the longest prefix; patterns in
//! the order in which they are written, which is that of their length.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::explain::Sourced;
use crate::manifest::kinds::IngressPathType;
use crate::proxy::envoy::config::{
    Case, Destination, DirectResponse, Forward, HeaderMatcher, HeaderMutations, HeaderTest, Invert,
    MissingHeader, PathMatcher, PathRewrite, Pattern, Redirect, Route, RouteAction, RouteMatch,
    RoutingPriority, StringMatcher, StringTest, Substitution, Transport, VirtualHost,
};
use crate::units::SimDuration;
use crate::world::{
    BrokenBackend, IngressClass, IngressHost, IngressRoute, IngressTarget, Origin, ServiceId, World,
};

use super::limits::{Method, NOT_IDEMPOTENT, retry};
use super::settings::{HttpsRedirect, Paths, Settings};

const NO_RULE: Origin = Origin::Default("nginx.default-backend");

/// The ports of Services that routes lead to.
pub(super) fn ports(class: &IngressClass) -> impl Iterator<Item = (ServiceId, usize)> + '_ {
    let routes = class.hosts.values().flatten().map(|route| &route.target);
    let targets = routes.chain(class.default_backend.as_ref());
    targets.filter_map(|target| target.backend.as_ref().ok().copied())
}

/// The virtual hosts of a class, as its plaintext or its TLS port has them.
pub(super) fn virtual_hosts(
    world: &World,
    class: &IngressClass,
    transport: Transport,
) -> Vec<Arc<VirtualHost>> {
    let none = Vec::new();
    let any = class.hosts.get(&IngressHost::Any).unwrap_or(&none);
    let routes = |host, rows| routes_of(world, class, (host, rows), transport);
    let elsewhere = routes(&IngressHost::Any, any);
    let named = class.hosts.iter().filter(|(host, _)| **host != IngressHost::Any);
    let named = named.map(|(host, rows)| {
        let mut routes = routes(host, rows);
        if let IngressHost::Wildcard(_) = host {
            // A name of more labels than one belongs to nobody in particular.
            routes.extend(elsewhere.iter().cloned());
        }
        virtual_host(host, rows, routes)
    });
    let last = virtual_host(&IngressHost::Any, any, elsewhere.clone());
    named.chain([last]).map(Arc::new).collect()
}

fn routes_of(
    world: &World,
    class: &IngressClass,
    (host, rows): (&IngressHost, &[IngressRoute]),
    transport: Transport,
) -> Vec<Arc<Route>> {
    let settings: Vec<_> = rows.iter().map(|row| Settings::of(&row.target.annotations)).collect();
    // One Ingress with patterns makes all paths of its host patterns.
    let patterns = settings.iter().any(|it| it.paths == Paths::Patterns);
    let paths = if patterns { Paths::Patterns } else { Paths::Plain };
    let mut order: Vec<_> = rows.iter().zip(&settings).collect();
    order.sort_by_key(|(row, _)| {
        let exact = paths == Paths::Plain && row.path_type == IngressPathType::Exact;
        (!exact, Reverse(row.path.len()))
    });
    let site = Site { world, class, host, transport, paths };
    let own = order.into_iter().flat_map(|(row, settings)| site.routes(row, settings));
    own.chain(site.last_resort()).map(Arc::new).collect()
}

fn virtual_host(host: &IngressHost, rows: &[IngressRoute], routes: Vec<Arc<Route>>) -> VirtualHost {
    let (name, domain) = match host {
        IngressHost::Exact(name) => (name.clone(), name.clone()),
        IngressHost::Wildcard(suffix) => (format!("*.{suffix}"), format!("*.{suffix}")),
        IngressHost::Any => ("_".to_owned(), "*".to_owned()),
    };
    let origin = rows.first().map_or(NO_RULE, |row| row.origin);
    VirtualHost::plain(name, vec![domain], routes, origin)
}

/// One host at one port.
struct Site<'s> {
    world: &'s World,
    class: &'s IngressClass,
    host: &'s IngressHost,
    transport: Transport,
    paths: Paths,
}

impl Site<'_> {
    /// The routes of one path: one for methods that may be sent twice, and one for the others.
    fn routes(&self, row: &IngressRoute, settings: &Settings) -> Vec<Route> {
        let mut routes = Vec::new();
        for path in self.matchers(row) {
            let matches = self.matches(path, row.origin);
            if let Some(redirect) = self.redirect(settings) {
                routes.push(route(matches, RouteAction::Redirect(redirect), row.origin));
                continue;
            }
            let headers = [matches.headers.clone(), not_idempotent()].concat();
            let once = RouteMatch { headers, ..matches.clone() };
            for (matches, method) in [(once, Method::NotIdempotent), (matches, Method::Idempotent)]
            {
                let action = self.action(&row.target, (settings, method), &row.path);
                routes.push(route(matches, action, row.origin));
            }
        }
        routes
    }

    /// What stands behind everything: the default backend, or 404.
    fn last_resort(&self) -> Vec<Route> {
        let Some(target) = &self.class.default_backend else {
            let matches = self.matches(PathMatcher::Prefix("/".to_owned()), NO_RULE);
            return vec![route(matches, direct(404, NO_RULE), NO_RULE)];
        };
        let row = IngressRoute {
            path: "/".to_owned(),
            path_type: IngressPathType::Prefix,
            target: target.clone(),
            origin: target.origin,
        };
        self.routes(&row, &Settings::of(&target.annotations))
    }

    fn matchers(&self, row: &IngressRoute) -> Vec<PathMatcher> {
        if self.paths == Paths::Patterns {
            return vec![PathMatcher::Regex(Pattern::new(format!("(?i:{}).*", row.path)))];
        }
        vec![match row.path_type {
            IngressPathType::Exact => PathMatcher::Exact(row.path.clone()),
            IngressPathType::Prefix if row.path.trim_end_matches('/').is_empty() => {
                PathMatcher::Prefix("/".to_owned())
            }
            IngressPathType::Prefix => {
                PathMatcher::PathSeparatedPrefix(row.path.trim_end_matches('/').to_owned())
            }
            // A prefix of characters, not of elements.
            IngressPathType::ImplementationSpecific => PathMatcher::Prefix(row.path.clone()),
        }]
    }

    fn matches(&self, path: PathMatcher, origin: Origin) -> RouteMatch {
        let headers = match self.host {
            // nginx takes one label for the star.
            IngressHost::Wildcard(suffix) => {
                let suffix = suffix.replace('.', "\\.");
                vec![header(":authority", format!("[\\w-]+\\.{suffix}(:\\d+)?"))]
            }
            IngressHost::Exact(_) | IngressHost::Any => Vec::new(),
        };
        RouteMatch {
            path,
            case: Case::Sensitive,
            headers,
            query: Vec::new(),
            fraction: None,
            grpc_only: false,
            origin,
        }
    }

    fn redirect(&self, settings: &Settings) -> Option<Redirect> {
        if self.transport == Transport::Tls {
            return None;
        }
        let origin = match settings.redirect {
            HttpsRedirect::Never => return None,
            HttpsRedirect::Always(origin) => origin,
            HttpsRedirect::WithCertificate(origin) => {
                self.class.tls_hosts.contains(self.host).then_some(origin)?
            }
        };
        Some(Redirect {
            status: Sourced::new(308, origin),
            scheme: Some(Sourced::new("https".to_owned(), origin)),
            host: None,
            port: None,
            path: None,
            strip_query: false,
            origin,
        })
    }

    fn action(
        &self,
        target: &IngressTarget,
        (settings, method): (&Settings, Method),
        path: &str,
    ) -> RouteAction {
        let (service, port) = match &target.backend {
            Ok(found) => *found,
            Err(BrokenBackend::NoService(_) | BrokenBackend::NoPort { .. }) => {
                return direct(503, target.origin);
            }
            Err(BrokenBackend::NotModelled) => return direct(501, target.origin),
        };
        let cluster = crate::control::gateway::cluster_name(self.world, service, port);
        let rewrite = settings.rewrite_target.as_ref().map(|target| {
            target.clone().map(|target| {
                let replacement = groups(&target);
                let pattern = Pattern::new(format!("^(?i:{path}).*"));
                PathRewrite::Regex(Substitution { pattern, replacement })
            })
        });
        RouteAction::Forward(Box::new(Forward {
            destination: Destination::Cluster(Sourced::new(cluster, target.origin)),
            cluster_not_found_status: Sourced::default_of(503, "nginx.no-backend"),
            subset: BTreeMap::new(),
            path_rewrite: rewrite,
            host_rewrite: None,
            timeout: Sourced::default_of(SimDuration::ZERO, "nginx.no-timeout"),
            idle_timeout: None,
            max_stream_duration: None,
            grpc_timeout_max: None,
            retry: Some(Arc::new(retry(settings, method))),
            hedge: None,
            mirrors: Vec::new(),
            hash: Vec::new(),
            priority: RoutingPriority::Default,
            cors: None,
        }))
    }
}

/// nginx writes groups as `$1`, the proxy model as `\1`.
fn groups(target: &str) -> String {
    let mut text = String::with_capacity(target.len());
    let mut rest = target.chars().peekable();
    while let Some(one) = rest.next() {
        match one {
            '$' if rest.peek().is_some_and(char::is_ascii_digit) => text.push('\\'),
            '\\' => text.push_str("\\\\"),
            one => text.push(one),
        }
    }
    text
}

fn not_idempotent() -> Vec<HeaderMatcher> {
    vec![header(":method", NOT_IDEMPOTENT.join("|"))]
}

fn header(name: &str, pattern: String) -> HeaderMatcher {
    let test = StringTest::Regex(Pattern::new(pattern));
    HeaderMatcher {
        name: name.to_owned(),
        test: HeaderTest::Value(StringMatcher { test, case: Case::Sensitive }),
        invert: Invert::No,
        missing: MissingHeader::NoMatch,
    }
}

fn direct(status: u16, origin: Origin) -> RouteAction {
    let status = Sourced::new(status, origin);
    RouteAction::Direct(DirectResponse { status, body: String::new(), origin })
}

fn route(matches: RouteMatch, action: RouteAction, origin: Origin) -> Route {
    Route {
        name: None,
        matches,
        action,
        headers: HeaderMutations::default(),
        filters: BTreeMap::new(),
        origin,
    }
}
