//! What the filters of one rule or backend come to: changes of headers, a redirect, a rewrite,
//! mirrors, cross-origin settings, or the reason why they cannot be applied.
//!
//! Source: gateway-api `apis/v1/httproute_types.go`, `HTTPRouteFilter`. A filter that cannot be
//! applied must not be skipped: its requests get an error.

use crate::explain::Sourced;
use crate::manifest::kinds::gateway::{
    CorsFilter, HeaderModifier, HeaderValue, MirrorFilter, RedirectFilter, RewriteFilter,
    RouteFilter, RouteFilterKind, RouteKind, Share,
};
use crate::manifest::{Located, Place};
use crate::profile::{GatewayDifference, GatewayFacts};
use crate::proxy::envoy::config::{
    AppendAction, Case, Cors, HeaderMutation, HeaderMutations, Mirror, Pattern, RuntimeFraction,
    StringMatcher, StringTest,
};
use crate::units::Ppm;
use crate::world::Origin;

use super::super::backend::{From, Invalid};
use super::super::rules;
use super::matches::{escape, header_name};
use super::{Clusters, Context};

/// What the filters of one rule or backend come to.
#[derive(Clone, Debug, Default)]
pub(super) struct Effects<'a> {
    pub(super) headers: HeaderMutations,
    pub(super) redirect: Option<(&'a RedirectFilter, Place)>,
    pub(super) rewrite: Option<(&'a RewriteFilter, Place)>,
    pub(super) mirrors: Vec<Mirror>,
    pub(super) cors: Option<Cors>,
    /// Why the filters cannot be applied.
    pub(super) broken: Option<Invalid>,
    /// Mirrors that lead nowhere; their copies are not made.
    pub(super) lost_mirrors: Vec<Invalid>,
}

/// Where filters stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Level {
    Rule,
    Backend,
}

/// Reads the filters of a rule or backend.
pub(super) fn effects<'a>(
    context: &Context<'_>,
    clusters: &mut Clusters,
    from: From<'_>,
    kind: RouteKind,
    level: Level,
    filters: &'a [RouteFilter],
) -> Effects<'a> {
    let mut effects = Effects::default();
    for filter in filters {
        if let Err(message) = effects.add(context, clusters, (from, kind), level, filter) {
            let (reason, rule) = ("UnsupportedValue", rules::FILTER_UNSUPPORTED);
            effects.broken = Some(Invalid { reason, rule, message, place: filter.place });
        }
    }
    if let (Some((_, place)), Some(_)) = (effects.redirect, effects.rewrite) {
        effects.broken = Some(Invalid {
            reason: "IncompatibleFilters",
            rule: rules::FILTER_UNSUPPORTED,
            message: "RequestRedirect and URLRewrite cannot be combined".to_owned(),
            place,
        });
    }
    effects
}

