//! The scenario of manifests that come without one: whom to call, how much, through what.
//!
//! Everything in it is an assumption and says so. Behaviour that is left out here has the
//! defaults of the scenario file.

use std::collections::{BTreeMap, BTreeSet};

use meshwalk_models::manifest::kinds::{AppProtocol, Labels, Transport};
use meshwalk_models::units::{Bytes, SimDuration};
use meshwalk_models::world::{IngressHost, IngressRoute, Service, Workload, World};

use super::file::{
    Arrivals, DataPathSpec, Load, NetworkSpec, Protocol, Rate, RequestTemplate, ScenarioFile,
    TopologySpec, TrafficSource,
};
use crate::stats::Assumption;

const DURATION: SimDuration = SimDuration::from_secs(30);
const WARM_UP: SimDuration = SimDuration::from_secs(5);
/// To each entry point.
const RATE_PER_S: u32 = 10;
/// The most entry points, and the most paths of one, that are called.
const ENTRIES_MAX: usize = 50;
/// Ports that usually speak HTTP where nothing is declared.
const HTTP_PORTS: [u16; 6] = [80, 3000, 5000, 8000, 8080, 9080];

/// A scenario for `world` alone, and what it assumes.
#[must_use]
pub fn default_for(world: &World) -> (ScenarioFile, Vec<Assumption>) {
    let (traffic, entry) = traffic(world);
    let data_paths = sidecars(world);
    let assumptions = assumptions(entry, traffic.len(), data_paths.len());
    let file = ScenarioFile {
        version: 1,
        name: "default".to_owned(),
        seed: 0,
        duration: DURATION,
        warm_up: WARM_UP,
        manifests: Vec::new(),
        default_namespace: "default".to_owned(),
        data_path: DataPathSpec::None,
        data_paths,
        topology: TopologySpec::default(),
        network: NetworkSpec::default(),
        workloads: BTreeMap::new(),
        outside: BTreeMap::new(),
        starts_at: None,
        external_authorizers: BTreeMap::new(),
        undecided_policies: Default::default(),
        traffic,
        expectations: Vec::new(),
    };
    (file, assumptions)
}

/// What the entry points were taken to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Entry {
    Ingress,
    Exposed,
    Http,
    Nothing,
}

fn traffic(world: &World) -> (Vec<TrafficSource>, Entry) {
    if let Some(source) = ingress(world) {
        return (vec![source], Entry::Ingress);
    }
    let exposed = sources(world, |service| service.is_exposed);
    if !exposed.is_empty() {
        return (exposed, Entry::Exposed);
    }
    let http = sources(world, |_| true);
    let http: Vec<TrafficSource> =
        http.into_iter().filter(|source| source.protocol != Protocol::Tcp).collect();
    let entry = if http.is_empty() { Entry::Nothing } else { Entry::Http };
    (http, entry)
}

/// One source for all rules of the first class that lead somewhere.
fn ingress(world: &World) -> Option<TrafficSource> {
    let class = world.ingress_classes.iter().next()?;
    let mut requests = Vec::new();
    for (host, routes) in &class.hosts {
        let host = match host {
            IngressHost::Exact(host) => Some(host.clone()),
            IngressHost::Wildcard(suffix) => Some(format!("any.{suffix}")),
            IngressHost::Any => None,
        };
        let leads_somewhere = |route: &&IngressRoute| route.target.backend.is_ok();
        for route in routes.iter().filter(leads_somewhere) {
            requests.push(request(Some(route.path.clone()), host.clone()));
        }
    }
    if class.default_backend.as_ref().is_some_and(|target| target.backend.is_ok()) {
        requests.push(request(None, None));
    }
    requests.truncate(ENTRIES_MAX);
    let rate = RATE_PER_S * u32::try_from(requests.len()).expect("cut to a small number");
    (!requests.is_empty()).then(|| TrafficSource {
        requests,
        ..source("ingress".to_owned(), "ingress".to_owned(), Protocol::Http1, rate)
    })
}

/// One source for the first usable port of each Service that is `wanted` and has endpoints.
fn sources(world: &World, wanted: impl Fn(&Service) -> bool) -> Vec<TrafficSource> {
    let services = world.services.iter().filter(|service| wanted(service));
    let sources = services.filter_map(|service| {
        let usable = |port: &&meshwalk_models::world::ServicePort| {
            port.transport == Transport::Tcp && port.endpoints.iter().any(|it| it.ready)
        };
        let port = service.ports.iter().filter(usable).min_by_key(|port| {
            // Something that speaks HTTP comes before something that may not.
            protocol(&port.app_protocol, port.port) == Protocol::Tcp
        })?;
        let namespace = &world.namespaces[service.namespace].name;
        let name = format!("{}.{namespace}", service.name);
        let to = format!("{name}:{}", port.port);
        Some(source(name, to, protocol(&port.app_protocol, port.port), RATE_PER_S))
    });
    sources.take(ENTRIES_MAX).collect()
}

