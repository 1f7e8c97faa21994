//! Gathers the routes of each Service port: which group they belong to, and which kind counts.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::manifest::kinds::gateway::{ParentRef, RouteKind};
use crate::profile::GatewayDifference;
use crate::proxy::envoy::config::Route;
use crate::world::{Origin, ServiceId};

use super::super::age::Age;
use super::super::attach::{RouteName, Stray, describe};
use super::super::backend::From;
use super::super::build::is_in_force;
use super::super::compile::{
    Clusters, CompiledRule, Context, Entrance, Entry, OrderedMatch, Stream, asked, compile_rule,
    ordered, tcp_proxy,
};
use super::super::hostname::Hostname;
use super::super::objects::key_of_ref;
use super::super::precedence::Rank;
use super::super::report::{Problems, route_conditions};
use super::super::status::{Condition, ConditionType, RouteParentStatus};
use super::super::{RouteReport, notes, rules};
use super::{Mesh, MeshGroup, MeshRoute};

type Reports<'a> = BTreeMap<RouteName<'a>, RouteReport>;

/// A route, compiled for the mesh.
struct Compiled<'a> {
    rules: Vec<CompiledRule<'a>>,
    stream: Option<Stream>,
}

/// A route at one port of a Service.
struct Member<'a> {
    name: RouteName<'a>,
    parent: &'a ParentRef,
}

/// Routes of one namespace for one port of a Service.
type Groups<'a> = BTreeMap<(ServiceId, usize, &'a str), Vec<Member<'a>>>;

/// Adds the mesh's routes of one cluster, and says in which order the matches of each port are
/// tried. `strays` are the parents that are no Gateways.
pub(in super::super) fn add<'a>(
    mesh: &mut Mesh,
    context: &Context<'a>,
    strays: &[Stray<'a>],
    reports: &mut Reports<'a>,
) -> Vec<(String, Vec<OrderedMatch>)> {
    mesh.repeated_headers = *context.profile.envoy.repeated_headers;
    let mut groups = Groups::new();
    let mut compiled: BTreeMap<RouteName<'a>, Compiled<'a>> = BTreeMap::new();
    for stray in strays {
        let attached = attach(context, stray, &mut groups);
        let mut conditions = match attached {
            Ok(conditions) => conditions,
            Err(condition) => vec![condition],
        };
        let (_, (namespace, _)) = stray.route;
        if conditions[0].status {
            let known = compiled.contains_key(&stray.route);
            let (made, ports) = compile(context, stray.route);
            let problems = Problems::of_rules(&made.rules).and_of_stream(made.stream.as_ref());
            let route = context.objects.routes[&stray.route];
            conditions.extend(route_conditions(context.facts, route, &problems));
            if let Some(report) = reports.get_mut(&stray.route).filter(|_| !known) {
                report.notes.extend(notes::notes(context, route, &problems, ports.ports()));
            }
            compiled.insert(stray.route, made);
        }
        if let Some(report) = reports.get_mut(&stray.route) {
            let parent = describe(stray.parent, namespace);
            report.status.parents.push(RouteParentStatus { parent, conditions });
        }
    }
    let orders = Vec::new();
    let mut builder = Builder { mesh, context, compiled: &compiled, reports, orders };
    for ((service, port, group), members) in &groups {
        builder.add_group(*service, *port, group, members);
    }
    builder.orders
}

fn compile<'a>(context: &Context<'a>, name: RouteName<'a>) -> (Compiled<'a>, Clusters) {
    let (kind, (namespace, _)) = name;
    let route = context.objects.routes[&name];
    let mut clusters = Clusters::default();
    let from = From::Mesh(namespace);
    let made = if kind.is_http() {
        let rules = route.rules.iter().enumerate();
        let rules = rules.map(|rule| compile_rule(context, &mut clusters, from, name, rule));
        Compiled { rules: rules.collect(), stream: None }
    } else {
        let stream = tcp_proxy(context, &mut clusters, from, route);
        Compiled { rules: Vec::new(), stream: Some(stream) }
    };
    (made, clusters)
}

