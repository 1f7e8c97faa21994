//! Laws over small meshes that mix ambient, sidecars and plain pods: what `why` says is consistent.

use std::sync::Arc;

use proptest::prelude::*;

use crate::control::ControlPlanes;
use crate::explain::Silent;
use crate::manifest::kinds::Transport;
use crate::manifest::{SourceSet, load};
use crate::path::DataPath;
use crate::policy::network::{NetworkPeer, NetworkVerdict};
use crate::profile::Profile;
use crate::walk::{
    Answer, ClientCertificate, ExternalAnswers, Policies, Question, Sender, Verdict, find_caller,
    walk,
};
use crate::world::{ClusterManifests, PodId, Topology, World, build};

/// A mesh in which pods of `web` and `shop` call `shop/cart`.
struct Mesh {
    world: World,
    planes: ControlPlanes,
}

impl Mesh {
    fn of(documents: &[String]) -> Self {
        let mut sources = SourceSet::new();
        let id = sources.add("mesh.yaml", documents.concat());
        let manifests = load(&sources, [id]);
        let resources = &manifests.resources[..];
        let cluster = ClusterManifests { name: "c", default_namespace: "default", resources };
        let world = build(&[cluster], &Topology::default(), &[]).world;
        let (planes, _) = ControlPlanes::new(&world, &[cluster], Profile::built_in());
        Self { world, planes }
    }

    fn asked(&self, caller: &str, method: &str) -> Answer {
        let question = Question {
            sender: Sender::Pod(find_caller(&self.world, None, caller).expect("the caller")),
            target: "cart.shop:80".parse().expect("a destination"),
            method: method.to_owned(),
            path: None,
            headers: Vec::new(),
            policies: Policies::MayDeny,
            certificate: ClientCertificate::Missing,
            external: ExternalAnswers::default(),
            tokens: Arc::default(),
        };
        walk(&self.world, &self.planes, &question)
    }

    fn pod(&self, workload: &str) -> PodId {
        let caller = find_caller(&self.world, None, workload).expect("a workload of the test");
        caller.pod
    }

    fn drops(&self, from: PodId, to: PodId, port: u16) -> bool {
        let policies = self.planes.network_policies();
        let (from, to) = (NetworkPeer::Pod(from), NetworkPeer::Pod(to));
        let fate = policies.decide(&self.world, from, to, port, Transport::Tcp, &mut Silent);
        matches!(fate, NetworkVerdict::Dropped { .. })
    }
}

/// What identifies a verdict.
fn said(answer: &Answer) -> (Verdict, Option<u16>, Option<String>, Vec<String>) {
    let legs = answer.legs.iter().map(|leg| {
        format!("{} {} {}", leg.from.kind.word(), leg.encryption.words(), leg.to.kind.word())
    });
    let by = answer.enforced_by.as_ref().map(|by| format!("{} {}", by.kind.words(), by.of));
    (answer.verdict, answer.status, by, legs.collect())
}

fn namespace(name: &str, mode: usize, waypoint: bool) -> String {
    let mode = ["", "istio-injection: enabled, ", "istio.io/dataplane-mode: ambient, "][mode];
    let waypoint = if waypoint { "istio.io/use-waypoint: waypoint, " } else { "" };
    format!(
        "---\napiVersion: v1\nkind: Namespace\n\
         metadata: {{name: {name}, labels: {{{mode}{waypoint}team: {name}}}}}\n"
    )
}

fn workload(namespace: &str, name: &str, number: usize) -> String {
    format!(
        "---\napiVersion: apps/v1\nkind: Deployment\n\
         metadata: {{name: {name}, namespace: {namespace}}}\nspec:\n  \
         selector: {{matchLabels: {{app: {name}}}}}\n  template:\n    \
         metadata: {{labels: {{app: {name}}}}}\n    spec:\n      \
         serviceAccountName: {name}\n      \
         containers: [{{name: app, ports: [{{name: http, containerPort: 8080}}]}}]\n\
         ---\napiVersion: v1\nkind: Service\n\
         metadata: {{name: {name}, namespace: {namespace}}}\n\
         spec: {{clusterIP: 10.96.0.{number}, selector: {{app: {name}}}, \
         ports: [{{name: http, port: 80, targetPort: http}}]}}\n"
    )
}

const GATEWAY: &str = "---\napiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\n\
     metadata: {name: waypoint, namespace: shop}\nspec:\n  gatewayClassName: istio-waypoint\n  \
     listeners: [{name: mesh, port: 15008, protocol: HBONE}]\n";

fn object(kind: &str, name: &str, spec: &str) -> String {
    let group = match kind {
        "NetworkPolicy" => "networking.k8s.io/v1",
        _ => "security.istio.io/v1",
    };
    format!(
        "---\napiVersion: {group}\nkind: {kind}\n\
         metadata: {{name: {name}, namespace: shop}}\nspec: {{{spec}}}\n"
    )
}