impl<'a> Effects<'a> {
    fn add(
        &mut self,
        context: &Context<'_>,
        clusters: &mut Clusters,
        (from, kind): (From<'_>, RouteKind),
        level: Level,
        filter: &'a RouteFilter,
    ) -> Result<(), String> {
        let facts = context.facts;
        let name = type_of(&filter.kind);
        let is_header = matches!(
            filter.kind,
            RouteFilterKind::RequestHeaders(_) | RouteFilterKind::ResponseHeaders(_)
        );
        let headers_only = facts.differs(GatewayDifference::BackendFilters);
        if level == Level::Backend && headers_only && !is_header {
            return Err(format!("Istio takes no {name} at a backend"));
        }
        let http_only = matches!(
            filter.kind,
            RouteFilterKind::Redirect(_) | RouteFilterKind::Rewrite(_) | RouteFilterKind::Cors(_)
        );
        if kind == RouteKind::Grpc && http_only {
            return Err(format!("a GRPCRoute has no filter {name}"));
        }
        match &filter.kind {
            RouteFilterKind::RequestHeaders(modifier) => {
                let (set, remove) =
                    (&mut self.headers.request_set, &mut self.headers.request_remove);
                once(name, set.is_empty() && remove.is_empty())?;
                modify(facts, modifier, set, remove);
            }
            RouteFilterKind::ResponseHeaders(modifier) => {
                let (set, remove) =
                    (&mut self.headers.response_set, &mut self.headers.response_remove);
                once(name, set.is_empty() && remove.is_empty())?;
                modify(facts, modifier, set, remove);
            }
            RouteFilterKind::Redirect(redirect) => {
                once(name, self.redirect.is_none())?;
                self.redirect = Some((redirect, filter.place));
            }
            RouteFilterKind::Rewrite(rewrite) => {
                once(name, self.rewrite.is_none())?;
                self.rewrite = Some((rewrite, filter.place));
            }
            RouteFilterKind::Mirror(mirror) => self.mirror(context, clusters, (from, kind), mirror),
            RouteFilterKind::Cors(filter_cors) => {
                once(name, self.cors.is_none())?;
                self.cors = Some(cors(filter_cors, filter.place));
            }
            RouteFilterKind::Other(other) => {
                return Err(format!("filters of type `{other}` are not supported"));
            }
            RouteFilterKind::Empty(empty) => {
                return Err(format!("the filter of type `{empty}` has no settings"));
            }
        }
        Ok(())
    }

    fn mirror(
        &mut self,
        context: &Context<'_>,
        clusters: &mut Clusters,
        (from, kind): (From<'_>, RouteKind),
        mirror: &MirrorFilter,
    ) {
        match clusters.of_backend(context, from, kind, &mirror.target) {
            Ok(cluster) => {
                let origin = Origin::Manifest(mirror.target.object.place);
                let (share, at) = match mirror.share {
                    Some(share) => (ppm(share), Origin::Manifest(share.place)),
                    None => (Ppm::ONE, Origin::Default("gateway.mirror-share")),
                };
                let fraction = RuntimeFraction { default: share, runtime_key: None };
                let cluster = Sourced::new(cluster, origin);
                self.mirrors.push(Mirror { cluster, fraction: Sourced::new(fraction, at) });
            }
            Err(invalid) => {
                let message = format!("{}: no copies are made", invalid.message);
                self.lost_mirrors.push(Invalid { rule: rules::MIRROR, message, ..invalid });
            }
        }
    }
}

/// A filter that may stand once only, as the API's validation demands.
fn once(name: &str, first: bool) -> Result<(), String> {
    if first { Ok(()) } else { Err(format!("{name} stands twice, which the API refuses")) }
}

fn type_of(kind: &RouteFilterKind) -> &str {
    match kind {
        RouteFilterKind::RequestHeaders(_) => "RequestHeaderModifier",
        RouteFilterKind::ResponseHeaders(_) => "ResponseHeaderModifier",
        RouteFilterKind::Redirect(_) => "RequestRedirect",
        RouteFilterKind::Rewrite(_) => "URLRewrite",
        RouteFilterKind::Mirror(_) => "RequestMirror",
        RouteFilterKind::Cors(_) => "CORS",
        RouteFilterKind::Other(name) | RouteFilterKind::Empty(name) => &name.value,
    }
}

fn modify(
    facts: &GatewayFacts,
    modifier: &HeaderModifier,
    set: &mut Vec<HeaderMutation>,
    remove: &mut Vec<String>,
) {
    let mut push = |header: &HeaderValue, action| {
        set.push(HeaderMutation {
            name: header_name(&header.name.value),
            value: literal(facts, &header.value.value),
            action,
            origin: Origin::Manifest(header.name.place),
        });
    };
    modifier.set.iter().for_each(|header| push(header, AppendAction::OverwriteOrAdd));
    modifier.add.iter().for_each(|header| push(header, AppendAction::AppendOrAdd));
    remove.extend(modifier.remove.iter().map(|name| name.value.to_ascii_lowercase()));
}

/// A value that means itself. Envoy takes what stands between percent signs for a command; Istio
/// hands such values on as they are.
fn literal(facts: &GatewayFacts, value: &str) -> String {
    if facts.differs(GatewayDifference::HeaderValues) {
        value.to_owned()
    } else {
        value.replace('%', "%%")
    }
}

fn ppm(share: Share) -> Ppm {
    let numerator = u64::from(share.numerator.min(share.denominator));
    let denominator = u64::from(share.denominator);
    let parts = (numerator * 1_000_000 + denominator / 2) / denominator;
    u32::try_from(parts).map_or(Ppm::ONE, Ppm::from_ppm)
}

fn cors(filter: &CorsFilter, place: Place) -> Cors {
    let joined = |list: &[Located<String>]| {
        let words: Vec<_> = list.iter().map(|word| word.value.as_str()).collect();
        (!words.is_empty()).then(|| words.join(", "))
    };
    // "When the MaxAge field is unspecified, the gateway sets [...] 5 by default."
    let max_age = filter.max_age_s.map_or(5, |seconds| seconds.value);
    Cors {
        allow_origins: filter.allow_origins.iter().map(origin_matcher).collect(),
        allow_methods: joined(&filter.allow_methods),
        allow_headers: joined(&filter.allow_headers),
        expose_headers: joined(&filter.expose_headers),
        max_age: Some(max_age.to_string()),
        allow_credentials: filter.allow_credentials,
        forwards_unmatched_preflights: false,
        origin: Origin::Manifest(place),
    }
}

/// An origin; a `*` in it stands for any number of characters.
fn origin_matcher(origin: &Located<String>) -> StringMatcher {
    let text = origin.value.as_str();
    let test = match text {
        "*" => StringTest::Regex(Pattern::new(".*")),
        _ if text.contains('*') => {
            let parts: Vec<_> = text.split('*').map(escape).collect();
            StringTest::Regex(Pattern::new(parts.join(".*")))
        }
        _ => StringTest::Exact(text.to_owned()),
    };
    StringMatcher { test, case: Case::Sensitive }
}
