//! Stories about which DestinationRule counts, and what it says.

use super::{Client, Policy, Traffic, rule_for};
use crate::control::istio::testing::{Mesh, PODS};
use crate::explain::{Silent, Tree};
use crate::manifest::kinds::Labels;
use crate::manifest::kinds::istio::ClientTlsMode;
use crate::world::testing::labels;

const HOST: &str = "reviews.shop.svc.cluster.local";

fn rule(title: &str, spec: &str) -> String {
    let (namespace, name) = title.split_once('/').expect("namespace/name");
    format!(
        "---\napiVersion: networking.istio.io/v1\nkind: DestinationRule\n\
         metadata: {{name: {name}, namespace: {namespace}}}\nspec: {spec}\n"
    )
}

/// The rule that clients of `namespace` use for the reviews.
fn used(mesh: &Mesh, namespace: &str, labels: &Labels) -> Option<String> {
    let push = mesh.push();
    let service = &push.registry.with_host(HOST).expect("a service")["shop"];
    let client = Client { namespace, labels };
    let rule = rule_for(push, client, Traffic::Outbound, service, &mut Silent);
    rule.map(|rule| format!("{}/{}", rule.namespace, rule.name))
}

#[test]
fn the_namespace_of_the_client_is_asked_first_and_the_first_answer_ends_the_search() {
    let mesh = Mesh::of(
        &[
            PODS,
            &rule("shop/own", "{host: reviews}"),
            &rule("pay/wide", "{host: '*.cluster.local'}"),
            &rule("hidden/private", &format!("{{host: {HOST}, exportTo: ['.']}}")),
            &rule("istio-system/root", "{host: '*.local'}"),
        ]
        .concat(),
    );
    let none = Labels::new();
    // A wildcard near the client hides the exact rule of the service's namespace.
    assert_eq!(used(&mesh, "pay", &none).as_deref(), Some("pay/wide"));
    assert_eq!(used(&mesh, "shop", &none).as_deref(), Some("shop/own"));
    assert_eq!(used(&mesh, "hidden", &none).as_deref(), Some("hidden/private"));
    assert_eq!(used(&mesh, "other", &none).as_deref(), Some("shop/own"));
    // For clients of the root namespace its own public rules come last.
    assert_eq!(used(&mesh, "istio-system", &none).as_deref(), Some("shop/own"));
}

#[test]
fn the_root_namespace_is_asked_last_and_a_private_rule_stays_at_home() {
    let mesh = Mesh::of(
        &[
            PODS,
            &rule("shop/own", "{host: reviews, exportTo: ['.']}"),
            &rule("istio-system/root", "{host: '*.local'}"),
        ]
        .concat(),
    );
    assert_eq!(used(&mesh, "other", &Labels::new()).as_deref(), Some("istio-system/root"));
    assert_eq!(used(&mesh, "shop", &Labels::new()).as_deref(), Some("shop/own"));
}

#[test]
fn a_rule_for_some_workloads_counts_for_these_in_its_own_namespace() {
    let selector = "{host: reviews, workloadSelector: {matchLabels: {app: web}}}";
    let mesh = Mesh::of(
        &[PODS, &rule("shop/some", selector), &rule("shop/all", "{host: reviews}")].concat(),
    );
    assert_eq!(used(&mesh, "shop", &labels("app=web")).as_deref(), Some("shop/some"));
    assert_eq!(used(&mesh, "shop", &labels("app=x")).as_deref(), Some("shop/all"));
    assert_eq!(used(&mesh, "pay", &labels("app=web")).as_deref(), Some("shop/all"));
}

#[test]
fn rules_of_one_host_in_one_namespace_are_joined_and_the_first_policy_counts() {
    let mesh = Mesh::of(
        &[
            PODS,
            &rule("shop/a", "{host: reviews, subsets: [{name: v1, labels: {version: v1}}]}"),
            &rule(
                "shop/b",
                "{host: reviews, trafficPolicy: {tls: {mode: SIMPLE}}, \
                 subsets: [{name: v2}, {name: v1}]}",
            ),
            &rule("shop/c", "{host: reviews, trafficPolicy: {tls: {mode: DISABLE}}}"),
        ]
        .concat(),
    );
    let push = mesh.push();
    let service = &push.registry.with_host(HOST).expect("a service")["shop"];
    let client = Client { namespace: "shop", labels: &Labels::new() };
    let mut tree = Tree::default();
    let rule = rule_for(push, client, Traffic::Outbound, service, &mut tree).expect("a rule");
    assert!(tree.finish()[0].finding.starts_with("DestinationRule shop/a"));
    let subsets: Vec<_> = rule.subsets.iter().map(|subset| subset.name.value.as_str()).collect();
    assert_eq!(subsets, ["v1", "v2"]);
    let policy = Policy::of(Some(rule), &push.mesh, 9080, None, &mut Silent);
    assert_eq!(policy.tls.map(|tls| tls.mode.value), Some(ClientTlsMode::Simple));
    let codes: Vec<_> = mesh.findings.iter().map(|finding| finding.code).collect();
    assert_eq!(codes, ["istio.duplicate-subset", "istio.conflicting-destination-rules"]);
}

#[test]
fn settings_for_a_port_replace_those_of_the_destination() {
    let spec = "{host: reviews, trafficPolicy: {tls: {mode: ISTIO_MUTUAL}, \
         connectionPool: {http: {maxRetries: 7}}, \
         portLevelSettings: [{port: {number: 9080}, loadBalancer: {simple: RANDOM}}]}}";
    let mesh = Mesh::of(&[PODS, &rule("shop/a", spec)].concat());
    let push = mesh.push();
    let rule = push.rules.first_of("shop").expect("a rule");
    let at = |port| Policy::of(Some(rule), &push.mesh, port, None, &mut Silent);
    assert!(at(9080).load_balancer.is_some());
    assert_eq!((at(9080).tls, at(9080).connection_pool), (None, None));
    assert!(at(80).tls.is_some() && at(80).connection_pool.is_some());
}

#[test]
fn a_subset_overlays_the_destination_block_by_block() {
    let spec = "{host: reviews, trafficPolicy: {tls: {mode: ISTIO_MUTUAL}, \
         connectionPool: {http: {maxRetries: 7}}}, subsets: [{name: v1, \
         trafficPolicy: {connectionPool: {tcp: {maxConnections: 3}}, \
         portLevelSettings: [{port: {number: 80}}]}}]}";
    let mesh = Mesh::of(&[PODS, &rule("shop/a", spec)].concat());
    let push = mesh.push();
    let rule = push.rules.first_of("shop").expect("a rule");
    let mut tree = Tree::default();
    let policy = Policy::of(Some(rule), &push.mesh, 9080, Some("v1"), &mut tree);
    assert_eq!(tree.finish().len(), 1);
    let pool = policy.connection_pool.expect("limits");
    // The block is the subset's as a whole: `maxRetries` is gone.
    assert_eq!((pool.max_connections.map(|it| it.value), pool.max_retries), (Some(3), None));
    assert!(policy.tls.is_some());
    let at_port = Policy::of(Some(rule), &push.mesh, 80, Some("v1"), &mut Silent);
    assert_eq!(at_port.tls, None);
}
