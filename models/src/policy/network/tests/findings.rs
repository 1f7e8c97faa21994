//! What lint says of policies of the network.

use super::*;
use crate::manifest::Diagnostic;

fn found(policies: &[String]) -> Vec<Diagnostic> {
    let mut sources = SourceSet::new();
    let id = sources.add("a.yaml", format!("{PODS}{}", policies.concat()));
    let resources = &load(&sources, [id]).resources;
    let cluster = ClusterManifests { name: "c", default_namespace: "default", resources };
    let world = build(&[cluster], &Topology::default(), &[]).world;
    NetworkPolicies::new(&world, &[cluster], Profile::built_in()).1
}

fn codes(spec: &str) -> Vec<&'static str> {
    found(&[policy("a", spec)]).iter().map(|finding| finding.code).collect()
}

#[test]
fn a_policy_that_selects_nothing_is_told() {
    assert_eq!(codes("podSelector: {matchLabels: {app: wbe}}"), ["network.selects-nothing"]);
    assert!(codes("podSelector: {matchLabels: {app: web}}").is_empty());
    let nobody = cluster_policy("a", "Admin", 1, "ingress: []")
        .replace("namespaces: {}", "namespaces: {matchLabels: {team: x}}");
    assert_eq!(found(&[nobody])[0].code, "network.selects-nothing");
}

#[test]
fn a_peer_that_picks_nobody_and_a_port_that_nobody_has_are_told() {
    let web = "podSelector: {matchLabels: {app: web}}";
    let of = |rule: &str| codes(&format!("{web}, ingress: [{rule}]"));
    // The pod lives in another namespace than the policy.
    assert_eq!(
        of("{from: [{podSelector: {matchLabels: {app: probe}}}]}"),
        ["network.peer-picks-nothing"]
    );
    assert!(
        of("{from: [{namespaceSelector: {}, podSelector: {matchLabels: {app: probe}}}]}")
            .is_empty()
    );
    assert_eq!(of("{ports: [{port: sql}]}"), ["network.unknown-port-name"]);
    assert_eq!(of("{ports: [{port: http, protocol: UDP}]}"), ["network.unknown-port-name"]);
    assert!(of("{ports: [{port: http}]}").is_empty());
}

#[test]
fn missing_egress_to_name_servers_is_told_where_something_may_be_called() {
    let of = |rules: &str| {
        codes(&format!("podSelector: {{}}, policyTypes: [Egress], egress: [{rules}]"))
    };
    let db = "{to: [{podSelector: {matchLabels: {app: db}}}], ports: [{port: 5432}]}";
    assert_eq!(of(db), ["network.no-dns"]);
    assert!(of(&format!("{db}, {{ports: [{{port: 53, protocol: UDP}}]}}")).is_empty());
    assert!(of("{to: [{namespaceSelector: {}}]}").is_empty());
    // A pod that may call nothing needs no names.
    assert!(of("").is_empty());
    let admin = cluster_policy(
        "dns",
        "Admin",
        1,
        "egress: [{action: Accept, to: [{namespaces: {}}], protocols: [{udp: {destinationPort: {number: 53}}}]}]",
    );
    let spec = format!("podSelector: {{}}, policyTypes: [Egress], egress: [{db}]");
    assert!(found(&[admin, policy("a", &spec)]).is_empty());
}
