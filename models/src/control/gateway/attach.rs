//! Which listeners each route attaches to and under which hostnames. What its rules do there is
//! `compile`'s business.
//!
//! Source: gateway-api `apis/v1/shared_types.go`, `ParentReference`, `RouteConditionReason`;
//! `apis/v1/httproute_types.go`, `HTTPRouteSpec.Hostnames`.

use std::collections::BTreeMap;

use crate::manifest::kinds::gateway::{
    GATEWAY_GROUP, GATEWAY_X_GROUP, Gateway, GatewayRoute, ListenerSetKind, ParentRef, RouteKind,
};
use crate::world::Origin;

use super::hostname::Hostname;
use super::listener::{Listeners, Parent, ParentKind, Row, allows, listeners};
use super::objects::{Key, Objects, key_of_ref};
use super::rules;
use super::status::{Condition, ConditionType, RouteParentStatus, RouteStatus};

/// A Gateway with its listeners and what is attached to them.
pub(super) struct Site<'a> {
    pub(super) key: Key<'a>,
    pub(super) gateway: &'a Gateway,
    pub(super) rows: Vec<Row<'a>>,
    pub(super) sets: Vec<(Parent<'a>, Condition)>,
    /// In the order of kinds and names of routes.
    pub(super) attached: Vec<Attached<'a>>,
}

/// A route at one listener.
pub(super) struct Attached<'a> {
    /// The index of the listener.
    pub(super) row: usize,
    pub(super) route: RouteName<'a>,
    /// Where it counts; never empty.
    pub(super) domains: Vec<Domain>,
}

/// A hostname under which a route counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Domain {
    /// What listener and route have in common.
    pub(super) common: Hostname,
    /// As the route has it; it decides about precedence.
    pub(super) own: Hostname,
}

/// The kind, namespace and name of a route.
pub(super) type RouteName<'a> = (RouteKind, Key<'a>);

/// A parent of a route that is no Gateway or ListenerSet that exists.
pub(super) struct Stray<'a> {
    pub(super) route: RouteName<'a>,
    pub(super) parent: &'a ParentRef,
}

/// Everything attached, and what is said of each route.
pub(super) struct Attachments<'a> {
    pub(super) sites: Vec<Site<'a>>,
    pub(super) statuses: BTreeMap<RouteName<'a>, RouteStatus>,
    /// Parents that are Services come here too; the mesh looks after them.
    pub(super) strays: Vec<Stray<'a>>,
}

/// Attaches every route of the cluster.
pub(super) fn attach<'a>(objects: &Objects<'a>) -> Attachments<'a> {
    let mut sites: Vec<Site<'a>> = Vec::new();
    let mut homes: BTreeMap<Parent<'a>, usize> = BTreeMap::new();
    for (&key, &gateway) in &objects.gateways {
        let Listeners { rows, sets } = listeners(objects, key, gateway);
        homes.insert((ParentKind::Gateway, key), sites.len());
        homes.extend(sets.iter().map(|(set, _)| (*set, sites.len())));
        sites.push(Site { key, gateway, rows, sets, attached: Vec::new() });
    }
    let mut statuses = BTreeMap::new();
    let mut strays = Vec::new();
    for (&name, &route) in &objects.routes {
        let (kind, (namespace, title)) = name;
        let mut parents = Vec::new();
        for parent in &route.parents {
            let home =
                parent_of(parent, namespace).and_then(|named| Some((named, *homes.get(&named)?)));
            let Some((named, site)) = home else {
                strays.push(Stray { route: name, parent });
                continue;
            };
            let site = &mut sites[site];
            let (attached, condition) = attach_to(objects, &site.rows, named, name, route, parent);
            site.attached.extend(attached);
            let parent = describe(parent, namespace);
            parents.push(RouteParentStatus { parent, conditions: vec![condition] });
        }
        let (namespace, title) = (namespace.to_owned(), title.to_owned());
        statuses.insert(name, RouteStatus { kind, namespace, name: title, parents });
    }
    Attachments { sites, statuses, strays }
}

/// The Gateway or ListenerSet that a reference means, whether or not it exists.
fn parent_of<'a>(parent: &'a ParentRef, namespace: &'a str) -> Option<Parent<'a>> {
    let object = &parent.object;
    let kind = match (object.group.as_str(), object.kind.as_str()) {
        (GATEWAY_GROUP, "Gateway") => ParentKind::Gateway,
        (GATEWAY_GROUP, "ListenerSet") => ParentKind::Set(ListenerSetKind::Standard),
        (GATEWAY_X_GROUP, "XListenerSet") => ParentKind::Set(ListenerSetKind::Experimental),
        _ => return None,
    };
    Some((kind, key_of_ref(object, namespace)))
}

/// A parent as it is written: kind, namespace, name, section and port.
pub(super) fn describe(parent: &ParentRef, namespace: &str) -> String {
    let (namespace, name) = key_of_ref(&parent.object, namespace);
    let section = parent.section.as_ref().map(|name| format!(" section `{name}`"));
    let port = parent.port.map(|port| format!(" port {port}"));
    let kind = &parent.object.kind;
    format!("{kind} {namespace}/{name}{}{}", section.unwrap_or_default(), port.unwrap_or_default())
}

