//! Policies of the network: what is wrong is told, and never lets more through.

use super::*;
use crate::manifest::kinds::policy::{
    ClusterPolicy, Direction, NamespaceTest, NetworkPolicy, PeerTest, PolicyAction, PolicySubject,
    PolicyTier, PortTest, Selection,
};
use crate::manifest::kinds::{Resource, TargetPort, Transport};

fn network_policy(spec: &str) -> (Manifests, NetworkPolicy) {
    let manifests = load_text(&format!(
        "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n\
         metadata: {{name: web, namespace: shop}}\nspec:\n{spec}"
    ));
    let [Resource::NetworkPolicy(policy)] = &manifests.resources[..] else { panic!("one policy") };
    let policy = (**policy).clone();
    (manifests, policy)
}

fn cluster_policy(header: &str, spec: &str) -> (Manifests, ClusterPolicy) {
    let manifests = load_text(&format!("{header}\nspec:\n{spec}"));
    let [Resource::ClusterPolicy(policy)] = &manifests.resources[..] else { panic!("one policy") };
    let policy = (**policy).clone();
    (manifests, policy)
}

const CLUSTER: &str = "apiVersion: policy.networking.k8s.io/v1alpha2\nkind: ClusterNetworkPolicy\n\
                       metadata: {name: all}";

#[test]
fn a_network_policy_is_read_with_its_peers_and_ports() {
    let (manifests, policy) = network_policy(
        "  podSelector: {matchLabels: {app: web}}
  egress:
  - to:
    - podSelector: {matchLabels: {app: db}}
      namespaceSelector: {}
    - ipBlock: {cidr: 10.0.0.0/8, except: [10.1.0.0/16]}
    ports: [{port: 5432}, {protocol: UDP, port: 53, endPort: 54}, {port: api}]
  - {}
",
    );
    assert_eq!(manifests.diagnostics, []);
    let both = [Direction::Ingress, Direction::Egress];
    assert_eq!(policy.directions.iter().copied().collect::<Vec<_>>(), both);
    assert!(policy.ingress.is_empty());
    let [rule, everything] = &policy.egress[..] else { panic!("two rules") };
    assert!(everything.peers.is_none() && everything.ports.is_none());
    let [pods, block] = rule.peers.as_deref().expect("peers") else { panic!("two peers") };
    let PeerTest::Pods { namespaces: NamespaceTest::Labels(_), pods: Some(_) } = &pods.test else {
        panic!("both selectors, got {pods:?}")
    };
    let PeerTest::Block(block) = &block.test else { panic!("a block, got {block:?}") };
    assert_eq!((block.range.to_string(), block.except.len()), ("10.0.0.0/8".to_owned(), 1));
    let ports = rule.ports.as_deref().expect("ports");
    let tests: Vec<_> = ports.iter().map(|port| (port.transport, port.test.clone())).collect();
    assert_eq!(
        tests,
        [
            (Some(Transport::Tcp), PortTest::Range(5432, 5432)),
            (Some(Transport::Udp), PortTest::Range(53, 54)),
            (Some(Transport::Tcp), PortTest::Named("api".to_owned())),
        ]
    );
}

#[test]
fn the_types_of_a_policy_have_defaults_and_a_wrong_one_isolates_both_ways() {
    let of = |spec: &str| network_policy(spec).1.directions;
    let (ingress, egress) = (Direction::Ingress, Direction::Egress);
    assert_eq!(of("  podSelector: {}\n"), [ingress].into());
    assert_eq!(of("  egress: []\n"), [ingress].into());
    assert_eq!(of("  egress: [{}]\n"), [ingress, egress].into());
    assert_eq!(of("  policyTypes: [Egress]\n"), [egress].into());
    assert_eq!(of("  policyTypes: [Egres]\n"), [ingress, egress].into());
    assert_eq!(of("  egress: nonsense\n"), [ingress, egress].into());
}

