//! Routes and what belongs to them: VirtualServices, DestinationRules, and Gateways and routes of
//! Gateway API. In the mesh they need an Envoy: the caller's sidecar, or the callee's waypoint.

use crate::explain::RuleId;
use crate::manifest::kinds::gateway::{Gateway, GatewayRoute};
use crate::manifest::kinds::istio::{DestinationRule, VirtualService};
use crate::support::network::has_mesh;
use crate::support::readers::{Behind, behind_host, cluster_of, everybody};
use crate::support::{Installed, Judgement, Object, Scene, Support};

use super::GATEWAYS;

const CALLERS: RuleId = RuleId("support.istio.callers");
const WAYPOINTS: RuleId = RuleId("support.ambient.routes");
const WAYPOINT_CLASS: RuleId = RuleId("support.istio.waypoint-class");

/// The classes of Istio's own gateways.
const ISTIO_CLASSES: [&str; 2] = ["istio", "istio-remote"];
const WAYPOINT: &str = "istio-waypoint";

/// Who reads a part of an object.
#[derive(Clone, Debug)]
struct Part {
    support: Support,
    rule: RuleId,
    reason: String,
}

impl Part {
    fn new(support: Support, rule: RuleId, reason: impl Into<String>) -> Self {
        Self { support, rule, reason: reason.into() }
    }
}

/// The parts together: what fails is told first.
fn join(parts: Vec<Part>) -> Judgement {
    let support = parts
        .iter()
        .map(|part| part.support)
        .reduce(|one, other| if one == other { one } else { Support::Partly });
    let is_held = |part: &&Part| part.support == Support::Honoured;
    let telling = parts.iter().find(|part| !is_held(part)).or(parts.first());
    match (support, telling) {
        (Some(support), Some(part)) => Judgement::new(support, part.rule, part.reason.clone()),
        _ => Judgement::new(Support::Ignored, CALLERS, "it names nothing that it could hold for"),
    }
}

/// What callers in the mesh make of routes to these Services.
fn in_mesh(scene: Scene<'_>, object: &Object<'_>, behind: Behind) -> Part {
    let all = everybody(scene, object);
    if all.sidecars + all.ambient == 0 {
        return Part::new(Support::Ignored, CALLERS, "no pod is in the mesh");
    }
    if all.ambient == 0 {
        return Part::new(Support::Honoured, CALLERS, "the sidecars of callers read it");
    }
    let Behind { services, with_waypoint } = behind;
    let callers = if all.sidecars > 0 { "callers in ambient" } else { "callers" };
    if services == 0 {
        let reason = format!(
            "{callers} have no Envoy that would read it, and it names no Service \
                              with a waypoint"
        );
        let support = if all.sidecars > 0 { Support::Partly } else { Support::Ignored };
        return Part::new(support, WAYPOINTS, reason);
    }
    match (with_waypoint == services, with_waypoint > 0 || all.sidecars > 0) {
        (true, _) => Part::new(Support::Honoured, WAYPOINTS, "waypoints read it"),
        (false, true) => {
            let reason = format!(
                "{with_waypoint} of {services} Services that it names have a \
                                  waypoint; ztunnels do not look at requests"
            );
            Part::new(Support::Partly, WAYPOINTS, reason)
        }
        (false, false) => {
            let reason = "no Service that it names has a waypoint, and ztunnels do not look at \
                          requests";
            Part::new(Support::Ignored, WAYPOINTS, reason)
        }
    }
}

