//! The way of one probe: from the kubelet over the network to the box that answers it.

use std::net::IpAddr;

use crate::control::istio::capture::{self, Capture};
use crate::explain::{Probe, RuleId, Tree};
use crate::manifest::kinds::{HealthAsk, HealthScheme};
use crate::path::DataPath;
use crate::proxy::envoy::config::Transport;
use crate::proxy::envoy::{Connection, HeaderMap, Request};
use crate::proxy::ztunnel::{self, Inbound, PROBE_SOURCE, PROBE_SOURCE_V6, Peer};
use crate::walk::{Encounter, ExternalAnswers, Opener, Received, receive};
use crate::world::{Origin, PodId};

use super::asked::Asked;
use super::injector::{Injected, PROXY, injected};
use super::network::{Kubelet, carried};
use super::{AnsweredBy, Scene, Verdict};

const CAPTURED: RuleId = RuleId("istio.probe.captured");
const TCP: RuleId = RuleId("istio.probe.tcp");
const SOURCE: RuleId = RuleId("istio.probe.source");
const EXEC: RuleId = RuleId("k8s.probe.exec");
const PORT: RuleId = RuleId("k8s.probe.port");

const VACUOUS: &str =
    "the sidecar takes the connection, so the probe passes whether or not the application listens";
const THROWN_AWAY: &str = "the kubelet cannot ask, and throws errors of its own away: the container \
                           is never restarted for it";

/// What is found of a probe.
pub(super) struct Found {
    pub(super) asked: Asked,
    pub(super) from: Option<IpAddr>,
    pub(super) answered_by: AnsweredBy,
    pub(super) verdict: Verdict,
    pub(super) notes: Vec<&'static str>,
}

impl Found {
    fn of(asked: Asked, answered_by: AnsweredBy, verdict: Verdict) -> Self {
        Self { asked, from: None, answered_by, verdict, notes: Vec::new() }
    }

    fn from(self, from: Option<IpAddr>) -> Self {
        Self { from, ..self }
    }

    fn noted(self, note: &'static str) -> Self {
        Self { notes: vec![note], ..self }
    }
}

