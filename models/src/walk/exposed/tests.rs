//! Clients outside before Services: plain ones, with sidecars, in ambient, and behind policies.

use crate::walk::testing::{Meshed, policy, says, web_of_shop};
use crate::walk::{Answer, BoxKind, Outcome, OutsideClient, Sees, Sender, Verdict};

use super::CLIENTS_OF_RUNS;

const SOMEBODY: OutsideClient = OutsideClient::Somebody(None);

/// `shop/web` behind a Service of a type, in a namespace with these labels.
fn shop(labels: &str, service: &str) -> String {
    web_of_shop(labels)
        + &format!(
            "---
apiVersion: v1
kind: Service
metadata: {{name: web, namespace: shop}}
spec: {{{service}, selector: {{app: web}}, ports: [{{name: http, port: 80, targetPort: 8080}}]}}
"
        )
}

const BALANCED: &str = "type: LoadBalancer";
const LOCAL: &str = "type: LoadBalancer, externalTrafficPolicy: Local";

fn asked(text: &str, client: OutsideClient) -> Answer {
    Meshed::of(text).asked(Sender::Client(client), "web.shop:80")
}

#[test]
fn a_service_is_reached_from_outside_where_its_type_exposes_it() {
    for service in [BALANCED, "type: NodePort"] {
        let answer = asked(&shop("", service), SOMEBODY);
        assert_eq!((answer.verdict, answer.outcome), (Verdict::Allowed, Outcome::Routed));
        assert!(says(&answer.because, "kube-proxy picks one of 1 ready endpoints"));
        assert_eq!(answer.legs.len(), 1);
    }
    let hidden = asked(&shop("", "type: ClusterIP"), SOMEBODY);
    assert_eq!(hidden.verdict, Verdict::Denied);
    assert_eq!(hidden.client_sees, Sees::NotResolved { after: None });
    assert_eq!(hidden.enforced_by.map(|it| it.kind), Some(BoxKind::Service));
    let of_run = asked(&shop("", "type: ClusterIP"), OutsideClient::OfRun(CLIENTS_OF_RUNS));
    assert_eq!(of_run.verdict, Verdict::Allowed, "the scenario sends them there");
}

#[test]
fn what_is_no_service_or_no_port_of_one_is_not_reached() {
    let case = Meshed::of(shop("", BALANCED));
    assert_eq!(case.asked(Sender::Client(SOMEBODY), "web.shop:81").outcome, Outcome::NoRoute);
    assert_eq!(case.asked(Sender::Client(SOMEBODY), "shop.example:80").verdict, Verdict::Unknown);
    let nobody = shop("", BALANCED).replace("labels: {app: web}}, spec", "labels: {app: x}}, spec");
    let answer =
        asked(&nobody.replace("matchLabels: {app: web}", "matchLabels: {app: x}"), SOMEBODY);
    assert_eq!(answer.client_sees, Sees::Refused);
}

#[test]
fn a_block_of_addresses_counts_where_the_clients_address_is_kept() {
    let office = policy(
        "NetworkPolicy",
        "{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 198.51.100.0/24}}]}]}",
    );
    let known = |text: &str| OutsideClient::Somebody(Some(text.parse().expect("an address")));
    let kept = shop("", LOCAL) + &office;
    assert_eq!(asked(&kept, known("198.51.100.7")).verdict, Verdict::Allowed);
    assert_eq!(asked(&kept, known("203.0.113.7")).verdict, Verdict::Dropped);
    let unknown = asked(&kept, SOMEBODY);
    assert_eq!(unknown.verdict, Verdict::Unknown);
    let why = unknown.findings.iter().find(|it| it.id == "server.unknown").expect("it says why");
    assert!(why.sentence.contains("198.51.100.0/24"), "{}", why.sentence);
    // Servers see a node, and nobody knows which.
    let rewritten = shop("", BALANCED) + &office;
    assert_eq!(asked(&rewritten, known("198.51.100.7")).verdict, Verdict::Unknown);
    let of_run = asked(&rewritten, OutsideClient::OfRun(CLIENTS_OF_RUNS));
    assert_eq!(of_run.verdict, Verdict::Dropped, "runs take an address for theirs");
}

