//! Clients outside at a controller that no manifest holds: its rules, and the way to backends.

use crate::walk::testing::{Meshed, policy, says, web_of_shop};
use crate::walk::{
    Admission, Answer, BoxKind, Outcome, SeenAnswer, Sees, Sender, UnseenController, Verdict,
};

/// `shop/web` behind a Service and an Ingress of class `public`, in a namespace with these labels.
fn shop(labels: &str, more: &str) -> String {
    web_of_shop(labels)
        + &format!(
            "---
apiVersion: v1
kind: Service
metadata: {{name: web, namespace: shop}}
spec: {{selector: {{app: web}}, ports: [{{name: http, port: 80, targetPort: 8080}}]}}
---
apiVersion: v1
kind: Service
metadata: {{name: idle, namespace: shop}}
spec: {{selector: {{app: idle}}, ports: [{{name: http, port: 80}}]}}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {{name: front, namespace: shop}}
spec:
  ingressClassName: public
  rules:
  - host: shop.example
    http:
      paths:
      - {{path: /idle, pathType: Prefix, backend: {{service: {{name: idle, port: {{number: 80}}}}}}}}
      - {{path: /gone, pathType: Prefix, backend: {{service: {{name: gone, port: {{number: 80}}}}}}}}
      - {{path: /a, pathType: Prefix, backend: {{service: {{name: web, port: {{number: 80}}}}}}}}
{more}"
        )
}

fn asked(text: &str, admission: Admission, url: &str) -> Answer {
    let controller = UnseenController { class: "public".to_owned(), admission };
    Meshed::of(text).asked(Sender::Controller(controller), url)
}

const A: &str = "http://shop.example/a";

#[test]
fn an_unseen_controller_follows_the_rules_of_its_class() {
    let answer = asked(&shop("", ""), Admission::Open, A);
    assert_eq!((answer.verdict, answer.outcome), (Verdict::Allowed, Outcome::Routed));
    for told in [
        "ingress/public, whose controller is in no manifest",
        "path `/idle` (Prefix) does not fit and is passed over",
        "forwarded to shop/web port 80",
        "the controller picks one of 1 ready endpoints for each request",
    ] {
        assert!(says(&answer.because, told), "{told}");
    }
    assert_eq!(answer.legs.len(), 2, "to the controller, and on to the pod");
    for (url, status) in [
        ("http://shop.example/b", 404),
        ("http://other.example/a", 404),
        ("http://shop.example/gone", 503),
        ("http://shop.example/idle", 503),
    ] {
        let answer = asked(&shop("", ""), Admission::Open, url);
        assert_eq!((answer.verdict, answer.status), (Verdict::Denied, Some(status)), "{url}");
        let Sees::Answer(SeenAnswer { status: seen, .. }) = answer.client_sees else {
            panic!("{url}: {:?}", answer.client_sees)
        };
        assert_eq!(seen, status);
        assert_eq!(answer.enforced_by.map(|it| it.kind), Some(BoxKind::Gateway));
    }
}

#[test]
fn a_policy_that_asks_for_its_namespace_is_open_or_said_to_be_assumed() {
    let asks = "{podSelector: {}, ingress: [{from: [{namespaceSelector: {matchLabels: \
                {kubernetes.io/metadata.name: edge}}}]}]}";
    let text = shop("", &policy("NetworkPolicy", asks));
    let open = asked(&text, Admission::Open, A);
    assert_eq!((open.verdict, open.outcome), (Verdict::Unknown, Outcome::Unknown));
    assert!(open.findings.iter().any(|it| it.id == "server.unknown"));
    let assumed = asked(&text, Admission::Assumed, A);
    assert_eq!(assumed.verdict, Verdict::Allowed);
    let note = assumed.findings.iter().find(|it| it.id == "ingress.admitted").expect("it says so");
    assert!(note.sentence.contains("it is taken to be"), "{}", note.sentence);
    assert!(says(&assumed.because, "it is taken to be"));
}

#[test]
fn an_assumption_opens_no_policy_that_lets_nobody_in() {
    let none = policy("NetworkPolicy", "{podSelector: {}, policyTypes: [Ingress]}");
    for admission in [Admission::Open, Admission::Assumed] {
        let answer = asked(&shop("", &none), admission, A);
        assert_eq!(answer.verdict, Verdict::Dropped);
        assert_eq!(answer.client_sees, Sees::Unknown, "the status is the controller's affair");
        assert!(answer.findings.iter().all(|it| it.id != "ingress.admitted"));
    }
}

#[test]
fn what_an_unseen_controller_sends_is_plaintext_of_nobody() {
    let strict = policy("PeerAuthentication", "{mtls: {mode: STRICT}}");
    let sidecar = "istio-injection: enabled";
    let reset = asked(&shop(sidecar, &strict), Admission::Assumed, "https://shop.example/a");
    assert_eq!(reset.verdict, Verdict::Reset);
    assert_eq!(reset.enforced_by.map(|it| it.kind), Some(BoxKind::ServerSidecar));
    let wants = policy("AuthorizationPolicy", "{rules: [{from: [{source: {principals: ['*']}}]}]}");
    let denied = asked(&shop(sidecar, &wants), Admission::Assumed, A);
    assert_eq!((denied.verdict, denied.status), (Verdict::Denied, Some(403)));
    assert_eq!(denied.identity.and_then(|it| it.principal), None);
    let ambient = "istio.io/dataplane-mode: ambient";
    let closed = asked(&shop(ambient, &strict), Admission::Assumed, A);
    assert_eq!(closed.enforced_by.map(|it| it.kind), Some(BoxKind::ServerZtunnel));
}

#[test]
fn annotations_that_may_turn_requests_away_leave_it_open() {
    let listed = shop("", "").replace(
        "{name: front, namespace: shop}",
        "{name: front, namespace: shop, annotations: \
         {nginx.ingress.kubernetes.io/whitelist-source-range: 10.0.0.0/8}}",
    );
    let answer = asked(&listed, Admission::Assumed, A);
    assert_eq!((answer.verdict, answer.not_modelled.len()), (Verdict::Unknown, 1));
}
