//! What the build finds fault with.

use crate::manifest::kinds::{EndpointSet, EndpointSetKind, WorkloadKind};

use super::*;

#[test]
fn a_selector_that_selects_nothing_is_told_the_value_it_nearly_hit() {
    let resources = [
        svc(service("shop/cart", "app=crat", vec![port("", 80)])),
        deployment("shop/cart", "app=cart", 1),
    ];
    let built = built(&resources);
    assert_eq!(codes(&built), ["world.selects-nothing"]);
    assert!(built.findings[0].labels[1].text.contains("`cart` is near"));
}

#[test]
fn a_workload_scaled_to_zero_is_no_missing_one() {
    let resources = [
        svc(service("shop/cart", "app=cart", vec![target(port("", 80), "http")])),
        deployment("shop/cart", "app=cart", 0),
    ];
    assert_eq!(codes(&built(&resources)), [] as [&str; 0]);
}

#[test]
fn target_ports_by_name_must_exist_and_by_number_should() {
    let resources = [
        svc(service("shop/by-name", "app=a", vec![target(port("", 80), "grpc")])),
        svc(service("shop/by-number", "app=a", vec![port("", 80)])),
        deployment("shop/a", "app=a", 1),
    ];
    let built = built(&resources);
    assert_eq!(codes(&built), ["world.absent-target-port", "world.undeclared-target-port"]);
    assert_eq!(endpoint_texts(&built.world, "shop/by-name", 0), [] as [&str; 0]);
    assert_eq!(endpoint_texts(&built.world, "shop/by-number", 0), ["a-0:80"]);
}

#[test]
fn lists_of_ports_follow_the_rules_of_the_api() {
    let ports = vec![port("http", 80), port("http", 81), port("", 82), port("again", 80)];
    let resources = [svc(service("shop/a", "", ports))];
    assert_eq!(
        codes(&built(&resources)),
        ["world.duplicate-port-name", "world.unnamed-port", "world.duplicate-port"]
    );
}

#[test]
fn a_deployment_must_select_its_own_pods() {
    let mut wrong = workload(WorkloadKind::Deployment, "shop/a", "app=a", 1);
    wrong.template.labels = labels("app=b");
    let built = built(&[ctl(wrong)]);
    assert_eq!(codes(&built), ["world.selector-misses-template"]);
    assert!(built.findings[0].labels[0].text.contains("`app` is `b`"));
}

#[test]
fn what_leads_nowhere_is_found() {
    let mut set = workload(WorkloadKind::StatefulSet, "shop/db", "app=db", 1);
    set.service_name = Some(text("db-peers"));
    let slice = EndpointSet {
        kind: EndpointSetKind::EndpointSlice,
        meta: meta("shop/lost-1"),
        service: Some(text("lost")),
        addresses: Vec::new(),
        ports: Vec::new(),
    };
    let resources = [ctl(set), Resource::EndpointSet(slice)];
    assert_eq!(
        codes(&built(&resources)),
        ["world.absent-governing-service", "world.orphaned-endpoints"]
    );
}
