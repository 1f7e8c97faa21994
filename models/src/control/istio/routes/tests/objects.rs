//! VirtualServices as a whole: names, age, visibility, delegates.

use super::*;
use crate::control::istio::config::ExportTo;
use crate::control::istio::testing::Objects;
use crate::manifest::Diagnostic;

fn all(text: &str) -> (Vec<Arc<EffectiveVirtualService>>, Vec<Diagnostic>) {
    effective(&Objects::of(text).virtual_services(), "cluster.local", &ExportTo::PUBLIC)
}

fn object(name: &str, namespace: &str, rest: &str) -> String {
    format!(
        "---\napiVersion: networking.istio.io/v1\nkind: VirtualService\n\
         metadata: {{name: {name}, namespace: {namespace}}}\nspec: {{{rest}}}\n"
    )
}

fn names(objects: &[Arc<EffectiveVirtualService>]) -> Vec<&str> {
    objects.iter().map(|object| object.name.as_str()).collect()
}

#[test]
fn short_names_belong_to_the_namespace_of_the_object() {
    let text = object(
        "a",
        "shop",
        "hosts: [web, Shop.Example], gateways: [edge, ./own, other/far, mesh, old.ns.svc.cluster.local], \
         http: [{match: [{gateways: [edge]}], route: [{destination: {host: web}}], mirror: {host: copy}}], \
         tcp: [{route: [{destination: {host: db}}]}]",
    );
    let (objects, _) = all(&text);
    let hosts: Vec<_> = objects[0].hosts.iter().map(|it| it.value.as_str()).collect();
    assert_eq!(hosts, ["web.shop.svc.cluster.local", "shop.example"]);
    let gateways: Vec<_> = objects[0].gateways.iter().map(|it| it.value.as_str()).collect();
    assert_eq!(gateways, ["shop/edge", "shop/own", "other/far", "mesh", "ns/old"]);
    let rule = &objects[0].http[0];
    assert_eq!(rule.matches[0].gateways[0].value, "shop/edge");
    assert_eq!(rule.route[0].destination.host.value, "web.shop.svc.cluster.local");
    let mirror = rule.mirror.as_ref().map(|mirror| mirror.host.value.as_str());
    assert_eq!(mirror, Some("copy.shop.svc.cluster.local"));
    assert_eq!(objects[0].tcp[0].route[0].destination.host.value, "db.shop.svc.cluster.local");
}

#[test]
fn without_gateways_an_object_is_for_the_mesh_alone() {
    let text = object("a", "shop", "hosts: [web]")
        + &object("b", "shop", "hosts: [web], gateways: [edge]");
    let (objects, _) = all(&text);
    assert_eq!(names(&visible(&objects, "shop", MESH)), ["a"]);
    assert_eq!(names(&visible(&objects, "shop", "shop/edge")), ["b"]);
}

#[test]
fn the_oldest_comes_first_and_then_the_first_by_name() {
    let dated = |name: &str, created: &str| {
        format!(
            "---\napiVersion: networking.istio.io/v1\nkind: VirtualService\n\
             metadata: {{name: {name}, creationTimestamp: '{created}'}}\nspec: {{hosts: [a.b]}}\n"
        )
    };
    let text = dated("young", "2026-03-01T00:00:00Z") + &dated("old", "2025-03-01T00:00:00Z");
    let text = text + &object("z", "a", "hosts: [a.b]") + &object("y", "b", "hosts: [a.b]");
    // Objects without a time are yet to be created.
    assert_eq!(names(&all(&text).0), ["old", "young", "y", "z"]);
}

#[test]
fn what_only_a_namespace_sees_comes_before_what_all_see() {
    let text = object("a", "shop", "hosts: [a.b]")
        + &object("b", "shop", "hosts: [a.b], exportTo: ['.']")
        + &object("c", "bank", "hosts: [a.b], exportTo: [shop]")
        + &object("d", "bank", "hosts: [a.b], exportTo: ['~']");
    let (objects, _) = all(&text);
    assert_eq!(names(&visible(&objects, "shop", MESH)), ["b", "c", "a"]);
    assert_eq!(names(&visible(&objects, "bank", MESH)), ["a"]);
}

#[test]
fn the_rules_of_a_delegate_stand_in_place_of_the_rule_that_names_it() {
    let text = object(
        "root",
        "shop",
        "hosts: [shop.example], http: [\
         {name: r, match: [{uri: {prefix: /pay}, headers: {x: {exact: a}}, name: m}], timeout: 3s, delegate: {name: pay, namespace: bank}}, \
         {name: last, route: [{destination: {host: web}}]}]",
    ) + &object(
        "pay",
        "bank",
        "http: [{name: d, match: [{uri: {exact: /pay/now}}, {uri: {prefix: /pay/v}, name: n}], route: [{destination: {host: till}}]}, \
         {match: [{uri: {prefix: /other}}], route: [{destination: {host: till}}]}, \
         {timeout: 1s, route: [{destination: {host: till}}]}]",
    );
    let (objects, findings) = all(&text);
    let [root] = &objects[..] else { panic!("a delegate is no object of its own") };
    let rules: Vec<_> =
        root.http.iter().map(|it| it.name.as_ref().map(|it| &it.value[..])).collect();
    assert_eq!(rules, [Some("r-d"), Some("r"), Some("last")]);
    let [first, second, _] = &root.http[..] else { panic!("three rules") };
    assert_eq!(first.matches.len(), 2);
    assert_eq!(first.matches[1].name.as_ref().map(|it| &it.value[..]), Some("m-n"));
    assert_eq!(first.matches[0].headers.len(), 1);
    assert_eq!(first.timeout.map(|it| it.as_ns()), Some(3_000_000_000));
    assert_eq!(second.timeout.map(|it| it.as_ns()), Some(1_000_000_000));
    // A delegate's hosts belong to its own namespace.
    assert_eq!(first.route[0].destination.host.value, "till.bank.svc.cluster.local");
    let codes: Vec<_> = findings.iter().map(|it| it.code).collect();
    assert_eq!(codes, ["istio.delegate-conflict"]);
}

#[test]
fn delegates_that_do_not_exist_or_are_hidden_take_only_their_rule_with_them() {
    let text = object(
        "root",
        "shop",
        "hosts: [shop.example], http: [{delegate: {name: none}}, {delegate: {name: own, namespace: bank}}, \
         {name: kept, route: [{destination: {host: web}}]}]",
    ) + &object(
        "own",
        "bank",
        "exportTo: ['.'], http: [{route: [{destination: {host: web}}]}]",
    );
    let (objects, findings) = all(&text);
    assert_eq!(objects[0].http.len(), 1);
    let codes: Vec<_> = findings.iter().map(|it| it.code).collect();
    assert_eq!(codes, ["istio.missing-delegate", "istio.delegate-hidden"]);
}