/// Puts a route into the groups of the ports that it binds; says whether its parent exists.
fn attach<'a>(
    context: &Context<'a>,
    stray: &Stray<'a>,
    groups: &mut Groups<'a>,
) -> Result<Vec<Condition>, Condition> {
    let (_, (home, _)) = stray.route;
    let parent = stray.parent;
    let object = &parent.object;
    let (namespace, name) = key_of_ref(object, home);
    let refuse = |reason, place, message: String| {
        let because = (rules::PARENT, Origin::Manifest(place));
        Err(Condition::new(ConditionType::Accepted, false, reason, because, message))
    };
    if !object.group.is_empty() || object.kind != "Service" {
        let kind = &object.kind;
        if let "Gateway" | "ListenerSet" | "XListenerSet" = kind.as_str() {
            let message = format!("there is no {kind} {namespace}/{name}");
            return refuse("NoMatchingParent", object.place, message);
        }
        let message = format!("a parent of kind `{kind}` is not modelled");
        let because = (rules::NOT_MODELLED, Origin::Manifest(object.place));
        let accepted = ConditionType::Accepted;
        return Err(Condition::new(accepted, false, "NotModelled", because, message));
    }
    let Some(service) = context.objects.service(namespace, name) else {
        let message = format!("there is no Service {namespace}/{name}");
        return refuse("NoMatchingParent", object.place, message);
    };
    let ports = context.objects.world.services[service].ports.iter().enumerate();
    let bound = ports.filter(|(_, row)| parent.port.is_none_or(|port| port.value == row.port));
    let bound: Vec<_> = bound.map(|(index, row)| (index, row.port)).collect();
    if bound.is_empty() {
        let place = parent.port.map_or(object.place, |port| port.place);
        let message = format!("Service {namespace}/{name} has no such port");
        return refuse("NoMatchingParent", place, message);
    }
    for (index, _) in &bound {
        let members = groups.entry((service, *index, home)).or_default();
        members.push(Member { name: stray.route, parent });
    }
    let numbers: Vec<_> = bound.iter().map(|(_, number)| number.to_string()).collect();
    Ok(accepted(context, stray, (namespace, name), &numbers.join(", ")))
}

/// What holds of every route of the mesh that has its parent.
fn accepted(
    context: &Context<'_>,
    stray: &Stray<'_>,
    (namespace, name): (&str, &str),
    ports: &str,
) -> Vec<Condition> {
    let (_, (home, _)) = stray.route;
    let parent = stray.parent;
    let at = Origin::Manifest(parent.object.place);
    let say = |rule, origin, message: String| {
        Condition::new(ConditionType::Accepted, true, "Accepted", (rule, origin), message)
    };
    let port = parent.port.map_or(at, |port| Origin::Manifest(port.place));
    let mut conditions = vec![
        say(rules::MESH_PORT, port, format!("it counts for ports {ports} of {namespace}/{name}")),
        say(
            rules::MESH_CONSUMER,
            at,
            if home == namespace {
                "clients of all namespaces without routes of their own get it".to_owned()
            } else {
                format!("only clients in `{home}` get it, in place of the Service's own routes")
            },
        ),
        say(
            rules::MESH_FRONTEND,
            at,
            "it counts for the Service's own address; the routes of its backends do not".to_owned(),
        ),
    ];
    let route = context.objects.routes[&stray.route];
    if let Some(host) = route.hostnames.first() {
        let message = "its hostnames are ignored".to_owned();
        conditions.push(say(rules::MESH_HOSTNAMES, Origin::Manifest(host.place), message));
    }
    let mut backends = route.rules.iter().flat_map(|rule| &rule.backends);
    let foreign = backends.find(|backend| {
        backend.target.object.namespace.as_ref().is_some_and(|other| other.value != home)
    });
    if let Some(foreign) = foreign {
        let message = "backends in other namespaces need no ReferenceGrant here".to_owned();
        let origin = Origin::Manifest(foreign.target.object.place);
        conditions.push(say(rules::MESH_GRANT, origin, message));
    }
    conditions
}

struct Builder<'b, 'a> {
    mesh: &'b mut Mesh,
    context: &'b Context<'a>,
    compiled: &'b BTreeMap<RouteName<'a>, Compiled<'a>>,
    reports: &'b mut Reports<'a>,
    /// The orders of matches by Service and port.
    orders: Vec<(String, Vec<OrderedMatch>)>,
}

