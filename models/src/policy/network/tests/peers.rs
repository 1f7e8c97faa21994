//! Whom peers mean.

use super::*;

/// Who gets to `shop/web` through a policy with these peers: db, job, probe, an address.
fn through(peers: &str) -> [&'static str; 4] {
    let lab = lab(&[policy(
        "a",
        &format!("podSelector: {{matchLabels: {{app: web}}}}, ingress: [{{from: {peers}}}]"),
    )]);
    ["shop/db", "shop/job", "watch/probe", "10.2.0.9"]
        .map(|from| lab.word(&format!("{from} -> shop/web 8080")))
}

#[test]
fn selectors_of_one_peer_are_joined_and_peers_are_alternatives() {
    let (yes, no) = ("allowed", "ingress");
    assert_eq!(through("[{podSelector: {}}]"), [yes, yes, no, no]);
    assert_eq!(through("[{namespaceSelector: {}}]"), [yes, yes, yes, no]);
    let joined = "[{namespaceSelector: {matchLabels: {team: ops}}, \
                  podSelector: {matchLabels: {app: db}}}]";
    assert_eq!(through(joined), [no, no, no, no]);
    let apart = "[{namespaceSelector: {matchLabels: {team: ops}}}, \
                 {podSelector: {matchLabels: {app: db}}}]";
    assert_eq!(through(apart), [yes, no, yes, no]);
    let by_name = "[{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: watch}}}]";
    assert_eq!(through(by_name), [no, no, yes, no]);
    let not = "[{podSelector: {matchExpressions: [{key: app, operator: NotIn, values: [db]}]}}]";
    assert_eq!(through(not), [no, yes, no, no]);
    let absent = "[{podSelector: {matchExpressions: [{key: app, operator: DoesNotExist}]}}]";
    assert_eq!(through(absent), [no, no, no, no]);
}

#[test]
fn a_block_means_addresses_and_an_unknown_address_is_unknown() {
    let (yes, no, open) = ("allowed", "ingress", "unknown");
    // The pod `job` has an address that nobody gave.
    assert_eq!(through("[{ipBlock: {cidr: 10.0.0.0/8}}]"), [yes, open, yes, yes]);
    let except = "[{ipBlock: {cidr: 10.0.0.0/8, except: [10.1.0.0/24]}}]";
    assert_eq!(through(except), [no, open, no, yes]);
    // Another rule may allow what an exception takes out.
    let both = "[{ipBlock: {cidr: 10.0.0.0/8, except: [10.1.0.0/24]}}, \
                {ipBlock: {cidr: 10.1.0.2/32}}]";
    assert_eq!(through(both), [yes, open, no, yes]);
    assert_eq!(through("[{ipBlock: {cidr: 0.0.0.0/0}}]"), [yes, yes, yes, yes]);
    assert_eq!(through("[{ipBlock: {cidr: 'fd00::/8'}}]"), [no, open, no, no]);
    let v6 = lab(&[policy(
        "a",
        "podSelector: {matchLabels: {app: web}}, ingress: [{from: [{ipBlock: {cidr: 'fd00::/8'}}]}]",
    )]);
    assert_eq!(v6.word("fd00::7 -> shop/web 8080"), "allowed");
    assert_eq!(v6.word("fe80::7 -> shop/web 8080"), "ingress");
    let NetworkVerdict::Unknown { why, origins } = v6.verdict("shop/job -> shop/web 8080") else {
        panic!("it is unknown")
    };
    assert_eq!(why, "whether the address of shop/job lies in fd00::/8");
    assert_eq!(origins.len(), 1);
}

#[test]
fn the_analyser_takes_blocks_for_the_world_outside() {
    let text = policy(
        "a",
        "podSelector: {matchLabels: {app: web}}, ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8}}]}]",
    );
    let analyser = Profile::named("netpol-analyzer").expect("a built-in profile");
    let lab = Lab::with_profile(&format!("{PODS}{text}"), analyser);
    for (from, word) in [
        ("shop/db", "ingress"),
        ("shop/job", "ingress"),
        ("10.9.9.9", "allowed"),
        ("ingress", "ingress"),
    ] {
        assert_eq!(lab.word(&format!("{from} -> shop/web 8080")), word, "{from}");
    }
}

#[test]
fn of_an_ingress_controller_only_its_being_somewhere_is_known() {
    let of = |peers: &str| {
        let spec = format!("podSelector: {{}}, ingress: [{{{peers}}}]");
        lab(&[policy("a", &spec)]).word("ingress -> shop/web 8080")
    };
    assert_eq!(of(""), "allowed");
    assert_eq!(of("from: [{ipBlock: {cidr: 0.0.0.0/0}}]"), "allowed");
    assert_eq!(of("from: [{namespaceSelector: {}}]"), "unknown");
    assert_eq!(of("ports: [{port: 9}]"), "ingress");
    assert_eq!(lab(&[]).word("ingress -> shop/web 8080"), "allowed");
}

#[test]
fn names_of_hosts_outside_leave_it_open_what_they_resolve_to() {
    let rules = "egress: [{action: Accept, to: [{domainNames: ['*.example.com']}]}, \
                 {action: Deny, to: [{networks: [0.0.0.0/0]}]}]";
    let lab = lab(&[cluster_policy("a", "Admin", 1, rules)]);
    assert_eq!(lab.word("shop/web -> 9.9.9.9 443"), "unknown");
    assert_eq!(lab.word("shop/web -> shop/db 5432"), "egress");
}
