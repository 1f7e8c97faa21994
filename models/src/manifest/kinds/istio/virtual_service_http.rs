//! `spec.http` of a VirtualService: what becomes of requests that match.

use crate::manifest::fields::Fields;
use crate::manifest::kinds::Labels;
use crate::manifest::{Located, Place};
use crate::units::{Ppm, SimDuration};

use super::virtual_service::{Destination, read_destination, read_weight};
use super::virtual_service_action::{
    CorsPolicy, DirectResponseRule, FaultRule, RedirectRule, RetryRule, RewriteRule, read_cors,
    read_direct_response, read_fault, read_redirect, read_retries, read_rewrite, read_share,
};
use super::virtual_service_match::{HttpMatch, read_http_match};

/// One entry of `spec.http`.
#[derive(Clone, Debug)]
pub struct HttpRule {
    /// Its name, if it has one.
    pub name: Option<Located<String>>,
    /// Any of them must match; none matches all.
    pub matches: Vec<HttpMatch>,
    /// Where requests go.
    pub route: Vec<HttpDestination>,
    /// The client is sent elsewhere instead.
    pub redirect: Option<RedirectRule>,
    /// The proxy answers instead.
    pub direct_response: Option<DirectResponseRule>,
    /// The rules of another VirtualService stand here instead.
    pub delegate: Option<Delegate>,
    /// Changes to path and authority.
    pub rewrite: Option<RewriteRule>,
    /// All tries together.
    pub timeout: Option<Located<SimDuration>>,
    /// When a request is tried again.
    pub retries: Option<RetryRule>,
    /// Delays and aborts.
    pub fault: Option<FaultRule>,
    /// `mirror`: copies for one more destination.
    pub mirror: Option<Destination>,
    /// The share of requests that `mirror` copies; absent means all.
    pub mirror_share: Option<Located<Ppm>>,
    /// `mirrors`: copies for several more.
    pub mirrors: Vec<MirrorRule>,
    /// Cross-origin requests.
    pub cors: Option<CorsPolicy>,
    /// Changes to headers.
    pub headers: HeaderRules,
    /// Where the rule begins.
    pub place: Place,
}

/// One entry of `http[].route`.
#[derive(Clone, Debug)]
pub struct HttpDestination {
    /// Where to.
    pub destination: Destination,
    /// `weight`; absent counts as zero.
    pub weight: Option<Located<u32>>,
    /// Changes to headers for this destination.
    pub headers: HeaderRules,
}

/// `delegate`: another VirtualService, one without hosts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delegate {
    /// Its name.
    pub name: Located<String>,
    /// Its namespace; absent means that of the root.
    pub namespace: Option<Located<String>>,
}

/// One entry of `mirrors`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MirrorRule {
    /// For whom.
    pub destination: Destination,
    /// Of which share; absent means all.
    pub share: Option<Located<Ppm>>,
}

/// `headers`: changes to requests and responses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HeaderRules {
    /// On the way there.
    pub request: HeaderOperations,
    /// On the way back.
    pub response: HeaderOperations,
}

/// Changes in one direction.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HeaderOperations {
    /// Replaced or added.
    pub set: Labels,
    /// Added behind what is there.
    pub add: Labels,
    /// Removed.
    pub remove: Vec<Located<String>>,
}

impl HeaderRules {
    /// Whether nothing is changed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

pub(super) fn read_http_rule(rule: &mut Fields<'_, '_, '_, '_>) -> HttpRule {
    HttpRule {
        name: rule.string("name").filter(|name| !name.is_empty()),
        matches: rule.list("match", |found| Some(read_http_match(found))),
        route: rule.list("route", read_http_destination),
        redirect: rule.object("redirect", read_redirect),
        direct_response: rule.object("directResponse", read_direct_response).flatten(),
        delegate: rule.object("delegate", read_delegate).flatten(),
        rewrite: rule.object("rewrite", read_rewrite),
        timeout: rule.parsed("timeout"),
        retries: rule.object("retries", read_retries),
        fault: rule.object("fault", read_fault),
        mirror: rule.object("mirror", read_destination).flatten(),
        mirror_share: read_mirror_share(rule),
        mirrors: rule.list("mirrors", |mirror| {
            let destination = mirror.required_object("destination", read_destination).flatten();
            let share = read_share(mirror, "percentage");
            Some(MirrorRule { destination: destination?, share })
        }),
        cors: rule.object("corsPolicy", read_cors),
        headers: read_headers(rule),
        place: rule.place(),
    }
}

fn read_http_destination(route: &mut Fields<'_, '_, '_, '_>) -> Option<HttpDestination> {
    let destination = route.required_object("destination", read_destination).flatten();
    let weight = read_weight(route);
    let headers = read_headers(route);
    Some(HttpDestination { destination: destination?, weight, headers })
}

fn read_delegate(delegate: &mut Fields<'_, '_, '_, '_>) -> Option<Delegate> {
    let name = delegate.required_string("name");
    let namespace = delegate.string("namespace").filter(|namespace| !namespace.is_empty());
    Some(Delegate { name: name?, namespace })
}

/// Of the three ways to write the share, `mirrorPercentage` counts before the older ones.
fn read_mirror_share(rule: &mut Fields<'_, '_, '_, '_>) -> Option<Located<Ppm>> {
    let percentage = read_share(rule, "mirrorPercentage");
    let percent = rule.number("mirrorPercent", 0_u32..=100);
    let older = rule.number("mirror_percent", 0_u32..=100);
    percentage.or(percent.or(older).map(|it| it.map(Ppm::from_percent)))
}

fn read_headers(fields: &mut Fields<'_, '_, '_, '_>) -> HeaderRules {
    let rules = fields.object("headers", |headers| HeaderRules {
        request: headers.object("request", read_operations).unwrap_or_default(),
        response: headers.object("response", read_operations).unwrap_or_default(),
    });
    rules.unwrap_or_default()
}

fn read_operations(fields: &mut Fields<'_, '_, '_, '_>) -> HeaderOperations {
    HeaderOperations {
        set: fields.labels("set"),
        add: fields.labels("add"),
        remove: fields.strings("remove"),
    }
}
