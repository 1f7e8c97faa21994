//! From objects to the finished control plane: attach, compile, put together, report.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::manifest::Diagnostic;
use crate::profile::{GatewayDifference, GatewayFacts, Profile};
use crate::proxy::envoy::config::{
    Bootstrap, Direction, FilterChain, Inspection, Listener, ProxyConfig,
};
use crate::world::{ClusterManifests, Origin, World};

use super::attach::{Attachments, RouteName, Site, attach};
use super::backend::From;
use super::class::is_ours;
use super::compile::{
    Chains, Clusters, CompiledRule, Context, Rules, Stream, compile_rule, http_listeners,
    stream_chains, tcp_proxy, tls_policies,
};
use super::grant::Referrer;
use super::mesh;
use super::objects::Objects;
use super::overlap::refuse_overlaps;
use super::{Compiled, GatewayControlPlane, RouteReport, findings, notes, report};

/// Builds the control plane of all clusters.
pub(super) fn build(
    world: &World,
    manifests: &[ClusterManifests<'_>],
    profile: &'static Profile,
) -> (GatewayControlPlane, Vec<Diagnostic>) {
    let mut plane = GatewayControlPlane::default();
    let mut findings = findings::Findings::default();
    for cluster in world.clusters.ids() {
        let objects = Objects::of(world, cluster, manifests);
        if !objects.is_empty() {
            add_cluster(&mut plane, &mut findings, &objects, profile);
        }
    }
    (plane, findings.finish())
}

/// The routes of one cluster, compiled.
#[derive(Default)]
pub(super) struct Routes<'a> {
    pub(super) rules: Rules<'a>,
    pub(super) streams: BTreeMap<RouteName<'a>, Stream>,
    /// Routes that are not in force as a whole.
    pub(super) out_of_force: BTreeSet<RouteName<'a>>,
    /// What each route needs.
    clusters: BTreeMap<RouteName<'a>, Clusters>,
}

fn add_cluster<'a>(
    plane: &mut GatewayControlPlane,
    findings: &mut findings::Findings,
    objects: &Objects<'a>,
    profile: &'static Profile,
) {
    let tls = tls_policies(objects);
    let facts = &profile.gateway;
    let context = Context { objects, profile, facts, tls: &tls };
    let mut attachments = attach(objects);
    if !facts.differs(GatewayDifference::KindsAtListener) {
        refuse_overlaps(objects, &mut attachments);
    }
    let routes = compile_attached(&context, &attachments);
    let mut reports = reports(&context, &mut attachments, &routes);
    for site in &attachments.sites {
        let (ours, class) = is_ours(objects, facts, site.gateway);
        let (config, orders) = if ours {
            let (config, orders) = configure(&context, site, &routes, findings);
            (Some(Arc::new(config)), orders)
        } else {
            (None, BTreeMap::new())
        };
        findings.of_orders(site.key, &orders);
        let statuses = report::parents(site, class);
        findings.of_parents(&statuses);
        let key = (site.key.0.to_owned(), site.key.1.to_owned());
        let class = site.gateway.class.clone();
        let compiled = Compiled { class, config, statuses, orders };
        plane.gateways.entry(key).or_insert(compiled);
    }
    let orders = mesh::add(&mut plane.mesh, &context, &attachments.strays, &mut reports);
    orders.iter().for_each(|(at, order)| findings.of_order(at, order));
    findings.of_ties(&objects.ties());
    for ((kind, (namespace, name)), report) in reports {
        findings.of_route(&report);
        let key = (kind, namespace.to_owned(), name.to_owned());
        plane.routes.entry(key).or_insert(report);
    }
}

/// Compiles the rules of every route that has a place at a Gateway.
fn compile_attached<'a>(context: &Context<'a>, attachments: &Attachments<'a>) -> Routes<'a> {
    let mut routes = Routes::default();
    let attached = attachments.sites.iter().flat_map(|site| &site.attached);
    for name in attached.map(|attached| attached.route) {
        if routes.clusters.contains_key(&name) {
            continue;
        }
        let (kind, (namespace, _)) = name;
        let from = From::Gateway(Referrer { kind: kind.word(), namespace });
        let route = context.objects.routes[&name];
        let mut clusters = Clusters::default();
        if kind.is_http() {
            let rules = route.rules.iter().enumerate();
            let rules = rules.map(|rule| compile_rule(context, &mut clusters, from, name, rule));
            let rules: Vec<_> = rules.collect();
            if !is_in_force(context.facts, &rules) {
                routes.out_of_force.insert(name);
            }
            routes.rules.insert(name, rules);
        } else {
            routes.streams.insert(name, tcp_proxy(context, &mut clusters, from, route));
        }
        routes.clusters.insert(name, clusters);
    }
    routes
}

/// Whether a route is in force at all. In Istio one filter that cannot be applied takes the whole
/// route away; in the standard its requests get an error.
pub(super) fn is_in_force(facts: &GatewayFacts, rules: &[CompiledRule<'_>]) -> bool {
    !facts.differs(GatewayDifference::BrokenFilters)
        || rules.iter().all(|rule| rule.broken().is_empty())
}

/// The status of every route, with what is said of its rules.
fn reports<'a>(
    context: &Context<'a>,
    attachments: &mut Attachments<'a>,
    routes: &Routes<'a>,
) -> BTreeMap<RouteName<'a>, RouteReport> {
    let statuses = std::mem::take(&mut attachments.statuses);
    let reports = statuses.into_iter().map(|(name, mut status)| {
        let mut notes = Vec::new();
        if let Some(clusters) = routes.clusters.get(&name) {
            let route = context.objects.routes[&name];
            let found = report::Problems::of(routes, name);
            let conditions = report::route_conditions(context.facts, route, &found);
            for parent in &mut status.parents {
                parent.conditions.extend(conditions.iter().cloned());
            }
            notes = notes::notes(context, route, &found, clusters.ports());
        }
        (name, RouteReport { status, notes })
    });
    reports.collect()
}

/// The configuration of one Gateway.
fn configure<'a>(
    context: &Context<'a>,
    site: &Site<'a>,
    routes: &Routes<'a>,
    findings: &mut findings::Findings,
) -> (ProxyConfig, BTreeMap<String, super::compile::Order>) {
    let mut config = ProxyConfig {
        bootstrap: Bootstrap {
            repeated_headers: *context.profile.envoy.repeated_headers,
            ..Bootstrap::default()
        },
        ..ProxyConfig::default()
    };
    let mut chains = Chains::new();
    let outcome = http_listeners(context, site, routes, &mut chains, &mut config);
    stream_chains(context, site, &routes.streams, &mut chains);
    for (port, chains) in chains {
        config.listeners.push(Arc::new(listener(port, chains)));
    }
    for name in site.attached.iter().map(|attached| attached.route) {
        if let Some(clusters) = routes.clusters.get(&name) {
            let controller = context.facts.controller.as_ref();
            clusters.put_into(context.objects.world, (context.tls, controller), &mut config);
        }
    }
    findings.of_large_tables(site, &outcome.too_large);
    (config, outcome.orders)
}

fn listener(port: u16, chains: Vec<FilterChain>) -> Listener {
    let origin = chains.first().map_or(Origin::Assumed("a port without chains"), |it| it.origin);
    let inspects_tls = match chains.iter().any(|chain| chain.matches.transport.is_some()) {
        true => Inspection::Always,
        false => Inspection::Never,
    };
    let address = "0.0.0.0".to_owned();
    Listener { inspects_tls, ..Listener::bound(address, port, Direction::Gateway, chains, origin) }
}