fn protocol(declared: &AppProtocol, port: u16) -> Protocol {
    match declared {
        AppProtocol::Http => Protocol::Http1,
        AppProtocol::Http2 => Protocol::Http2,
        AppProtocol::Grpc => Protocol::Grpc,
        AppProtocol::Undeclared if HTTP_PORTS.contains(&port) => Protocol::Http1,
        AppProtocol::Https | AppProtocol::Tcp | AppProtocol::Undeclared => Protocol::Tcp,
    }
}

fn source(name: String, to: String, protocol: Protocol, rate: u32) -> TrafficSource {
    TrafficSource {
        name,
        from: None,
        to,
        protocol,
        load: Load::Arrivals(Arrivals::Poisson { rate: Rate::from_per_s(rate) }),
        timeout: None,
        requests: Vec::new(),
        start: SimDuration::ZERO,
        stop: None,
    }
}

fn request(path: Option<String>, host: Option<String>) -> RequestTemplate {
    RequestTemplate {
        method: None,
        path,
        host,
        headers: BTreeMap::new(),
        weight: 1,
        size: Bytes(0),
    }
}

/// The workloads whose labels ask Istio for a sidecar.
///
/// Source: Istio's documentation of sidecar injection, "Controlling the injection policy": the
/// pod's own label decides before those of its namespace. Whether a mesh is installed with
/// injection on for everybody cannot be seen in manifests.
fn sidecars(world: &World) -> BTreeMap<String, DataPathSpec> {
    let injected = world.workloads.entries().filter(|(_, workload)| is_injected(world, workload));
    injected.map(|(id, _)| (world.workload_name(id), DataPathSpec::IstioSidecar)).collect()
}

fn is_injected(world: &World, workload: &Workload) -> bool {
    let Some(namespace) = workload.namespace else { return false };
    let value = |labels: &Labels, key: &str| labels.get(key).map(|label| label.value.clone());
    // Pods on the node's network are never injected.
    if workload.host_network {
        return false;
    }
    let own = value(&workload.labels, "sidecar.istio.io/inject")
        .or_else(|| value(&workload.annotations, "sidecar.istio.io/inject"));
    let namespace = &world.namespaces[namespace].labels;
    match (own.as_deref(), value(namespace, "istio-injection").as_deref()) {
        (Some("false"), _) | (None, Some("disabled")) => false,
        (Some("true"), _) | (_, Some("enabled")) => true,
        _ => {
            value(&workload.labels, "istio.io/rev").is_some()
                || value(namespace, "istio.io/rev").is_some()
        }
    }
}

fn assumptions(entry: Entry, sources: usize, sidecars: usize) -> Vec<Assumption> {
    let entry = match entry {
        Entry::Ingress => format!(
            "Clients outside send {RATE_PER_S} requests a second to each path of the Ingresses."
        ),
        Entry::Exposed => format!(
            "No Ingress leads anywhere, so clients outside send {RATE_PER_S} requests a second to \
             each of {sources} NodePort and LoadBalancer Services."
        ),
        Entry::Http => format!(
            "Nothing says how clients get in, so they send {RATE_PER_S} requests a second to each \
             of {sources} Services that seem to speak HTTP."
        ),
        Entry::Nothing => "No Service seems to speak HTTP, so nobody sends anything.".to_owned(),
    };
    let data_path = if sidecars == 0 {
        "No label asks for Istio's sidecar, so there is no mesh.".to_owned()
    } else {
        format!("Labels ask for Istio's sidecar in {sidecars} workloads; the others have no proxy.")
    };
    let sentences = BTreeSet::from([
        (
            "default.behaviour",
            "Every application works 1 ms for each request and calls nobody.".to_owned(),
        ),
        ("default.data-path", data_path),
        ("default.duration", format!("The run lasts {DURATION}, with a warm-up of {WARM_UP}.")),
        ("default.traffic", entry),
    ]);
    let sentences = sentences.into_iter();
    sentences.map(|(id, sentence)| Assumption { id: id.to_owned(), sentence }).collect()
}