#[test]
fn a_policy_that_no_address_passes_drops_clients_outside() {
    let isolated = policy("NetworkPolicy", "{podSelector: {}, policyTypes: [Ingress]}");
    let answer = asked(&(shop("", BALANCED) + &isolated), SOMEBODY);
    assert_eq!(answer.verdict, Verdict::Dropped);
    assert_eq!(answer.enforced_by.map(|it| it.kind), Some(BoxKind::ServerNode));
    let open = policy(
        "NetworkPolicy",
        "{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 0.0.0.0/0}}]}]}",
    );
    assert_eq!(asked(&(shop("", BALANCED) + &open), SOMEBODY).verdict, Verdict::Allowed);
}

#[test]
fn plaintext_from_outside_is_closed_by_whoever_demands_mutual_tls() {
    let strict = policy("PeerAuthentication", "{mtls: {mode: STRICT}}");
    let beside = asked(&(shop("istio-injection: enabled", BALANCED) + &strict), SOMEBODY);
    assert_eq!(beside.verdict, Verdict::Reset);
    assert_eq!(beside.enforced_by.as_ref().map(|it| it.kind), Some(BoxKind::ServerSidecar));
    assert_eq!(beside.enforced_by.map(|it| it.origins.is_empty()), Some(false));
    let ambient = asked(&(shop("istio.io/dataplane-mode: ambient", BALANCED) + &strict), SOMEBODY);
    assert_eq!(ambient.verdict, Verdict::Reset);
    assert_eq!(ambient.enforced_by.map(|it| it.kind), Some(BoxKind::ServerZtunnel));
}

#[test]
fn a_client_outside_has_no_identity_for_access_rules() {
    let wants = |source: &str| {
        policy("AuthorizationPolicy", &format!("{{rules: [{{from: [{{source: {source}}}]}}]}}"))
    };
    let sidecar = shop("istio-injection: enabled", BALANCED);
    let someone = asked(&(sidecar.clone() + &wants("{principals: ['*']}")), SOMEBODY);
    assert_eq!((someone.verdict, someone.status), (Verdict::Denied, Some(403)));
    assert_eq!(someone.identity.and_then(|it| it.principal), None);
    let block = wants("{ipBlocks: [198.51.100.0/24]}");
    assert_eq!(asked(&(sidecar + &block), SOMEBODY).verdict, Verdict::Unknown);
    let ambient = shop("istio.io/dataplane-mode: ambient", LOCAL);
    let denied = asked(&(ambient.clone() + &wants("{namespaces: [shop]}")), SOMEBODY);
    assert_eq!(denied.verdict, Verdict::Reset, "plaintext has no answer of ztunnel");
    let office = OutsideClient::Somebody("198.51.100.7".parse().ok());
    assert_eq!(asked(&(ambient + &block), office).verdict, Verdict::Allowed);
}

/// A gateway of Istio's behind a Service, with a route for one path.
const EDGE: &str = "---
apiVersion: apps/v1
kind: Deployment
metadata: {name: edge, namespace: shop}
spec:
  selector: {matchLabels: {istio: edge}}
  template:
    metadata: {labels: {istio: edge, sidecar.istio.io/inject: 'true'}, annotations: {inject.istio.io/templates: gateway}}
    spec: {containers: [{name: istio-proxy, image: auto}]}
---
apiVersion: v1
kind: Service
metadata: {name: edge, namespace: shop}
spec: {type: LoadBalancer, selector: {istio: edge}, ports: [{name: http, port: 80, targetPort: 8080}]}
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: public, namespace: shop}
spec:
  selector: {istio: edge}
  servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ['*']}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: public, namespace: shop}
spec:
  hosts: ['*']
  gateways: [public]
  http: [{match: [{uri: {exact: /a}}], route: [{destination: {host: web, port: {number: 80}}}]}]
";

#[test]
fn a_service_before_a_gateway_leads_to_the_gateways_routes() {
    let case = Meshed::of(shop("", "type: ClusterIP") + EDGE);
    let answer = case.asked(Sender::Client(SOMEBODY), "edge.shop:80");
    assert_eq!((answer.status, answer.flags.as_deref()), (Some(404), Some("NR")));
    // A run does not look at them.
    let of_run = case.asked(Sender::Client(OutsideClient::OfRun(CLIENTS_OF_RUNS)), "edge.shop:80");
    assert_eq!(of_run.verdict, Verdict::Unknown);
}
