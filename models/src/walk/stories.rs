//! Stories of whole meshes in a few lines of YAML: what becomes of a request in odd situations.

use crate::control::ControlPlanes;
use crate::manifest::{SourceSet, load};
use crate::profile::Profile;
use crate::world::{ClusterManifests, Topology, World, build};

use super::testing::told;
use super::{
    Answer, ClientCertificate, ExternalAnswers, Outcome, Policies, Question, Sender, find_caller,
    shown, walk,
};

/// `web/frontend` with a sidecar, `plain/legacy` without one, and Services of `shop`.
const MESH: &str = "\
apiVersion: v1
kind: Namespace
metadata: {name: web, labels: {istio-injection: enabled}}
---
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: frontend, namespace: web}
spec:
  selector: {matchLabels: {app: frontend}}
  template: {metadata: {labels: {app: frontend}}, spec: {containers: [{name: app}]}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: legacy, namespace: plain}
spec:
  selector: {matchLabels: {app: legacy}}
  template: {metadata: {labels: {app: legacy}}, spec: {containers: [{name: app}]}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: checkout, namespace: shop}
spec:
  replicas: 2
  selector: {matchLabels: {app: checkout}}
  template:
    metadata: {labels: {app: checkout, version: v1}}
    spec: {containers: [{name: app}]}
---
apiVersion: v1
kind: Service
metadata: {name: checkout, namespace: shop}
spec:
  selector: {app: checkout}
  ports: [{name: http, port: 8080}, {name: tcp-raw, port: 9000}, {name: grpc, port: 9090}]
---
apiVersion: v1
kind: Service
metadata: {name: cart, namespace: shop}
spec: {selector: {app: checkout}, ports: [{name: http, port: 8080}]}
---
apiVersion: v1
kind: Service
metadata: {name: ghost, namespace: shop}
spec: {selector: {app: nobody}, ports: [{name: http, port: 8080}]}
---
apiVersion: v1
kind: Service
metadata: {name: pods, namespace: shop}
spec: {clusterIP: None, selector: {app: checkout}, ports: [{name: http, port: 8080}]}
---
apiVersion: v1
kind: Service
metadata: {name: pay, namespace: shop}
spec: {type: ExternalName, externalName: pay.example.com}
";

struct Mesh {
    world: World,
    planes: ControlPlanes,
}

impl Mesh {
    /// The mesh above, and one more object of Istio's for each of `specs`.
    fn with(specs: &[(&str, &str, &str)]) -> Self {
        let mut text = MESH.to_owned();
        for (kind, title, spec) in specs {
            let (namespace, name) = title.split_once('/').expect("namespace/name");
            let group = if *kind == "PeerAuthentication" { "security" } else { "networking" };
            text += &format!(
                "---\napiVersion: {group}.istio.io/v1\nkind: {kind}\n\
                 metadata: {{name: {name}, namespace: {namespace}}}\nspec: {spec}\n"
            );
        }
        let mut sources = SourceSet::new();
        let id = sources.add("mesh.yaml", text);
        let manifests = load(&sources, [id]);
        assert_eq!(manifests.diagnostics, []);
        let cluster = || ClusterManifests {
            name: "c",
            default_namespace: "default",
            resources: &manifests.resources,
        };
        let world = build(&[cluster()], &Topology::default(), &[]).world;
        let (planes, _) = ControlPlanes::new(&world, &[cluster()], Profile::built_in());
        Self { world, planes }
    }

    fn asked(&self, from: &str, to: &str) -> Answer {
        self.sent(from, to, &[])
    }

    fn sent(&self, from: &str, to: &str, headers: &[(&str, &str)]) -> Answer {
        let caller = find_caller(&self.world, None, from).expect("the caller");
        let target: super::Target = to.parse().expect("a destination");
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let question = Question {
            sender: Sender::Pod(caller),
            path: target.path.clone(),
            target,
            method: "GET".to_owned(),
            headers: headers.collect(),
            policies: Policies::MayDeny,
            certificate: ClientCertificate::Missing,
            external: ExternalAnswers::default(),
            tokens: std::sync::Arc::default(),
        };
        walk(&self.world, &self.planes, &question)
    }
}

fn pods(answer: &Answer) -> Vec<&str> {
    answer.weights.iter().flat_map(|it| &it.endpoints).filter_map(|it| it.pod.as_deref()).collect()
}

