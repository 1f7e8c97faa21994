//! `HTTPRoute`, `GRPCRoute`, `TLSRoute` and `TCPRoute`: one shape, of which each kind fills the
//! part that it has.

use crate::manifest::fields::Fields;
use crate::manifest::kinds::{ObjectMeta, Resource};
use crate::manifest::{Located, Place};
use crate::units::SimDuration;

use super::filter::{RouteFilter, read_filter};
use super::matches::{RouteRuleMatch, read_grpc_match, read_http_match};
use super::{GATEWAY_GROUP, GatewayResource, resource};

/// A route of any kind.
#[derive(Clone, Debug)]
pub struct GatewayRoute {
    /// Name, namespace and age.
    pub meta: ObjectMeta,
    /// Which kind it is.
    pub kind: RouteKind,
    /// `spec.parentRefs`.
    pub parents: Vec<ParentRef>,
    /// `spec.hostnames`; empty means those of the listener.
    pub hostnames: Vec<Located<String>>,
    /// `spec.rules`.
    pub rules: Vec<RouteRule>,
}

/// The kind of a route, in the order in which one is preferred to another where a mesh can apply
/// one kind only (GEP-1294, "Route types").
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
pub enum RouteKind {
    /// `GRPCRoute`.
    #[serde(rename = "GRPCRoute")]
    Grpc,
    /// `HTTPRoute`.
    #[serde(rename = "HTTPRoute")]
    Http,
    /// `TLSRoute`.
    #[serde(rename = "TLSRoute")]
    Tls,
    /// `TCPRoute`.
    #[serde(rename = "TCPRoute")]
    Tcp,
}

impl RouteKind {
    /// The name of the kind.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Grpc => "GRPCRoute",
            Self::Http => "HTTPRoute",
            Self::Tls => "TLSRoute",
            Self::Tcp => "TCPRoute",
        }
    }

    /// Whether its rules look at HTTP.
    #[must_use]
    pub const fn is_http(self) -> bool {
        matches!(self, Self::Http | Self::Grpc)
    }
}

/// Another object, by name.
#[derive(Clone, Debug)]
pub struct ObjectRef {
    /// Its group; empty for the core group.
    pub group: String,
    /// Its kind.
    pub kind: String,
    /// Its namespace; `None` is that of the object that refers to it.
    pub namespace: Option<Located<String>>,
    /// Its name.
    pub name: Located<String>,
    /// Where the reference begins.
    pub place: Place,
}

/// What a route attaches to.
#[derive(Clone, Debug)]
pub struct ParentRef {
    /// A Gateway, ListenerSet or Service.
    pub object: ObjectRef,
    /// One of its listeners; `None` means all.
    pub section: Option<Located<String>>,
    /// The port of the listeners or of the Service; `None` means all.
    pub port: Option<Located<u16>>,
}

/// One rule.
#[derive(Clone, Debug)]
pub struct RouteRule {
    /// Its name, if it has one.
    pub name: Option<Located<String>>,
    /// Any of them takes the request; empty takes all.
    pub matches: Vec<RouteRuleMatch>,
    /// What is done to the request.
    pub filters: Vec<RouteFilter>,
    /// Where it goes.
    pub backends: Vec<RouteBackend>,
    /// `timeouts.request`: the whole exchange; zero disables.
    pub request_timeout: Option<Located<SimDuration>>,
    /// `timeouts.backendRequest`: each attempt; zero disables.
    pub backend_timeout: Option<Located<SimDuration>>,
    /// `retry`.
    pub retry: Option<RouteRetry>,
    /// Where `sessionPersistence` stands; it is not modelled.
    pub session_persistence: Option<Place>,
    /// Where it begins.
    pub place: Place,
}

/// `retry` of a rule.
#[derive(Clone, Debug)]
pub struct RouteRetry {
    /// The statuses that are retried.
    pub codes: Vec<u16>,
    /// How many retries.
    pub attempts: Option<Located<u32>>,
    /// The least pause before each.
    pub backoff: Option<Located<SimDuration>>,
    /// Where it begins.
    pub place: Place,
}

/// A backend without weight or filters.
#[derive(Clone, Debug)]
pub struct BackendRef {
    /// A Service, as a rule.
    pub object: ObjectRef,
    /// The port of the Service.
    pub port: Option<Located<u16>>,
}

/// One backend of a rule.
#[derive(Clone, Debug)]
pub struct RouteBackend {
    /// What it refers to.
    pub target: BackendRef,
    /// Its share; 1 by default.
    pub weight: Option<Located<u32>>,
    /// What is done to requests that go there.
    pub filters: Vec<RouteFilter>,
}

/// The largest weight that the API takes.
const WEIGHT_MAX: u32 = 1_000_000;

