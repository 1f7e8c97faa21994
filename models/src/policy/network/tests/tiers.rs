//! Policies of the whole cluster, and their order.

use super::*;

const EVERYBODY: &str = "from: [{namespaces: {}}]";

fn deny_web() -> String {
    policy("web", "podSelector: {matchLabels: {app: web}}, policyTypes: [Ingress]")
}

#[test]
fn the_first_rule_that_matches_decides_and_pass_goes_on() {
    let rules = format!(
        "ingress: [{{action: Accept, {EVERYBODY}, protocols: [{{tcp: {{destinationPort: {{number: 80}}}}}}]}}, \
         {{action: Deny, {EVERYBODY}, protocols: [{{tcp: {{destinationPort: {{range: {{start: 80, end: 90}}}}}}}}]}}, \
         {{action: Pass, {EVERYBODY}}}, {{action: Deny, {EVERYBODY}}}]"
    );
    let admin = cluster_policy("first", "Admin", 5, &rules);
    let later =
        cluster_policy("later", "Admin", 6, &format!("ingress: [{{action: Accept, {EVERYBODY}}}]"));
    let lab = lab(&[later, admin, deny_web()]);
    assert_eq!(lab.word("shop/db -> shop/web 80"), "allowed");
    assert_eq!(lab.word("shop/db -> shop/web 85"), "ingress");
    // What is passed on meets the NetworkPolicy, not the later policy of the tier.
    assert_eq!(lab.word("shop/db -> shop/web 8080"), "ingress");
    assert_eq!(lab.word("shop/web -> shop/db 5432"), "allowed");
    // Nobody named what is no pod.
    assert_eq!(lab.word("9.9.9.9 -> shop/web 80"), "ingress");
    assert_eq!(lab.word("9.9.9.9 -> shop/db 80"), "allowed");
}

#[test]
fn the_baseline_counts_only_where_nothing_isolates() {
    let baseline =
        cluster_policy("base", "Baseline", 0, &format!("ingress: [{{action: Deny, {EVERYBODY}}}]"));
    let open = policy(
        "web",
        "podSelector: {matchLabels: {app: web}}, ingress: [{from: [{podSelector: {}}]}]",
    );
    let lab = lab(&[baseline, open]);
    assert_eq!(lab.word("shop/db -> shop/web 8080"), "allowed");
    assert_eq!(lab.word("watch/probe -> shop/web 8080"), "ingress");
    assert_eq!(lab.word("shop/web -> shop/db 5432"), "ingress");
    assert_eq!(lab.word("9.9.9.9 -> shop/db 5432"), "allowed");
}

#[test]
fn lower_numbers_are_asked_first() {
    let deny = |number| {
        cluster_policy(
            "deny",
            "Admin",
            number,
            &format!("ingress: [{{action: Deny, {EVERYBODY}}}]"),
        )
    };
    let allow =
        cluster_policy("allow", "Admin", 5, &format!("ingress: [{{action: Accept, {EVERYBODY}}}]"));
    assert_eq!(lab(&[deny(4), allow.clone()]).word("shop/db -> shop/web 1"), "ingress");
    assert_eq!(lab(&[deny(6), allow]).word("shop/db -> shop/web 1"), "allowed");
}

#[test]
fn policies_of_one_priority_that_disagree_leave_it_open() {
    let rule = |action: &str, port: u16| {
        format!(
            "ingress: [{{action: {action}, {EVERYBODY}, protocols: [{{tcp: {{destinationPort: {{number: {port}}}}}}}]}}]"
        )
    };
    let allow = cluster_policy("allow", "Admin", 5, &rule("Accept", 80));
    let deny = cluster_policy("deny", "Admin", 5, &rule("Deny", 80));
    let apart = cluster_policy("deny", "Admin", 5, &rule("Deny", 81));
    let open = lab(&[allow.clone(), deny]);
    let NetworkVerdict::Unknown { why, .. } = open.verdict("shop/db -> shop/web 80") else {
        panic!("it is open")
    };
    assert!(why.contains("one priority"), "{why}");
    let apart = lab(&[allow, apart]);
    assert_eq!(apart.word("shop/db -> shop/web 80"), "allowed");
    assert_eq!(apart.word("shop/db -> shop/web 81"), "ingress");
}

#[test]
fn the_older_kinds_stand_in_the_same_tiers() {
    let text = "\
apiVersion: policy.networking.k8s.io/v1alpha1
kind: AdminNetworkPolicy
metadata: {name: a}
spec:
  priority: 1
  subject: {pods: {namespaceSelector: {}, podSelector: {matchLabels: {app: web}}}}
  egress:
  - {action: Pass, to: [{namespaces: {matchLabels: {team: ops}}}]}
  - {action: Deny, to: [{namespaces: {}}], ports: [{namedPort: sql}]}
---
apiVersion: policy.networking.k8s.io/v1alpha1
kind: BaselineAdminNetworkPolicy
metadata: {name: default}
spec:
  subject: {namespaces: {}}
  egress:
  - {action: Deny, to: [{namespaces: {}}], ports: [{portNumber: {port: 443, protocol: TCP}}]}
";
    let lab = Lab::of(&format!("{PODS}{text}"));
    assert_eq!(lab.word("shop/web -> shop/db 5432"), "egress");
    assert_eq!(lab.word("shop/web -> shop/db 443"), "egress");
    assert_eq!(lab.word("shop/web -> shop/db 80"), "allowed");
    assert_eq!(lab.word("shop/web -> watch/probe 443"), "egress");
    assert_eq!(lab.word("shop/web -> watch/probe 5432"), "allowed");
    assert_eq!(lab.word("shop/db -> shop/db 443"), "allowed");
}
