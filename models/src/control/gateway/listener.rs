//! The listeners of one Gateway: its own and those of its ListenerSets, in the order of
//! precedence, with what is wrong with each. Which routes attach is decided in `attach`.
//!
//! Source: gateway-api `apis/v1/gateway_types.go`, `GatewaySpec.Listeners`;
//! `apis/v1/listenerset_types.go`, `ListenerSetSpec.Listeners`; `geps/gep-1713`.

use std::collections::BTreeMap;

use crate::manifest::Place;
use crate::manifest::kinds::gateway::{
    AllowedNamespaces, GATEWAY_GROUP, Gateway, GatewayListener, ListenerProtocol, ListenerSet,
    ListenerSetKind, ListenerTls, RouteKind, TlsMode,
};
use crate::world::{Origin, first_mismatch};

use super::age::{Age, Claim};
use super::class::WAYPOINT;
use super::grant::{Permission, Referrer, permission};
use super::hostname::Hostname;
use super::objects::{Key, Objects, key_of_ref};
use super::rules;
use super::status::{Condition, ConditionType};

/// What holds listeners.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum ParentKind {
    Gateway,
    Set(ListenerSetKind),
}

impl ParentKind {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Gateway => "Gateway",
            Self::Set(ListenerSetKind::Standard) => "ListenerSet",
            Self::Set(ListenerSetKind::Experimental) => "XListenerSet",
        }
    }
}

/// A Gateway or ListenerSet by name.
pub(super) type Parent<'a> = (ParentKind, Key<'a>);

/// One listener and what is said of it.
pub(super) struct Row<'a> {
    pub(super) parent: Parent<'a>,
    pub(super) listener: &'a GatewayListener,
    pub(super) hostname: Hostname,
    /// The kinds of routes that may attach.
    pub(super) supported: Vec<RouteKind>,
    pub(super) conditions: Vec<Condition>,
    /// Whether it is part of the proxy's configuration.
    pub(super) programmed: bool,
}

/// All listeners of a Gateway, and the ListenerSets that ask to be part of it.
pub(super) struct Listeners<'a> {
    pub(super) rows: Vec<Row<'a>>,
    /// Each set with whether it is let in.
    pub(super) sets: Vec<(Parent<'a>, Condition)>,
}

/// Gathers the listeners of a Gateway.
pub(super) fn listeners<'a>(
    objects: &Objects<'a>,
    key: Key<'a>,
    gateway: &'a Gateway,
) -> Listeners<'a> {
    let mut rows: Vec<Row<'a>> = Vec::new();
    let own = (ParentKind::Gateway, key);
    rows.extend(gateway.listeners.iter().map(|listener| row(objects, own, listener)));
    reject_conflicts(&mut rows, 0);
    let mut sets = Vec::new();
    for (parent, set) in sets_of(objects, key) {
        let (allowed, condition) = admission(objects, key, gateway, parent, set);
        sets.push((parent, condition));
        if allowed {
            let first = rows.len();
            rows.extend(set.listeners.iter().map(|listener| row(objects, parent, listener)));
            reject_conflicts(&mut rows, first);
            settle(objects, &rows, first);
        }
    }
    Listeners { rows, sets }
}

/// Notes the sets whose listeners stay because their set comes first, if age is not known.
fn settle<'a>(objects: &Objects<'a>, rows: &[Row<'a>], first: usize) {
    for later in &rows[first..] {
        let rival = rows[..first].iter().find(|it| it.programmed && conflict(it, later).is_some());
        let claims = rival.and_then(|rival| {
            Some((set_claim(objects, rival.parent)?, set_claim(objects, later.parent)?))
        });
        if let Some((winner, loser)) = claims {
            objects.settle(&winner, &loser, || format!("port {}", later.listener.port));
        }
    }
}

