//! Objects that touch the path of a request and whose effect is not modelled: they are listed, and
//! no request counts as let through where one of them may turn it away.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::control::GatewayName;
use crate::control::istio::Push;
use crate::control::istio::ambient::waypoints::WaypointName;
use crate::control::istio::attachment::AtWaypoint;
use crate::control::istio::authorization;
use crate::control::istio::config::Config;
use crate::control::istio::enrolment::Enrolled;
use crate::control::istio::registry::{Service, ServiceSource};
use crate::control::istio::unmodelled::{Touched, touching};
use crate::explain::{Probe, Tree};
use crate::manifest::kinds::istio::{Effect, Unmodelled, UnmodelledKind};
use crate::world::{Origin, PodId, ServiceId, World};

use super::answer::{Answer, Outcome, Untold};
use super::proxy::View;
use super::question::Policies;
use super::{rules, verdict};

/// Where a proxy stands on the path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    /// Beside the client: rules on who may call do not count there.
    Client,
    /// Beside the server.
    Server,
    /// At the edge.
    Gateway,
    /// Between the two.
    Waypoint,
}

impl Side {
    const ALL: [Self; 4] = [Self::Client, Self::Server, Self::Gateway, Self::Waypoint];

    /// The patches of an EnvoyFilter that count here name this context, or none.
    const fn context(self) -> &'static str {
        match self {
            Self::Client => "SIDECAR_OUTBOUND",
            Self::Server => "SIDECAR_INBOUND",
            Self::Gateway => "GATEWAY",
            Self::Waypoint => "WAYPOINT",
        }
    }

    /// What an object would touch on this side; nothing if it does not act here.
    fn touched(self, object: &Unmodelled) -> Vec<&str> {
        let is_patch = object.kind == UnmodelledKind::EnvoyFilter;
        let elsewhere = |text: &str| {
            let mut others = Self::ALL.into_iter().filter(|side| *side != self);
            is_patch && others.any(|side| text.contains(side.context()))
        };
        let texts = object.touches.iter().map(|touch| touch.value.as_str());
        texts.filter(|text| !elsewhere(text)).collect()
    }
}

/// What touches the proxy beside the client.
pub(super) fn at_client(view: View<'_>, pod: PodId, answer: &mut Answer, tree: &mut Tree) {
    if let Some(push) = view.planes.istio().push_of(view.world, pod) {
        let found = of_pod(view.world, push, pod);
        note(found, (Side::Client, view.policies), answer, tree);
    }
}

/// What touches the proxies that may get the request.
pub(super) fn at_servers(view: View<'_>, pods: &[PodId], answer: &mut Answer, tree: &mut Tree) {
    let mut seen = BTreeSet::new();
    for &pod in pods {
        if !seen.insert(view.world.pods[pod].workload) {
            continue;
        }
        if view.planes.istio().enrolled_silently(view.world, pod) == Enrolled::Nothing {
            continue;
        }
        if let Some(push) = view.planes.istio().push_of(view.world, pod) {
            let found = of_pod(view.world, push, pod);
            note(found, (Side::Server, view.policies), answer, tree);
        }
    }
}

/// What touches a gateway.
pub(super) fn at_gateway(view: View<'_>, name: &GatewayName, answer: &mut Answer, tree: &mut Tree) {
    for (push, namespace, labels, gateway) in view.planes.gateway_workloads(view.world, name) {
        let proxy = Touched { namespace: &namespace, labels: &labels, gateway };
        authorization::explain(push, proxy, tree);
        note(touching(push, proxy), (Side::Gateway, view.policies), answer, tree);
    }
}

/// What touches a waypoint, for traffic to a Service, or to a pod.
pub(super) fn at_waypoint(
    view: View<'_>,
    (name, service): (&WaypointName, Option<ServiceId>),
    answer: &mut Answer,
    tree: &mut Tree,
) {
    let pushes = view.planes.istio().pushes();
    let Some(push) = pushes.iter().find(|push| push.cluster == name.cluster) else { return };
    let is_it = |it: &&Arc<Service>| {
        service.is_some_and(|service| it.source == ServiceSource::Kubernetes(service))
    };
    let service = push.registry.services().iter().find(is_it).map(AsRef::as_ref);
    let place = AtWaypoint { namespace: &name.namespace, name: &name.name, service };
    authorization::explain(push, place, tree);
    note(touching(push, place), (Side::Waypoint, view.policies), answer, tree);
}

fn of_pod<'p>(world: &World, push: &'p Push, pod: PodId) -> Vec<&'p Config<Unmodelled>> {
    let namespace = world.workload_of(pod).namespace;
    let namespace = namespace.map_or("", |it| world.namespaces[it].name.as_str());
    touching(push, Touched { namespace, labels: &world.pods[pod].labels, gateway: None })
}

