//! How long it takes to build a large world: 10 000 Services, 10 000 workloads, 100 000 pods.

use meshwalk_models::manifest::kinds::{
    Container, ContainerPort, HealthProbes, Labels, ObjectMeta, PodSpec, PodTemplate, Resource,
    Selector, Service, ServicePort, ServiceType, TargetPort, Transport, Workload, WorkloadKind,
};
use meshwalk_models::manifest::{Located, Place, SourceId};
use meshwalk_models::world::{
    ClusterManifests, ClusterTopology, NodeNames, Topology, ZoneTopology, build,
};

const SERVICES: u32 = 10_000;
const PODS_EACH: u32 = 10;
const NAMESPACES: u32 = 100;

fn main() {
    divan::main();
}

#[divan::bench(sample_count = 10)]
fn ten_thousand_services(bencher: divan::Bencher<'_, '_>) {
    let resources: Vec<_> = (0..SERVICES).flat_map(pair).collect();
    let topology = topology();
    bencher.bench_local(|| {
        let part =
            ClusterManifests { name: "one", default_namespace: "default", resources: &resources };
        let built = build(&[part], &topology, &[]);
        assert_eq!(built.world.pods.len(), (SERVICES * PODS_EACH) as usize);
        built
    });
}

/// A Service and the Deployment behind it.
fn pair(number: u32) -> [Resource; 2] {
    let name = format!("svc-{number}");
    // Labels as charts write them: one that nearly all objects share, one of their own.
    let labels: Labels = [("app.kubernetes.io/part-of", "shop"), ("app", name.as_str())]
        .map(|(key, value)| (key.to_owned(), text(value)))
        .into();
    let service = Service {
        meta: meta(number, &name),
        service_type: ServiceType::ClusterIp,
        cluster_ip: None,
        external_name: None,
        selector: Some(at(labels.clone())),
        publish_not_ready: false,
        external_traffic: None,
        ports: vec![ServicePort {
            name: Some(text("http")),
            port: at(80),
            target_port: Some(at(TargetPort::Name("http".to_owned()))),
            node_port: None,
            transport: Transport::Tcp,
            app_protocol: None,
        }],
    };
    let port =
        ContainerPort { name: Some(text("http")), number: at(8080), transport: Transport::Tcp };
    let container = Container {
        name: text("app"),
        init: false,
        is_sidecar: false,
        ports: vec![port],
        probes: HealthProbes::default(),
    };
    let selector = Selector { match_labels: labels.clone(), match_expressions: Vec::new() };
    let workload = Workload {
        kind: WorkloadKind::Deployment,
        meta: meta(number, &name),
        replicas: Some(at(PODS_EACH)),
        selector: Some(at(selector)),
        service_name: None,
        suspend: false,
        template: PodTemplate {
            labels,
            annotations: Labels::new(),
            spec: PodSpec { containers: [container].into(), ..PodSpec::default() },
            place: place(),
        },
    };
    [Resource::Service(service), Resource::Workload(workload)]
}

fn topology() -> Topology {
    let zones = ["a", "b", "c"].map(|name| ZoneTopology {
        name: name.to_owned(),
        region: "eu".to_owned(),
        nodes: NodeNames::Count(300),
        place: place(),
    });
    let cluster = ClusterTopology { name: "one".to_owned(), zones: zones.into() };
    Topology { clusters: vec![cluster], placements: Vec::new() }
}

fn meta(number: u32, name: &str) -> ObjectMeta {
    ObjectMeta {
        name: text(name),
        namespace: Some(text(&format!("team-{}", number % NAMESPACES))),
        labels: Labels::new(),
        annotations: Labels::new(),
        owner: None,
        created: None,
        place: place(),
    }
}

fn place() -> Place {
    Place { source: SourceId(0), line: 1, column: 1 }
}

fn at<T>(value: T) -> Located<T> {
    Located::new(value, place())
}

fn text(value: &str) -> Located<String> {
    at(value.to_owned())
}