/// A ListenerSet as one that competes; `None` for a Gateway.
fn set_claim<'a>(objects: &Objects<'a>, (kind, key): Parent<'a>) -> Option<Claim<'a>> {
    let ParentKind::Set(set) = kind else { return None };
    let (&(_, key), set) = objects.sets.get_key_value(&(set, key))?;
    Some(Claim { kind: kind.word(), key, meta: &set.meta })
}

/// The sets that name this Gateway, the oldest first.
fn sets_of<'a>(objects: &Objects<'a>, key: Key<'a>) -> Vec<(Parent<'a>, &'a ListenerSet)> {
    let ours = objects.sets.iter().filter(|((_, (namespace, _)), set)| {
        let parent = &set.parent;
        parent.group == GATEWAY_GROUP
            && parent.kind == "Gateway"
            && key_of_ref(parent, namespace) == key
    });
    let mut sets: Vec<_> =
        ours.map(|((kind, key), &set)| ((ParentKind::Set(*kind), *key), set)).collect();
    sets.sort_by_key(|((_, key), set)| Age::of(&set.meta, *key));
    sets
}

/// Whether the Gateway lets a set in.
fn admission<'a>(
    objects: &Objects<'a>,
    (home, name): Key<'a>,
    gateway: &'a Gateway,
    (_, (namespace, _)): Parent<'a>,
    set: &ListenerSet,
) -> (bool, Condition) {
    let allowed = allows(objects, &gateway.allowed_listeners, home, namespace);
    let because = (rules::ALLOWED_LISTENERS, Origin::Manifest(gateway.meta.place));
    let condition = match &allowed {
        Ok(how) => Condition::new(
            ConditionType::Accepted,
            true,
            "Accepted",
            because,
            format!(
                "Gateway {home}/{name} allows ListenerSets from namespace `{namespace}`: {how}"
            ),
        ),
        Err(why) => Condition::new(
            ConditionType::Accepted,
            false,
            "NotAllowed",
            (because.0, Origin::Manifest(set.parent.place)),
            format!("Gateway {home}/{name} allows no ListenerSet from `{namespace}`: {why}"),
        ),
    };
    (allowed.is_ok(), condition)
}

/// Whether `allowed`, written in namespace `home`, takes objects of `namespace`; and how.
pub(super) fn allows(
    objects: &Objects<'_>,
    allowed: &AllowedNamespaces,
    home: &str,
    namespace: &str,
) -> Result<String, String> {
    match allowed {
        AllowedNamespaces::All => Ok("from `All`".to_owned()),
        AllowedNamespaces::Same if home == namespace => Ok("from `Same`".to_owned()),
        AllowedNamespaces::Same => Err(format!("only namespace `{home}` is allowed")),
        AllowedNamespaces::None => Err("no namespace is allowed".to_owned()),
        AllowedNamespaces::Selector(selector) => {
            let world = objects.world;
            let id = world.namespace_named(objects.cluster, namespace);
            let mut labels = id.map(|id| world.namespaces[id].labels.clone()).unwrap_or_default();
            // The API server gives every namespace this label.
            let name = selector.clone().map(|_| namespace.to_owned());
            labels.entry("kubernetes.io/metadata.name".to_owned()).or_insert(name);
            match first_mismatch(&selector.value, &labels) {
                None => Ok("its labels fit the selector".to_owned()),
                Some(why) => Err(format!("of namespace `{namespace}` {why}")),
            }
        }
    }
}

fn row<'a>(objects: &Objects<'a>, parent: Parent<'a>, listener: &'a GatewayListener) -> Row<'a> {
    let hostname = match listener.protocol.value {
        // "This field is ignored for protocols that don't require hostname based matching."
        ListenerProtocol::Tcp | ListenerProtocol::Udp => Hostname::Any,
        _ => Hostname::of(listener.hostname.as_ref().map(|host| host.value.as_str())),
    };
    let mut row = Row {
        parent,
        listener,
        hostname,
        supported: Vec::new(),
        conditions: Vec::new(),
        programmed: true,
    };
    accept_protocol(objects, &mut row);
    resolve_kinds(&mut row);
    resolve_certificates(objects, &mut row);
    row
}