fn note(
    found: Vec<&Config<Unmodelled>>,
    (side, policies): (Side, Policies),
    answer: &mut Answer,
    tree: &mut Tree,
) {
    for object in found {
        let touches = side.touched(&object.object);
        if touches.is_empty() {
            continue;
        }
        let what = format!("{:?} {}", object.object.kind, object.title());
        let touches = touches.join("; ");
        let untold = Untold { what: what.clone(), touches, origin: Some(object.origin()) };
        if answer.not_modelled.contains(&untold) {
            continue;
        }
        tree.step(rules::NOT_MODELLED, untold.origin, || match object.object.effect {
            Effect::TurnsAway => format!("{what} may turn the request away"),
            Effect::Changes => format!("{what} may change what happens"),
            Effect::LooksOn => format!("{what} looks on"),
        });
        answer.not_modelled.push(untold);
        if object.object.effect == Effect::TurnsAway {
            doubt(&what, vec![object.origin()], policies, answer);
        }
    }
    answer.not_modelled.sort();
}

/// What is not enforced here is not taken for allowed.
pub(super) fn doubt(what: &str, origins: Vec<Origin>, policies: Policies, answer: &mut Answer) {
    if policies == Policies::AssumedToAllow {
        let sentence = format!("{what} is taken to let the request pass: it is not modelled");
        answer.tell("policy.assumed", sentence, origins);
        return;
    }
    let lets_through = match answer.outcome {
        Outcome::Routed | Outcome::Redirected | Outcome::DirectResponse => true,
        Outcome::NoRoute | Outcome::Denied | Outcome::Unknown => false,
    };
    if lets_through {
        answer.if_allowed = Some(answer.outcome);
        answer.outcome = Outcome::Unknown;
    }
    let sentence = format!("{what} decides who may call, and is not modelled");
    answer.tell("policy.not-modelled", sentence, origins);
}

/// Kinds of other meshes and networks that decide who may call, by group. They are not read at all,
/// so it is not known whom they concern.
const OTHERS_THAT_DENY: [(&str, &[&str]); 7] = [
    (
        "gateway.envoyproxy.io",
        &["BackendTrafficPolicy", "EnvoyExtensionPolicy", "EnvoyPatchPolicy", "SecurityPolicy"],
    ),
    ("cilium.io", &["CiliumNetworkPolicy", "CiliumClusterwideNetworkPolicy"]),
    ("policy.linkerd.io", &["Server", "ServerAuthorization", "AuthorizationPolicy"]),
    ("crd.projectcalico.org", &["NetworkPolicy", "GlobalNetworkPolicy"]),
    ("projectcalico.org", &["NetworkPolicy", "GlobalNetworkPolicy"]),
    ("policy.networking.k8s.io", &["*"]),
    ("access.smi-spec.io", &["TrafficTarget"]),
];

/// Whether objects of a kind, such as `cilium.io/v2 CiliumNetworkPolicy`, turn requests away.
fn turns_away(kind: &str) -> bool {
    let Some((api_version, name)) = kind.split_once(' ') else { return false };
    let group = api_version.split('/').next().unwrap_or_default();
    OTHERS_THAT_DENY
        .iter()
        .any(|(other, kinds)| *other == group && kinds.iter().any(|it| *it == "*" || *it == name))
}

impl Untold {
    /// Whether it is a kind of which objects turn requests away.
    #[must_use]
    pub fn turns_away(&self) -> bool {
        turns_away(&self.what)
    }
}

impl Answer {
    /// Adds kinds of the manifests that nobody reads; where one of them decides who may call, a
    /// request that was let through without it is not known to be.
    pub fn add_unread(&mut self, kinds: &[Untold], policies: Policies) {
        let before = self.outcome;
        for kind in kinds {
            if turns_away(&kind.what) {
                let origins = kind.origin.into_iter().collect();
                doubt(&kind.what, origins, policies, self);
            }
            self.not_modelled.push(kind.clone());
        }
        if self.outcome != before {
            verdict::settle(self);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::question::{ClientCertificate, ExternalAnswers, Question, Sender};
    use super::super::{Target, Verdict, walk};
    use super::*;
    use crate::control::ControlPlanes;
    use crate::manifest::{SourceSet, load};
    use crate::profile::Profile;
    use crate::world::{ClusterManifests, Topology, build};

    const EDGE: &str = "\
apiVersion: v1
kind: Service
metadata: {name: edge, namespace: ingress}
spec: {selector: {istio: edge}, ports: [{name: http, port: 80, targetPort: 8080}]}
---
apiVersion: v1
kind: Pod
metadata: {name: edge-0, namespace: ingress, labels: {istio: edge}}
spec: {containers: [{name: proxy}]}
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: edge, namespace: ingress}
spec:
  selector: {istio: edge}
  servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ['*']}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: hello, namespace: ingress}