#[test]
fn what_is_wrong_in_a_rule_matches_nothing_instead_of_everything() {
    for (rule, code) in [
        ("from: [{ipBlock: {cidr: 10.0.0.0}}]", "manifest.invalid-cidr"),
        ("from: [{ipBlock: {cidr: 10.0.0.0/8, except: [11.0.0.0/16]}}]", "manifest.except-outside"),
        ("from: [{ipBlock: {cidr: 10.0.0.0/8, except: [10.0.0.0/8]}}]", "manifest.except-outside"),
        ("from: [{ipBlock: {cidr: 10.0.0.0/8, except: [x]}}]", "manifest.invalid-cidr"),
        ("from: [{}]", "manifest.invalid-peer"),
        ("from: [{podSelector: {}, ipBlock: {cidr: 10.0.0.0/8}}]", "manifest.invalid-peer"),
        ("from: [{podSelector: everything}]", "manifest.wrong-type"),
        ("from: [{podSelector: {matchLabels: {app: [web]}}}]", "manifest.wrong-type"),
        ("from: [everybody]", "manifest.wrong-type"),
        ("from: everybody", "manifest.wrong-type"),
        (
            "from: [{podSelector: {matchExpressions: [{key: app, operator: Is}]}}]",
            "manifest.wrong-type",
        ),
        (
            "from: [{podSelector: {matchExpressions: [{key: app, operator: NotIn}]}}]",
            "manifest.invalid-selector",
        ),
    ] {
        let (manifests, policy) = network_policy(&format!("  ingress: [{{{rule}}}]\n"));
        assert_eq!(codes(&manifests), [code], "{rule}");
        assert!(manifests.diagnostics[0].place().is_some(), "{rule}");
        let peers = policy.ingress[0].peers.as_deref().expect("not any peer");
        let is_refused = |test: &PeerTest| match test {
            PeerTest::Refused => true,
            PeerTest::Pods { pods, .. } => matches!(pods, Some(Selection::Refused(_))),
            _ => false,
        };
        assert!(peers.iter().all(|peer| is_refused(&peer.test)), "{rule}: {peers:?}");
    }
    for (ports, code) in [
        ("[{port: 0}]", "manifest.wrong-type"),
        ("[{port: 70000}]", "manifest.wrong-type"),
        ("[{port: 80, endPort: 79}]", "manifest.invalid-port-range"),
        ("[{port: http, endPort: 90}]", "manifest.invalid-port-range"),
        ("[{endPort: 90}]", "manifest.invalid-port-range"),
        ("[{protocol: ICMP}]", "manifest.wrong-type"),
        ("[80]", "manifest.wrong-type"),
        ("80", "manifest.wrong-type"),
    ] {
        let (manifests, policy) = network_policy(&format!("  ingress: [{{ports: {ports}}}]\n"));
        assert_eq!(codes(&manifests), [code], "{ports}");
        let read = policy.ingress[0].ports.as_deref().expect("not all ports");
        assert!(read.iter().all(|port| port.test == PortTest::Refused), "{ports}: {read:?}");
    }
}

#[test]
fn policies_of_the_cluster_are_read_in_both_dialects() {
    let admin = "apiVersion: policy.networking.k8s.io/v1alpha1\nkind: AdminNetworkPolicy\n\
                 metadata: {name: all}";
    let (manifests, policy) = cluster_policy(
        admin,
        "  priority: 7
  subject: {namespaces: {}}
  ingress:
  - {action: Allow, from: [{namespaces: {}}], ports: [{portNumber: {protocol: UDP, port: 53}}]}
  - {action: Pass, from: [{pods: {namespaceSelector: {}, podSelector: {}}}],
     ports: [{portRange: {start: 1, end: 9}}, {namedPort: web}]}
",
    );
    assert_eq!(manifests.diagnostics, []);
    assert_eq!((policy.tier, policy.priority), (PolicyTier::Admin, Some(7)));
    let actions: Vec<_> = policy.ingress.iter().filter_map(|rule| rule.action).collect();
    assert_eq!(actions, [PolicyAction::Accept, PolicyAction::Pass]);
    let ports = policy.ingress[1].ports.as_deref().expect("ports");
    assert_eq!((ports[1].transport, &ports[1].test), (None, &PortTest::Named("web".to_owned())));
    let (manifests, policy) = cluster_policy(
        CLUSTER,
        "  tier: Baseline
  priority: 0
  subject: {pods: {podSelector: {matchLabels: {app: web}}}}
  egress:
  - action: Deny
    to: [{networks: [fd00::/8]}, {nodes: {}}, {domainNames: ['*.example.com']}]
    protocols: [{tcp: {destinationPort: {number: 80}}}, {sctp: {}}, {destinationNamedPort: web}]
",
    );
    assert_eq!(manifests.diagnostics, []);
    assert_eq!(policy.tier, PolicyTier::Baseline);
    let ports = policy.egress[0].ports.as_deref().expect("ports");
    assert_eq!((ports[1].transport, &ports[1].test), (Some(Transport::Sctp), &PortTest::All));
}

