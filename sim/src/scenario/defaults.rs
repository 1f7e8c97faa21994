//! The scenario of manifests that come without one: whom to call, how much, through what.
//!
//! Everything in it is an assumption and says so. Behaviour that is left out here has the
//! defaults of the scenario file.

use std::collections::{BTreeMap, BTreeSet};

use meshwalk_models::control::istio::enrolment::{self, Enrolled};
use meshwalk_models::manifest::kinds::{AppProtocol, Transport};
use meshwalk_models::path::Placement;
use meshwalk_models::units::{Bytes, SimDuration};
use meshwalk_models::world::{IngressHost, IngressRoute, Service, World};

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
    let assumptions = assumptions(entry, traffic.len(), Enrolment::of(world));
    let file = ScenarioFile {
        version: 1,
        name: "default".to_owned(),
        seed: 0,
        duration: DURATION,
        warm_up: WARM_UP,
        manifests: Vec::new(),
        default_namespace: "default".to_owned(),
        data_path: DataPathSpec::FromLabels,
        data_paths: BTreeMap::new(),
        topology: TopologySpec::default(),
        network: NetworkSpec::default(),
        workloads: BTreeMap::new(),
        outside: BTreeMap::new(),
        starts_at: None,
        external_authorizers: BTreeMap::new(),
        undecided_policies: Default::default(),
        traffic,
        expectations: Vec::new(),
        breakpoints: Vec::new(),
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

/// How many workloads the labels put in each data path.
#[derive(Clone, Copy, Debug, Default)]
struct Enrolment {
    sidecars: usize,
    ambient: usize,
}

impl Enrolment {
    fn of(world: &World) -> Self {
        let placement = Placement::default();
        let mut count = Self::default();
        for id in world.workloads.ids() {
            match enrolment::of_workload(world, id, &placement) {
                Enrolled::Sidecar => count.sidecars += 1,
                Enrolled::Ambient => count.ambient += 1,
                Enrolled::Nothing | Enrolled::Gateway => {}
            }
        }
        count
    }

    fn sentence(self) -> String {
        let Self { sidecars, ambient } = self;
        match (sidecars, ambient) {
            (0, 0) => {
                "No label asks for Istio's sidecar or ambient, so there is no mesh.".to_owned()
            }
            (_, 0) => format!(
                "Labels ask for Istio's sidecar in {sidecars} workloads; the others have no proxy."
            ),
            (0, _) => format!(
                "Labels put {ambient} workloads in Istio's ambient; the others have no proxy."
            ),
            _ => format!(
                "Labels ask for Istio's sidecar in {sidecars} workloads and put {ambient} in \
                 ambient; the others have no proxy."
            ),
        }
    }
}

fn assumptions(entry: Entry, sources: usize, enrolment: Enrolment) -> Vec<Assumption> {
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
    let sentences = BTreeSet::from([
        (
            "default.behaviour",
            "Every application works 1 ms for each request and calls nobody.".to_owned(),
        ),
        ("default.data-path", enrolment.sentence()),
        ("default.duration", format!("The run lasts {DURATION}, with a warm-up of {WARM_UP}.")),
        ("default.traffic", entry),
    ]);
    let sentences = sentences.into_iter();
    sentences.map(|(id, sentence)| Assumption { id: id.to_owned(), sentence }).collect()
}
