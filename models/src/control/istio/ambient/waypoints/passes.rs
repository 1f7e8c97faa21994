//! Whose traffic meets a waypoint: who sends through the one that a Service or pod uses, and who
//! sends past it. Which one that is is decided in `choice`.

use crate::control::istio::Push;
use crate::control::istio::registry::ServiceSource;
use crate::explain::{Decision, Probe, RuleId, Tree};
use crate::manifest::Located;
use crate::profile::WaypointWay;
use crate::world::{Origin, ServiceId, ServiceKind, World};

use super::choice::{Choice, choice_for, decided, name_of};
use super::{WaypointAsked, WaypointName};

const AMBIENT: RuleId = RuleId("istio.waypoint.from-ambient");
const GATEWAY: RuleId = RuleId("istio.waypoint.from-gateway");
const OUTSIDE: RuleId = RuleId("istio.waypoint.from-outside");
const SIDECAR: RuleId = RuleId("istio.waypoint.from-sidecar");
const WAYPOINT: RuleId = RuleId("istio.waypoint.from-waypoint");
const HEADLESS: RuleId = RuleId("istio.waypoint.headless");

/// Asks Istio's gateways to send through the waypoint of a Service, on it or on its namespace.
const INGRESS: &str = "istio.io/ingress-use-waypoint";

/// Who sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum WaypointSender {
    /// A client that no mesh carries.
    Outside,
    /// A sidecar.
    Sidecar,
    /// The ztunnel of a client in ambient mode.
    Ambient,
    /// A gateway of Istio.
    Gateway,
    /// A waypoint.
    Waypoint,
}

/// The waypoint that traffic of a sender meets on its way to a Service or pod, and why; `None`
/// where it meets none.
pub(in crate::control) fn passes(
    push: &Push,
    world: &World,
    sender: WaypointSender,
    asked: WaypointAsked,
) -> Decision<Option<WaypointName>> {
    let mut tree = Tree::default();
    tree.enter();
    let verdict = verdict(push, world, sender, asked, &mut tree);
    let Verdict { met, rule, origin, finding } = verdict;
    tree.leave(rule, origin, || finding);
    decided(met, tree)
}

struct Verdict {
    met: Option<WaypointName>,
    rule: RuleId,
    origin: Option<Origin>,
    finding: String,
}

fn verdict(
    push: &Push,
    world: &World,
    sender: WaypointSender,
    asked: WaypointAsked,
    tree: &mut Tree,
) -> Verdict {
    let past = |rule, origin, finding: &str| Verdict {
        met: None,
        rule,
        origin,
        finding: finding.to_owned(),
    };
    let by_service = match asked {
        WaypointAsked::Service(id) => Some(id),
        WaypointAsked::Pod(_) => None,
    };
    if let Some(id) = by_service
        && !matches!(world.services[id].kind, ServiceKind::ClusterIp(_))
    {
        let finding = "the Service has no address of its own: what is sent is for its pods";
        return past(HEADLESS, Some(world.services[id].origin), finding);
    }
    let choice = choice_for(push, world, asked, tree);
    let Choice::Uses(waypoint) = choice else {
        return past(rule_of(sender), None, "there is no waypoint to pass");
    };
    let name = name_of(push, waypoint);
    let through =
        |rule, origin, finding: String| Verdict { met: Some(name.clone()), rule, origin, finding };
    match sender {
        WaypointSender::Ambient => {
            let finding = format!("the ztunnel of the client sends it through {name}");
            through(AMBIENT, Some(waypoint.origin), finding)
        }
        WaypointSender::Outside => {
            past(OUTSIDE, None, "the client is out of the mesh, and nothing sends it to a waypoint")
        }
        WaypointSender::Waypoint => {
            past(WAYPOINT, None, "a waypoint sends to pods, and to no second waypoint")
        }
        WaypointSender::Sidecar => {
            match (*push.profile.istio.waypoints.from_sidecars, by_service) {
                (WaypointWay::Through, Some(_)) => {
                    through(SIDECAR, None, format!("the sidecar sends it through {name}"))
                }
                _ => past(
                    SIDECAR,
                    None,
                    "a sidecar chooses a pod itself, and sends past the waypoint",
                ),
            }
        }
        WaypointSender::Gateway => match by_service {
            None => past(GATEWAY, None, "a gateway sends past the waypoint of a pod"),
            Some(id) => {
                match (asks(push, world, id), *push.profile.istio.waypoints.from_gateways) {
                    (_, WaypointWay::Through) => {
                        through(GATEWAY, None, format!("the gateway sends it through {name}"))
                    }
                    (Some(label), WaypointWay::WhenLabelled) if is_true(&label.value) => {
                        let origin = Some(Origin::Manifest(label.place));
                        through(GATEWAY, origin, format!("`{INGRESS}` sends it through {name}"))
                    }
                    (label, _) => {
                        let origin = label.map(|label| Origin::Manifest(label.place));
                        let finding = "a gateway chooses a pod itself, and sends past the waypoint";
                        past(GATEWAY, origin, finding)
                    }
                }
            }
        },
    }
}

const fn rule_of(sender: WaypointSender) -> RuleId {
    match sender {
        WaypointSender::Outside => OUTSIDE,
        WaypointSender::Sidecar => SIDECAR,
        WaypointSender::Ambient => AMBIENT,
        WaypointSender::Gateway => GATEWAY,
        WaypointSender::Waypoint => WAYPOINT,
    }
}

/// The label of the Service, else that of its namespace.
fn asks<'p>(push: &'p Push, world: &'p World, id: ServiceId) -> Option<&'p Located<String>> {
    let services = push.registry.services();
    let service = services.iter().find(|it| it.source == ServiceSource::Kubernetes(id));
    let own = service.and_then(|service| service.labels.get(INGRESS));
    own.or_else(|| world.namespaces[world.services[id].namespace].labels.get(INGRESS))
}

/// What Go's `strconv.ParseBool` takes for true.
fn is_true(word: &str) -> bool {
    matches!(word, "1" | "t" | "T" | "TRUE" | "true" | "True")
}
