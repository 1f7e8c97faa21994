//! Where pods come from.

use crate::manifest::Located;
use crate::manifest::kinds::{OwnerReference, Pod, PodPhase, WorkloadKind};
use crate::world::{PodDns, WorkloadSource};

use super::*;

fn pod(title: &str, pairs: &str) -> Pod {
    let mut meta = meta(title);
    meta.labels = labels(pairs);
    Pod { meta, spec: spec(&[("http", 8080)]), pod_ip: None, phase: PodPhase::Running, ready: true }
}

fn owned(mut pod: Pod, kind: &str, name: &str) -> Pod {
    pod.meta.owner = Some(OwnerReference { kind: kind.to_owned(), name: name.to_owned() });
    pod
}

#[test]
fn each_controller_makes_pods_in_its_own_way() {
    let mut suspended = workload(WorkloadKind::Job, "jobs/later", "app=l", 3);
    suspended.suspend = true;
    let resources = [
        ctl(workload(WorkloadKind::StatefulSet, "jobs/db", "app=db", 2)),
        ctl(workload(WorkloadKind::DaemonSet, "jobs/agent", "app=agent", 9)),
        ctl(workload(WorkloadKind::Job, "jobs/import", "app=i", 2)),
        ctl(workload(WorkloadKind::CronJob, "jobs/report", "app=r", 2)),
        ctl(workload(WorkloadKind::Deployment, "jobs/off", "app=o", 0)),
        ctl(suspended),
    ];
    let built = built(&resources);
    let names = |title| pod_names(&built.world, title);
    assert_eq!(names("jobs/db"), ["db-0", "db-1"]);
    assert_eq!(names("jobs/agent"), ["agent-node-0", "agent-node-1", "agent-node-2"]);
    assert_eq!(names("jobs/import"), ["import-0", "import-1"]);
    for none in ["jobs/report", "jobs/off", "jobs/later"] {
        assert_eq!(names(none), [] as [&str; 0], "{none}");
    }
    let said = |subject: &str| built.assumptions.iter().any(|it| it.subject == subject);
    assert!(said("workload jobs/report") && said("workload jobs/later"));
}

#[test]
fn the_pods_of_a_dump_belong_to_the_topmost_controller() {
    let mut replica_set = workload(WorkloadKind::ReplicaSet, "shop/web-5d4f8", "app=web", 3);
    replica_set.meta.owner =
        Some(OwnerReference { kind: "Deployment".to_owned(), name: "web".to_owned() });
    let mut real = owned(pod("shop/web-5d4f8-x1", "app=web"), "ReplicaSet", "web-5d4f8");
    real.pod_ip = Some(text("10.1.2.3"));
    let resources = [deployment("shop/web", "app=web", 3), ctl(replica_set), Resource::Pod(real)];
    let world = built(&resources).world;
    assert_eq!(world.workloads.len(), 1);
    assert_eq!(pod_names(&world, "shop/web"), ["web-5d4f8-x1"]);
    let pod = world.pods.iter().next().expect("one pod");
    assert_eq!((pod.ip.to_string().as_str(), pod.ip_is_declared), ("10.1.2.3", true));
}

#[test]
fn pods_whose_controller_is_missing_still_form_one_workload() {
    let pods = ["x1", "x2"].map(|suffix| {
        let pod = pod(&format!("shop/web-5d4f8-{suffix}"), "app=web,pod-template-hash=5d4f8");
        Resource::Pod(owned(pod, "ReplicaSet", "web-5d4f8"))
    });
    let world = built(&pods).world;
    let id = workload_named(&world, "shop/web");
    assert_eq!(world.workloads[id].source, WorkloadSource::Controller(WorkloadKind::Deployment));
    assert_eq!(pod_names(&world, "shop/web").len(), 2);
}

#[test]
fn owners_that_own_each_other_do_not_hang_the_build() {
    let ring = ["one", "two"].map(|name| {
        let other = if name == "one" { "two" } else { "one" };
        let mut job = workload(WorkloadKind::Job, &format!("shop/{name}"), "app=a", 1);
        job.meta.owner = Some(OwnerReference { kind: "Job".to_owned(), name: other.to_owned() });
        ctl(job)
    });
    assert_eq!(built(&ring).world.workloads.len(), 0);
}

