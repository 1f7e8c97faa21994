//! Who answers on the ports of Services.

use crate::manifest::Located;
use crate::manifest::kinds::{
    EndpointAddress, EndpointPort, EndpointSet, EndpointSetKind, Transport, WorkloadKind,
};
use crate::world::EndpointTarget;

use super::*;

fn set(kind: EndpointSetKind, title: &str, service: &str, address: &str) -> Resource {
    Resource::EndpointSet(EndpointSet {
        kind,
        meta: meta(title),
        service: Some(text(service)),
        addresses: vec![EndpointAddress {
            address: text(address),
            ready: true,
            pod: None,
            node: None,
        }],
        ports: vec![EndpointPort {
            name: None,
            port: Some(Located::new(5432, place(1))),
            transport: Transport::Tcp,
        }],
    })
}

fn managed(resource: Resource, pairs: &str) -> Resource {
    let Resource::EndpointSet(mut set) = resource else { panic!("an endpoint set") };
    set.meta.labels = labels(pairs);
    Resource::EndpointSet(set)
}

#[test]
fn a_named_target_port_means_what_each_pod_says() {
    let mut old = workload(WorkloadKind::Deployment, "shop/old", "app=web", 1);
    old.template.spec = spec(&[("http", 9090)]);
    let mut mute = workload(WorkloadKind::Deployment, "shop/mute", "app=web", 1);
    mute.template.spec = spec(&[]);
    let resources = [
        deployment("shop/new", "app=web", 1),
        ctl(old),
        ctl(mute),
        svc(service("shop/web", "app=web", vec![target(port("", 80), "http")])),
    ];
    let built = built(&resources);
    assert_eq!(endpoint_texts(&built.world, "shop/web", 0), ["new-0:8080", "old-0:9090"]);
    assert_eq!(codes(&built), ["world.partial-target-port"]);
}

#[test]
fn all_pairs_of_a_selector_must_agree_and_namespaces_do_not_mix() {
    let resources = [
        deployment("shop/a", "app=web,tier=front", 1),
        deployment("shop/b", "app=web,tier=back", 1),
        deployment("other/c", "app=web,tier=front", 1),
        svc(service("shop/front", "app=web,tier=front", vec![port("", 80)])),
    ];
    assert_eq!(endpoint_texts(&built(&resources).world, "shop/front", 0), ["a-0:80"]);
}

#[test]
fn a_headless_service_without_ports_still_has_addresses() {
    let resources =
        [deployment("shop/db", "app=db", 2), svc(headless("shop/db", "app=db", Vec::new()))];
    let world = built(&resources).world;
    let service = &world.services[service_named(&world, "shop/db")];
    assert_eq!((service.ports.len(), service.addresses.len()), (0, 2));
}

#[test]
fn slices_speak_for_a_service_without_a_selector() {
    let resources = [
        svc(service("shop/db", "", vec![port("", 5432)])),
        set(EndpointSetKind::EndpointSlice, "shop/db-1", "db", "192.0.2.7"),
    ];
    assert_eq!(endpoint_texts(&built(&resources).world, "shop/db", 0), ["192.0.2.7:5432"]);
}

#[test]
fn mirrored_endpoints_count_once() {
    let mirror = "endpointslice.kubernetes.io/managed-by=endpointslicemirroring-controller.k8s.io";
    let slice = set(EndpointSetKind::EndpointSlice, "shop/db-1", "db", "192.0.2.7");
    let resources = [
        svc(service("shop/db", "", vec![port("", 5432)])),
        set(EndpointSetKind::Endpoints, "shop/db", "db", "192.0.2.8"),
        managed(slice, mirror),
    ];
    assert_eq!(endpoint_texts(&built(&resources).world, "shop/db", 0), ["192.0.2.7:5432"]);
}

#[test]
fn a_selector_beats_what_the_controller_wrote_but_not_what_people_wrote() {
    let controller = "endpointslice.kubernetes.io/managed-by=endpointslice-controller.k8s.io";
    let slice = set(EndpointSetKind::EndpointSlice, "shop/db-1", "db", "192.0.2.7");
    let resources = [
        svc(service("shop/db", "app=db", vec![port("", 5432)])),
        deployment("shop/db", "app=db", 1),
        managed(slice, controller),
        set(EndpointSetKind::EndpointSlice, "shop/db-own", "db", "192.0.2.9"),
    ];
    let built = built(&resources);
    assert_eq!(endpoint_texts(&built.world, "shop/db", 0), ["db-0:5432", "192.0.2.9:5432"]);
    assert!(built.assumptions.iter().any(|it| it.subject == "Service shop/db"));
}

#[test]
fn unready_pods_are_published_on_request() {
    let mut peers = headless("shop/db", "app=db", vec![port("", 5432)]);
    peers.publish_not_ready = true;
    let mut pod = crate::manifest::kinds::Pod {
        meta: meta("shop/db-0"),
        spec: spec(&[]),
        pod_ip: None,
        phase: crate::manifest::kinds::PodPhase::Running,
        ready: false,
    };
    pod.meta.labels = labels("app=db");
    let world = built(&[svc(peers), Resource::Pod(pod)]).world;
    assert_eq!(endpoint_texts(&world, "shop/db", 0), ["db-0:5432"]);
    let service = &world.services[service_named(&world, "shop/db")];
    assert!(service.addresses[0].ready);
    assert!(matches!(service.addresses[0].target, EndpointTarget::Pod(_)));
}
