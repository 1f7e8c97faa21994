//! Objects that name what they are for by `targetRefs`: gateways, and what stands behind waypoints.

use crate::control::GatewayKind;
use crate::control::istio::ambient::waypoints::WaypointAsked;
use crate::explain::RuleId;
use crate::manifest::kinds::istio::PolicyTarget;
use crate::support::readers::{cluster_of, everybody};
use crate::support::{Judgement, Object, Scene, Support};

const TARGETS: RuleId = RuleId("support.istio.targets");

/// What a target comes to.
enum Found {
    /// Something that reads the object.
    Reader(String),
    /// Nothing does, and why.
    Nobody(String),
}

/// What becomes of an object with these targets.
pub(super) fn judge(scene: Scene<'_>, object: &Object<'_>, targets: &[PolicyTarget]) -> Judgement {
    let each = targets.iter().map(|it| (it.kind.as_str(), it.name.value.as_str()));
    settle(each.map(|(kind, name)| find(scene, object, kind, name)).collect())
}

/// The same for targets as `Kind/name`.
pub(super) fn judge_words(
    scene: Scene<'_>,
    object: &Object<'_>,
    targets: &[crate::manifest::Located<String>],
) -> Judgement {
    let each = targets.iter().map(|it| it.value.split_once('/').unwrap_or(("", &it.value)));
    settle(each.map(|(kind, name)| find(scene, object, kind, name)).collect())
}

fn settle(found: Vec<Found>) -> Judgement {
    let (mut readers, mut nobody) = (Vec::new(), Vec::new());
    for one in found {
        match one {
            Found::Reader(text) => readers.push(text),
            Found::Nobody(text) => nobody.push(text),
        }
    }
    let (support, reason) = match (readers.is_empty(), nobody.is_empty()) {
        (_, true) => (Support::Honoured, readers.join("; ")),
        (true, false) => (Support::Ignored, nobody.join("; ")),
        (false, false) => (Support::Partly, nobody.join("; ")),
    };
    Judgement::new(support, TARGETS, reason)
}

fn find(scene: Scene<'_>, object: &Object<'_>, kind: &str, name: &str) -> Found {
    let in_ambient = everybody(scene, object).ambient > 0;
    match kind {
        "Gateway" => gateway(scene, object, name),
        "GatewayClass" if in_ambient => {
            Found::Reader(format!("waypoints of class `{name}` read it"))
        }
        "GatewayClass" => Found::Nobody(format!(
            "it is for waypoints of class `{name}`, and no pod is in ambient"
        )),
        "Service" | "ServiceEntry" if !in_ambient => Found::Nobody(format!(
            "{kind} `{name}` is a target for waypoints; sidecars pass over it"
        )),
        "Service" => service(scene, object, name),
        "ServiceEntry" => {
            let text = format!("whether ServiceEntry `{name}` has a waypoint is not worked out");
            Found::Nobody(text)
        }
        other => Found::Nobody(format!("{other} `{name}` is no target that Istio knows")),
    }
}

fn gateway(scene: Scene<'_>, object: &Object<'_>, name: &str) -> Found {
    let is_named = |it: &crate::control::GatewayName| {
        it.kind == GatewayKind::GatewayApi && it.namespace == object.namespace && it.name == name
    };
    if scene.planes.gateways().iter().any(is_named) {
        return Found::Reader(format!("gateway `{name}` reads it"));
    }
    let waypoint = cluster_of(scene, object).and_then(|cluster| {
        let pushes = scene.planes.istio().pushes();
        pushes.iter().find(|it| it.cluster == cluster)?.waypoints.named(object.namespace, name)
    });
    match waypoint {
        Some(_) if everybody(scene, object).ambient > 0 => {
            Found::Reader(format!("waypoint `{name}` reads it"))
        }
        Some(_) => Found::Nobody(format!("no sender goes through waypoint `{name}`")),
        None => Found::Nobody(format!("there is no Gateway `{name}` that Istio serves")),
    }
}

fn service(scene: Scene<'_>, object: &Object<'_>, name: &str) -> Found {
    let cluster = cluster_of(scene, object);
    let namespace =
        cluster.and_then(|cluster| scene.world.namespace_named(cluster, object.namespace));
    let Some(service) = namespace.and_then(|it| scene.world.service_named(it, name)) else {
        return Found::Nobody(format!("there is no Service `{name}`"));
    };
    match scene.planes.waypoint_for(scene.world, WaypointAsked::Service(service)).outcome {
        Some(waypoint) => Found::Reader(format!("{waypoint} reads it for Service `{name}`")),
        None => Found::Nobody(format!("Service `{name}` has no waypoint")),
    }
}
