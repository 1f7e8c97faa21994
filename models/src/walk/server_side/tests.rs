//! Stories of clients and servers that agree on encryption, or do not.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::control::{ControlPlanes, GatewayKind, GatewayName};
use crate::proxy::envoy::config::{
    Address, DeclaredHealth, Endpoint, ProxyConfig, RouteAction, UpstreamTls,
};
use crate::walk::testing::{
    HERE, Meshed, capturing, cluster, config, forward, question, route, sourced, told,
};
use crate::walk::{
    Answer, ClientCertificate, ExternalAnswers, Outcome, Policies, Question, Sender, find_caller,
    walk,
};
use crate::world::{PodId, World};

/// `web/caller`, and `shop/cart` with a sidecar and a Service on port 8080.
const PODS: &str = "\
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: caller, namespace: web}
spec:
  selector: {matchLabels: {app: caller}}
  template:
    metadata: {labels: {app: caller}}
    spec: {containers: [{name: app}]}
---
apiVersion: v1
kind: Service
metadata: {name: cart, namespace: shop}
spec: {clusterIP: 10.0.0.10, selector: {app: cart}, ports: [{name: http, port: 8080}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: cart, namespace: shop}
spec:
  selector: {matchLabels: {app: cart}}
  template:
    metadata: {labels: {app: cart}, annotations: {traffic.sidecar.istio.io/excludeInboundPorts: '9999'}}
    spec: {containers: [{name: app, ports: [{containerPort: 8080}]}]}
";

/// Another workload behind the Service, without a sidecar.
const OLD: &str = "\
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: old, namespace: shop}
spec:
  selector: {matchLabels: {app: cart, age: old}}
  template:
    metadata: {labels: {app: cart, age: old, sidecar.istio.io/inject: 'false'}}
    spec: {containers: [{name: app, ports: [{containerPort: 8080}]}]}
";

struct Rig {
    world: World,
    planes: ControlPlanes,
}

impl Rig {
    fn of(objects: &str) -> Self {
        let Meshed { world, planes } = Meshed::of(format!("{PODS}{objects}"));
        Self { world, planes }
    }

    fn pods(&self, name: &str) -> Vec<PodId> {
        let ids = self.world.pods.ids();
        ids.filter(|pod| self.world.workload_of(*pod).name == name).collect()
    }

    /// Gives the caller a sidecar with one cluster for the pods of these workloads.
    fn with_client(mut self, tls: UpstreamTls, servers: &[(&str, bool)]) -> Self {
        const NAME: &str = "outbound|8080||cart.shop.svc.cluster.local";
        let forward = forward(&[(NAME, 1)]);
        let mut config = config(vec![route("/", RouteAction::Forward(Box::new(forward)))]);
        cluster(&mut config, NAME, &["192.0.2.1"]);
        let own = Arc::make_mut(config.clusters.get_mut(NAME).expect("just made"));
        own.tls = sourced(tls);
        let assignment = config.assignments.get_mut(NAME).expect("just made");
        let endpoints = &mut Arc::make_mut(assignment).localities[0].endpoints;
        endpoints.clear();
        for (server, takes_mutual_tls) in servers {
            endpoints.extend(self.pods(server).into_iter().map(|pod| Endpoint {
                address: Address { host: self.world.pods[pod].ip.to_string(), port: 8080 },
                pod: Some(pod),
                weight: 1,
                health: DeclaredHealth::Healthy,
                labels: BTreeMap::new(),
                takes_mutual_tls: *takes_mutual_tls,
                origin: HERE,
            }));
        }
        self.give(config);
        self
    }

    fn give(&mut self, mut config: ProxyConfig) {
        config.listeners.push(Arc::new(capturing()));
        let config = Arc::new(config);
        let sidecars = self.pods("caller").into_iter().map(|pod| (pod, config.clone())).collect();
        self.planes = self.planes.clone().giving(sidecars);
    }

    fn asked(&self, to: &str) -> Answer {
        self.asked_by("web/caller", to)
    }

    fn asked_by(&self, caller: &str, to: &str) -> Answer {
        let caller = find_caller(&self.world, None, caller).expect("the caller");
        walk(&self.world, &self.planes, &question(Sender::Pod(caller), to))
    }

    fn cart(&self) -> Answer {
        self.asked("cart.shop:8080")
    }
}

fn mtls(spec: &str) -> String {
    format!(
        "---\napiVersion: security.istio.io/v1\nkind: PeerAuthentication\n\
         metadata: {{name: own, namespace: shop}}\nspec: {spec}\n"
    )
}

fn strict() -> String {
    mtls("{mtls: {mode: STRICT}}")
}

const fn mesh() -> UpstreamTls {
    UpstreamTls::IstioMutual { subject_alt_names: Vec::new(), sni: None }
}

/// Outcome, status and flags.
fn gets(answer: &Answer) -> (Outcome, Option<u16>, Option<&str>) {
    (answer.outcome, answer.status, answer.flags.as_deref())
}

fn says(answer: &Answer, text: &str) -> bool {
    answer.findings.iter().any(|finding| finding.sentence.contains(text))
}

#[test]
fn a_client_that_sends_plaintext_is_reset_by_a_strict_server() {
    let permissive = Rig::of("").cart();
    assert_eq!(gets(&permissive), (Outcome::Routed, None, None), "{:#?}", permissive.because);
    assert!(told(&permissive.because, "walk.server-side"));
    let answer = Rig::of(&strict()).cart();
    assert_eq!(gets(&answer), (Outcome::Denied, None, None), "{:#?}", answer.because);
    assert!(says(&answer, "demands STRICT mutual TLS"), "{:#?}", answer.findings);
    assert!(says(&answer, "plaintext"));
    assert!(answer.weights[0].endpoints[0].refuses.is_some());
    let by_proxy = Rig::of(&strict()).with_client(UpstreamTls::None, &[("cart", true)]).cart();
    assert_eq!(gets(&by_proxy), (Outcome::Denied, Some(503), Some("UC")), "its proxy answers");
}

#[test]
fn mutual_tls_of_the_mesh_reaches_a_strict_server() {
    for tls in [mesh(), UpstreamTls::AutoMutual] {
        let answer = Rig::of(&strict()).with_client(tls, &[("cart", true)]).cart();
        assert_eq!(answer.outcome, Outcome::Routed, "{:#?}", answer.because);
    }
}

#[test]
fn mutual_tls_of_the_mesh_is_ended_by_nobody_at_a_server_without_a_sidecar() {
    let answer = Rig::of(OLD).with_client(mesh(), &[("old", false)]).cart();
    assert_eq!(gets(&answer), (Outcome::Denied, Some(503), Some("UF")), "{:#?}", answer.because);
    let answer = Rig::of(OLD).with_client(UpstreamTls::AutoMutual, &[("old", false)]).cart();
    assert_eq!(answer.outcome, Outcome::Routed);
}

#[test]
fn mutual_tls_to_a_port_that_disables_it_is_no_request() {
    let disabled = mtls("{mtls: {mode: DISABLE}}");
    let answer = Rig::of(&disabled).with_client(mesh(), &[("cart", true)]).cart();
    assert_eq!(gets(&answer), (Outcome::Denied, Some(503), Some("UF")), "{:#?}", answer.because);
}

#[test]
fn a_certificate_of_the_users_may_or_may_not_be_accepted() {
    let own = UpstreamTls::Mutual { subject_alt_names: Vec::new(), sni: None };
    let answer = Rig::of(&strict()).with_client(own, &[("cart", true)]).cart();
    assert_eq!(answer.outcome, Outcome::Unknown, "{:#?}", answer.because);
    let simple = UpstreamTls::Simple { subject_alt_names: Vec::new(), sni: None };
    let answer = Rig::of(&strict()).with_client(simple, &[("cart", true)]).cart();
    assert_eq!(gets(&answer), (Outcome::Denied, Some(503), Some("UF")));
}

#[test]
fn servers_that_disagree_leave_the_outcome_unknown_with_their_shares() {
    let rig = Rig::of(&format!("{OLD}{}", strict()));
    let answer = rig.with_client(UpstreamTls::None, &[("cart", true), ("old", false)]).cart();
    assert_eq!(answer.outcome, Outcome::Unknown, "{:#?}", answer.because);
    assert!(says(&answer, "50.0 % of the requests"), "{:#?}", answer.findings);
    let refuses: Vec<_> =
        answer.weights[0].endpoints.iter().map(|it| it.refuses.is_some()).collect();
    assert_eq!(refuses, [true, false]);
    let plain = Rig::of(&format!("{OLD}{}", strict())).cart();
    assert_eq!(plain.outcome, Outcome::Unknown, "without a proxy too");
}

#[test]
fn a_port_that_is_not_redirected_is_reached_past_a_strict_sidecar() {
    let odd = "---\napiVersion: v1\nkind: Service\nmetadata: {name: odd, namespace: shop}\n\
               spec: {clusterIP: 10.0.0.11, selector: {app: cart}, ports: [{name: http, port: 9999}]}\n";
    let answer = Rig::of(&format!("{odd}{}", strict())).asked("odd.shop:9999");
    assert_eq!(answer.outcome, Outcome::Routed, "{:#?}", answer.because);
    assert!(told(&answer.because, "istio.capture.inbound"));
}

#[test]
fn a_call_past_the_callers_own_sidecar_meets_kube_proxy() {
    let caller = "---\napiVersion: v1\nkind: Pod\nmetadata: {name: past, namespace: web, \
                  labels: {app: past}, annotations: \
                  {traffic.sidecar.istio.io/excludeOutboundPorts: '8080'}}\n\
                  spec: {containers: [{name: app}]}\n";
    let mut rig = Rig::of(caller).with_client(mesh(), &[("cart", true)]);
    let config = rig.planes.sidecar(&rig.world, rig.pods("caller")[0]).expect("given");
    let past = rig.pods("past")[0];
    rig.planes = rig.planes.clone().giving(BTreeMap::from([(past, config)]));
    let question = Question {
        sender: Sender::Pod(find_caller(&rig.world, None, "web/past").expect("the caller")),
        target: "cart.shop:8080".parse().expect("a destination"),
        method: "GET".to_owned(),
        path: None,
        headers: Vec::new(),
        policies: Policies::MayDeny,
        certificate: ClientCertificate::Missing,
        external: ExternalAnswers::default(),
        tokens: Arc::default(),
    };
    let answer = walk(&rig.world, &rig.planes, &question);
    assert!(told(&answer.because, "walk.no-proxy"), "{:#?}", answer.because);
    assert!(told(&answer.because, "istio.capture.outbound"));
}

#[test]
fn a_policy_that_is_not_modelled_leaves_no_request_let_through() {
    let object = |kind: &str, api: &str, spec: &str| {
        format!(
            "---\napiVersion: {api}\nkind: {kind}\nmetadata: {{name: own, namespace: shop}}\n\
             spec: {spec}\n"
        )
    };
    let api = "extensions.istio.io/v1alpha1";
    for (kind, spec, outcome) in [
        ("WasmPlugin", "{phase: AUTHN}", Outcome::Unknown),
        ("WasmPlugin", "{phase: AUTHZ, selector: {matchLabels: {app: cart}}}", Outcome::Unknown),
        ("WasmPlugin", "{phase: STATS}", Outcome::Routed),
    ] {
        let answer = Rig::of(&object(kind, api, spec)).cart();
        assert_eq!(answer.outcome, outcome, "{kind} {spec}");
        assert_eq!(answer.not_modelled[0].what, format!("{kind} shop/own"));
        assert!(told(&answer.because, "walk.not-modelled"));
    }
    let other = object("WasmPlugin", api, "{phase: AUTHN, selector: {matchLabels: {app: other}}}");
    assert_eq!(Rig::of(&other).cart().not_modelled, []);
    let telemetry = Rig::of(&object("Telemetry", "telemetry.istio.io/v1", "{}")).cart();
    assert_eq!((telemetry.outcome, telemetry.not_modelled.len()), (Outcome::Routed, 1));
    // A pod without a sidecar enforces nothing.
    let old = format!(
        "{OLD}{}",
        object("WasmPlugin", api, "{phase: AUTHN, selector: {matchLabels: {age: old}}}")
    );
    let answer = Rig::of(&old).with_client(UpstreamTls::None, &[("old", false)]).cart();
    assert_eq!((answer.outcome, answer.not_modelled.len()), (Outcome::Routed, 0));
}

impl Rig {
    fn at_edge(&self, kind: GatewayKind) -> Answer {
        let (namespace, name) = ("shop".to_owned(), "edge".to_owned());
        let question = Question {
            sender: Sender::Outside(GatewayName { namespace, name, kind }),
            target: "http://cart.example".parse().expect("a destination"),
            method: "GET".to_owned(),
            path: None,
            headers: Vec::new(),
            policies: Policies::MayDeny,
            certificate: ClientCertificate::Missing,
            external: ExternalAnswers::default(),
            tokens: Arc::default(),
        };
        walk(&self.world, &self.planes, &question)
    }
}

#[test]
fn a_gateway_of_istio_calls_strict_servers_unless_a_rule_turns_mutual_tls_off() {
    let edge = "---\napiVersion: networking.istio.io/v1\nkind: Gateway\n\
                metadata: {name: edge, namespace: shop}\nspec: {selector: {app: edge}, servers: \
                [{port: {number: 80, name: http, protocol: HTTP}, hosts: ['*']}]}\n\
                ---\napiVersion: networking.istio.io/v1\nkind: VirtualService\n\
                metadata: {name: cart, namespace: shop}\nspec: {hosts: [cart.example], gateways: \
                [edge], http: [{route: [{destination: {host: cart}}]}]}\n";
    let answer = Rig::of(&format!("{edge}{}", strict())).at_edge(GatewayKind::Istio);
    assert_eq!(answer.outcome, Outcome::Routed, "{:#?}", answer.because);
    let off = "---\napiVersion: networking.istio.io/v1\nkind: DestinationRule\n\
               metadata: {name: cart, namespace: shop}\n\
               spec: {host: cart, trafficPolicy: {tls: {mode: DISABLE}}}\n";
    let answer = Rig::of(&format!("{edge}{off}{}", strict())).at_edge(GatewayKind::Istio);
    assert_eq!(gets(&answer), (Outcome::Denied, Some(503), Some("UC")), "{:#?}", answer.because);
    let guard = "---\napiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\n\
                 metadata: {name: edge, namespace: shop}\n\
                 spec: {selector: {matchLabels: {app: edge}}}\n";
    let answer = Rig::of(&format!("{edge}{guard}")).at_edge(GatewayKind::Istio);
    assert_eq!((answer.outcome, answer.status), (Outcome::Denied, Some(403)));
}

#[test]
fn a_gateway_of_gateway_api_encrypts_as_istio_does_where_istio_looks_after_it() {
    let edge = "---\napiVersion: gateway.networking.k8s.io/v1\nkind: GatewayClass\n\
                metadata: {name: istio}\nspec: {controllerName: istio.io/gateway-controller}\n\
                ---\napiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\n\
                metadata: {name: edge, namespace: shop}\nspec: {gatewayClassName: istio, \
                listeners: [{name: http, port: 80, protocol: HTTP}]}\n\
                ---\napiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\n\
                metadata: {name: cart, namespace: shop}\nspec: {parentRefs: [{name: edge}], \
                rules: [{backendRefs: [{name: cart, port: 8080}]}]}\n";
    let strict = Rig::of(&format!("{edge}{}", strict())).at_edge(GatewayKind::GatewayApi);
    assert_eq!(strict.outcome, Outcome::Routed, "{:#?}", strict.because);
    let disabled = mtls("{mtls: {mode: DISABLE}}");
    let answer = Rig::of(&format!("{edge}{disabled}")).at_edge(GatewayKind::GatewayApi);
    assert_eq!(answer.outcome, Outcome::Routed, "{:#?}", answer.because);
}

#[test]
fn plaintext_to_a_workload_outside_that_has_a_proxy_cannot_be_told() {
    let virtual_machine = |takes_mutual_tls, tls| {
        let mut rig = Rig::of("").with_client(tls, &[]);
        let config = rig.planes.sidecar(&rig.world, rig.pods("caller")[0]).expect("given");
        let mut config = ProxyConfig::clone(&config);
        for assignment in config.assignments.values_mut() {
            Arc::make_mut(assignment).localities[0].endpoints.push(Endpoint {
                address: Address { host: "192.0.2.7".to_owned(), port: 8080 },
                pod: None,
                weight: 1,
                health: DeclaredHealth::Healthy,
                labels: BTreeMap::new(),
                takes_mutual_tls,
                origin: HERE,
            });
        }
        rig.give(config);
        rig.cart().outcome
    };
    assert_eq!(virtual_machine(true, UpstreamTls::None), Outcome::Unknown);
    assert_eq!(virtual_machine(true, UpstreamTls::AutoMutual), Outcome::Routed);
    assert_eq!(virtual_machine(false, UpstreamTls::None), Outcome::Routed);
}

#[test]
fn a_caller_in_the_mesh_reaches_strict_servers_however_it_dials_them() {
    let meshed = "---\napiVersion: v1\nkind: Pod\nmetadata: {name: meshed, namespace: shop}\n\
                  spec: {containers: [{name: app}]}\n---\napiVersion: v1\nkind: Service\n\
                  metadata: {name: each, namespace: shop}\nspec: {clusterIP: None, selector: \
                  {app: cart}, ports: [{name: http, port: 8080}]}\n";
    let rig = Rig::of(&format!("{meshed}{}", strict()));
    for to in ["cart:8080", "each:8080"] {
        let answer = rig.asked_by("shop/meshed", to);
        assert_eq!(answer.outcome, Outcome::Routed, "{to}: {:#?}", answer.because);
        assert!(told(&answer.because, "istio.inbound.mutual-tls"), "{to}");
    }
    // An address is no service of the mesh: its proxy passes plaintext on.
    let ip = rig.world.pods[rig.pods("cart")[0]].ip;
    let answer = rig.asked_by("shop/meshed", &format!("http://{ip}:8080"));
    assert_eq!(gets(&answer), (Outcome::Denied, Some(503), Some("UC")), "{:#?}", answer.because);
    let off = "---\napiVersion: networking.istio.io/v1\nkind: DestinationRule\n\
               metadata: {name: cart, namespace: shop}\n\
               spec: {host: cart, trafficPolicy: {tls: {mode: DISABLE}}}\n";
    let rig = Rig::of(&format!("{meshed}{off}{}", strict()));
    let answer = rig.asked_by("shop/meshed", "cart:8080");
    assert_eq!(gets(&answer), (Outcome::Denied, Some(503), Some("UC")), "{:#?}", answer.because);
}

#[test]
fn without_interception_a_sidecar_takes_what_it_has_a_socket_for() {
    let objects = "---\napiVersion: v1\nkind: Pod\nmetadata: {name: bare, namespace: shop, labels: \
                   {app: bare}, annotations: {sidecar.istio.io/interceptionMode: NONE}}\n\
                   spec: {containers: [{name: app}]}\n---\napiVersion: v1\nkind: Service\n\
                   metadata: {name: bare, namespace: shop}\nspec: {clusterIP: 10.0.0.12, \
                   selector: {app: bare}, ports: [{name: http, port: 8443}, \
                   {name: other, port: 8080}]}\n---\napiVersion: networking.istio.io/v1\n\
                   kind: Sidecar\nmetadata: {name: bare, namespace: shop}\n\
                   spec: {workloadSelector: {labels: {app: bare}}, ingress: [{port: {number: \
                   8443, protocol: HTTP, name: http}, defaultEndpoint: '127.0.0.1:8080'}]}\n";
    let rig = Rig::of(&format!("{objects}{}", strict()));
    assert_eq!(rig.asked("bare.shop:8443").outcome, Outcome::Denied, "its listener is strict");
    assert_eq!(rig.asked("bare.shop:8080").outcome, Outcome::Routed, "nobody is in the way");
}
