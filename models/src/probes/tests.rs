//! Probes on every data path, under policies of the mesh and of the network.

use super::*;
use crate::manifest::{SourceSet, load};
use crate::profile::Profile;
use crate::world::{ClusterManifests, Topology, build};

const POD: &str = "\
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {MODE}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: cart, namespace: shop}
spec:
  selector: {matchLabels: {app: cart}}
  template:
    metadata: {labels: {app: cart}, annotations: {ANNOTATIONS}}
    spec: {containers: [{name: app, ports: [{name: http, containerPort: 8080}], PROBES}]}
";

const PLAIN: &str = "team: shop";
const SIDECAR: &str = "istio-injection: enabled";
const AMBIENT: &str = "istio.io/dataplane-mode: ambient";
const AS_WRITTEN: &str = "sidecar.istio.io/rewriteAppHTTPProbers: \"false\"";
const HTTP: &str = "readinessProbe: {httpGet: {path: /ready, port: http}}";

const STRICT: &str = "---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: all, namespace: shop}
spec: {mtls: {mode: STRICT}}
";

const NOBODY: &str = "---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: nobody, namespace: shop}
spec: {podSelector: {}, policyTypes: [Ingress]}
";

/// A pod in a namespace with the label `mode`, with these annotations and probes.
fn pod(mode: &str, annotations: &str, probes: &str) -> String {
    let text = POD.replace("MODE", mode).replace("ANNOTATIONS", annotations);
    text.replace("PROBES", probes)
}

fn found_in(text: &str, profile: &str) -> Vec<Probed> {
    let mut sources = SourceSet::new();
    let id = sources.add("mesh.yaml", text);
    let manifests = load(&sources, [id]);
    let errors: Vec<_> = manifests.diagnostics.iter().map(|it| &it.message).collect();
    assert!(errors.is_empty(), "{errors:?}");
    let resources = &manifests.resources[..];
    let cluster = ClusterManifests { name: "c", default_namespace: "default", resources };
    let world = build(&[cluster], &Topology::default(), &[]).world;
    let profile = Profile::named(profile).expect("a profile");
    let (planes, _) = ControlPlanes::new(&world, &[cluster], profile);
    world.workloads.ids().flat_map(|id| of_workload(&world, &planes, id)).collect()
}

/// What becomes of the only probe of a text.
#[track_caller]
fn only(text: &str) -> Probed {
    let mut found = found_in(text, "istio-1.32");
    assert_eq!(found.len(), 1, "one probe");
    found.remove(0)
}

/// The lines of the sentence that a verdict is not `passes` for.
fn lines(verdict: &Verdict) -> Vec<u32> {
    let origins = match verdict {
        Verdict::Passes => return Vec::new(),
        Verdict::Fails { origins, .. } | Verdict::Unknown { origins, .. } => origins,
    };
    let line = |origin: &Origin| match origin {
        Origin::Manifest(place) => Some(place.line),
        _ => None,
    };
    origins.iter().filter_map(line).collect()
}

#[test]
fn without_a_mesh_the_kubelet_asks_the_application() {
    let probed = only(&pod(PLAIN, "", HTTP));
    assert_eq!(probed.kind, ProbeKind::Readiness);
    assert_eq!(probed.asked.to_string(), "http :8080/ready");
    assert_eq!(probed.answered_by, AnsweredBy::Application);
    assert_eq!((probed.from, probed.verdict.outcome), (None, Verdict::Passes));
    assert_eq!(probed.verdict.because.rule, ASKED);
}

#[test]
fn the_agent_beside_a_sidecar_is_asked_in_the_applications_place() {
    for (written, path) in [
        ("startupProbe: {httpGet: {port: 8443, scheme: HTTPS}}", "startupz"),
        ("readinessProbe: {tcpSocket: {port: http}}", "readyz"),
        ("livenessProbe: {grpc: {port: 9090, service: cart}}", "livez"),
    ] {
        let probed = only(&(pod(SIDECAR, "", written) + STRICT));
        assert_eq!(probed.asked.to_string(), format!("http :15020/app-health/app/{path}"));
        assert_eq!(probed.answered_by, AnsweredBy::PilotAgent, "{written}");
        assert_eq!(probed.verdict.outcome, Verdict::Passes, "{written}");
    }
    let other = "status.sidecar.istio.io/port: \"15055\"";
    let probed = only(&pod(SIDECAR, other, HTTP));
    assert_eq!(probed.asked.port(), Some(15055));
    let none = only(&pod(SIDECAR, "status.sidecar.istio.io/port: \"x\"", HTTP));
    assert!(matches!(none.verdict.outcome, Verdict::Unknown { .. }), "{:?}", none.verdict);
}

#[test]
fn a_probe_that_is_not_rewritten_is_reset_where_mutual_tls_is_strict() {
    for probe in [
        HTTP,
        "livenessProbe: {httpGet: {port: http, scheme: HTTPS}}",
        "livenessProbe: {grpc: {port: 8080}}",
    ] {
        let probed = only(&(pod(SIDECAR, AS_WRITTEN, probe) + STRICT));
        let verdict = &probed.verdict.outcome;
        assert!(matches!(verdict, Verdict::Fails { .. }), "{probe}: {verdict:?}");
        assert_eq!(lines(verdict), [17], "the line of STRICT");
        assert_eq!(probed.answered_by, AnsweredBy::Sidecar);
        let lenient = only(&pod(SIDECAR, AS_WRITTEN, probe));
        assert_eq!(lenient.verdict.outcome, Verdict::Passes, "{probe}");
    }
    let excluded =
        [AS_WRITTEN, "traffic.sidecar.istio.io/excludeInboundPorts: \"8080\""].join(", ");
    let probed = only(&(pod(SIDECAR, &excluded, HTTP) + STRICT));
    assert_eq!(probed.verdict.outcome, Verdict::Passes, "it goes past the sidecar");
}

