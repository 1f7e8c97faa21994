//! Which waypoint a Service or pod uses: the labels that name one, and whether it may be used
//! (istio `pilot/pkg/serviceregistry/ambient/waypoints.go`, `fetchWaypointForTarget`). Whose
//! traffic then meets it is not decided here.

use crate::control::istio::Push;
use crate::control::istio::registry::ServiceSource;
use crate::explain::{Decision, Explanation, Probe, RuleId, Tree};
use crate::manifest::kinds::Labels;
use crate::manifest::kinds::gateway::AllowedNamespaces;
use crate::manifest::{Located, Place};
use crate::path::WaypointPlacement;
use crate::world::{NamespaceId, Origin, ServiceKind, World, first_mismatch};

use super::standing::{PLACED, Waypoint, WaypointClass, WaypointFor};
use super::{WaypointAsked, WaypointName};

/// Names the waypoint of an object or of a namespace.
const USE: &str = "istio.io/use-waypoint";
/// Names the namespace of that waypoint.
const USE_NAMESPACE: &str = "istio.io/use-waypoint-namespace";
/// Says what of Istio a Service stands for.
pub(super) const MANAGED: &str = "gateway.istio.io/managed";
/// Services in front of Istio's own proxies of ambient mode have no waypoints.
const PROXIES: [&str; 2] = ["istio.io-mesh-controller", "istio.io-eastwest-controller"];

const RULE: RuleId = RuleId("istio.waypoint.chosen");
const STANDS: RuleId = RuleId("istio.waypoint.stands");
const ALLOWED: RuleId = RuleId("istio.waypoint.allowed");
const SERVES: RuleId = RuleId("istio.waypoint.serves");

/// What an object makes of waypoints.
#[derive(Clone, Debug)]
pub(super) enum Choice<'p> {
    /// It uses none: no label names one, or one says `none`.
    Nothing,
    /// The one that a label names is not used: traffic goes past it.
    Refused(Refusal),
    /// It uses this one.
    Uses(&'p Waypoint),
}

/// Why the waypoint that a label names is not used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Why.
    pub kind: RefusalKind,
    /// `namespace/name` of the waypoint.
    pub waypoint: String,
    /// The label that names it.
    pub label: Place,
    /// What of the waypoint refuses, where it stands.
    pub refused_by: Option<Origin>,
}

/// Why a waypoint is not used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RefusalKind {
    /// There is no such Gateway.
    Missing,
    /// Its listener takes no objects of the namespace.
    NotAllowed,
    /// It does not serve traffic of that sort.
    NotForThat,
}

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked<'a> {
    /// The labels of the Service, pod or ServiceEntry.
    pub(super) labels: &'a Labels,
    /// Its namespace.
    pub(super) namespace: NamespaceId,
    /// Which traffic to it.
    pub(super) traffic: Traffic,
}

/// Which traffic a waypoint is wanted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Traffic {
    /// That to a Service.
    ToService,
    /// That to a pod's address.
    ToPod,
}

impl Traffic {
    const fn is_served_by(self, serves: WaypointFor) -> bool {
        match self {
            Self::ToService => serves.serves_services(),
            Self::ToPod => serves.serves_pods(),
        }
    }

    const fn words(self) -> &'static str {
        match self {
            Self::ToService => "traffic to Services",
            Self::ToPod => "traffic to addresses of pods",
        }
    }
}

/// The waypoint of a Service or pod, and why.
pub(in crate::control) fn explain(
    push: &Push,
    world: &World,
    asked: WaypointAsked,
) -> Decision<Option<WaypointName>> {
    let mut tree = Tree::default();
    let used = match choice_for(push, world, asked, &mut tree) {
        Choice::Uses(waypoint) => Some(name_of(push, waypoint)),
        Choice::Nothing | Choice::Refused(_) => None,
    };
    decided(used, tree)
}

pub(in crate::control::istio) fn name_of(push: &Push, waypoint: &Waypoint) -> WaypointName {
    let (namespace, name) = (waypoint.namespace.clone(), waypoint.name.clone());
    WaypointName { cluster: push.cluster, namespace, name }
}