impl Scene<'_> {
    /// Follows the probe.
    pub(super) fn find(&self, tree: &mut Tree) -> Found {
        let written = Asked::written(&self.probe.asks, self.container);
        let place = Origin::Manifest(self.probe.place);
        let pods = &self.world.workloads[self.workload].pods;
        let unknown = |why: &str| {
            let verdict = Verdict::Unknown { why: why.to_owned(), origins: vec![place] };
            Found::of(written.clone(), AnsweredBy::Nobody, verdict)
        };
        if self.container.init && !self.container.is_sidecar {
            return unknown("the API server refuses probes of init containers that end");
        }
        if written == Asked::Exec {
            tree.step(EXEC, Some(place), || "the command runs inside the container".to_owned());
            return Found::of(written, AnsweredBy::Application, Verdict::Passes);
        }
        if pods.start == pods.end {
            return unknown("the workload has no pods, so what carries their traffic is not known");
        }
        if let HealthAsk::Http { host: Some(host), .. } | HealthAsk::Tcp { host: Some(host), .. } =
            &self.probe.asks
        {
            return unknown(&format!("it asks {} in place of the pod", host.value));
        }
        let pod = pods.start;
        let data_path = self.planes.data_path(self.world, pod);
        if data_path == DataPath::IstioSidecar {
            let annotations = &self.world.workloads[self.workload].annotations;
            match injected(annotations, self.container, (self.kind, &written), tree) {
                Injected::Agent(asked) => return self.by_agent(pod, &written, asked, tree),
                Injected::Unknown { why, origin } => {
                    let verdict = Verdict::Unknown { why, origins: vec![origin] };
                    return Found::of(written, AnsweredBy::Nobody, verdict);
                }
                Injected::AsWritten => {}
            }
        }
        let Some(port) = written.port() else { return self.without_port(written, tree) };
        let kubelet = self.kubelet(pod, data_path, tree);
        let from = address(kubelet);
        match carried((self.world, self.planes), kubelet, pod, port, tree) {
            Verdict::Passes => self.at_pod(pod, written, port, (data_path, from), tree).from(from),
            stopped => Found::of(written, AnsweredBy::Nobody, stopped).from(from),
        }
    }

    /// The kubelet finds no port of that name.
    fn without_port(&self, written: Asked, tree: &mut Tree) -> Found {
        let why = format!("no port of container {} has that name", self.container.name.value);
        tree.step(PORT, Some(Origin::Manifest(self.probe.place)), || why.clone());
        match self.kind {
            super::ProbeKind::Liveness => {
                Found::of(written, AnsweredBy::Nobody, Verdict::Passes).noted(THROWN_AWAY)
            }
            _ => {
                let origins = vec![Origin::Manifest(self.probe.place)];
                Found::of(written, AnsweredBy::Nobody, Verdict::Fails { why, origins })
            }
        }
    }

    /// The agent beside the sidecar is asked. Its port is not redirected to the sidecar, and what it
    /// asks goes past the sidecar too.
    fn by_agent(&self, pod: PodId, written: &Asked, asked: Asked, tree: &mut Tree) -> Found {
        let kubelet = self.kubelet(pod, DataPath::IstioSidecar, tree);
        let from = address(kubelet);
        let port = asked.port().unwrap_or_default();
        let verdict = match carried((self.world, self.planes), kubelet, pod, port, tree) {
            Verdict::Passes if written.port().is_none() => {
                let name = &self.container.name.value;
                let why =
                    format!("the agent answers 404: no port of container {name} has that name");
                tree.step(PORT, Some(Origin::Manifest(self.probe.place)), || why.clone());
                Verdict::Fails { why, origins: vec![Origin::Manifest(self.probe.place)] }
            }
            verdict => verdict,
        };
        Found::of(asked, AnsweredBy::PilotAgent, verdict).from(from)
    }

    /// Where the kubelet's connection seems to come from.
    fn kubelet(&self, pod: PodId, data_path: DataPath, tree: &mut Tree) -> Kubelet {
        let row = &self.world.pods[pod];
        if data_path == DataPath::IstioAmbient {
            let source = if row.ip.is_ipv4() { PROBE_SOURCE } else { PROBE_SOURCE_V6 };
            tree.step(SOURCE, None, || {
                format!("the kubelet asks from its node, and the node makes {source} its address")
            });
            return Kubelet::Rewritten(source);
        }
        let node = &self.world.nodes[row.node];
        Kubelet::FromNode(Some(node.ip).filter(|_| node.ip_is_declared && row.node_is_declared))
    }

    /// What takes the connection at the pod.
    fn at_pod(
        &self,
        pod: PodId,
        asked: Asked,
        port: u16,
        (data_path, from): (DataPath, Option<IpAddr>),
        tree: &mut Tree,
    ) -> Found {
        match data_path {
            DataPath::IstioAmbient => self.past_ztunnel(pod, asked, (port, from), tree),
            DataPath::IstioSidecar => self.at_sidecar(pod, asked, (port, from), tree),
            DataPath::None if self.container.name.value == PROXY => {
                let why = "whether a gateway listens on the port is not looked at".to_owned();
                let verdict = match capture::NEVER_INBOUND.contains(&port) {
                    true => Verdict::Passes,
                    false => Verdict::Unknown { why, origins: Vec::new() },
                };
                Found::of(asked, AnsweredBy::Application, verdict)
            }
            DataPath::None => Found::of(asked, AnsweredBy::Application, Verdict::Passes),
        }
    }

    fn past_ztunnel(
        &self,
        pod: PodId,
        asked: Asked,
        (port, from): (u16, Option<IpAddr>),
        tree: &mut Tree,
    ) -> Found {
        let row = &self.world.pods[pod];
        let connection = ztunnel::Connection {
            source_ip: from,
            peer: Peer::Plaintext,
            destination_ip: Some(row.ip).filter(|_| row.ip_is_declared),
            destination_port: port,
        };
        let policies = self.planes.ztunnel_policies(self.world, pod);
        let verdict = match ztunnel::receive(&policies, &connection, tree) {
            Inbound::Forwarded | Inbound::NotRedirected => Verdict::Passes,
            Inbound::Refused { sentence, origins, .. } => Verdict::Fails { why: sentence, origins },
            Inbound::Unknown { why, origins } => Verdict::Unknown { why, origins },
        };
        Found::of(asked, AnsweredBy::Application, verdict)
    }

    /// A probe that is asked as it is written, in a pod with a sidecar.
    fn at_sidecar(
        &self,
        pod: PodId,
        asked: Asked,
        (port, from): (u16, Option<IpAddr>),
        tree: &mut Tree,
    ) -> Found {
        let annotations = &self.world.workloads[self.workload].annotations;
        let capture = capture::inbound(annotations, port, tree);
        match capture.value {
            Capture::Bypass => Found::of(asked, AnsweredBy::Application, Verdict::Passes),
            Capture::Unknown => {
                let why = format!("whether port {port} is redirected to the sidecar");
                let verdict = Verdict::Unknown { why, origins: vec![capture.origin] };
                Found::of(asked, AnsweredBy::Nobody, verdict)
            }
            Capture::Proxy => match request(&asked, port, from) {
                None => {
                    tree.step(TCP, Some(capture.origin), || VACUOUS.to_owned());
                    Found::of(asked, AnsweredBy::Sidecar, Verdict::Passes).noted(VACUOUS)
                }
                Some(request) => self.in_sidecar(pod, asked, &request, tree),
            },
        }
    }

    /// What the sidecar makes of a request without a certificate of the mesh.
    fn in_sidecar(&self, pod: PodId, asked: Asked, request: &Request, tree: &mut Tree) -> Found {
        let port = request.connection.destination_port;
        let reception = receive(&Encounter {
            world: self.world,
            planes: self.planes,
            client: None,
            opener: Opener::Client,
            request,
            server: pod,
            port,
            external: &ExternalAnswers::default(),
        });
        let demand = self.planes.istio().demands(self.world, pod, port).map(|it| it.origin);
        let with = |origins: Vec<Origin>| match origins.is_empty() {
            true => demand.into_iter().collect(),
            false => origins,
        };
        let (answered_by, verdict) = match reception.outcome {
            Received::Taken => (AnsweredBy::Application, Verdict::Passes),
            Received::Answered { status: 200..=399, .. } => (AnsweredBy::Sidecar, Verdict::Passes),
            Received::Answered { why, .. } | Received::Ended(_, why) => {
                let origins = with(why.origins);
                (AnsweredBy::Sidecar, Verdict::Fails { why: why.sentence, origins })
            }
            Received::Unknown(why) => {
                let origins = demand.into_iter().collect();
                (AnsweredBy::Nobody, Verdict::Unknown { why, origins })
            }
        };
        let origin = match &verdict {
            Verdict::Passes => demand,
            Verdict::Fails { origins, .. } | Verdict::Unknown { origins, .. } => {
                origins.first().copied()
            }
        };
        tree.step(CAPTURED, origin, || match &verdict {
            Verdict::Passes => {
                "the sidecar takes the probe as from anybody, and lets it pass".into()
            }
            Verdict::Fails { why, .. } | Verdict::Unknown { why, .. } => why.clone(),
        });
        Found::of(asked, answered_by, verdict)
    }
}