fn finding<'a>(answer: &'a Answer, id: &str) -> &'a str {
    let found = answer.findings.iter().find(|it| it.id == id);
    &found.unwrap_or_else(|| panic!("no {id}: {:?}", answer.findings)).sentence
}

#[test]
fn a_port_that_a_service_does_not_have_reaches_nobody() {
    let mesh = Mesh::with(&[]);
    for from in ["web/frontend", "plain/legacy"] {
        let answer = mesh.asked(from, "checkout.shop:9999");
        assert_eq!(answer.outcome, Outcome::NoRoute, "{from}");
    }
    let answer = mesh.asked("web/frontend", "checkout.shop:9999");
    assert!(finding(&answer, "path.ends").contains("port 9999 of Service checkout"));
}

#[test]
fn a_service_that_nobody_stands_behind_is_no_backend() {
    let mesh = Mesh::with(&[]);
    let answer = mesh.asked("web/frontend", "ghost.shop:8080");
    assert_eq!((answer.outcome, answer.status), (Outcome::NoRoute, Some(503)));
    assert_eq!(answer.flags.as_deref(), Some("UH"));
    assert_eq!(mesh.asked("plain/legacy", "ghost.shop:8080").outcome, Outcome::NoRoute);
}

/// The client's proxy does not know the service, so it passes the request on in plaintext.
#[test]
fn a_service_that_a_sidecar_object_hides_is_reached_past_the_mesh() {
    let hides = (
        "Sidecar",
        "web/default",
        "{egress: [{hosts: ['./*', 'shop/cart.shop.svc.cluster.local']}]}",
    );
    let mesh = Mesh::with(&[hides]);
    let answer = mesh.asked("web/frontend", "checkout.shop:8080");
    assert_eq!(shown(&answer), "routed:checkout.shop:8080");
    assert_eq!(answer.weights[0].cluster, "PassthroughCluster");
    assert_eq!(pods(&answer).len(), 2);
    let answer = mesh.asked("web/frontend", "ghost.shop:8080");
    assert_eq!((answer.outcome, answer.flags.as_deref()), (Outcome::NoRoute, Some("UF")));
    let strict = ("PeerAuthentication", "shop/default", "{mtls: {mode: STRICT}}");
    let mesh = Mesh::with(&[hides, strict]);
    assert_eq!(mesh.asked("web/frontend", "checkout.shop:8080").outcome, Outcome::Denied);
    assert_eq!(mesh.asked("web/frontend", "cart.shop:8080").outcome, Outcome::Routed);
    assert_eq!(mesh.asked("plain/legacy", "cart.shop:8080").outcome, Outcome::Denied);
}

#[test]
fn a_headless_service_is_dialled_at_its_pods() {
    let mesh = Mesh::with(&[]);
    let answer = mesh.asked("web/frontend", "pods.shop:8080");
    assert_eq!(shown(&answer), "routed:pods.shop:8080");
    assert_eq!(pods(&answer), ["shop/checkout-0", "shop/checkout-1"]);
}

#[test]
fn an_alias_leads_outside_through_the_proxy_and_into_the_unknown_without_one() {
    let mesh = Mesh::with(&[]);
    let answer = mesh.asked("web/frontend", "http://pay.shop/");
    assert_eq!(shown(&answer), "routed:pay.example.com:80");
    assert!(told(&answer.because, "walk.outside-name"), "{:#?}", answer.because);
    assert_eq!(mesh.asked("plain/legacy", "http://pay.shop/").outcome, Outcome::Unknown);
    assert_eq!(mesh.asked("web/frontend", "http://nobody.shop/").outcome, Outcome::NoRoute);
}

#[test]
fn a_name_outside_is_taken_to_have_the_address_that_its_entry_declares() {
    let entry = "{hosts: [db.example.com], addresses: [198.51.100.9], resolution: STATIC, \
                 ports: [{number: 3306, name: tcp, protocol: TCP}], \
                 endpoints: [{address: 198.51.100.10}]}";
    let mesh = Mesh::with(&[("ServiceEntry", "web/db", entry)]);
    let answer = mesh.asked("web/frontend", "db.example.com:3306");
    assert_eq!(shown(&answer), "routed:db.example.com:3306");
    assert_eq!(answer.weights[0].cluster, "outbound|3306||db.example.com");
}