impl<'a> Builder<'_, 'a> {
    /// Adds what the routes of one namespace say of one port.
    fn add_group(&mut self, service: ServiceId, port: usize, group: &str, members: &[Member<'a>]) {
        let world = self.context.objects.world;
        let row = &world.services[service];
        let number = row.ports[port].port;
        // GRPCRoute, HTTPRoute, TLSRoute, TCPRoute: the first kind that is there counts alone.
        let Some(kind) = members.iter().map(|member| member.name.0).min() else { return };
        // Istio merges both kinds that look at HTTP.
        let merges = self.context.facts.differs(GatewayDifference::KindsInMesh) && kind.is_http();
        let counts =
            |member: &Member<'_>| member.name.0 == kind || merges && member.name.0.is_http();
        let (chosen, others): (Vec<_>, Vec<_>) = members.iter().partition(|it| counts(it));
        for member in others {
            self.refuse(member, kind, number);
        }
        let chosen = if kind.is_http() { self.of_one_key(chosen, number) } else { chosen };
        let age = |member: &&&Member<'a>| {
            Age::of(&self.context.objects.routes[&member.name].meta, member.name.1)
        };
        let Some(oldest) = chosen.iter().min_by_key(age) else { return };
        let route = if kind.is_http() {
            let (routes, order) = self.http(&chosen, number);
            let namespace = &world.namespaces[row.namespace].name;
            self.orders
                .push((format!("port {number} of Service `{namespace}/{}`", row.name), order));
            MeshRoute::Http(routes.into())
        } else {
            let objects = self.context.objects;
            let winner = objects.claim_of(oldest.name);
            for other in chosen.iter().filter(|it| it.name != oldest.name) {
                objects.settle(&winner, &objects.claim_of(other.name), || {
                    format!("port {number} of Service `{}`", row.name)
                });
            }
            let compiled = self.compiled.get(&oldest.name);
            let stream = compiled.and_then(|compiled| compiled.stream.as_ref());
            let Some(stream) = stream else { return };
            MeshRoute::Stream(stream.proxy.clone())
        };
        let namespace = &world.namespaces[row.namespace].name;
        let frontend = (namespace.clone(), row.name.clone(), number);
        let groups = self.mesh.routes.entry(frontend).or_default();
        let meta = &self.context.objects.routes[&oldest.name].meta;
        groups.entry(group.to_owned()).or_insert_with(|| MeshGroup {
            route,
            namespace: group.to_owned(),
            created: meta.created.map(|time| time.value),
            name: meta.name.value.clone(),
            origin: Origin::Manifest(meta.place),
        });
    }

    /// The members that count beside each other. Istio makes one VirtualService of routes for a
    /// port and one of those for all ports; of two for one host the older counts alone.
    fn of_one_key<'m>(&mut self, members: Vec<&'m Member<'a>>, port: u16) -> Vec<&'m Member<'a>> {
        let facts = self.context.facts;
        let (of_port, of_all): (Vec<_>, Vec<_>) =
            members.into_iter().partition(|member| member.parent.port.is_some());
        if !facts.differs(GatewayDifference::MeshPorts) || of_port.is_empty() || of_all.is_empty() {
            return of_port.into_iter().chain(of_all).collect();
        }
        let created = |members: &[&Member<'a>]| {
            let routes = members.iter().map(|member| self.context.objects.routes[&member.name]);
            // Those that are yet to be created come last.
            routes
                .map(|route| route.meta.created.map(|it| it.value))
                .map(|it| (it.is_none(), it))
                .min()
        };
        // Of one age, the name with the port comes first.
        let (counted, lost) = if created(&of_port) <= created(&of_all) {
            (of_port, of_all)
        } else {
            (of_all, of_port)
        };
        for member in lost {
            let what = if member.parent.port.is_some() { "without a port" } else { "with one" };
            let message = format!(
                "an older route {what} stands beside it for port {port}, and Istio does not merge \
                 both"
            );
            let because = (rules::MESH_PORT, Origin::Manifest(member.parent.object.place));
            self.note(
                member,
                Condition::new(ConditionType::Programmed, false, "NotMerged", because, message),
            );
        }
        counted
    }

    fn note(&mut self, member: &Member<'a>, condition: Condition) {
        if let Some(report) = self.reports.get_mut(&member.name) {
            report.notes.push(condition);
        }
    }

    fn refuse(&mut self, member: &Member<'a>, kind: RouteKind, port: u16) {
        let message =
            format!("a {} for port {port} stands beside it, and only one kind counts", kind.word());
        let origin = Origin::Manifest(member.parent.object.place);
        let because = (rules::MESH_KIND, origin);
        let accepted = ConditionType::Accepted;
        let condition = Condition::new(accepted, false, "NotAllowedByListeners", because, message);
        self.note(member, condition);
    }

    /// The routes of a group, the most specific first, and why.
    fn http(&self, members: &[&Member<'a>], port: u16) -> (Vec<Arc<Route>>, Vec<OrderedMatch>) {
        let entrance = Entrance { port, scheme: "http" };
        let mut entries: Vec<Entry<'a>> = Vec::new();
        for member in members {
            let Some(compiled) = self.compiled.get(&member.name) else { continue };
            if !is_in_force(self.context.facts, &compiled.rules) {
                continue;
            }
            let (kind, (namespace, name)) = member.name;
            let title: Arc<str> = format!("{} {namespace}/{name}", kind.word()).into();
            let age = Age::of(&self.context.objects.routes[&member.name].meta, member.name.1);
            for (index, rule) in compiled.rules.iter().enumerate() {
                for (at, (matches, specificity)) in rule.matches.iter().enumerate() {
                    let Origin::Manifest(place) = matches.origin else { continue };
                    entries.push(Entry {
                        rank: Rank::new(&Hostname::Any, *specificity, age, (index, at)),
                        route: title.clone(),
                        place,
                        asked: asked(matches),
                        routes: rule.routes(at, entrance).into(),
                    });
                }
            }
        }
        entries.sort_by(|one, other| one.rank.cmp(&other.rank));
        // A route that names the Service twice is there twice.
        entries.dedup_by(|later, first| later.rank == first.rank);
        let order = ordered(&entries.iter().collect::<Vec<_>>());
        (entries.iter().flat_map(|entry| entry.routes.iter().cloned()).collect(), order)
    }
}