/// Attaches a route to the listeners of one parent.
fn attach_to<'a>(
    objects: &Objects<'_>,
    rows: &[Row<'a>],
    named: Parent<'a>,
    name: RouteName<'a>,
    route: &GatewayRoute,
    parent: &ParentRef,
) -> (Vec<Attached<'a>>, Condition) {
    let mut refusals = Refusals::default();
    let mut attached = Vec::new();
    for (index, row) in rows.iter().enumerate().filter(|(_, row)| row.parent == named) {
        match attach_to_row(objects, row, name, route, parent) {
            Ok(domains) => attached.push(Attached { row: index, route: name, domains }),
            Err(refusal) => refusals.add(refusal),
        }
    }
    let condition = if attached.is_empty() {
        refusals.condition(parent)
    } else {
        let names: Vec<_> = attached.iter().map(|at| rows[at.row].listener.name.as_str()).collect();
        let message = format!("attached to {}", quoted_list(&names));
        let origin = Origin::Manifest(parent.object.place);
        let because = (rules::PARENT, origin);
        Condition::new(ConditionType::Accepted, true, "Accepted", because, message)
    };
    (attached, condition)
}

fn quoted_list(names: &[&str]) -> String {
    let quoted: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
    quoted.join(", ")
}

/// Why a listener refuses a route, the reason that comes closest to acceptance last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Section,
    Allowed,
    Hostname,
}

struct Refusal {
    stage: Stage,
    because: (crate::explain::RuleId, Origin),
    message: String,
}

#[derive(Default)]
struct Refusals {
    closest: Option<Refusal>,
}

impl Refusals {
    fn add(&mut self, refusal: Refusal) {
        if self.closest.as_ref().is_none_or(|known| known.stage < refusal.stage) {
            self.closest = Some(refusal);
        }
    }

    fn condition(self, parent: &ParentRef) -> Condition {
        let refusal = self.closest.unwrap_or_else(|| Refusal {
            stage: Stage::Section,
            because: (rules::PARENT, Origin::Manifest(parent.object.place)),
            message: "the parent has no listener".to_owned(),
        });
        let reason = match refusal.stage {
            Stage::Section => "NoMatchingParent",
            Stage::Allowed => "NotAllowedByListeners",
            Stage::Hostname => "NoMatchingListenerHostname",
        };
        let (because, message) = (refusal.because, refusal.message);
        Condition::new(ConditionType::Accepted, false, reason, because, message)
    }
}

/// The hostnames under which a listener takes a route.
fn attach_to_row(
    objects: &Objects<'_>,
    row: &Row<'_>,
    (kind, (namespace, _)): RouteName<'_>,
    route: &GatewayRoute,
    parent: &ParentRef,
) -> Result<Vec<Domain>, Refusal> {
    let listener = row.listener;
    let refusal = |stage, rule, place, message| {
        Err(Refusal { stage, because: (rule, Origin::Manifest(place)), message })
    };
    if let Some(section) = parent.section.as_ref().filter(|name| name.value != listener.name.value)
    {
        let message = format!("the parent has no listener `{section}`");
        return refusal(Stage::Section, rules::PARENT, section.place, message);
    }
    if let Some(port) = parent.port.filter(|port| port.value != listener.port.value) {
        let message = format!("no such listener of the parent has port {port}");
        return refusal(Stage::Section, rules::PARENT, port.place, message);
    }
    if !row.supported.contains(&kind) {
        let message = format!("listener `{}` takes no {}", listener.name, kind.word());
        return refusal(Stage::Allowed, rules::ROUTE_KINDS, listener.place, message);
    }
    let home = row.parent.1.0;
    if let Err(why) = allows(objects, &listener.allowed.namespaces, home, namespace) {
        let message = format!("listener `{}` allows no route from here: {why}", listener.name);
        return refusal(Stage::Allowed, rules::ALLOWED_ROUTES, listener.place, message);
    }
    let domains = domains(&row.hostname, route);
    if domains.is_empty() {
        let message = format!(
            "no hostname of the route lies within `{}` of listener `{}`",
            row.hostname.domain(),
            listener.name
        );
        let place = route.hostnames.first().map_or(parent.object.place, |host| host.place);
        return refusal(Stage::Hostname, rules::HOSTNAME, place, message);
    }
    Ok(domains)
}

/// What the hostnames of a route and a listener have in common, one by one; each is kept once,
/// under the most specific hostname of the route.
fn domains(listener: &Hostname, route: &GatewayRoute) -> Vec<Domain> {
    if route.hostnames.is_empty() {
        return vec![Domain { common: listener.clone(), own: Hostname::Any }];
    }
    let mut domains: Vec<Domain> = Vec::new();
    for own in route.hostnames.iter().map(|host| Hostname::of(Some(&host.value))) {
        let Some(common) = listener.intersection(&own) else { continue };
        match domains.iter_mut().find(|known| known.common == common) {
            Some(known) if own.order() < known.own.order() => known.own = own,
            Some(_) => {}
            None => domains.push(Domain { common, own }),
        }
    }
    domains
}
