//! Virtual hosts: which routes of which listener count for which domain, and in which order.
//!
//! Source: gateway-api `apis/v1/gateway_types.go`, `GatewaySpec.Listeners`, "Listeners that are
//! distinct only by Hostname" and "General Listener behavior"; `apis/v1/httproute_types.go`,
//! `HTTPRouteSpec.Hostnames`.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::explain::Sourced;
use crate::manifest::Place;
use crate::profile::{GatewayDifference, GatewayFacts};
use crate::proxy::envoy::config::{
    Case, DirectResponse, HeaderMutations, HeaderTest, PathMatcher, QueryTest, Route, RouteAction,
    RouteMatch, RouteTable, StringMatcher, StringTest, VirtualHost,
};
use crate::world::Origin;

use super::super::hostname::Hostname;
use super::super::precedence::{Decision, Rank};

/// References from virtual hosts to routes that one table may hold. Every hostname gets the routes
/// of wider hostnames too, which multiplies.
const REFERENCES_MAX: usize = 4_000_000;

/// Earlier matches with one path that are looked at for one that competes.
const RIVALS_MAX: usize = 64;

/// The routes of one match of a rule, at one hostname.
pub(in super::super) struct Entry<'a> {
    pub(in super::super) rank: Rank<'a>,
    /// Such as `HTTPRoute shop/cart`.
    pub(in super::super) route: Arc<str>,
    pub(in super::super) place: Place,
    /// What the match asks for.
    pub(in super::super) asked: Asked,
    pub(in super::super) routes: Arc<[Arc<Route>]>,
}

/// What a match asks for, each in a form that is the same for matches that ask for the same.
#[derive(Clone, Debug)]
pub(in super::super) struct Asked {
    whole: Arc<str>,
    path: Arc<str>,
}

/// A listener with the entries of each hostname.
pub(super) struct Section<'a> {
    pub(super) hostname: Hostname,
    pub(super) origin: Origin,
    pub(super) entries: BTreeMap<Hostname, Vec<Entry<'a>>>,
}

/// One match in the order in which they are tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct OrderedMatch {
    /// Such as `HTTPRoute shop/cart`.
    pub(in super::super) route: Arc<str>,
    /// Where the match stands.
    pub(in super::super) place: Place,
    /// Why it goes before the next one; `None` for the last.
    pub(in super::super) before_next: Option<Decision>,
    /// The match before it that takes all of its requests.
    pub(in super::super) shadowed_by: Option<Place>,
    /// A match of another route before it that takes some of its requests, because its route is
    /// older, though not both say how old they are.
    pub(in super::super) rival: Option<(Arc<str>, Place)>,
}

/// The order of matches for each domain.
pub(in super::super) type Order = BTreeMap<String, Vec<OrderedMatch>>;

/// The listeners of one route table.
pub(super) struct Tables<'s, 'a> {
    pub(super) facts: &'s GatewayFacts,
    pub(super) name: String,
    pub(super) port: u16,
    pub(super) sections: &'s [Section<'a>],
    /// Hostnames of other listeners of the port, whose requests are misdirected here.
    pub(super) elsewhere: &'s [Hostname],
}

/// A table that would be too large.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TooLarge;

impl Tables<'_, '_> {
    /// Builds the table.
    pub(super) fn build(&self) -> (RouteTable, Order, Option<TooLarge>) {
        let mut hosts = Vec::new();
        let mut order = Order::new();
        let mut references = 0;
        let mut too_large = None;
        for section in self.sections {
            for domain in self.domains(section) {
                let mut entries = self.entries(section, &domain);
                references += entries.len();
                if references > REFERENCES_MAX {
                    entries.clear();
                    too_large = Some(TooLarge);
                }
                entries.sort_by(|one, other| one.rank.cmp(&other.rank));
                let routes = entries.iter().flat_map(|entry| entry.routes.iter().cloned());
                let name = domain.domain();
                hosts.push(self.host(&name, routes.collect(), section.origin));
                order.insert(name, ordered(&entries));
            }
        }
        self.add_misdirected(&mut hosts);
        let table = RouteTable {
            name: self.name.clone(),
            virtual_hosts: hosts,
            headers: HeaderMutations::default(),
            // A backend's changes come after its rule's.
            most_specific_wins: !self.facts.differs(GatewayDifference::HeaderOrder),
            ignore_port_in_host: true,
        };
        (table, order, too_large)
    }

    fn host(&self, domain: &str, routes: Vec<Arc<Route>>, origin: Origin) -> Arc<VirtualHost> {
        let name = format!("{domain}:{}", self.port);
        Arc::new(VirtualHost::plain(name, vec![domain.to_owned()], routes, origin))
    }

    /// The domains of a listener: those of its routes and its own, except where another listener
    /// is more specific. Requests for its own hostname that fit no route must not fall to a wider
    /// listener.
    fn domains(&self, section: &Section<'_>) -> Vec<Hostname> {
        let mut domains: Vec<_> = section.entries.keys().cloned().collect();
        if !section.entries.contains_key(&section.hostname) {
            domains.push(section.hostname.clone());
        }
        domains.retain(|domain| {
            let owner = self.sections.iter().filter(|other| other.hostname.covers(domain));
            let owner = owner.min_by_key(|other| other.hostname.order());
            owner.is_none_or(|owner| owner.hostname == section.hostname)
        });
        domains
    }