#[test]
fn ended_pods_are_left_out_and_waiting_ones_take_no_traffic() {
    let with_phase = |name: &str, phase| {
        let mut pod = pod(name, "app=a");
        pod.phase = phase;
        Resource::Pod(pod)
    };
    let resources = [
        with_phase("shop/done", PodPhase::Succeeded),
        with_phase("shop/broken", PodPhase::Failed),
        with_phase("shop/waiting", PodPhase::Pending),
        with_phase("shop/well", PodPhase::Running),
        svc(service("shop/a", "app=a", vec![port("", 8080)])),
    ];
    let world = built(&resources).world;
    let endpoints = endpoint_texts(&world, "shop/a", 0);
    assert_eq!(endpoints, ["waiting:8080 (not ready)", "well:8080"]);
}

#[test]
fn pods_on_the_host_network_have_the_address_of_their_node() {
    let mut agent = workload(WorkloadKind::DaemonSet, "ops/agent", "app=agent", 1);
    agent.template.spec.host_network = true;
    let world = built(&[ctl(agent)]).world;
    for pod in world.pods.iter() {
        assert_eq!(pod.ip, world.nodes[pod.node].ip);
    }
}

#[test]
fn stateful_pods_have_their_own_names_and_labels() {
    let mut set = workload(WorkloadKind::StatefulSet, "shop/db", "app=db", 2);
    set.service_name = Some(text("db-peers"));
    let resources = [
        ctl(set),
        svc(headless("shop/db-peers", "app=db", Vec::new())),
        svc(service(
            "shop/db-first",
            "statefulset.kubernetes.io/pod-name=db-0",
            vec![port("", 8080)],
        )),
    ];
    let world = built(&resources).world;
    assert_eq!(endpoint_texts(&world, "shop/db-first", 0), ["db-0:8080"]);
    let dns = world.pods.iter().map(|pod| pod.dns.clone().expect("a name of its own"));
    let wanted = ["db-0", "db-1"]
        .map(|hostname| PodDns { hostname: hostname.to_owned(), subdomain: "db-peers".to_owned() });
    assert_eq!(dns.collect::<Vec<_>>(), wanted);
}

#[test]
fn a_billion_replicas_are_a_finding_and_not_a_full_memory() {
    let built = built(&[deployment("shop/web", "app=web", u32::MAX)]);
    assert_eq!(codes(&built), ["world.too-many-pods"]);
}

#[test]
fn daemons_on_too_many_nodes_are_a_finding_too() {
    let daemons: Vec<_> = (0..20)
        .map(|number| {
            let title = format!("ops/agent-{number:02}");
            ctl(workload(WorkloadKind::DaemonSet, &title, "app=agent", 0))
        })
        .collect();
    let zone = crate::world::ZoneTopology {
        name: "a".to_owned(),
        region: "eu".to_owned(),
        nodes: crate::world::NodeNames::Count(u32::MAX),
        place: place(1),
    };
    let cluster = crate::world::ClusterTopology { name: "one".to_owned(), zones: vec![zone] };
    let topology = Topology { clusters: vec![cluster], placements: Vec::new() };
    let found = codes(&built_on(&daemons, &topology));
    assert_eq!(found[..2], ["world.too-many-nodes", "world.too-many-pods"]);
}

#[test]
fn a_pod_without_a_template_behaves_like_a_workload_of_one() {
    let mut lone = pod("shop/lone", "app=lone");
    lone.spec.service_account = Some(text("robot"));
    lone.spec.node_name = Some(Located::new("metal-7".to_owned(), place(3)));
    let built = built(&[Resource::Pod(lone)]);
    let world = &built.world;
    let id = workload_named(world, "shop/lone");
    assert_eq!(world.workloads[id].source, WorkloadSource::BarePod);
    assert_eq!(world.nodes.iter().map(|node| node.name.as_str()).collect::<Vec<_>>(), ["metal-7"]);
    assert_eq!(codes(&built), ["world.absent-service-account"]);
}