#[test]
fn access_policies_judge_a_probe_that_is_not_rewritten_as_anybodys() {
    let policy = "---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: friends, namespace: shop}
spec: {rules: [{from: [{source: {namespaces: [web]}}]}]}
";
    let probed = only(&(pod(SIDECAR, AS_WRITTEN, HTTP) + policy));
    assert!(matches!(probed.verdict.outcome, Verdict::Fails { .. }), "{:?}", probed.verdict);
    let rewritten = only(&(pod(SIDECAR, "", HTTP) + policy));
    assert_eq!(rewritten.verdict.outcome, Verdict::Passes);
    let ambient = only(&(pod(AMBIENT, "", HTTP) + policy));
    assert_eq!(ambient.verdict.outcome, Verdict::Passes, "ztunnel never sees it");
}

#[test]
fn a_tcp_probe_that_is_not_rewritten_says_nothing_of_the_application() {
    let probe = "livenessProbe: {tcpSocket: {port: 8080}}";
    let probed = only(&(pod(SIDECAR, AS_WRITTEN, probe) + STRICT));
    assert_eq!(probed.verdict.outcome, Verdict::Passes);
    assert_eq!((probed.answered_by, probed.notes.len()), (AnsweredBy::Sidecar, 1));
}

#[test]
fn in_ambient_a_policy_of_the_network_may_stop_probes_unless_it_names_their_address() {
    let source = Some("169.254.7.127".parse().expect("an address"));
    let open = only(&(pod(AMBIENT, "", HTTP) + STRICT));
    assert_eq!((open.from, open.verdict.outcome), (source, Verdict::Passes));
    let closed = only(&(pod(AMBIENT, "", HTTP) + NOBODY));
    let Verdict::Unknown { why, .. } = &closed.verdict.outcome else {
        panic!("it turns on the plug-in: {:?}", closed.verdict)
    };
    assert!(why.contains("169.254.7.127/32"), "{why}");
    assert!(!lines(&closed.verdict.outcome).is_empty(), "the policy has a line");
    let named = "---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: probes, namespace: shop}
spec:
  podSelector: {}
  ingress: [{from: [{ipBlock: {cidr: 169.254.7.127/32}}]}]
";
    let allowed = only(&(pod(AMBIENT, "", HTTP) + NOBODY + named));
    assert_eq!(allowed.verdict.outcome, Verdict::Passes);
}

#[test]
fn policies_of_the_network_do_not_stop_the_pods_own_node() {
    for mode in [PLAIN, SIDECAR] {
        let probed = only(&(pod(mode, "", HTTP) + NOBODY));
        assert_eq!(probed.verdict.outcome, Verdict::Passes, "{mode}");
    }
    let found = found_in(&(pod(PLAIN, "", HTTP) + NOBODY), "netpol-analyzer");
    let Verdict::Fails { origins, .. } = &found[0].verdict.outcome else {
        panic!("this reading knows no own node: {:?}", found[0].verdict)
    };
    assert!(!origins.is_empty());
}

#[test]
fn a_command_runs_inside_the_container_on_every_data_path() {
    let probe = "livenessProbe: {exec: {command: [true]}}";
    for mode in [PLAIN, SIDECAR, AMBIENT] {
        let probed = only(&(pod(mode, "", probe) + STRICT + NOBODY));
        assert_eq!(probed.verdict.outcome, Verdict::Passes, "{mode}");
        assert_eq!(probed.asked, Asked::Exec);
    }
}

#[test]
fn a_port_is_named_by_the_container_itself() {
    let ready = "readinessProbe: {tcpSocket: {port: admin}}";
    let live = "livenessProbe: {tcpSocket: {port: admin}}";
    let fails = |text: &str| matches!(only(text).verdict.outcome, Verdict::Fails { .. });
    assert!(fails(&pod(PLAIN, "", ready)));
    assert!(!fails(&pod(PLAIN, "", live)), "the kubelet's own errors restart nothing");
    assert!(fails(&pod(SIDECAR, "", live)), "the agent's 404 does");
}

#[test]
fn what_is_asked_of_somebody_else_or_of_a_pod_that_is_not_there_is_not_known() {
    let elsewhere = "livenessProbe: {httpGet: {host: 10.0.0.1, port: 80}}";
    let probed = only(&pod(PLAIN, "", elsewhere));
    assert!(matches!(probed.verdict.outcome, Verdict::Unknown { .. }), "{:?}", probed.verdict);
    let nobody =
        pod(PLAIN, "", HTTP).replace("spec:\n  selector", "spec:\n  replicas: 0\n  selector");
    let probed = only(&nobody);
    assert!(matches!(probed.verdict.outcome, Verdict::Unknown { .. }), "{:?}", probed.verdict);
}