#[test]
fn a_policy_of_the_cluster_that_is_wrong_keeps_its_wrong_parts() {
    for (spec, code) in [
        ("tier: Admin, subject: {namespaces: {}}", "manifest.missing-field"),
        ("tier: First, priority: 1, subject: {namespaces: {}}", "manifest.wrong-type"),
        ("tier: Admin, priority: 1", "manifest.missing-field"),
        ("tier: Admin, priority: 1, subject: {}", "manifest.invalid-subject"),
    ] {
        let (manifests, policy) = cluster_policy(CLUSTER, &format!("  {{{spec}}}\n"));
        assert_eq!(codes(&manifests), [code], "{spec}");
        assert!(matches!(policy.subject, PolicySubject::Refused(_)), "{spec}");
    }
    for (rule, code) in [
        ("action: Allow, from: [{namespaces: {}}]", "manifest.wrong-type"),
        ("action: Deny, from: []", "manifest.invalid-peer"),
        ("action: Deny, from: [{}]", "manifest.invalid-peer"),
        ("action: Deny, from: [{networks: [10.0.0.0/99]}]", "manifest.invalid-cidr"),
        ("action: Deny, from: [{namespaces: {}}], protocols: [{}]", "manifest.invalid-port"),
        (
            "action: Deny, from: [{namespaces: {}}], protocols: [{tcp: {destinationPort: {}}}]",
            "manifest.invalid-port",
        ),
    ] {
        let (manifests, policy) = cluster_policy(
            CLUSTER,
            &format!(
                "  {{tier: Admin, priority: 1, subject: {{namespaces: {{}}}}, \
                 ingress: [{{{rule}}}]}}\n"
            ),
        );
        assert_eq!(codes(&manifests), [code], "{rule}");
        let rule = &policy.ingress[0];
        let peers = rule.peers.iter().flatten();
        let parts = rule.action.is_none()
            || peers.into_iter().any(|peer| matches!(peer.test, PeerTest::Refused))
            || rule.ports.iter().flatten().any(|port| port.test == PortTest::Refused);
        assert!(parts, "{rule:?}");
    }
}

#[test]
fn a_route_names_services_and_a_port() {
    let manifests = load_text(
        "apiVersion: route.openshift.io/v1
kind: Route
metadata: {name: web, namespace: shop}
spec:
  host: web.example.com
  port: {targetPort: http}
  to: {kind: Service, name: web, weight: 90}
  alternateBackends: [{kind: Service, name: canary, weight: 0}]
  wildcardPolicy: None
",
    );
    assert_eq!(manifests.diagnostics, []);
    let [Resource::OpenShiftRoute(route)] = &manifests.resources[..] else { panic!("one Route") };
    let services: Vec<_> = route.backends.iter().map(|it| it.service.value.as_str()).collect();
    assert_eq!(services, ["web", "canary"]);
    let port = route.target_port.as_ref().map(|port| port.value.clone());
    assert_eq!(port, Some(TargetPort::Name("http".to_owned())));
}
