//! Stories of requests that the network's policies carry or drop, and of what their clients see.

use crate::walk::testing::{Meshed, told};
use crate::walk::{Answer, BoxKind, Sees, Verdict};

const PODS: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template: {metadata: {labels: {app: web}}, spec: {containers: [{name: app}]}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: cart, namespace: shop}
spec:
  selector: {matchLabels: {app: cart}}
  template:
    metadata: {labels: {app: cart}}
    spec: {containers: [{name: app, ports: [{name: http, containerPort: 8080}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: cart, namespace: shop}
spec: {clusterIP: 10.0.0.10, selector: {app: cart}, ports: [{name: http, port: 80, targetPort: http}]}
";

fn policy(name: &str, spec: &str) -> String {
    format!(
        "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n\
         metadata: {{name: {name}, namespace: shop}}\nspec: {spec}\n"
    )
}

fn asked(policies: &[(&str, &str)], to: &str) -> Answer {
    let mut text = PODS.to_owned();
    for (name, spec) in policies {
        text += &policy(name, spec);
    }
    Meshed::of(text).asked_by("shop/web", to)
}

const CLOSED: &str = "{podSelector: {matchLabels: {app: cart}}, policyTypes: [Ingress]}";
const ISOLATED: &str =
    "{podSelector: {matchLabels: {app: web}}, policyTypes: [Egress], egress: []}";
const TO_CART: &str = "{podSelector: {matchLabels: {app: web}}, policyTypes: [Egress], \
                       egress: [{to: [{podSelector: {matchLabels: {app: cart}}}]}]}";
const TO_DNS: &str = "{podSelector: {}, policyTypes: [Egress], egress: [{to: [{namespaceSelector: \
                      {matchLabels: {kubernetes.io/metadata.name: kube-system}}}], \
                      ports: [{protocol: UDP, port: 53}]}]}";

#[test]
fn a_server_that_lets_nobody_in_drops_and_the_client_waits() {
    let answer = asked(&[("closed", CLOSED)], "cart");
    assert_eq!(answer.verdict, Verdict::Dropped);
    assert!(matches!(answer.client_sees, Sees::TimeOut { syns: 7, .. }), "{answer:?}");
    let by = answer.enforced_by.expect("the server's node");
    assert_eq!((by.kind, by.of.as_str()), (BoxKind::ServerNode, "shop/deploy/cart"));
    assert!(!by.origins.is_empty());
    assert!(told(&answer.because, "walk.connect-time-out"));
    assert_eq!(asked(&[], "cart").verdict, Verdict::Allowed);
}

#[test]
fn a_caller_that_is_isolated_without_dns_cannot_resolve_a_name() {
    let answer = asked(&[("isolated", TO_CART)], "cart");
    assert_eq!(answer.verdict, Verdict::Dropped);
    assert!(matches!(answer.client_sees, Sees::NotResolved { after: Some(_) }));
    assert_eq!(answer.enforced_by.expect("the client's node").kind, BoxKind::ClientNode);
    assert!(told(&answer.because, "walk.name-server"));
    let answer = asked(&[("isolated", TO_CART), ("dns", TO_DNS)], "cart");
    assert_eq!(answer.verdict, Verdict::Allowed, "{:?}", answer.findings);
}

#[test]
fn an_address_outside_is_dropped_as_pods_are() {
    assert_eq!(asked(&[("isolated", ISOLATED)], "203.0.113.7:443").verdict, Verdict::Dropped);
    let open = "{podSelector: {}, policyTypes: [Egress], \
                egress: [{to: [{ipBlock: {cidr: 203.0.113.0/24}}]}]}";
    let answer = asked(&[("open", open)], "203.0.113.7:443");
    assert_ne!(answer.verdict, Verdict::Dropped, "{:?}", answer.findings);
}

#[test]
fn a_virtual_address_stands_for_its_pods() {
    let answer = asked(&[("isolated", TO_CART)], "10.0.0.10:80");
    assert_eq!(answer.verdict, Verdict::Allowed, "{:?}", answer.because);
}