const fn address(kubelet: Kubelet) -> Option<IpAddr> {
    match kubelet {
        Kubelet::FromNode(address) => address,
        Kubelet::Rewritten(address) => Some(address),
    }
}

/// The kubelet's request; `None` where it only makes a connection. It asks for an address, so TLS
/// names no server.
fn request(asked: &Asked, port: u16, from: Option<IpAddr>) -> Option<Request> {
    let (method, path, transport, alpn): (_, _, _, &[&str]) = match asked {
        Asked::Http { scheme: HealthScheme::Http, path, .. } => {
            ("GET", path.as_str(), Transport::RawBuffer, &["http/1.1"])
        }
        Asked::Http { scheme: HealthScheme::Https, path, .. } => {
            ("GET", path.as_str(), Transport::Tls, &["h2", "http/1.1"])
        }
        Asked::Grpc { .. } => {
            ("POST", "/grpc.health.v1.Health/Check", Transport::RawBuffer, &["h2c"])
        }
        Asked::Tcp { .. } | Asked::Exec => return None,
    };
    let mut headers = HeaderMap::new();
    headers.append(":method", method);
    headers.append(":path", path);
    headers.append(":scheme", if transport == Transport::Tls { "https" } else { "http" });
    if let Asked::Grpc { .. } = asked {
        headers.append("content-type", "application/grpc");
    }
    let connection = Connection {
        source_ip: from,
        destination_ip: None,
        destination_port: port,
        transport,
        sni: None,
        alpn: alpn.iter().map(|&it| it.to_owned()).collect(),
        principal: None,
    };
    Some(Request { headers, connection, tokens: std::sync::Arc::default() })
}
