//! The HTTP and HTTPS listeners of one Gateway: Envoy's listeners, filter chains and route tables.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::control::istio::routes::CORS_FILTER;
use crate::explain::Sourced;
use crate::manifest::kinds::gateway::ListenerProtocol;
use crate::profile::{GatewayDifference, GatewayFacts};
use crate::proxy::envoy::config::{
    ChainMatch, DownstreamTls, FilterChain, HttpFilter, HttpFilterKind, HttpManager, NetworkFilter,
    PathNormalization, ProxyConfig, Route, RouteSource, Transport,
};
use crate::units::SimDuration;
use crate::world::Origin;

use super::super::age::Age;
use super::super::attach::{Attached, RouteName, Site};
use super::super::build::Routes;
use super::super::hostname::Hostname;
use super::super::listener::Row;
use super::super::precedence::Rank;
use super::table::{Asked, Entry, Section, Tables, asked};
pub(in super::super) use super::table::{Order, OrderedMatch};
use super::{CompiledRule, Context, Entrance};

/// The compiled rules of every route.
pub(in super::super) type Rules<'a> = BTreeMap<RouteName<'a>, Vec<CompiledRule<'a>>>;

/// Filter chains by port.
pub(in super::super) type Chains = BTreeMap<u16, Vec<FilterChain>>;

/// What the HTTP listeners of a Gateway come to, beside the configuration.
#[derive(Default)]
pub(in super::super) struct HttpOutcome {
    /// The order of matches by route table.
    pub(in super::super) orders: BTreeMap<String, Order>,
    /// Tables that would be too large.
    pub(in super::super) too_large: Vec<String>,
}

/// Adds chains and route tables for the HTTP and HTTPS listeners of a Gateway.
pub(in super::super) fn http_listeners<'a>(
    context: &Context<'a>,
    site: &Site<'a>,
    routes: &Routes<'a>,
    chains: &mut Chains,
    config: &mut ProxyConfig,
) -> HttpOutcome {
    let mut builder = Builder { context, site, routes, made: BTreeMap::new() };
    let mut outcome = HttpOutcome::default();
    let mut plain: BTreeMap<u16, Vec<usize>> = BTreeMap::new();
    for (index, row) in site.rows.iter().enumerate().filter(|(_, row)| row.programmed) {
        let port = row.listener.port.value;
        match row.listener.protocol.value {
            ListenerProtocol::Http => plain.entry(port).or_default().push(index),
            ListenerProtocol::Https => {
                let section = builder.section(index);
                let elsewhere = elsewhere(context.facts, site, row);
                let (namespace, gateway) = site.key;
                let listener = &row.listener.name;
                let name = format!("https.{port}.{listener}.{gateway}.{namespace}");
                let origin = section.origin;
                let sections = [section];
                let elsewhere = &elsewhere;
                let facts = context.facts;
                outcome.add(
                    &Tables { facts, name: name.clone(), port, sections: &sections, elsewhere },
                    config,
                );
                chains.entry(port).or_default().push(secure_chain(row, name, origin));
            }
            _ => {}
        }
    }
    for (port, rows) in plain {
        let sections: Vec<_> = rows.into_iter().map(|row| builder.section(row)).collect();
        let name = format!("http.{port}");
        let origin = sections[0].origin;
        let (facts, sections) = (context.facts, &sections[..]);
        outcome.add(&Tables { facts, name: name.clone(), port, sections, elsewhere: &[] }, config);
        let chain = chain(name, ChainMatch::default(), DownstreamTls::None, origin);
        chains.entry(port).or_default().push(chain);
    }
    outcome
}

impl HttpOutcome {
    fn add(&mut self, tables: &Tables<'_, '_>, config: &mut ProxyConfig) {
        let (table, order, too_large) = tables.build();
        self.too_large.extend(too_large.map(|_| tables.name.clone()));
        self.orders.insert(tables.name.clone(), order);
        config.route_tables.insert(tables.name.clone(), Arc::new(table));
    }
}

/// The routes of one match of one rule, and what it asks for.
type Made = (Arc<[Arc<Route>]>, Asked);