impl Row<'_> {
    fn origin(&self) -> Origin {
        Origin::Manifest(self.listener.place)
    }

    fn reject(&mut self, condition: Condition) {
        self.programmed = false;
        self.conditions.push(condition);
    }

    /// Whether TLS ends at the listener.
    pub(super) fn terminates_tls(&self) -> bool {
        match self.listener.protocol.value {
            ListenerProtocol::Https => true,
            ListenerProtocol::Tls => {
                self.listener.tls.as_ref().is_none_or(|tls| tls.mode == TlsMode::Terminate)
            }
            _ => false,
        }
    }

    /// Whether its connections begin with TLS.
    pub(super) fn expects_tls(&self) -> bool {
        matches!(self.listener.protocol.value, ListenerProtocol::Https | ListenerProtocol::Tls)
    }
}

/// The kinds that a protocol can carry, of those that are modelled.
fn admitted(row: &Row<'_>) -> &'static [RouteKind] {
    match row.listener.protocol.value {
        ListenerProtocol::Http | ListenerProtocol::Https => &[RouteKind::Http, RouteKind::Grpc],
        ListenerProtocol::Tls if row.terminates_tls() => &[RouteKind::Tls, RouteKind::Tcp],
        ListenerProtocol::Tls => &[RouteKind::Tls],
        ListenerProtocol::Tcp => &[RouteKind::Tcp],
        ListenerProtocol::Udp | ListenerProtocol::Other(_) => &[],
    }
}

/// Whether a listener takes the tunnels of a waypoint. No route attaches to it.
fn takes_tunnels(objects: &Objects<'_>, row: &Row<'_>) -> bool {
    let (kind, key) = row.parent;
    let gateway = objects.gateways.get(&key).filter(|_| kind == ParentKind::Gateway);
    let class = gateway.and_then(|gateway| gateway.class.as_ref());
    let is_waypoint = class.is_some_and(|class| class.value == WAYPOINT);
    is_waypoint && row.listener.protocol.value.word() == "HBONE"
}

fn accept_protocol(objects: &Objects<'_>, row: &mut Row<'_>) {
    let protocol = &row.listener.protocol;
    let word = protocol.value.word().to_owned();
    let at = (rules::LISTENER, Origin::Manifest(protocol.place));
    let accepted = ConditionType::Accepted;
    match protocol.value {
        ListenerProtocol::Udp | ListenerProtocol::Other(_) if !takes_tunnels(objects, row) => {
            let message = format!("protocol `{word}` is not supported");
            row.reject(Condition::new(accepted, false, "UnsupportedProtocol", at, message));
        }
        _ => {
            let message = format!("protocol {word} on port {}", row.listener.port);
            row.conditions.push(Condition::new(accepted, true, "Accepted", at, message));
        }
    }
}

fn resolve_kinds(row: &mut Row<'_>) {
    let admitted = admitted(row);
    let asked = &row.listener.allowed.kinds;
    if asked.is_empty() {
        row.supported = admitted.to_vec();
        return;
    }
    for kind in asked {
        let known = admitted
            .iter()
            .find(|known| kind.group == GATEWAY_GROUP && known.word() == kind.kind.value);
        match known {
            Some(&known) => row.supported.push(known),
            None => {
                let protocol = row.listener.protocol.value.word();
                let at = (rules::ROUTE_KINDS, Origin::Manifest(kind.kind.place));
                let message = format!("a listener of protocol {protocol} takes no {}", kind.kind);
                row.conditions.push(Condition::new(
                    ConditionType::ResolvedRefs,
                    false,
                    "InvalidRouteKinds",
                    at,
                    message,
                ));
            }
        }
    }
    if row.supported.is_empty() {
        // Nothing could ever attach; implementations do not program such a listener.
        row.programmed = false;
    }
}

fn resolve_certificates(objects: &Objects<'_>, row: &mut Row<'_>) {
    if !row.terminates_tls() {
        return;
    }
    let listener = row.listener;
    let problem = match &listener.tls {
        None => Some(("InvalidCertificateRef", listener.place, "there is no `tls`".to_owned())),
        Some(tls) if tls.certificates.is_empty() => {
            Some(("InvalidCertificateRef", tls.place, "no certificate is named".to_owned()))
        }
        Some(tls) => certificate_problem(objects, row.parent, tls),
    };
    match problem {
        Some((reason, place, message)) => {
            let rule = if reason == "RefNotPermitted" { rules::GRANT } else { rules::CERTIFICATE };
            let at = (rule, Origin::Manifest(place));
            row.reject(Condition::new(ConditionType::ResolvedRefs, false, reason, at, message));
        }
        None => row.conditions.push(Condition::new(
            ConditionType::ResolvedRefs,
            true,
            "ResolvedRefs",
            (rules::CERTIFICATE, row.origin()),
            "the certificates may be referred to; Secrets are not read and taken to exist",
        )),
    }
}

fn certificate_problem(
    objects: &Objects<'_>,
    (kind, (home, _)): Parent<'_>,
    tls: &ListenerTls,
) -> Option<(&'static str, Place, String)> {
    tls.certificates.iter().find_map(|certificate| {
        let place = certificate.place;
        if !certificate.group.is_empty() || certificate.kind != "Secret" {
            let message = format!("a certificate is a Secret, not a {}", certificate.kind);
            return Some(("InvalidCertificateRef", place, message));
        }
        let referrer = Referrer { kind: kind.word(), namespace: home };
        let key = key_of_ref(certificate, home);
        let allowed = permission(objects, referrer, certificate, key);
        (allowed == Permission::Missing).then(|| {
            let (namespace, name) = key;
            let message = format!(
                "no ReferenceGrant in `{namespace}` lets a {} of `{home}` refer to Secret `{name}`",
                kind.word()
            );
            ("RefNotPermitted", place, message)
        })
    })
}

/// Rejects the rows from `first` on that claim what an earlier object's listener has, and those
/// of one object that claim the same.
fn reject_conflicts(rows: &mut [Row<'_>], first: usize) {
    let mut conflicts: BTreeMap<usize, (usize, &'static str)> = BTreeMap::new();
    for later in first..rows.len() {
        for earlier in 0..later {
            // A listener that was refused itself claims nothing.
            if earlier < first && !rows[earlier].programmed {
                continue;
            }
            if let Some(reason) = conflict(&rows[earlier], &rows[later]) {
                conflicts.entry(later).or_insert((earlier, reason));
                if earlier >= first {
                    // "MUST NOT pick one conflicting Listener as the winner."
                    conflicts.entry(earlier).or_insert((later, reason));
                }
            }
        }
    }
    for (at, (rival, reason)) in conflicts {
        let rival = &rows[rival];
        let (kind, (namespace, name)) = rival.parent;
        let message = format!(
            "port {} is claimed by listener `{}` of {} {namespace}/{name} too",
            rival.listener.port,
            rival.listener.name,
            kind.word()
        );
        let because = (rules::CONFLICT, rows[at].origin());
        let conflicted = ConditionType::Conflicted;
        rows[at].reject(Condition::new(conflicted, true, reason, because, message));
    }
}

/// How two listeners claim the same traffic, if they do.
fn conflict(one: &Row<'_>, other: &Row<'_>) -> Option<&'static str> {
    use ListenerProtocol::{Tcp, Udp};
    if one.listener.port.value != other.listener.port.value {
        return None;
    }
    let (a, b) = (&one.listener.protocol.value, &other.listener.protocol.value);
    if (*a == Udp) != (*b == Udp) {
        // Datagrams and connections do not meet.
        return None;
    }
    let one_each = (*a == Tcp) != (*b == Tcp) || one.expects_tls() != other.expects_tls();
    if one_each {
        return Some("ProtocolConflict");
    }
    (one.hostname == other.hostname).then_some(match a == b {
        true => "HostnameConflict",
        false => "ProtocolConflict",
    })
}
