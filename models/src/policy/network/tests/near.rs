//! Rules that fail by one thing: what it is, and that nothing else is in the way.

use super::*;
use crate::explain::{FOUND, WANTED};

/// All near misses of a proof: what was found, and what would have done.
fn near(step: &Explanation) -> Vec<(String, Vec<String>)> {
    let value = |name| {
        let facts = step.facts.iter().filter(move |fact| fact.name == name);
        facts.map(|fact| fact.value.clone())
    };
    let own = value(FOUND).next().map(|found| (found, value(WANTED).collect()));
    own.into_iter().chain(step.because.iter().flat_map(near)).collect()
}

/// A NetworkPolicy for `shop/db`.
fn text(ingress: &str) -> String {
    let spec = format!("podSelector: {{matchLabels: {{app: db}}}}, ingress: [{ingress}]");
    format!("{PODS}{}", policy("a", &spec))
}

/// What is in the way of `call`, where that is one thing; changing `from` into `to` in the
/// manifests must then let it pass.
fn turned(ingress: &str, call: &str, (from, to): (&str, &str)) -> (String, Vec<String>) {
    let text = text(ingress);
    let lab = Lab::of(&text);
    assert_eq!(lab.word(call), "ingress", "{ingress}");
    let found = near(&lab.proof(call));
    assert!(text.contains(from), "{from}");
    assert_eq!(Lab::of(&text.replacen(from, to, 1)).word(call), "allowed", "{ingress}");
    let [one] = &found[..] else { panic!("one near miss: {found:?}") };
    one.clone()
}

fn told(found: &str, wanted: &[&str]) -> (String, Vec<String>) {
    (found.to_owned(), wanted.iter().map(|it| (*it).to_owned()).collect())
}

#[test]
fn one_label_that_differs_is_told_and_turns_the_rule() {
    let one = "{from: [{podSelector: {matchLabels: {app: webs, tier: front}}}]}";
    let found = turned(one, "shop/web -> shop/db 9090", ("app: webs", "app: web"));
    assert_eq!(found, told("pod label app: web", &["pod label app: webs"]));
    let missing = "{from: [{podSelector: {matchLabels: {app: job, batch: 'yes'}}}]}";
    let found =
        turned(missing, "shop/job -> shop/db 9090", ("{app: job}", "{app: job, batch: 'yes'}"));
    assert_eq!(found, told("pod label batch: (missing)", &["pod label batch: yes"]));
    let listed =
        "{from: [{podSelector: {matchExpressions: [{key: app, operator: In, values: [a, b]}]}}]}";
    let found = turned(listed, "shop/web -> shop/db 9090", ("values: [a, b]", "values: [web, b]"));
    assert_eq!(found, told("pod label app: web", &["pod label app: a", "pod label app: b"]));
}

#[test]
fn a_namespace_that_is_another_one_or_lacks_a_label_is_told_and_turns_the_rule() {
    let own = "{from: [{podSelector: {matchLabels: {app: probe}}}]}";
    let everywhere = "{namespaceSelector: {}, podSelector: {matchLabels: {app: probe}}}";
    let call = "watch/probe -> shop/db 9090";
    let found = turned(own, call, ("{podSelector: {matchLabels: {app: probe}}}", everywhere));
    assert_eq!(found, told("namespace watch", &["namespace shop"]));
    let labelled = "{from: [{namespaceSelector: {matchLabels: {team: ops, env: prod}}}]}";
    let found = turned(labelled, call, ("{team: ops}", "{team: ops, env: prod}"));
    assert_eq!(found, told("namespace label env: (missing)", &["namespace label env: prod"]));
}

#[test]
fn a_port_that_is_not_among_those_of_a_rule_is_told_and_turns_it() {
    let one = "{ports: [{port: 80}]}";
    let found = turned(one, "shop/web -> shop/db 9090", ("{port: 80}", "{port: 9090}"));
    assert_eq!(found, told("9090/TCP", &["80/TCP"]));
    let udp = "{ports: [{port: 9090, protocol: UDP}, {port: 1, endPort: 9}, {port: sql}]}";
    let found = turned(udp, "shop/web -> shop/db 9090", ("protocol: UDP", "protocol: TCP"));
    assert_eq!(found, told("9090/TCP", &["9090/UDP", "1-9/TCP", "sql/TCP"]));
}

#[test]
fn of_several_peers_the_first_that_fails_by_one_thing_is_told() {
    let peers = "{from: [{podSelector: {matchLabels: {app: x, a: b}}}, {podSelector: \
                 {matchLabels: {app: webs}}}, {podSelector: {matchLabels: {app: y}}}]}";
    let found = turned(peers, "shop/web -> shop/db 9090", ("app: webs", "app: web"));
    assert_eq!(found, told("pod label app: web", &["pod label app: webs"]));
}

#[test]
fn two_things_in_the_way_are_no_near_miss() {
    for ingress in [
        "{from: [{podSelector: {matchLabels: {app: webs, tier: back}}}]}",
        "{from: [{podSelector: {matchLabels: {app: webs}}}], ports: [{port: 80}]}",
        "{from: [{namespaceSelector: {matchLabels: {team: ops}}, podSelector: {matchLabels: {app: webs}}}]}",
        "{from: [{ipBlock: {cidr: 10.9.0.0/16}}]}",
    ] {
        let lab = Lab::of(&text(ingress));
        assert_eq!(lab.word("shop/web -> shop/db 9090"), "ingress");
        assert_eq!(near(&lab.proof("shop/web -> shop/db 9090")), [], "{ingress}");
    }
}

#[test]
fn a_policy_that_selects_another_pod_is_near_where_one_label_looks_like_a_slip() {
    let selects = |app: &str| {
        let spec = format!("podSelector: {{matchLabels: {{app: {app}}}}}, ingress: []");
        let lab = lab(&[policy("a", &spec)]);
        (lab.word("shop/db -> shop/web 8080"), near(&lab.proof("shop/db -> shop/web 8080")))
    };
    let slip = told("pod label app: web", &["pod label app: webb"]);
    assert_eq!(selects("webb"), ("allowed", vec![slip]));
    assert_eq!(selects("web").0, "ingress", "and then it isolates the pod");
    assert_eq!(selects("orders"), ("allowed", Vec::new()), "it means another workload");
}
