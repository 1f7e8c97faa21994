//! What is found odd about policies.

use super::*;
use crate::control::istio::testing::PODS;
use crate::manifest::Diagnostic;

fn found(spec: &str) -> Vec<Diagnostic> {
    let text = format!("{PODS}{}", policies(&[("own", spec)]));
    super::super::findings(Mesh::of(&text).push(), &Mesh::of(&text).world)
}

fn codes(spec: &str) -> Vec<&'static str> {
    found(spec).iter().map(|it| it.code).collect()
}

#[test]
fn a_policy_that_is_in_order_is_not_found_odd() {
    assert_eq!(codes("{}"), [""; 0]);
    assert_eq!(
        codes("{selector: {matchLabels: {app: reviews}}, action: DENY, rules: [{}]}"),
        [""; 0]
    );
}

#[test]
fn a_selector_that_fits_no_pod_and_a_denial_without_rules_are_found() {
    let other = "{selector: {matchLabels: {app: other}}}";
    assert_eq!(codes(other), ["istio.policy-selects-nothing"]);
    let place = found(other)[0].labels[0].place;
    assert_eq!(place.line, 34, "at the selector");
    assert_eq!(codes("{action: DENY}"), ["istio.policy-without-rules"]);
}

#[test]
fn rules_that_can_never_match_are_found() {
    let rule = |part: &str| codes(&format!("{{action: DENY, rules: [{part}]}}"));
    for part in [
        "{to: [{operation: {methods: [get]}}]}",
        "{to: [{operation: {paths: [admin]}}]}",
        "{to: [{operation: {paths: ['/a?b=c']}}]}",
        "{to: [{operation: {hosts: [a], notHosts: [a]}}]}",
        "{from: [{source: {principals: ['spiffe://a/ns/b/sa/c']}}]}",
        "{from: [{source: {namespaces: [a], notNamespaces: ['*']}}]}",
    ] {
        assert_eq!(rule(part), ["istio.rule-never-matches"], "{part}");
    }
}

#[test]
fn rules_on_requests_are_found_where_ports_carry_bytes() {
    let bytes = "---\napiVersion: v1\nkind: Service\nmetadata: {name: db, namespace: shop}\n\
                 spec: {selector: {app: reviews}, ports: [{name: tcp, port: 5432}]}\n";
    let spec = "{rules: [{to: [{operation: {methods: [GET]}}]}]}";
    let text = format!("{PODS}{bytes}{}", policies(&[("own", spec)]));
    let mesh = Mesh::of(&text);
    let all = super::super::findings(mesh.push(), &mesh.world);
    assert_eq!(all.len(), 1, "{all:?}");
    assert_eq!(all[0].code, "istio.policy-on-bytes");
    assert!(all[0].labels[0].text.contains("port 5432 of db.shop"), "{:?}", all[0]);
}

#[test]
fn what_a_cluster_refuses_is_an_error_at_its_line() {
    let all = found("{rules: [{from: [{source: {ipBlocks: [10.0.0.0/99]}}]}]}");
    assert_eq!((all.len(), all[0].code), (1, "istio.policy-refused"));
    assert!(all[0].labels[0].text.contains("`10.0.0.0/99` is neither"), "{:?}", all[0]);
}