/// A decision with the reasons of a tree.
pub(super) fn decided(outcome: Option<WaypointName>, tree: Tree) -> Decision<Option<WaypointName>> {
    let because = tree.finish().into_iter().next();
    Decision { outcome, because: because.unwrap_or_else(|| nothing("nothing names a waypoint")) }
}

/// The answer where Istio does not know the cluster.
pub(in crate::control) fn no_plane() -> Decision<Option<WaypointName>> {
    Decision { outcome: None, because: nothing("Istio knows nothing of the cluster") }
}

fn nothing(finding: &str) -> Explanation {
    let (facts, because) = (Vec::new(), Vec::new());
    Explanation { rule: RULE, finding: finding.to_owned(), facts, origin: None, because }
}

/// What a Service or pod makes of waypoints.
pub(super) fn choice_for<'p>(
    push: &'p Push,
    world: &World,
    asked: WaypointAsked,
    probe: &mut impl Probe,
) -> Choice<'p> {
    let none = |finding: &'static str, origin, probe: &mut _| {
        Probe::step(probe, RULE, origin, || finding.to_owned());
        Choice::Nothing
    };
    match asked {
        WaypointAsked::Service(id) => {
            let row = &world.services[id];
            if matches!(row.kind, ServiceKind::ExternalName(_)) {
                let finding = "a Service that is another name has no waypoint";
                return none(finding, Some(row.origin), probe);
            }
            let services = push.registry.services();
            let known = services.iter().find(|it| it.source == ServiceSource::Kubernetes(id));
            let empty = Labels::new();
            let labels = known.map_or(&empty, |service| &service.labels);
            if let Some(managed) = labels.get(MANAGED)
                && PROXIES.contains(&managed.value.as_str())
            {
                let finding = "a Service in front of a waypoint has no waypoint";
                return none(finding, Some(Origin::Manifest(managed.place)), probe);
            }
            let traffic = Traffic::ToService;
            choice(push, world, Asked { labels, namespace: row.namespace, traffic }, probe)
        }
        WaypointAsked::Pod(pod) => {
            let Some(namespace) = world.workload_of(pod).namespace else {
                return none("a host outside has no waypoint", None, probe);
            };
            let labels = &world.pods[pod].labels;
            let traffic = Traffic::ToPod;
            choice(push, world, Asked { labels, namespace, traffic }, probe)
        }
    }
}

/// A label that names a waypoint.
struct Named<'l> {
    label: &'l Located<String>,
    namespace: &'l str,
    /// Whether the object itself has it.
    own: bool,
}

/// What an object makes of waypoints.
pub(super) fn choice<'p>(
    push: &'p Push,
    world: &World,
    asked: Asked<'_>,
    probe: &mut impl Probe,
) -> Choice<'p> {
    probe.enter();
    let home = &world.namespaces[asked.namespace];
    if push.placement.waypoints == WaypointPlacement::Nowhere {
        probe.leave(RULE, None, || "no waypoint stands in this run".to_owned());
        return Choice::Nothing;
    }
    let own = named(asked.labels, &home.name, true);
    let Some(named) = own.or_else(|| named(&home.labels, &home.name, false)) else {
        if let Some(placed) = placed(push, &home.name, asked.traffic) {
            probe.leave(RULE, Some(placed.origin), || "each namespace has a waypoint".to_owned());
            return Choice::Uses(placed);
        }
        let origin = Some(home.origin);
        probe.leave(RULE, origin, || "neither it nor its namespace names a waypoint".to_owned());
        return Choice::Nothing;
    };
    let origin = Origin::Manifest(named.label.place);
    let whose = if named.own { "it" } else { "its namespace" };
    if named.label.value == "none" {
        probe.leave(RULE, Some(origin), || format!("{whose} asks for no waypoint"));
        return Choice::Nothing;
    }
    let title = format!("{}/{}", named.namespace, named.label.value);
    let found = usable(push, world, asked, &named, &title, probe);
    if let (Err(_), Some(placed)) = (&found, placed(push, &home.name, asked.traffic)) {
        probe.leave(RULE, Some(placed.origin), || "each namespace has a waypoint".to_owned());
        return Choice::Uses(placed);
    }
    match found {
        Ok(waypoint) => {
            probe.leave(RULE, Some(origin), || format!("{whose} uses waypoint `{title}`"));
            Choice::Uses(waypoint)
        }
        Err(refusal) => {
            let is_inherited = refusal.kind == RefusalKind::NotForThat && !named.own;
            let past = "so its traffic goes past it";
            probe.leave(RULE, Some(origin), || {
                format!("{whose} names waypoint `{title}`, which is not used, {past}")
            });
            // A namespace's waypoint for Services is no mistake of a pod.
            let is_fine = is_inherited && asked.traffic == Traffic::ToPod;
            if is_fine { Choice::Nothing } else { Choice::Refused(refusal) }
        }
    }
}