pub(super) fn virtual_service(
    scene: Scene<'_>,
    object: &Object<'_>,
    it: &VirtualService,
) -> Judgement {
    if it.hosts.is_empty() {
        let reason = "it is a delegate, and holds where those that name it hold";
        return Judgement::new(Support::Unknown, CALLERS, reason);
    }
    let is_mesh = |name: &str| name == "mesh";
    let mut parts = Vec::new();
    if it.gateways.is_empty() || it.gateways.iter().any(|name| is_mesh(&name.value)) {
        let mut behind = Behind::default();
        for host in &it.hosts {
            let one = behind_host(scene, object, &host.value);
            behind.services += one.services;
            behind.with_waypoint += one.with_waypoint;
        }
        parts.push(in_mesh(scene, object, behind));
    }
    let known = scene.planes.gateways();
    for name in it.gateways.iter().map(|it| it.value.as_str()).filter(|name| !is_mesh(name)) {
        let (namespace, own) = name.split_once('/').unwrap_or((object.namespace, name));
        let stands = known.iter().any(|it| it.namespace == namespace && it.name == own);
        parts.push(match stands {
            true => Part::new(Support::Honoured, GATEWAYS, format!("gateway `{name}` reads it")),
            false => Part::new(Support::Ignored, GATEWAYS, format!("there is no Gateway `{name}`")),
        });
    }
    join(parts)
}

pub(super) fn destination_rule(
    scene: Scene<'_>,
    object: &Object<'_>,
    it: &DestinationRule,
) -> Judgement {
    let part = in_mesh(scene, object, behind_host(scene, object, &it.host.value));
    if part.support == Support::Ignored && !scene.planes.gateways().is_empty() {
        let reason = format!("gateways read it, and nobody else: {}", part.reason);
        return Judgement::new(Support::Partly, part.rule, reason);
    }
    join(vec![part])
}

/// A Gateway of Gateway API: Istio's own, a waypoint, or another controller's.
pub(super) fn gateway(scene: Scene<'_>, object: &Object<'_>, gateway: &Gateway) -> Judgement {
    let class = gateway.class.as_ref().map_or("", |class| class.value.as_str());
    let istio_runs = scene.installed == Installed::Istio;
    if class == WAYPOINT {
        return match istio_runs && everybody(scene, object).ambient > 0 {
            true => Judgement::new(Support::Honoured, WAYPOINT_CLASS, "ztunnels send through it"),
            false => {
                let reason = "nothing sends through a waypoint but ztunnels, and there are none";
                Judgement::new(Support::Ignored, WAYPOINT_CLASS, reason)
            }
        };
    }
    if ISTIO_CLASSES.contains(&class) && !istio_runs {
        let reason = format!("the controller of class `{class}` does not run");
        return Judgement::new(Support::Ignored, GATEWAYS, reason);
    }
    Judgement::new(Support::Honoured, GATEWAYS, "the controller of its class serves it")
}

/// A route of Gateway API, for Gateways and for Services.
pub(super) fn route(scene: Scene<'_>, object: &Object<'_>, route: &GatewayRoute) -> Judgement {
    let parts = route.parents.iter().map(|parent| {
        let parent = &parent.object;
        let namespace = parent.namespace.as_ref().map_or(object.namespace, |it| &it.value);
        if parent.kind != "Service" {
            let name = format!("{namespace}/{}", parent.name);
            return gateway_part(scene, &name, namespace, &parent.name.value);
        }
        if scene.installed == Installed::NoMesh || !has_mesh(scene, object) {
            let reason = "routes for a Service need a mesh: kube-proxy does not read them";
            return Part::new(Support::Ignored, CALLERS, reason);
        }
        let mut behind = Behind::default();
        let cluster = cluster_of(scene, object);
        let namespace = cluster.and_then(|it| scene.world.namespace_named(it, namespace));
        if let Some(id) = namespace.and_then(|it| scene.world.service_named(it, &parent.name.value))
        {
            behind.add(scene, id);
        }
        in_mesh(scene, object, behind)
    });
    join(parts.collect())
}

fn gateway_part(scene: Scene<'_>, title: &str, namespace: &str, name: &str) -> Part {
    let known = scene.planes.gateways();
    if known.iter().any(|it| it.namespace == namespace && it.name == name) {
        return Part::new(Support::Honoured, GATEWAYS, format!("gateway `{title}` serves it"));
    }
    let reason = format!("nobody here serves a Gateway `{title}`");
    Part::new(Support::Unknown, GATEWAYS, reason)
}
