//! What the proof tells: every policy that was considered, in the order of evaluation, with the
//! first clause that fails.

use super::*;

fn told(step: &Explanation) -> Vec<String> {
    let mut lines = Vec::new();
    for below in &step.because {
        lines.extend(told(below));
    }
    lines.push(step.finding.clone());
    lines
}

#[test]
fn every_policy_is_told_in_order_with_its_first_failing_clause() {
    let all = "namespaces: {matchLabels: {team: ops}}";
    let admin =
        cluster_policy("other", "Admin", 1, "ingress: [{action: Deny, from: [{namespaces: {}}]}]")
            .replace("namespaces: {}}, ingress", &format!("{all}}}, ingress"));
    let policies = [
        admin,
        policy("a-db", "podSelector: {matchLabels: {app: db}}, policyTypes: [Ingress]"),
        policy("b-out", "podSelector: {}, policyTypes: [Egress], egress: [{}]"),
        policy(
            "c-web",
            "podSelector: {matchLabels: {app: web}}, ingress: [\
             {from: [{podSelector: {matchLabels: {app: db}}}]}, {ports: [{port: 80}]}]",
        ),
    ];
    let lab = lab(&policies);
    let call = "watch/probe -> shop/web 8080";
    assert_eq!(lab.word(call), "ingress");
    let lines = told(&lab.proof(call));
    let expected = [
        "ClusterNetworkPolicy other does not speak of this pod: namespaces: `team` is `shop`, the \
         selector asks for `ops`",
        "NetworkPolicy shop/a-db does not select this pod: podSelector: `app` is `web`, the \
         selector asks for `db`",
        "NetworkPolicy shop/b-out does not speak of ingress: policyTypes leave it out",
        "a rule does not match: it means pods of namespace `shop`, the pod is in `watch`",
        "a rule does not match: the port is not among 80/TCP",
        "NetworkPolicy shop/c-web isolates the pod for ingress and does not allow this",
        "ingress at shop/web is dropped",
    ];
    let from = lines.iter().position(|line| line == expected[0]);
    let from = lines.iter().rposition(|line| line == expected[0]).or(from).expect("the first line");
    assert_eq!(&lines[from..from + expected.len()], expected);
    assert!(lines.last().is_some_and(|line| line.ends_with("at ingress")), "{lines:?}");
}
