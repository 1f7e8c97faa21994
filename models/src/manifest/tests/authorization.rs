//! What an AuthorizationPolicy is read into.

use proptest::prelude::*;

use super::*;
use crate::manifest::kinds::Resource;
use crate::manifest::kinds::istio::{AccessAction, AuthorizationPolicy, IstioResource, Legible};

fn policy(spec: &str) -> (AuthorizationPolicy, Vec<String>) {
    let manifests = load_text(&format!(
        "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\n\
         metadata: {{name: a, annotations: {{istio.io/dry-run: 'true'}}}}\nspec: {spec}\n"
    ));
    let codes = codes(&manifests).into_iter().map(str::to_owned).collect();
    let [Resource::Istio(object)] = &manifests.resources[..] else { panic!("one: {spec}") };
    let IstioResource::AuthorizationPolicy(object) = &**object else { panic!("{spec}") };
    (object.clone(), codes)
}

#[test]
fn every_field_of_an_authorization_policy_is_read_with_its_place() {
    let (policy, codes) = policy(
        "\n  selector: {matchLabels: {app: a}}\n  action: CUSTOM\n  provider: {name: opa}\n  rules:\n  \
         - from:\n    - source: {principals: [p], notPrincipals: [q], requestPrincipals: [r], \
         notRequestPrincipals: [s], namespaces: [t], notNamespaces: [u], ipBlocks: [10.0.0.1], \
         notIpBlocks: [10.0.0.2], remoteIpBlocks: [10.0.0.3], notRemoteIpBlocks: [10.0.0.4]}\n    \
         - source: {serviceAccounts: [v], notServiceAccounts: [w], trustDomains: [x]}\n    \
         to:\n    - operation: {hosts: [h], notHosts: [i], ports: ['80'], notPorts: ['81'], \
         methods: [GET], notMethods: [PUT], paths: [/a], notPaths: [/b]}\n    \
         when:\n    - {key: 'request.headers[x]', values: [y], notValues: [z]}\n",
    );
    assert_eq!(codes, Vec::<String>::new());
    assert_eq!((policy.action.value, policy.legible), (AccessAction::Custom, Legible::Whole));
    assert_eq!(policy.provider.as_ref().map(|it| it.value.as_str()), Some("opa"));
    assert_eq!(policy.dry_run.as_ref().map(|it| it.value.as_str()), Some("true"));
    let [rule] = &policy.rules[..] else { panic!("one rule") };
    let [source, other] = &rule.from[..] else { panic!("two sources") };
    let values = [
        &source.principals,
        &source.request_principals,
        &source.namespaces,
        &source.ip_blocks,
        &source.remote_ip_blocks,
        &other.service_accounts,
        &rule.to[0].hosts,
        &rule.to[0].ports,
        &rule.to[0].methods,
        &rule.to[0].paths,
        &rule.when[0].values,
    ];
    let read: Vec<_> = values.iter().flat_map(|it| it.all()).map(|it| it.value.as_str()).collect();
    assert_eq!(
        read.join(" "),
        "p q r s t u 10.0.0.1 10.0.0.2 10.0.0.3 10.0.0.4 v w h i 80 81 GET PUT /a /b y z"
    );
    assert_eq!(rule.when[0].key.place.line, 15);
    assert_eq!(other.trust_domains.any_of.len(), 1);
}

#[test]
fn an_empty_policy_allows_nothing_and_is_whole() {
    let (policy, codes) = policy("{}");
    assert_eq!((policy.action.value, policy.rules.len()), (AccessAction::Allow, 0));
    assert_eq!((policy.legible, codes.len()), (Legible::Whole, 0));
}

#[test]
fn a_policy_of_another_shape_is_known_to_be_incomplete() {
    for spec in [
        "{action: DENI}",
        "{action: DENY, rules: all}",
        "{action: DENY, rules: [null]}",
        "{action: DENY, rules: [{from: {source: {}}}]}",
        "{action: DENY, rules: [{from: [{source: {principals: a}}]}]}",
        "{action: DENY, rules: [{to: [{operation: {ports: [[80]]}}]}]}",
        "{action: DENY, rules: [{when: [{values: [a]}]}]}",
        "{selector: all}",
        "{targetRefs: [{kind: Gateway}]}",
        "allow",
    ] {
        let (policy, codes) = policy(spec);
        assert_eq!(policy.legible, Legible::InPart, "{spec}");
        assert!(!codes.is_empty(), "{spec}");
    }
}

proptest! {
    /// Whatever stands under `spec`, there is a finding or an object, and no panic.
    #[test]
    fn no_policy_makes_the_reader_panic(
        key in "(rules|from|to|when|action|selector|targetRefs|provider)",
        value in "[a-z0-9*{}\\[\\]:, ./'-]{0,40}",
    ) {
        let text = format!(
            "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {{name: a}}\n\
             spec:\n  {key}: {value}\n"
        );
        let _ = load_text(&text);
    }
}
