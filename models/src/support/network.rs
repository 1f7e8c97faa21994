//! What the network and the edge make of objects of Kubernetes: policies, Ingresses, Routes.

use crate::explain::RuleId;
use crate::manifest::kinds::policy::{Direction, NetworkPolicy, PolicyRule, PortTest, Selection};
use crate::manifest::kinds::{Ingress, Transport};
use crate::world::first_mismatch;

use super::readers::everybody;
use super::{Installed, Judgement, Object, Scene, Support};

const NETWORK: RuleId = RuleId("support.network");
const TUNNELS: RuleId = RuleId("support.network.tunnels");
const EDGE: RuleId = RuleId("support.edge");

/// The port of HBONE.
const HBONE_PORT: u16 = 15_008;

/// The network carries a NetworkPolicy out whatever the mesh; in ambient it sees tunnels.
pub(super) fn policy(scene: Scene<'_>, object: &Object<'_>, policy: &NetworkPolicy) -> Judgement {
    let Selection::Labels(selector) = &policy.pods else {
        let reason = "its selector is wrong: the API server refuses it";
        return Judgement::new(Support::Rejected, NETWORK, reason);
    };
    let names_ports = |rules: &[PolicyRule], direction| {
        policy.directions.contains(&direction)
            && rules.iter().any(|it| it.ports.is_some())
            && !rules.iter().any(admits_tunnels)
    };
    let drops_tunnels = names_ports(&policy.ingress, Direction::Ingress)
        || names_ports(&policy.egress, Direction::Egress);
    let ambient = selected_in_ambient(scene, object, |labels| {
        first_mismatch(&selector.value, labels).is_none()
    });
    if drops_tunnels && ambient {
        let reason = format!(
            "between pods of the mesh the network sees tunnels to port {HBONE_PORT}, which none \
             of its rules admits: they are dropped"
        );
        return Judgement::new(Support::Partly, TUNNELS, reason);
    }
    if ambient && (names_some_port(&policy.ingress) || names_some_port(&policy.egress)) {
        let reason = format!(
            "between pods of the mesh it sees port {HBONE_PORT} and not those of applications: \
             its other ports count for senders outside the mesh alone"
        );
        return Judgement::new(Support::Partly, TUNNELS, reason);
    }
    Judgement::new(Support::Honoured, NETWORK, "the network carries it out")
}

fn selected_in_ambient(
    scene: Scene<'_>,
    object: &Object<'_>,
    fits: impl Fn(&crate::manifest::kinds::Labels) -> bool,
) -> bool {
    let world = scene.world;
    world.pods.entries().any(|(pod, row)| {
        let namespace = world.workloads[row.workload].namespace;
        let here = namespace.map(|it| &world.namespaces[it]).is_some_and(|it| {
            it.name == object.namespace && world.clusters[it.cluster].name == object.cluster
        });
        here && fits(&row.labels)
            && scene.planes.data_path(world, pod) == crate::path::DataPath::IstioAmbient
    })
}

fn names_some_port(rules: &[PolicyRule]) -> bool {
    rules.iter().any(|it| it.ports.is_some())
}

/// Whether a rule lets tunnels through from somebody.
fn admits_tunnels(rule: &PolicyRule) -> bool {
    let Some(ports) = &rule.ports else { return true };
    ports.iter().any(|port| {
        port.transport.is_none_or(|it| it == Transport::Tcp)
            && match port.test {
                PortTest::All => true,
                PortTest::Range(first, last) => (first..=last).contains(&HBONE_PORT),
                PortTest::Named(_) | PortTest::Refused => false,
            }
    })
}

/// Policies of the whole cluster are carried out below the mesh too; whether they admit tunnels is
/// not worked out.
pub(super) fn cluster_policy(scene: Scene<'_>) -> Judgement {
    let world = scene.world;
    let ambient = world
        .pods
        .ids()
        .any(|pod| scene.planes.data_path(world, pod) == crate::path::DataPath::IstioAmbient);
    if ambient {
        let reason = format!(
            "the network carries it out, and sees tunnels to port {HBONE_PORT} between pods of \
             the mesh"
        );
        return Judgement::new(Support::Partly, TUNNELS, reason);
    }
    Judgement::new(Support::Honoured, NETWORK, "the network carries it out")
}

/// A controller at the edge serves an Ingress whatever the mesh, unless it is Istio itself.
pub(super) fn ingress(scene: Scene<'_>, ingress: &Ingress) -> Judgement {
    let annotation = ingress.meta.annotations.get("kubernetes.io/ingress.class");
    let class = ingress.class.as_ref().or(annotation).map(|it| it.value.as_str());
    match (class, scene.installed) {
        (Some("istio"), Installed::NoMesh) => {
            let reason = "its class is Istio's, which does not run";
            Judgement::new(Support::Ignored, EDGE, reason)
        }
        _ => Judgement::new(Support::Honoured, EDGE, "the controller of its class serves it"),
    }
}

/// OpenShift's router stands outside every mesh.
pub(super) fn route() -> Judgement {
    Judgement::new(Support::Honoured, EDGE, "OpenShift's router serves it")
}

/// Whether anything of a mesh stands in the cluster of an object.
pub(super) fn has_mesh(scene: Scene<'_>, object: &Object<'_>) -> bool {
    let all = everybody(scene, object);
    all.sidecars + all.ambient > 0
}