    /// The entries that count for a domain. In the standard, a request that fits no rule of the
    /// most specific hostname is compared with those of wider ones; in Istio each hostname stands
    /// alone.
    fn entries<'s, 'a>(&self, section: &'s Section<'a>, domain: &Hostname) -> Vec<&'s Entry<'a>> {
        let alone = self.facts.differs(GatewayDifference::HostnamePrecedence);
        let names = if alone { vec![domain.clone()] } else { domain.and_wider() };
        let found = names.iter().filter_map(|name| section.entries.get(name));
        found.flatten().collect()
    }

    /// Requests on a TLS connection for hosts that belong to other listeners get 421.
    fn add_misdirected(&self, hosts: &mut Vec<Arc<VirtualHost>>) {
        let origin = Origin::Default("gateway.misdirected-status");
        for name in self.elsewhere {
            let domain = name.domain();
            if hosts.iter().all(|host| host.domains[0] != domain) {
                hosts.push(self.host(&domain, vec![Arc::new(misdirected(origin))], origin));
            }
        }
    }
}

fn misdirected(origin: Origin) -> Route {
    Route {
        name: None,
        matches: RouteMatch {
            path: PathMatcher::Prefix("/".to_owned()),
            case: Case::Sensitive,
            headers: Vec::new(),
            query: Vec::new(),
            fraction: None,
            grpc_only: false,
            origin,
        },
        action: RouteAction::Direct(DirectResponse {
            status: Sourced::new(421, origin),
            body: String::new(),
            origin,
        }),
        headers: HeaderMutations::default(),
        filters: BTreeMap::new(),
        origin,
    }
}

/// The order with its reasons. A match is shadowed if one before it asks for the same.
pub(in super::super) fn ordered(entries: &[&Entry<'_>]) -> Vec<OrderedMatch> {
    let mut known: BTreeMap<&str, Place> = BTreeMap::new();
    let mut of_path: BTreeMap<&str, Vec<&Entry<'_>>> = BTreeMap::new();
    let order = entries.iter().enumerate().map(|(at, &entry)| {
        let before_next = entries.get(at + 1).map(|next| entry.rank.decided_by(&next.rank));
        let first = *known.entry(&entry.asked.whole).or_insert(entry.place);
        let shadowed_by = (first != entry.place).then_some(first);
        let earlier = of_path.entry(&entry.asked.path).or_default();
        let rival = earlier.iter().rev().take(RIVALS_MAX).find(|it| competes(it, entry));
        let rival = rival.map(|rival| (rival.route.clone(), rival.place));
        earlier.push(entry);
        let (route, place) = (entry.route.clone(), entry.place);
        OrderedMatch { route, place, before_next, shadowed_by, rival }
    });
    order.collect()
}

/// Whether `first` takes requests from `entry`, of another route, for no reason but its age, which
/// is not known.
fn competes(first: &Entry<'_>, entry: &Entry<'_>) -> bool {
    let by_guess = match first.rank.decided_by(&entry.rank) {
        Decision::Between(by) => by.is_guess(),
        Decision::Hostname | Decision::Specific(_) | Decision::Written => false,
    };
    let both = first.routes.first().zip(entry.routes.first());
    by_guess && both.is_some_and(|(one, other)| overlap(&one.matches, &other.matches))
}

/// Whether some request may fit two matches with one path.
fn overlap(one: &RouteMatch, other: &RouteMatch) -> bool {
    let exact = |test: &StringMatcher| match &test.test {
        StringTest::Exact(value) => Some(value.clone()),
        _ => None,
    };
    let headers = |matches: &RouteMatch| -> Vec<(String, Option<String>)> {
        let tests = matches.headers.iter().map(|header| match &header.test {
            HeaderTest::Value(test) => (header.name.clone(), exact(test)),
            _ => (header.name.clone(), None),
        });
        tests.collect()
    };
    let query = |matches: &RouteMatch| -> Vec<(String, Option<String>)> {
        let tests = matches.query.iter().map(|parameter| match &parameter.test {
            QueryTest::Value(test) => (parameter.name.clone(), exact(test)),
            _ => (parameter.name.clone(), None),
        });
        tests.collect()
    };
    // Two values of one name never fit one request.
    let apart = |one: &[(String, Option<String>)], other: &[(String, Option<String>)]| {
        one.iter().any(|(name, value)| {
            other.iter().any(|(same, another)| {
                name == same && value.is_some() && another.is_some() && value != another
            })
        })
    };
    !apart(&headers(one), &headers(other)) && !apart(&query(one), &query(other))
}

/// What a match asks for.
pub(in super::super) fn asked(matches: &RouteMatch) -> Asked {
    let mut headers: Vec<_> = matches.headers.iter().map(|it| format!("{it:?}")).collect();
    let mut query: Vec<_> = matches.query.iter().map(|it| format!("{it:?}")).collect();
    headers.sort();
    query.sort();
    let path = match &matches.path {
        // Two regular expressions may fit one path, whatever they look like.
        PathMatcher::Regex(_) => "a regular expression".to_owned(),
        path => format!("{path:?}"),
    };
    let whole = format!("{:?} {headers:?} {query:?}", matches.path);
    Asked { whole: whole.into(), path: path.into() }
}
