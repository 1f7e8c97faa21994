//! What a placement comes to beside objects, in words: what is tried again by default, where it is
//! decided who may call, whom the death of one proxy takes along, and what has to run.

use std::collections::BTreeMap;

use crate::control::istio::ambient::waypoints::WaypointAsked;
use crate::control::istio::enrolment::Enrolled;
use crate::explain::RuleId;
use crate::world::NodeId;

use super::{Installed, Scene};

/// The rules behind the sentences.
const RETRIES: RuleId = RuleId("support.facts.retries");
const AUTHORIZATION: RuleId = RuleId("support.facts.authorization");
const BLAST: RuleId = RuleId("support.facts.blast-radius");
const COMPONENTS: RuleId = RuleId("support.facts.components");

/// How many Services behind a waypoint are named.
const NAMED_MAX: usize = 5;

/// CRDs of Istio, and those of Gateway API's standard channel.
const ISTIO_CRDS: u32 = 15;
const GATEWAY_API_CRDS: u32 = 10;

/// One sentence about a placement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// Its stable name, such as `blast_radius`.
    pub name: &'static str,
    /// The sentence, without its full stop.
    pub text: String,
    /// The rule behind it.
    pub rule: RuleId,
}

/// Everything that is said of a placement, always with the same names in the same order.
#[must_use]
pub fn facts(scene: Scene<'_>) -> Vec<Fact> {
    let boxes = Boxes::of(scene);
    let fact = |name, rule, text| Fact { name, text, rule };
    vec![
        fact("default_retries", RETRIES, boxes.retries()),
        fact("authorization", AUTHORIZATION, boxes.authorization()),
        fact("blast_radius", BLAST, boxes.blast_radius(scene)),
        fact("components", COMPONENTS, boxes.components(scene)),
        fact("crds", COMPONENTS, boxes.crds(scene)),
    ]
}

/// The boxes of a placement.
#[derive(Default)]
struct Boxes {
    sidecars: usize,
    gateways: usize,
    /// Pods in ambient, by node.
    ambient: BTreeMap<NodeId, usize>,
    /// Services behind each waypoint.
    waypoints: BTreeMap<String, Vec<String>>,
}

impl Boxes {
    fn of(scene: Scene<'_>) -> Self {
        let world = scene.world;
        let mut boxes = Self::default();
        for (pod, row) in world.pods.entries() {
            match scene.planes.istio().enrolled_silently(world, pod) {
                Enrolled::Sidecar => boxes.sidecars += 1,
                Enrolled::Gateway => boxes.gateways += 1,
                Enrolled::Ambient => *boxes.ambient.entry(row.node).or_default() += 1,
                Enrolled::Nothing => {}
            }
        }
        if boxes.ambient.is_empty() {
            return boxes;
        }
        for id in world.services.ids() {
            let asked = WaypointAsked::Service(id);
            if let Some(waypoint) = scene.planes.waypoint_for(world, asked).outcome {
                let services = boxes.waypoints.entry(waypoint.to_string()).or_default();
                services.push(world.service_name(id));
            }
        }
        boxes
    }

    fn is_bare(&self) -> bool {
        self.sidecars == 0 && self.ambient.is_empty()
    }

    fn behind_waypoints(&self) -> usize {
        self.waypoints.values().map(Vec::len).sum()
    }

    fn retries(&self) -> String {
        let mut parts = Vec::new();
        if self.sidecars > 0 {
            parts.push(
                "2 by the caller's sidecar on connect-failure, refused-stream, unavailable and \
                 cancelled, and 2 by the server's sidecar on reset-before-request"
                    .to_owned(),
            );
        }
        if !self.ambient.is_empty() {
            parts.push(match self.behind_waypoints() {
                0 => "none in ambient: ztunnels know nothing of requests".to_owned(),
                services => format!(
                    "2 by waypoints on connect-failure, refused-stream, unavailable and cancelled, \
                     for {}; ztunnels make none",
                    counted(services, "Service")
                ),
            });
        }
        if parts.is_empty() {
            parts.push("none: applications alone try again".to_owned());
        }
        parts.join("; ")
    }

    fn authorization(&self) -> String {
        let mut parts = vec!["network policy at the nodes".to_owned()];
        if self.sidecars > 0 {
            parts.push("connections and requests at the server's sidecar".to_owned());
        }
        if !self.ambient.is_empty() {
            parts.push("connections at the ztunnel of the server's node".to_owned());
        }
        if self.behind_waypoints() > 0 {
            let services = counted(self.behind_waypoints(), "Service");
            parts.push(format!("requests at the waypoints of {services}"));
        }
        match self.is_bare() {
            true => "network policy at the nodes, and nothing else".to_owned(),
            false => parts.join("; "),
        }
    }

    fn blast_radius(&self, scene: Scene<'_>) -> String {
        let mut parts = Vec::new();
        if self.sidecars > 0 {
            parts.push("a sidecar: its own pod".to_owned());
        }
        // Of equal nodes the first by name.
        let worst =
            self.ambient.iter().max_by_key(|(node, pods)| (**pods, std::cmp::Reverse(**node)));
        if let Some((node, pods)) = worst {
            parts.push(format!(
                "a ztunnel: all pods in ambient on its node, at worst {} of {} on {}",
                pods,
                self.ambient.values().sum::<usize>(),
                scene.world.nodes[*node].name
            ));
        }
        for (waypoint, services) in &self.waypoints {
            let named = services.iter().take(NAMED_MAX).map(String::as_str).collect::<Vec<_>>();
            let more = match services.len().saturating_sub(NAMED_MAX) {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            parts.push(format!("{waypoint}: what is sent to {}{more}", named.join(", ")));
        }
        if parts.is_empty() { "there is no proxy".to_owned() } else { parts.join("; ") }
    }

    fn components(&self, scene: Scene<'_>) -> String {
        if scene.installed == Installed::NoMesh {
            return "nothing beside Kubernetes; a controller at the edge where there is one"
                .to_owned();
        }
        let mut parts = vec!["istiod".to_owned()];
        if self.sidecars > 0 {
            parts.push(counted(self.sidecars, "sidecar"));
        }
        if !self.ambient.is_empty() {
            let nodes = scene.world.nodes.iter().filter(|node| node.cluster.is_some()).count();
            parts.push(format!("istio-cni and ztunnel on each of {}", counted(nodes, "node")));
        }
        if !self.waypoints.is_empty() {
            parts.push(counted(self.waypoints.len(), "waypoint"));
        }
        parts.join(", ")
    }

    fn crds(&self, scene: Scene<'_>) -> String {
        match (scene.installed, self.ambient.is_empty()) {
            (Installed::NoMesh, _) => {
                format!("none; {GATEWAY_API_CRDS} of Gateway API where Gateways are used")
            }
            (Installed::Istio, true) => format!(
                "{ISTIO_CRDS} of Istio; {GATEWAY_API_CRDS} of Gateway API where its routes are used"
            ),
            (Installed::Istio, false) => format!(
                "{ISTIO_CRDS} of Istio and {GATEWAY_API_CRDS} of Gateway API, which waypoints need"
            ),
        }
    }
}

fn counted(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}
