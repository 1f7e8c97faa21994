//! Which pods are isolated, and in which direction.

use super::*;

#[test]
fn policies_add_up_and_pods_that_none_selects_are_open() {
    let web = policy(
        "a",
        "podSelector: {matchLabels: {app: web}}, ingress: [{from: [{podSelector: {matchLabels: {app: db}}}]}]",
    );
    let more = policy(
        "b",
        "podSelector: {matchLabels: {tier: front}}, ingress: [{from: [{podSelector: {matchLabels: {app: job}}}]}]",
    );
    let one = lab(std::slice::from_ref(&web));
    assert_eq!(one.word("shop/db -> shop/web 8080"), "allowed");
    assert_eq!(one.word("shop/job -> shop/web 8080"), "ingress");
    assert_eq!(one.word("shop/job -> shop/db 5432"), "allowed");
    let both = lab(&[web, more]);
    assert_eq!(both.word("shop/db -> shop/web 8080"), "allowed");
    assert_eq!(both.word("shop/job -> shop/web 8080"), "allowed");
    assert_eq!(both.word("watch/probe -> shop/web 8080"), "ingress");
    assert_eq!(both.word("8.8.8.8 -> shop/web 8080"), "ingress");
    assert_eq!(both.word("shop/web -> 8.8.8.8 443"), "allowed");
}

#[test]
fn both_ends_have_to_allow() {
    let out = policy(
        "out",
        "podSelector: {matchLabels: {app: web}}, policyTypes: [Egress], egress: [{to: [{podSelector: {matchLabels: {app: db}}}]}]",
    );
    let open = lab(std::slice::from_ref(&out));
    assert_eq!(open.word("shop/web -> shop/db 5432"), "allowed");
    assert_eq!(open.word("shop/web -> shop/job 80"), "egress");
    let closed = policy("in", "podSelector: {matchLabels: {app: db}}, policyTypes: [Ingress]");
    let lab = lab(&[out, closed]);
    assert_eq!(lab.word("shop/web -> shop/db 5432"), "ingress");
    let NetworkVerdict::Dropped { at, origins, .. } = lab.verdict("shop/web -> shop/db 5432")
    else {
        panic!("it is dropped")
    };
    assert_eq!((at, origins.len()), (Some(lab.pod("shop/db")), 1));
}

#[test]
fn no_rules_deny_and_an_empty_rule_allows_everything() {
    let of = |rules: &str| {
        let policy = policy("a", &format!("podSelector: {{matchLabels: {{app: web}}}}, {rules}"));
        let lab = lab(&[policy]);
        (lab.word("shop/db -> shop/web 8080"), lab.word("9.9.9.9 -> shop/web 53/UDP"))
    };
    assert_eq!(of("policyTypes: [Ingress]"), ("ingress", "ingress"));
    assert_eq!(of("ingress: []"), ("ingress", "ingress"));
    assert_eq!(of("ingress: [{}]"), ("allowed", "allowed"));
    assert_eq!(of("ingress: [{from: []}]"), ("allowed", "allowed"));
    assert_eq!(of("ingress: [{from: [], ports: []}]"), ("allowed", "allowed"));
    assert_eq!(of("ingress: [{from: [{podSelector: {}}]}]"), ("allowed", "ingress"));
}

#[test]
fn a_policy_isolates_only_in_its_directions() {
    let of = |spec: &str| {
        let policy = policy("a", &format!("podSelector: {{matchLabels: {{app: web}}}}{spec}"));
        let lab = lab(&[policy]);
        (lab.word("shop/db -> shop/web 8080"), lab.word("shop/web -> shop/db 5432"))
    };
    assert_eq!(of(""), ("ingress", "allowed"));
    assert_eq!(of(", egress: []"), ("ingress", "allowed"));
    assert_eq!(of(", egress: [{ports: [{port: 443}]}]"), ("ingress", "egress"));
    assert_eq!(of(", policyTypes: [Egress]"), ("allowed", "egress"));
    assert_eq!(
        of(", policyTypes: [Ingress], egress: [{ports: [{port: 1}]}]"),
        ("ingress", "allowed")
    );
}

#[test]
fn a_pod_can_always_talk_to_itself() {
    let lab = lab(&[policy("none", "podSelector: {}, policyTypes: [Ingress, Egress]")]);
    assert_eq!(lab.word("shop/web -> shop/web 8080"), "allowed");
    assert_eq!(lab.word("shop/web -> shop/db 5432"), "egress");
}

#[test]
fn replies_and_names_are_ordinary_traffic_and_dns_is_dropped_first() {
    let lab = lab(&[policy(
        "web",
        "podSelector: {matchLabels: {app: web}}, policyTypes: [Egress], \
         egress: [{to: [{podSelector: {matchLabels: {app: db}}}], ports: [{port: 5432}]}]",
    )]);
    assert_eq!(lab.word("shop/web -> shop/db 5432"), "allowed");
    assert_eq!(lab.word("shop/web -> watch/probe 53/UDP"), "egress");
}
