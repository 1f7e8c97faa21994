//! The worlds of the published figures as manifests and scenarios: the text that a user would
//! write.
//!
//! All links have the same round trip, so that it does not matter where pods are placed.

use std::fmt::Write;
use std::sync::Arc;

use meshwalk_models::cost::{CostProfile, KubeProxyMode};
use meshwalk_models::manifest::{Severity, SourceSet, load};
use meshwalk_models::units::SimDuration;

use crate::flow::plan::Plan;
use crate::run::{ClusterInput, DEFAULT_CLUSTER, prepare};
use crate::scenario;

use super::setup::{Mesh, Setup, Shape};

/// The time at the start that is not counted.
const WARM_UP_MS: u32 = 1_000;

/// What each application works for one of the five hops, so that the run without a mesh takes its
/// published 1.57 ms.
const HOP_WORK: &str = "229us";

/// Namespaces of the measurement of CPU against rate.
const NAMESPACES: u32 = 9;

/// The proxies of a run.
pub(super) fn proxies(setup: &Setup) -> u32 {
    match (setup.shape, setup.mesh) {
        (_, mesh) if mesh.proxy().is_none() => 0,
        (Shape::NineNamespaces, Mesh::Waypoint) => NAMESPACES,
        // The ztunnels of three nodes.
        (Shape::NineNamespaces, Mesh::IstioAmbient) => 3,
        (Shape::NineNamespaces, _) => 3 * NAMESPACES,
        (Shape::FiveHops, _) => 6,
        _ => 2,
    }
}

/// Compiles the world of a run.
pub(super) fn plan(setup: &Setup, costs: &CostProfile) -> Arc<Plan> {
    let mut sources = SourceSet::default();
    let file = sources.add("manifests.yaml", manifests(setup));
    let manifests = load(&sources, [file]);
    let file = sources.add("scenario.yaml", scenario_text(setup, costs));
    let scenario = scenario::read(&mut sources, file, &[])
        .unwrap_or_else(|errors| panic!("a built-in scenario is well-formed: {errors:?}"));
    let cluster = ClusterInput { name: DEFAULT_CLUSTER, resources: &manifests.resources };
    let prepared = prepare(&[cluster], &scenario, costs);
    let findings = manifests.diagnostics.iter().chain(&prepared.findings);
    let errors: Vec<_> = findings.filter(|it| it.severity == Severity::Error).collect();
    assert!(errors.is_empty(), "a built-in world is well-formed: {errors:?}");
    prepared.plan
}

/// The workloads of a namespace, and what each of them calls.
fn workloads(setup: &Setup) -> &'static [(&'static str, &'static [&'static str])] {
    match (setup.shape, setup.mesh) {
        (Shape::FiveHops, _) => &[
            ("client", &[]),
            ("hop-1", &["hop-2"]),
            ("hop-2", &["hop-3"]),
            ("hop-3", &["hop-4"]),
            ("hop-4", &["hop-5"]),
            ("hop-5", &[]),
        ],
        // One traversal of a waypoint for each of three hops.
        (Shape::NineNamespaces, Mesh::Waypoint) => &[("client", &[]), ("front", &[])],
        // Two calls of the client, one of which is passed on.
        (Shape::NineNamespaces, _) => &[("client", &[]), ("front", &["back"]), ("back", &[])],
        _ => &[("client", &[]), ("server", &[])],
    }
}

/// What clients call, one request after the other.
fn called(setup: &Setup) -> &'static [(&'static str, u32)] {
    match (setup.shape, setup.mesh) {
        (Shape::FiveHops, _) => &[("hop-1", 1)],
        (Shape::NineNamespaces, Mesh::Waypoint) => &[("front", 3)],
        (Shape::NineNamespaces, _) => &[("front", 1), ("back", 1)],
        _ => &[("server", 1)],
    }
}

fn namespaces(setup: &Setup) -> u32 {
    if setup.shape == Shape::NineNamespaces { NAMESPACES } else { 1 }
}

fn manifests(setup: &Setup) -> String {
    let mut text = String::new();
    for number in 1..=namespaces(setup) {
        for (name, _) in workloads(setup) {
            let appended = write!(
                text,
                "apiVersion: v1
kind: Service
metadata: {{name: {name}, namespace: ns-{number}}}
spec: {{selector: {{app: {name}}}, ports: [{{port: 80, name: http}}]}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}, namespace: ns-{number}}}
spec:
  replicas: 1
  selector: {{matchLabels: {{app: {name}}}}}
  template:
    metadata: {{labels: {{app: {name}}}}}
    spec: {{containers: [{{name: app, ports: [{{containerPort: 80}}]}}]}}
---
"
            );
            appended.expect("a string takes everything");
        }
    }
    text
}