/// The waypoint that a scenario puts into a namespace.
fn placed<'p>(push: &'p Push, home: &str, traffic: Traffic) -> Option<&'p Waypoint> {
    if push.placement.waypoints != WaypointPlacement::EveryNamespace {
        return None;
    }
    let placed = push.waypoints.named(home, PLACED)?;
    traffic.is_served_by(placed.serves).then_some(placed)
}

fn named<'l>(labels: &'l Labels, home: &'l str, own: bool) -> Option<Named<'l>> {
    let label = labels.get(USE)?;
    let namespace = labels.get(USE_NAMESPACE).map_or(home, |namespace| namespace.value.as_str());
    Some(Named { label, namespace, own })
}

/// The waypoint that a label names, if it may be used.
fn usable<'p>(
    push: &'p Push,
    world: &World,
    asked: Asked<'_>,
    named: &Named<'_>,
    title: &str,
    probe: &mut impl Probe,
) -> Result<&'p Waypoint, Refusal> {
    let refusal = |kind, refused_by| {
        Err(Refusal { kind, waypoint: title.to_owned(), label: named.label.place, refused_by })
    };
    let Some(waypoint) = push.waypoints.named(named.namespace, &named.label.value) else {
        let origin = Some(Origin::Manifest(named.label.place));
        probe.step(STANDS, origin, || format!("there is no Gateway `{title}`"));
        return refusal(RefusalKind::Missing, None);
    };
    probe.step(STANDS, Some(waypoint.origin), || match &waypoint.class {
        WaypointClass::Istio => format!("Gateway `{title}` is a waypoint, taken to be ready"),
        WaypointClass::Other(class) => format!(
            "Gateway `{title}` is of class `{class}`; Istio sends traffic there all the same"
        ),
    });
    if let Err(why) = allows(world, waypoint, asked.namespace) {
        probe.step(ALLOWED, Some(waypoint.origin), || why);
        return refusal(RefusalKind::NotAllowed, Some(waypoint.origin));
    }
    let traffic = asked.traffic;
    if !traffic.is_served_by(waypoint.serves) {
        let origin = Some(waypoint.serves_origin);
        probe.step(SERVES, origin, || format!("it does not serve {}", traffic.words()));
        return refusal(RefusalKind::NotForThat, origin);
    }
    probe.step(SERVES, Some(waypoint.serves_origin), || format!("it serves {}", traffic.words()));
    Ok(waypoint)
}

/// Whether objects of a namespace may use a waypoint.
///
/// # Errors
/// Why they may not.
fn allows(world: &World, waypoint: &Waypoint, namespace: NamespaceId) -> Result<(), String> {
    let home = &world.namespaces[namespace];
    match &waypoint.allowed {
        AllowedNamespaces::All => Ok(()),
        // A listener that names nobody is read as one for its own namespace.
        AllowedNamespaces::Same | AllowedNamespaces::None if home.name == waypoint.namespace => {
            Ok(())
        }
        AllowedNamespaces::Same | AllowedNamespaces::None => {
            Err(format!("only objects of `{}` may use it", waypoint.namespace))
        }
        AllowedNamespaces::Selector(selector) => {
            let mut labels = home.labels.clone();
            // The API server gives every namespace this label.
            let name = selector.clone().map(|_| home.name.clone());
            labels.entry("kubernetes.io/metadata.name".to_owned()).or_insert(name);
            match first_mismatch(&selector.value, &labels) {
                None => Ok(()),
                Some(why) => Err(format!("of namespace `{}` {why}", home.name)),
            }
        }
    }
}
