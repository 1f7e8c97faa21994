//! Stories of requests in an ambient mesh: which boxes they pass, who is believed to be whom, and
//! who turns them away.

use crate::walk::testing::Meshed;
use crate::walk::{Answer, Outcome, Sees, Verdict};

/// `web/caller` and `shop/cart` in ambient, `old/batch` outside of the mesh, and `legacy/importer`
/// with a sidecar.
const PODS: &str = "\
apiVersion: v1
kind: Namespace
metadata: {name: web, labels: {istio.io/dataplane-mode: ambient}}
---
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio.io/dataplane-mode: ambient}}
---
apiVersion: v1
kind: Namespace
metadata: {name: legacy, labels: {istio-injection: enabled}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: caller, namespace: web}
spec:
  selector: {matchLabels: {app: caller}}
  template:
    metadata: {labels: {app: caller}}
    spec: {serviceAccountName: caller, containers: [{name: app}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: importer, namespace: legacy}
spec:
  selector: {matchLabels: {app: importer}}
  template:
    metadata: {labels: {app: importer}}
    spec: {serviceAccountName: importer, containers: [{name: app}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: batch, namespace: old}
spec:
  selector: {matchLabels: {app: batch}}
  template:
    metadata: {labels: {app: batch}}
    spec: {containers: [{name: app}]}
---
apiVersion: v1
kind: Service
metadata: {name: cart, namespace: shop, labels: {WAYPOINT}}
spec: {clusterIP: 10.0.0.10, selector: {app: cart}, ports: [{name: http, port: 8080}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: cart, namespace: shop}
spec:
  selector: {matchLabels: {app: cart}}
  template:
    metadata: {labels: {app: cart}, annotations: {BYPASS}}
    spec: {serviceAccountName: cart, containers: [{name: app, ports: [{containerPort: 8080}]}]}
";

const GATEWAY: &str = "\
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: waypoint, namespace: shop}
spec:
  gatewayClassName: istio-waypoint
  listeners: [{name: mesh, port: 15008, protocol: HBONE}]
";

const STRICT: &str = "\
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: own, namespace: shop}
spec: {mtls: {mode: STRICT}}
";

fn access(body: &str) -> String {
    format!(
        "---\napiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\n\
         metadata: {{name: access, namespace: shop}}\nspec: {{{body}}}\n"
    )
}

fn network(namespace: &str, body: &str) -> String {
    format!(
        "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n\
         metadata: {{name: net, namespace: {namespace}}}\nspec: {{podSelector: {{}}, {body}}}\n"
    )
}

/// What becomes of a request to `cart.shop:8080`, where `objects` are there as well.
fn asked(caller: &str, objects: &str, words: &[(&str, &str)]) -> Answer {
    let mut text = format!("{PODS}{objects}");
    for (word, value) in words.iter().chain(&[("WAYPOINT", ""), ("BYPASS", "")]) {
        text = text.replace(word, value);
    }
    Meshed::of(text).asked_by(caller, "cart.shop:8080")
}

const USES: [(&str, &str); 1] = [("WAYPOINT", "istio.io/use-waypoint: waypoint")];

/// Such as `application -plaintext-> ztunnel`.
fn way(answer: &Answer) -> Vec<String> {
    let leg = |leg: &crate::walk::Leg| {
        format!("{} -{}-> {}", leg.from.kind.word(), leg.encryption.words(), leg.to.kind.word())
    };
    answer.legs.iter().map(leg).collect()
}

fn principal(answer: &Answer) -> Option<&str> {
    answer.identity.as_ref()?.principal.as_deref()
}

fn found(answer: &Answer, id: &str) -> bool {
    answer.findings.iter().any(|finding| finding.id == id)
}

#[test]
fn a_call_in_ambient_goes_in_a_tunnel_from_ztunnel_to_ztunnel() {
    let answer = asked("web/caller", "", &[]);
    assert_eq!(answer.verdict, Verdict::Allowed, "{:#?}", answer.because);
    let legs = [
        "application -plaintext-> ztunnel",
        "ztunnel -HBONE (mTLS)-> ztunnel",
        "ztunnel -plaintext-> application",
    ];
    assert_eq!(way(&answer), legs);
    assert_eq!(principal(&answer), Some("spiffe://cluster.local/ns/web/sa/caller"));
}

#[test]
fn who_is_outside_of_the_mesh_meets_the_ztunnel_in_plaintext_as_nobody() {
    let answer = asked("old/batch", "", &[]);
    assert_eq!(answer.verdict, Verdict::Allowed, "{:#?}", answer.because);
    let legs = ["application -plaintext-> ztunnel", "ztunnel -plaintext-> application"];
    assert_eq!(way(&answer), legs);
    assert_eq!(principal(&answer), None);
    let strict = asked("old/batch", STRICT, &[]);
    assert_eq!(strict.verdict, Verdict::Reset, "{:#?}", strict.because);
    assert_eq!(asked("web/caller", STRICT, &[]).verdict, Verdict::Allowed);
}

#[test]
fn a_sidecar_sends_a_tunnel_to_a_pod_in_ambient() {
    let answer = asked("legacy/importer", STRICT, &[]);
    assert_eq!(answer.verdict, Verdict::Allowed, "{:#?}", answer.because);
    assert_eq!(way(&answer)[1], "sidecar -HBONE (mTLS)-> ztunnel");
    assert_eq!(principal(&answer), Some("spiffe://cluster.local/ns/legacy/sa/importer"));
}

#[test]
fn a_ztunnel_that_denies_looks_like_a_reset() {
    let others = access("rules: [{from: [{source: {namespaces: [web]}}]}]");
    assert_eq!(asked("web/caller", &others, &[]).verdict, Verdict::Allowed);
    let denied = asked("old/batch", &others, &[]);
    assert_eq!(denied.verdict, Verdict::Reset, "{:#?}", denied.because);
    let nobody = access("action: DENY, rules: [{from: [{source: {namespaces: [web]}}]}]");
    let denied = asked("web/caller", &nobody, &[]);
    assert_eq!((denied.outcome, denied.verdict), (Outcome::Denied, Verdict::Reset));
    assert_eq!(denied.client_sees, Sees::Reset { after: None });
    let by = denied.enforced_by.expect("a box decides");
    assert_eq!((by.kind.words(), by.origins.len()), ("server's ztunnel", 1));
}

#[test]
fn a_waypoint_sees_the_client_and_the_server_sees_the_waypoint() {
    let answer = asked("web/caller", GATEWAY, &USES);
    assert_eq!(answer.verdict, Verdict::Allowed, "{:#?}", answer.because);
    let legs = [
        "application -plaintext-> ztunnel",
        "ztunnel -HBONE (mTLS)-> waypoint",
        "waypoint -HBONE (mTLS)-> ztunnel",
        "ztunnel -plaintext-> application",
    ];
    assert_eq!(way(&answer), legs);
    assert_eq!(principal(&answer), Some("spiffe://cluster.local/ns/shop/sa/waypoint"));
    let rule = "rules: [{from: [{source: {principals: [cluster.local/ns/web/sa/caller]}}]}]";
    let at_waypoint = format!("targetRefs: [{{kind: Service, group: '', name: cart}}], {rule}");
    let objects = format!("{GATEWAY}{}", access(&at_waypoint));
    assert_eq!(asked("web/caller", &objects, &USES).verdict, Verdict::Allowed);
    let at_ztunnel = format!("{GATEWAY}{}", access(rule));
    let answer = asked("web/caller", &at_ztunnel, &USES);
    let seen = (answer.verdict, answer.status, answer.flags.as_deref());
    assert_eq!(seen, (Verdict::Reset, Some(503), Some("UC")), "the waypoint calls");
}

#[test]
fn a_waypoint_denies_with_a_status_and_is_passed_by_who_does_not_use_it() {
    let deny = "targetRefs: [{kind: Service, group: '', name: cart}], action: DENY, \
                rules: [{to: [{operation: {methods: [GET]}}]}]";
    let objects = format!("{GATEWAY}{}", access(deny));
    let denied = asked("web/caller", &objects, &USES);
    assert_eq!((denied.verdict, denied.status), (Verdict::Denied, Some(403)));
    assert_eq!(principal(&denied), Some("spiffe://cluster.local/ns/web/sa/caller"));
    assert_eq!(denied.enforced_by.map(|by| by.kind.words()), Some("waypoint"));
    for past in ["legacy/importer", "old/batch"] {
        let answer = asked(past, &objects, &USES);
        assert_eq!(answer.verdict, Verdict::Allowed, "{:#?}", answer.because);
        assert!(found(&answer, "waypoint.bypassed"), "{:#?}", answer.findings);
    }
    let missing = asked("web/caller", &access(deny), &USES);
    assert_eq!(missing.verdict, Verdict::Allowed);
    assert!(found(&missing, "waypoint.not-used"), "{:#?}", missing.findings);
    let unnamed = asked("web/caller", &access(deny), &[]);
    assert!(found(&unnamed, "waypoint.policy-without-waypoint"), "{:#?}", unnamed.findings);
}

#[test]
fn the_network_sees_the_port_of_tunnels_alone() {
    let own = network("shop", "ingress: [{ports: [{port: 8080}]}]");
    let dropped = asked("web/caller", &own, &[]);
    assert_eq!(dropped.verdict, Verdict::Dropped, "{:#?}", dropped.because);
    assert!(found(&dropped, "ambient.networkpolicy-without-15008"), "{:#?}", dropped.findings);
    let after = Some(crate::units::SimDuration::from_secs(10));
    assert_eq!(dropped.client_sees, Sees::Reset { after }, "the ztunnel gives up");
    assert_eq!(asked("old/batch", &own, &[]).verdict, Verdict::Allowed, "plaintext comes on 8080");
    let tunnels = network("shop", "ingress: [{ports: [{port: 15008}]}]");
    let answer = asked("web/caller", &tunnels, &[]);
    assert_eq!(answer.verdict, Verdict::Allowed, "{:#?}", answer.because);
    assert!(found(&answer, "ambient.ports-not-separated"), "{:#?}", answer.findings);
    assert_eq!(asked("old/batch", &tunnels, &[]).verdict, Verdict::Dropped);
}

#[test]
fn pods_of_a_waypoint_are_isolated_like_others_of_their_namespace() {
    let closed = network("shop", "ingress: []");
    let dropped = asked("web/caller", &format!("{GATEWAY}{closed}"), &USES);
    assert_eq!(dropped.verdict, Verdict::Dropped, "{:#?}", dropped.because);
    assert_eq!(way(&dropped).last().map(String::as_str), Some("ztunnel -HBONE (mTLS)-> waypoint"));
}

#[test]
fn a_pod_in_ambient_resolves_services_without_name_servers() {
    let closed = "policyTypes: [Egress], egress: [{ports: [{port: 15008}]}]";
    let answer = asked("web/caller", &network("web", closed), &[]);
    assert_eq!(answer.verdict, Verdict::Allowed, "{:#?}", answer.because);
    let closed = "policyTypes: [Egress], egress: [{ports: [{port: 8080}]}]";
    let answer = asked("old/batch", &network("old", closed), &[]);
    assert_eq!(answer.verdict, Verdict::Dropped);
    assert!(found(&answer, "network.no-dns"));
}

#[test]
fn an_annotation_leads_plaintext_past_the_ztunnel() {
    let bypass = [("BYPASS", "ambient.istio.io/bypass-inbound-capture: 'true'")];
    let answer = asked("old/batch", STRICT, &bypass);
    assert_eq!(answer.verdict, Verdict::Allowed, "{:#?}", answer.because);
    assert_eq!(way(&answer), ["application -plaintext-> application"]);
}