fn scenario_text(setup: &Setup, costs: &CostProfile) -> String {
    let mut text = format!(
        "version: 1
duration: {}ms
warm_up: {WARM_UP_MS}ms
network:
{}workloads:
",
        WARM_UP_MS + setup.measured_ms,
        network(setup, costs),
    );
    let work = if setup.shape == Shape::FiveHops { HOP_WORK } else { "0s" };
    for number in 1..=namespaces(setup) {
        for (name, calls) in workloads(setup) {
            text.push_str(&format!("  ns-{number}/{name}:\n    routes:\n      - steps:\n"));
            text.push_str(&format!("          - work: {work}\n"));
            for to in *calls {
                let call = format!("{{to: {to}, request_size: 1KB}}");
                text.push_str(&format!("          - call: {call}\n"));
            }
            text.push_str("        response_size: 1KB\n");
        }
    }
    text.push_str(&data_paths(setup));
    text.push_str("traffic:\n");
    for number in 1..=namespaces(setup) {
        for (to, times) in called(setup) {
            text.push_str(&traffic(setup, number, (to, *times)));
        }
    }
    text
}

fn data_paths(setup: &Setup) -> String {
    match (setup.shape, setup.mesh) {
        (_, mesh) if mesh.proxy().is_none() => "data_path: none\n".to_owned(),
        (Shape::NineNamespaces, Mesh::Waypoint) => {
            let one = |number| format!("  ns-{number}/front: istio-sidecar\n");
            let all: String = (1..=NAMESPACES).map(one).collect();
            format!("data_path: none\ndata_paths:\n{all}")
        }
        _ => "data_path: istio-sidecar\n".to_owned(),
    }
}

fn traffic(setup: &Setup, number: u32, (to, times): (&str, u32)) -> String {
    let load = match setup.shape {
        Shape::RoundTrips | Shape::ShortConnections => {
            "{users: {count: 1, think_time: 0s}}".to_owned()
        }
        _ => {
            // Rates are whole numbers of requests a minute, so that none is rounded.
            let per_minute = setup.rate_per_s * 60 * times / namespaces(setup);
            format!("{{arrivals: {{constant: {{rate: {per_minute}/min}}}}}}")
        }
    };
    let from = match setup.shape {
        // Clients outside are many: each request has a connection of its own.
        Shape::ShortConnections => String::new(),
        _ => format!("    from: ns-{number}/client\n"),
    };
    let name = if setup.shape == Shape::ShortConnections {
        format!("{to}.ns-{number}")
    } else {
        to.to_owned()
    };
    format!(
        "  - name: clients-{number}-{to}
{from}    to: {name}
    protocol: {protocol}
    load: {load}
    requests: [{{size: 1KB}}]
",
        protocol =
            if from.is_empty() || setup.shape == Shape::RoundTrips { "tcp" } else { "http1" },
    )
}

/// All links alike, and the kernel's share of a new connection.
fn network(setup: &Setup, costs: &CostProfile) -> String {
    let kernel = &costs.kernel;
    let ns = |time: SimDuration| time.as_ns();
    let node = ns(kernel.node_round_trip.value);
    let ebpf = node + ns(kernel.ebpf_round_trip.value);
    let round_trip_ns = match setup.mesh {
        Mesh::Node => node,
        Mesh::Ebpf => ebpf,
        Mesh::Iptables => node + ns(kernel.iptables_round_trip.value),
        Mesh::Wireguard => ebpf + ns(kernel.wireguard_round_trip.value),
        Mesh::Ipsec => ebpf + ns(kernel.ipsec_round_trip.value),
        _ => 0,
    };
    let prior = &costs.network.same_zone;
    let round_trip = match setup.shape {
        Shape::RoundTrips | Shape::ShortConnections => format!("{round_trip_ns}ns"),
        _ => format!("{{lognormal: {{p50: {}, p99: {}}}}}", prior.p50.value, prior.p99.value),
    };
    let links: String = ["same_node", "same_zone", "outside"]
        .map(|name| format!("  {name}: {{round_trip: {round_trip}}}\n"))
        .concat();
    let services = match setup.mesh {
        Mesh::Services5000 => 5_000,
        Mesh::Services10000 => 10_000,
        _ => 0,
    };
    let mode = match setup.mesh.kube_proxy() {
        KubeProxyMode::Iptables => "iptables",
        KubeProxyMode::Nftables => "nftables",
        KubeProxyMode::Ebpf => "ebpf",
    };
    format!("{links}  kube_proxy: {mode}\n  more_services: {services}\n")
}
