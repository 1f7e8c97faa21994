//! What single edits do to an object, without a question.

use crate::manifest::kinds::Resource;
use crate::manifest::kinds::istio::{AuthorizationPolicy, IstioResource};
use crate::manifest::kinds::policy::{Direction, NetworkPolicy};

use super::super::access::{AccessChange, OperationField, SourceField};
use super::super::network::{NetworkChange, NewPeer, RuleChange};
use super::{Mesh, object};

fn access(spec: &str) -> AuthorizationPolicy {
    let mesh = Mesh::of(&[object("AuthorizationPolicy shop/callers", spec)]);
    match &mesh.manifests.resources[0] {
        Resource::Istio(object) => match &**object {
            IstioResource::AuthorizationPolicy(policy) => policy.clone(),
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

fn network(spec: &str) -> NetworkPolicy {
    let mesh = Mesh::of(&[object("NetworkPolicy shop/cart", spec)]);
    match &mesh.manifests.resources[0] {
        Resource::NetworkPolicy(policy) => (**policy).clone(),
        other => panic!("{other:?}"),
    }
}

/// The principals of the sources of each rule, with those that must not fit behind a `!`.
fn principals(policy: &AuthorizationPolicy) -> Vec<Vec<String>> {
    let of_rule = |rule: &crate::manifest::kinds::istio::AccessRule| {
        let sources = rule.from.iter().map(|source| {
            let any = source.principals.any_of.iter().map(|it| it.value.clone());
            let none = source.principals.none_of.iter().map(|it| format!("!{}", it.value));
            any.chain(none).collect::<Vec<_>>().join(" ")
        });
        sources.collect()
    };
    policy.rules.iter().map(of_rule).collect()
}

const TWO: &str = "{rules: [{from: [{source: {principals: [a, b]}}, \
                   {source: {principals: [c], namespaces: [n]}}]}, {to: [{operation: {methods: [GET]}}]}]}";

#[test]
fn a_client_joins_a_source_that_asks_for_nothing_else_or_gets_its_own() {
    let mut policy = access(TWO);
    let add = |rule, value: &str| AccessChange::Source {
        rule,
        field: SourceField::Principals,
        value: value.to_owned(),
    };
    add(0, "x").apply(&mut policy).expect("the first rule");
    assert_eq!(principals(&policy), [vec!["a b x", "c"], vec![]]);
    let mut mixed = access("{rules: [{from: [{source: {principals: [c], namespaces: [n]}}]}]}");
    add(0, "x").apply(&mut mixed).expect("the first rule");
    assert_eq!(principals(&mixed), [vec!["c", "x"]]);
    assert_eq!(add(7, "x").apply(&mut mixed), None);
    let title = "AuthorizationPolicy shop/callers";
    assert_eq!(
        add(0, "x").sentence(&mixed, title),
        format!("add principal x to rule 1 of {title}")
    );
}

#[test]
fn an_exemption_holds_for_all_sources_of_a_rule() {
    let mut policy = access(TWO);
    let exempt =
        |rule| AccessChange::Exempt { rule, field: SourceField::Principals, value: "x".to_owned() };
    assert_eq!((exempt(0).size(&policy), exempt(1).size(&policy)), (2, 1));
    exempt(0).apply(&mut policy).expect("the first rule");
    exempt(1).apply(&mut policy).expect("the second rule");
    assert_eq!(principals(&policy), [vec!["a b !x", "c !x"], vec!["!x"]]);
}

#[test]
fn a_value_a_source_or_a_rule_goes_and_no_list_is_left_empty() {
    let mut policy = access(TWO);
    let field = SourceField::Principals;
    let value = |source, value| AccessChange::RemoveValue { rule: 0, source, field, value };
    value(0, 1).apply(&mut policy).expect("one of two");
    assert_eq!(value(0, 0).apply(&mut policy), None, "without a principal it would ask for less");
    assert_eq!(value(1, 0).apply(&mut policy), None);
    let source = AccessChange::RemoveSource { rule: 0, source: 0 };
    source.apply(&mut policy).expect("one of two");
    assert_eq!(source.apply(&mut policy), None, "without a source it would match anybody");
    assert_eq!(principals(&policy), [vec!["c"], vec![]]);
    AccessChange::RemoveRule { rule: 0 }.apply(&mut policy).expect("a rule");
    assert_eq!(principals(&policy), [Vec::<String>::new()]);
}

#[test]
fn an_operation_lists_one_more_value() {
    let mut policy = access(TWO);
    let (field, value) = (OperationField::Methods, "PUT".to_owned());
    let add = AccessChange::Operation { rule: 1, operation: 0, field, value };
    add.apply(&mut policy).expect("an operation");
    let methods: Vec<_> =
        policy.rules[1].to[0].methods.any_of.iter().map(|it| it.value.as_str()).collect();
    assert_eq!(methods, ["GET", "PUT"]);
}

#[test]
fn peers_ports_and_rules_come_and_go_and_no_list_is_left_empty() {
    let spec = "{podSelector: {}, ingress: [{from: [{podSelector: {}}], ports: [{port: 80}]}]}";
    let mut policy = network(spec);
    let change = |act| NetworkChange { direction: Direction::Ingress, act };
    let labels = [("app".to_owned(), "web".to_owned())].into();
    let peer = NewPeer::Pods { namespace: Some("client".to_owned()), labels };
    let port = (crate::manifest::kinds::Transport::Tcp, 81);
    let title = "NetworkPolicy shop/cart";
    for (act, sentence) in [
        (
            RuleChange::AddPeer { rule: 0, peer: peer.clone() },
            "add peer pods with app=web of namespace client to ingress rule 1 of",
        ),
        (RuleChange::AddPort { rule: 0, port }, "add TCP port 81 to ingress rule 1 of"),
        (
            RuleChange::AddRule { peer, ports: vec![port] },
            "add an ingress rule from pods with app=web of namespace client on TCP port 81 to",
        ),
        (RuleChange::RemovePeer { rule: 0, peer: 0 }, "remove peer 1 from ingress rule 1 of"),
        (RuleChange::RemovePort { rule: 0, port: 0 }, "remove port 1 from ingress rule 1 of"),
    ] {
        let change = change(act);
        assert_eq!(change.sentence(title), format!("{sentence} {title}"));
        change.apply(&mut policy).unwrap_or_else(|| panic!("{sentence}"));
    }
    let counts: Vec<_> = policy
        .ingress
        .iter()
        .map(|rule| (rule.peers.as_ref().map(Vec::len), rule.ports.as_ref().map(Vec::len)))
        .collect();
    assert_eq!(counts, [(Some(1), Some(1)), (Some(1), Some(1))]);
    let last = change(RuleChange::RemovePeer { rule: 0, peer: 0 });
    assert_eq!(last.apply(&mut policy), None, "without a peer it would mean anybody");
    change(RuleChange::RemoveRule { rule: 0 }).apply(&mut policy).expect("a rule");
    assert_eq!(policy.ingress.len(), 1);
}