/// The part of an AuthorizationPolicy behind its action.
fn any_access() -> impl Strategy<Value = String> {
    (0..3_usize, 0..5_usize, 0..4_usize).prop_map(|(of, from, to)| {
        let of = [
            "",
            "selector: {matchLabels: {app: cart}}, ",
            "targetRefs: [{kind: Service, group: '', name: cart}], ",
        ][of];
        let from = [
            "",
            "from: [{source: {namespaces: [web]}}], ",
            "from: [{source: {principals: [cluster.local/ns/shop/sa/other]}}], ",
            "from: [{source: {principals: [cluster.local/ns/shop/sa/waypoint]}}], ",
            "from: [{source: {notPrincipals: ['*']}}], ",
        ][from];
        let to = [
            "",
            "to: [{operation: {methods: [GET]}}]",
            "to: [{operation: {ports: ['8080']}}]",
            "to: [{operation: {methods: [POST], ports: ['80']}}]",
        ][to];
        format!("{of}rules: [{{{from}{to}}}]")
    })
}

fn any_network() -> impl Strategy<Value = String> {
    (0..2_usize, 0..3_usize, 0..4_usize).prop_map(|(of, peer, ports)| {
        let of = ["", "matchLabels: {app: cart}"][of];
        let peer = ["", "from: [{namespaceSelector: {matchLabels: {team: web}}}], ", ""][peer];
        let ports = [
            "",
            "ports: [{port: 8080}]",
            "ports: [{port: 15008}]",
            "ports: [{port: 8080}, {port: 15008}]",
        ][ports];
        format!("podSelector: {{{of}}}, policyTypes: [Ingress], ingress: [{{{peer}{ports}}}]")
    })
}

/// The documents of a mesh, the policies last.
fn any_mesh() -> impl Strategy<Value = Vec<String>> {
    let mode = prop_oneof![Just(None), Just(Some("STRICT")), Just(Some("DISABLE"))];
    (
        (0..3_usize, 0..3_usize, any::<bool>()),
        proptest::collection::vec(any_network(), 0..3),
        proptest::collection::vec((any::<bool>(), any_access()), 0..3),
        mode,
    )
        .prop_map(|((web, shop, waypoint), networks, accesses, mode)| {
            let mut documents = vec![
                namespace("web", web, false),
                namespace("shop", shop, waypoint),
                workload("web", "caller", 1),
                workload("shop", "other", 2),
                workload("shop", "cart", 3),
                GATEWAY.to_owned(),
            ];
            for (at, spec) in networks.iter().enumerate() {
                documents.push(object("NetworkPolicy", &format!("n{at}"), spec));
            }
            for (at, (denies, spec)) in accesses.iter().enumerate() {
                let action = if *denies { "DENY" } else { "ALLOW" };
                let spec = format!("action: {action}, {spec}");
                documents.push(object("AuthorizationPolicy", &format!("a{at}"), &spec));
            }
            documents.extend(mode.map(|mode| {
                object("PeerAuthentication", "default", &format!("mtls: {{mode: {mode}}}"))
            }));
            documents
        })
}

const CALLERS: [&str; 2] = ["web/caller", "shop/other"];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_policy_that_denies_lets_nobody_in(documents in any_mesh(), access in any_access()) {
        let before = Mesh::of(&documents);
        let mut more = documents;
        more.push(object("AuthorizationPolicy", "more", &format!("action: DENY, {access}")));
        let after = Mesh::of(&more);
        for caller in CALLERS {
            for method in ["GET", "POST"] {
                let known = before.asked(caller, method).verdict;
                if known == Verdict::Allowed || known == Verdict::Unknown {
                    continue;
                }
                let verdict = after.asked(caller, method).verdict;
                prop_assert_ne!(verdict, Verdict::Allowed, "{} {}: {}", caller, method, more.concat());
            }
        }
    }

    #[test]
    fn what_the_network_drops_is_never_allowed(documents in any_mesh()) {
        let mesh = Mesh::of(&documents);
        let server = mesh.pod("shop/cart");
        for caller in CALLERS {
            let client = mesh.pod(caller);
            let path = |pod| mesh.planes.data_path(&mesh.world, pod);
            // Whichever way it takes, the last connection comes to one of these ports.
            let ports: &[u16] = match (path(client), path(server)) {
                (_, DataPath::None) | (DataPath::None, _) => &[8080],
                (DataPath::IstioSidecar, DataPath::IstioSidecar) => &[8080],
                _ => &[15008],
            };
            if ports.iter().all(|port| mesh.drops(client, server, *port)) {
                let answer = mesh.asked(caller, "GET");
                let is_direct = answer.legs.iter().all(|leg| leg.to.kind.word() != "waypoint");
                prop_assert!(
                    !is_direct || answer.verdict != Verdict::Allowed,
                    "{}: {}", caller, documents.concat()
                );
            }
        }
    }

    #[test]
    fn the_order_of_documents_changes_no_verdict(documents in any_mesh(), turn in 1..8_usize) {
        let mut turned = documents.clone();
        let turn = turn % turned.len();
        turned.rotate_left(turn);
        let (one, other) = (Mesh::of(&documents), Mesh::of(&turned));
        for caller in CALLERS {
            for method in ["GET", "POST"] {
                let (one, other) = (one.asked(caller, method), other.asked(caller, method));
                prop_assert_eq!(said(&one), said(&other), "{}", documents.concat());
            }
        }
    }
}
