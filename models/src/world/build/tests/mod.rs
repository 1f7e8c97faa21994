//! Stories of the build, on a small rig.

mod endpoints;
mod findings;
mod laws;
mod nodes;
mod pods;
mod samples;

use crate::manifest::kinds::{Resource, Service, Workload};
use crate::world::{
    Built, ClusterManifests, OutsideHost, ServiceId, Topology, WorkloadId, World, build,
};

use super::testing::*;

/// Builds one cluster with the default topology.
fn built(resources: &[Resource]) -> Built {
    built_on(resources, &Topology::default())
}

fn built_on(resources: &[Resource], topology: &Topology) -> Built {
    build(&[cluster(resources)], topology, &[])
}

fn cluster(resources: &[Resource]) -> ClusterManifests<'_> {
    ClusterManifests { name: "one", default_namespace: "default", resources }
}

fn svc(service: Service) -> Resource {
    Resource::Service(service)
}

fn ctl(workload: Workload) -> Resource {
    Resource::Workload(workload)
}

fn codes(built: &Built) -> Vec<&'static str> {
    built.findings.iter().map(|finding| finding.code).collect()
}

fn workload_named(world: &World, title: &str) -> WorkloadId {
    let found = world.workloads.ids().find(|id| world.workload_name(*id) == title);
    found.unwrap_or_else(|| panic!("no workload {title}"))
}

fn service_named(world: &World, title: &str) -> ServiceId {
    let found = world.services.ids().find(|id| world.service_name(*id) == title);
    found.unwrap_or_else(|| panic!("no Service {title}"))
}

/// The names of a workload's pods.
fn pod_names(world: &World, title: &str) -> Vec<String> {
    let range = world.workloads[workload_named(world, title)].pods.clone();
    (range.start.0..range.end.0)
        .map(|id| world.pods[crate::world::PodId(id)].name.clone())
        .collect()
}

/// `target:port`, with a mark for those that are not ready.
fn endpoint_texts(world: &World, service: &str, port: usize) -> Vec<String> {
    let row = &world.services[service_named(world, service)].ports[port];
    let texts = row.endpoints.iter().map(|endpoint| {
        let target = match &endpoint.target {
            crate::world::EndpointTarget::Pod(pod) => &world.pods[*pod].name,
            crate::world::EndpointTarget::Address(address) => address,
        };
        let mark = if endpoint.ready { "" } else { " (not ready)" };
        format!("{target}:{}{mark}", endpoint.port)
    });
    texts.collect()
}

#[test]
fn a_service_and_its_deployment_become_a_world() {
    let resources = [
        svc(service("shop/cart", "app=cart", vec![target(port("http", 80), "http")])),
        deployment("shop/cart", "app=cart", 2),
    ];
    let built = built(&resources);
    assert_eq!(endpoint_texts(&built.world, "shop/cart", 0), ["cart-0:8080", "cart-1:8080"]);
    assert_eq!(codes(&built), [] as [&str; 0]);
    let said: Vec<_> = built.assumptions.iter().map(|it| it.subject.as_str()).collect();
    assert_eq!(said, ["cluster one", "namespace shop"]);
}

#[test]
fn objects_without_a_namespace_go_to_the_default_one() {
    let resources = [deployment("cart", "app=cart", 1)];
    let part = ClusterManifests { name: "one", default_namespace: "team", resources: &resources };
    let built = build(&[part], &Topology::default(), &[]);
    assert_eq!(pod_names(&built.world, "team/cart"), ["cart-0"]);
}

#[test]
fn hosts_outside_stand_behind_all_workloads_of_clusters() {
    let host = OutsideHost {
        name: "api.pay.example".to_owned(),
        replicas: 2,
        zone: None,
        origin: crate::world::Origin::Assumed("a test"),
    };
    let resources = [deployment("shop/zebra", "app=z", 1)];
    let built = build(&[cluster(&resources)], &Topology::default(), &[host]);
    let world = &built.world;
    let names: Vec<_> = world.workloads.ids().map(|id| world.workload_name(id)).collect();
    assert_eq!(names, ["shop/zebra", "api.pay.example"]);
    assert_eq!(pod_names(world, "api.pay.example"), ["api.pay.example-0", "api.pay.example-1"]);
    assert!(world.pods[crate::world::PodId(1)].ip.to_string().starts_with("198.1"));
}

#[test]
fn two_clusters_keep_apart_what_has_the_same_name() {
    let resources = [
        svc(service("shop/cart", "app=cart", vec![port("http", 80)])),
        deployment("shop/cart", "app=cart", 1),
    ];
    let parts = ["east", "west"].map(|name| ClusterManifests {
        name,
        default_namespace: "default",
        resources: &resources,
    });
    let world = build(&parts, &Topology::default(), &[]).world;
    assert_eq!((world.services.len(), world.pods.len(), world.namespaces.len()), (2, 2, 2));
    let ips: std::collections::BTreeSet<_> = world.pods.iter().map(|pod| pod.ip).collect();
    assert_eq!(ips.len(), 2);
}