pub(in crate::manifest) fn read_http_route(
    fields: &mut Fields<'_, '_, '_, '_>,
    meta: ObjectMeta,
) -> Vec<Resource> {
    read_route(fields, meta, RouteKind::Http)
}

pub(in crate::manifest) fn read_grpc_route(
    fields: &mut Fields<'_, '_, '_, '_>,
    meta: ObjectMeta,
) -> Vec<Resource> {
    read_route(fields, meta, RouteKind::Grpc)
}

pub(in crate::manifest) fn read_tls_route(
    fields: &mut Fields<'_, '_, '_, '_>,
    meta: ObjectMeta,
) -> Vec<Resource> {
    read_route(fields, meta, RouteKind::Tls)
}

pub(in crate::manifest) fn read_tcp_route(
    fields: &mut Fields<'_, '_, '_, '_>,
    meta: ObjectMeta,
) -> Vec<Resource> {
    read_route(fields, meta, RouteKind::Tcp)
}

fn read_route(
    fields: &mut Fields<'_, '_, '_, '_>,
    meta: ObjectMeta,
    kind: RouteKind,
) -> Vec<Resource> {
    let route = fields.required_object("spec", |spec| {
        let parents = spec.list("parentRefs", |parent| {
            let section = parent.string("sectionName").filter(|name| !name.is_empty());
            let port = parent.number("port", 1..=u16::MAX);
            let object = read_object_ref(parent, GATEWAY_GROUP, "Gateway")?;
            Some(ParentRef { object, section, port })
        });
        let hostnames = match kind {
            RouteKind::Tcp => Vec::new(),
            _ => spec.strings("hostnames"),
        };
        let mut rules = spec.list("rules", |rule| Some(read_rule(rule, kind)));
        if rules.is_empty() && kind == RouteKind::Http {
            // The API's default is one rule that takes every path and has no backend.
            rules.push(RouteRule::without_fields(spec.place()));
        }
        GatewayRoute { meta, kind, parents, hostnames, rules }
    });
    resource(route.map(GatewayResource::Route))
}

impl RouteRule {
    fn without_fields(place: Place) -> Self {
        Self {
            name: None,
            matches: Vec::new(),
            filters: Vec::new(),
            backends: Vec::new(),
            request_timeout: None,
            backend_timeout: None,
            retry: None,
            session_persistence: None,
            place,
        }
    }
}

fn read_rule(rule: &mut Fields<'_, '_, '_, '_>, kind: RouteKind) -> RouteRule {
    let mut read = RouteRule::without_fields(rule.place());
    read.name = rule.string("name");
    if kind.is_http() {
        read.matches = match kind {
            RouteKind::Grpc => rule.list("matches", read_grpc_match),
            _ => rule.list("matches", read_http_match),
        };
        read.filters = rule.list("filters", read_filter);
        read.session_persistence = rule.object("sessionPersistence", |it| {
            it.leave();
            it.place()
        });
    }
    if kind == RouteKind::Http {
        let timeouts = rule.object("timeouts", |timeouts| {
            (timeouts.parsed("request"), timeouts.parsed("backendRequest"))
        });
        (read.request_timeout, read.backend_timeout) = timeouts.unwrap_or_default();
        read.retry = rule.object("retry", read_retry);
    }
    read.backends = rule.list("backendRefs", |backend| {
        let filters = if kind.is_http() { backend.list("filters", read_filter) } else { vec![] };
        let weight = backend.number("weight", 0..=WEIGHT_MAX);
        Some(RouteBackend { target: read_backend_ref(backend)?, weight, filters })
    });
    read
}

fn read_retry(retry: &mut Fields<'_, '_, '_, '_>) -> RouteRetry {
    RouteRetry {
        codes: retry.numbers("codes", 400..=599),
        attempts: retry.number("attempts", 0..=u32::MAX),
        backoff: retry.parsed("backoff"),
        place: retry.place(),
    }
}

/// Reads `group`, `kind`, `namespace` and `name` of a reference.
pub(super) fn read_object_ref(
    reference: &mut Fields<'_, '_, '_, '_>,
    group: &str,
    kind: &str,
) -> Option<ObjectRef> {
    let place = reference.place();
    let group = reference.string("group").map_or(group.to_owned(), |it| it.value);
    let kind = reference.string("kind").map_or(kind.to_owned(), |it| it.value);
    let namespace = reference.string("namespace").filter(|name| !name.is_empty());
    let name = reference.required_string("name")?;
    Some(ObjectRef { group, kind, namespace, name, place })
}

/// Reads a reference to a backend, which is a Service unless it says otherwise.
pub(super) fn read_backend_ref(backend: &mut Fields<'_, '_, '_, '_>) -> Option<BackendRef> {
    let port = backend.number("port", 1..=u16::MAX);
    Some(BackendRef { object: read_object_ref(backend, "", "Service")?, port })
}