spec:
  hosts: ['*']
  gateways: [edge]
  http: [{directResponse: {status: 200}}]
---
apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: {name: gzip, namespace: ingress}
spec: {configPatches: [{applyTo: HTTP_FILTER, match: {context: GATEWAY}}]}
---
apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: {name: elsewhere, namespace: ingress}
spec: {configPatches: [{applyTo: HTTP_FILTER, match: {context: SIDECAR_INBOUND}}]}
---
";

    fn asked(more: &str, port: u16, policies: Policies) -> Answer {
        let mut sources = SourceSet::new();
        let id = sources.add("edge.yaml", format!("{EDGE}{more}"));
        let manifests = load(&sources, [id]);
        let resources = &manifests.resources;
        let cluster = ClusterManifests { name: "c", default_namespace: "default", resources };
        let world = build(&[cluster], &Topology::default(), &[]).world;
        let cluster = ClusterManifests { name: "c", default_namespace: "default", resources };
        let (planes, _) = ControlPlanes::new(&world, &[cluster], Profile::built_in());
        let target: Target = format!("http://hello.example:{port}/").parse().expect("a URL");
        let question = Question {
            sender: Sender::Outside(planes.gateways().remove(0)),
            target,
            method: "GET".to_owned(),
            path: None,
            headers: Vec::new(),
            policies,
            certificate: ClientCertificate::Missing,
            external: ExternalAnswers::default(),
            tokens: std::sync::Arc::default(),
        };
        walk(&world, &planes, &question)
    }

    const POLICY: &str = "\
apiVersion: extensions.istio.io/v1alpha1
kind: WasmPlugin
metadata: {name: callers, namespace: ingress}
spec: {selector: {matchLabels: {istio: edge}}, phase: AUTHN}
";

    #[test]
    fn a_policy_that_is_not_modelled_leaves_the_outcome_open() {
        let answer = asked(POLICY, 80, Policies::MayDeny);
        assert_eq!(answer.outcome, Outcome::Unknown);
        assert_eq!(answer.if_allowed, Some(Outcome::DirectResponse));
        let answer = asked(POLICY, 80, Policies::AssumedToAllow);
        assert_eq!((answer.outcome, answer.if_allowed), (Outcome::DirectResponse, None));
        let other = POLICY.replace("istio: edge", "istio: other");
        assert_eq!(asked(&other, 80, Policies::MayDeny).outcome, Outcome::DirectResponse);
        let other = POLICY.replace("AUTHN", "STATS");
        assert_eq!(asked(&other, 80, Policies::MayDeny).outcome, Outcome::DirectResponse);
    }

    #[test]
    fn filters_that_are_not_modelled_are_named_where_they_act() {
        let answer = asked("", 80, Policies::MayDeny);
        assert_eq!(answer.outcome, Outcome::DirectResponse);
        let names: Vec<_> = answer.not_modelled.iter().map(|it| it.what.as_str()).collect();
        assert_eq!(names, ["EnvoyFilter ingress/gzip"]);
    }

    #[test]
    fn a_port_that_the_service_of_a_gateway_lacks_is_refused() {
        let answer = asked("", 8080, Policies::MayDeny);
        assert_eq!(answer.outcome, Outcome::NoRoute);
        assert!(answer.findings[0].sentence.contains("it has 80"), "{:?}", answer.findings);
    }

    #[test]
    fn policies_of_other_networks_leave_no_request_let_through() {
        let cilium = Untold {
            what: "cilium.io/v2 CiliumNetworkPolicy".to_owned(),
            touches: "who may call".to_owned(),
            origin: None,
        };
        let pool = Untold { what: "cilium.io/v2 CiliumNode".to_owned(), ..cilium.clone() };
        let with = |kinds: &[Untold], outcome, policies| {
            let mut answer = Answer::new(outcome);
            verdict::settle(&mut answer);
            answer.add_unread(kinds, policies);
            (answer.outcome, answer.verdict, answer.if_allowed, answer.not_modelled.len())
        };
        let both = [cilium.clone(), pool.clone()];
        let seen = with(&both, Outcome::Routed, Policies::MayDeny);
        assert_eq!(seen, (Outcome::Unknown, Verdict::Unknown, Some(Outcome::Routed), 2));
        let seen = with(&[pool], Outcome::Routed, Policies::MayDeny);
        assert_eq!(seen, (Outcome::Routed, Verdict::Allowed, None, 1));
        let seen = with(&both, Outcome::Routed, Policies::AssumedToAllow);
        assert_eq!(seen, (Outcome::Routed, Verdict::Allowed, None, 2));
        let seen = with(&both, Outcome::NoRoute, Policies::MayDeny);
        assert_eq!(seen.0, Outcome::NoRoute, "what is not let through stays so");
    }
}
