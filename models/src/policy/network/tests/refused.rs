//! Policies that cannot be read.

use super::*;

#[test]
fn a_policy_that_cannot_be_read_lets_nothing_more_through() {
    let call = "watch/probe -> shop/web 8080";
    let of = |policies: &[String]| lab(policies).word(call);
    let web = "podSelector: {matchLabels: {app: web}}";
    for rule in
        ["from: [{}]", "from: everybody", "ports: [{port: 0}]", "ports: [{port: 9, endPort: 8}]"]
    {
        assert_eq!(
            of(&[policy("a", &format!("{web}, ingress: [{{{rule}}}]"))]),
            "ingress",
            "{rule}"
        );
    }
    let selector =
        "podSelector: {matchExpressions: [{key: app, operator: Is}]}, policyTypes: [Ingress]";
    assert_eq!(of(&[policy("a", selector)]), "unknown");
    let allow = "ingress: [{action: Accept, from: [{namespaces: {}}]}]";
    let closed = policy("web", &format!("{web}, policyTypes: [Ingress]"));
    for broken in ["from: [{}]", "from: [{namespaces: {matchLabels: 7}}]", "from: []"] {
        let accept = format!("ingress: [{{action: Accept, {broken}}}]");
        let accept = cluster_policy("a", "Admin", 1, &accept);
        assert_eq!(of(&[accept, closed.clone()]), "ingress", "{broken}");
        let deny =
            cluster_policy("a", "Admin", 1, &format!("ingress: [{{action: Deny, {broken}}}]"));
        assert_eq!(of(&[deny]), "unknown", "{broken}");
    }
    let no_priority = cluster_policy("a", "Admin", 5000, allow);
    assert_eq!(of(std::slice::from_ref(&no_priority)), "unknown");
    assert_eq!(of(&[no_priority, closed]), "ingress");
    let no_action = cluster_policy("a", "Admin", 1, "ingress: [{from: [{namespaces: {}}]}]");
    assert_eq!(of(&[no_action]), "unknown");
}