struct Builder<'b, 'a> {
    context: &'b Context<'a>,
    site: &'b Site<'a>,
    routes: &'b Routes<'a>,
    /// By route, rule, match and entrance, so that listeners share them.
    made: BTreeMap<(RouteName<'a>, usize, usize, Entrance), Made>,
}

impl<'a> Builder<'_, 'a> {
    fn section(&mut self, index: usize) -> Section<'a> {
        let row = &self.site.rows[index];
        let scheme = if row.expects_tls() { "https" } else { "http" };
        let entrance = Entrance { port: row.listener.port.value, scheme };
        let mut entries: BTreeMap<Hostname, Vec<Entry<'a>>> = BTreeMap::new();
        let site = self.site;
        for attached in site.attached.iter().filter(|it| it.row == index && it.route.0.is_http()) {
            self.add(attached, entrance, &mut entries);
        }
        let origin = Origin::Manifest(row.listener.place);
        Section { hostname: row.hostname.clone(), origin, entries }
    }

    fn add(
        &mut self,
        attached: &Attached<'a>,
        entrance: Entrance,
        entries: &mut BTreeMap<Hostname, Vec<Entry<'a>>>,
    ) {
        let name = attached.route;
        let (kind, key) = name;
        if self.routes.out_of_force.contains(&name) {
            return;
        }
        let Some(rules) = self.routes.rules.get(&name) else { return };
        let age = Age::of(&self.context.objects.routes[&name].meta, key);
        let title: Arc<str> = format!("{} {}/{}", kind.word(), key.0, key.1).into();
        for (index, rule) in rules.iter().enumerate() {
            for (at, (matches, specificity)) in rule.matches.iter().enumerate() {
                let Origin::Manifest(place) = matches.origin else { continue };
                let made = self.made.entry((name, index, at, entrance));
                let (routes, asked) = made
                    .or_insert_with(|| (rule.routes(at, entrance).into(), asked(matches)))
                    .clone();
                for domain in &attached.domains {
                    let rank = Rank::new(&domain.own, *specificity, age, (index, at));
                    let (route, routes, asked) = (title.clone(), routes.clone(), asked.clone());
                    let entry = Entry { rank, route, place, routes, asked };
                    entries.entry(domain.common.clone()).or_default().push(entry);
                }
            }
        }
    }
}

/// The hosts that do not belong to a TLS listener: those that another listener of its port claims,
/// and all that lie outside its hostname. Istio does not look.
fn elsewhere(facts: &GatewayFacts, site: &Site<'_>, row: &Row<'_>) -> Vec<Hostname> {
    if facts.differs(GatewayDifference::Misdirected) {
        return Vec::new();
    }
    let others = site.rows.iter().filter(|other| {
        other.programmed
            && other.listener.port.value == row.listener.port.value
            && other.expects_tls()
            && other.hostname != row.hostname
    });
    let mut names: Vec<_> = others.map(|other| other.hostname.clone()).collect();
    names.retain(|name| !name.covers(&row.hostname));
    if row.hostname != Hostname::Any {
        names.push(Hostname::Any);
    }
    names
}

fn secure_chain(row: &Row<'_>, table: String, origin: Origin) -> FilterChain {
    let server_names = match &row.hostname {
        Hostname::Any => Vec::new(),
        name => vec![name.domain()],
    };
    let transport = Some(Transport::Tls);
    let matches = ChainMatch { server_names, transport, ..ChainMatch::default() };
    chain(table, matches, DownstreamTls::Simple, origin)
}

fn chain(table: String, matches: ChainMatch, tls: DownstreamTls, origin: Origin) -> FilterChain {
    let name = table.clone();
    let manager = manager(RouteSource::Named(table), Edge::Outside);
    FilterChain { name, matches, tls, filters: vec![NetworkFilter::Http(manager)], origin }
}

/// Whose requests a connection manager sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::control) enum Edge {
    /// Those of clients outside.
    Outside,
    /// Those of the application beside the proxy.
    Workload,
}

/// A connection manager with Envoy's defaults and the filter for cross-origin requests.
pub(in crate::control) fn manager(routes: RouteSource, edge: Edge) -> Arc<HttpManager> {
    let seconds = |seconds, name| Sourced::default_of(SimDuration::from_secs(seconds), name);
    Arc::new(HttpManager {
        routes,
        filters: vec![HttpFilter { name: CORS_FILTER.to_owned(), kind: HttpFilterKind::Cors }],
        stream_idle_timeout: seconds(300, "envoy.stream-idle-timeout"),
        request_timeout: seconds(0, "envoy.request-timeout"),
        max_stream_duration: None,
        normalization: Sourced::default_of(PathNormalization::default(), "envoy.normalization"),
        strips_port: false,
        trusts_envoy_headers: false,
        uses_remote_address: edge == Edge::Outside,
        server_name: String::new(),
        local_replies: BTreeMap::new(),
    })
}