#[test]
fn unknown_hosts_are_let_out_unless_the_registry_is_all_there_is() {
    let mesh = Mesh::with(&[]);
    for to in ["http://else.example.com/", "https://else.example.com/"] {
        assert_eq!(mesh.asked("web/frontend", to).outcome, Outcome::Routed, "{to}");
    }
    let only = "{outboundTrafficPolicy: {mode: REGISTRY_ONLY}, egress: [{hosts: ['*/*']}]}";
    let mesh = Mesh::with(&[("Sidecar", "web/default", only)]);
    let answer = mesh.asked("web/frontend", "http://else.example.com:8080/");
    assert_eq!((answer.outcome, answer.status), (Outcome::DirectResponse, Some(502)));
    // A connection that is closed has no status.
    let answer = mesh.asked("web/frontend", "https://else.example.com/");
    assert_eq!((answer.outcome, answer.status), (Outcome::NoRoute, None));
    assert_eq!(answer.weights[0].fails_with, Some((0, "UH")));
}

const TO_CART: &str = "{hosts: [checkout], http: [{route: [{destination: {host: cart}}]}]}";

#[test]
fn of_two_virtual_services_without_ages_the_name_decides_and_that_is_said() {
    let by_age =
        "{hosts: [checkout.shop.svc.cluster.local], http: [{directResponse: {status: 200}}]}";
    let mesh =
        Mesh::with(&[("VirtualService", "shop/a", TO_CART), ("VirtualService", "shop/b", by_age)]);
    let answer = mesh.asked("web/frontend", "checkout.shop:8080");
    assert_eq!(shown(&answer), "routed:cart.shop:8080");
    let said = finding(&answer, "route.age-unknown");
    assert!(said.contains("without creation times shop/a counts"), "{said}");
    assert!(told(&answer.because, "istio.route.oldest-wins"));
    let wild = "{hosts: ['*.shop.svc.cluster.local'], http: [{directResponse: {status: 200}}]}";
    let mesh =
        Mesh::with(&[("VirtualService", "shop/a", wild), ("VirtualService", "shop/b", TO_CART)]);
    let answer = mesh.asked("web/frontend", "checkout.shop:8080");
    assert_eq!(shown(&answer), "routed:cart.shop:8080");
    assert!(told(&answer.because, "istio.route.exact-host-first"), "{:#?}", answer.because);
}

#[test]
fn a_virtual_service_counts_only_where_it_is_exported_to() {
    let private = TO_CART.replace("{hosts", "{exportTo: ['.'], hosts");
    let mesh = Mesh::with(&[("VirtualService", "shop/a", &private)]);
    let answer = mesh.asked("web/frontend", "checkout.shop:8080");
    assert_eq!(shown(&answer), "routed:checkout.shop:8080");
    let answer = mesh.asked("shop/checkout", "checkout:8080");
    assert_eq!(shown(&answer), "routed:cart.shop:8080");
}

#[test]
fn the_server_is_told_the_deadline_of_its_attempt() {
    let rule = "{hosts: [checkout], http: [{timeout: 2s, \
                retries: {attempts: 2, perTryTimeout: 800ms, retryOn: unavailable}, \
                route: [{destination: {host: checkout}}]}]}";
    let mesh = Mesh::with(&[("VirtualService", "shop/a", rule)]);
    let headers = [("content-type", "application/grpc"), ("grpc-timeout", "3S")];
    let answer = mesh.sent("web/frontend", "checkout.shop:9090", &headers);
    let after = answer.request_after.expect("it is forwarded");
    assert_eq!(after.headers.get("grpc-timeout"), Some("800m"));
    assert_eq!(after.headers.get("x-envoy-expected-rq-timeout-ms"), Some("800"));
}

#[test]
fn tls_of_the_clients_own_to_a_port_that_speaks_http_is_reset_by_the_server() {
    let mesh = Mesh::with(&[]);
    let answer = mesh.asked("web/frontend", "https://checkout.shop:8080/");
    assert_eq!(answer.outcome, Outcome::Denied, "{:#?}", answer.findings);
}

#[test]
fn a_share_that_nobody_stands_behind_is_told() {
    let split = "{hosts: [checkout], http: [{route: [{destination: {host: cart}, weight: 90}, \
                 {destination: {host: ghost}, weight: 10}]}]}";
    let mesh = Mesh::with(&[("VirtualService", "shop/a", split)]);
    let answer = mesh.asked("web/frontend", "checkout.shop:8080");
    assert_eq!(shown(&answer), "routed:cart.shop:8080=90,ghost.shop:8080=10");
    let said = finding(&answer, "route.share-fails");
    assert_eq!(
        said,
        "10 % of the requests are answered 503 UH: nobody stands behind ghost.shop:8080"
    );
}
