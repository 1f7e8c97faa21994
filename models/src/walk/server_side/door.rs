//! One client before one server, for whoever plans a whole run: what the server's side makes of it
//! is decided by what answers single requests.

use std::sync::Arc;

use crate::control::istio::ambient::waypoints::WaypointName;
use crate::control::{Beside, ControlPlanes};
use crate::explain::Tree;
use crate::path::DataPath;
use crate::proxy::envoy::config::{Cluster, ProxyConfig};
use crate::proxy::envoy::filters::ExternalAnswers;
use crate::proxy::envoy::{Connection, Request};
use crate::world::{Origin, PodId, World};

use super::super::proxy::View;
use super::super::question::{Admission, Policies};
use super::super::request::Dial;
use super::super::verdict::{EndKind, Fate, LegEncryption};
use super::super::{full_name, network, waypoint};
use super::connection::{By, Client, Sending, identity};
use super::meeting::meets;
use super::reached::{
    Declared, Encryption, Group, Sent, Spoken, Takes, Writes, encryption, tunnel_of, within,
    written,
};
use super::tally::{Gets, Met};
use super::tunnel;

/// A client before a server.
#[derive(Clone, Copy, Debug)]
pub struct Encounter<'a> {
    /// Who exists.
    pub world: &'a World,
    /// Who configures proxies.
    pub planes: &'a ControlPlanes,
    /// The client's pod, where it is one.
    pub client: Option<PodId>,
    /// What opens the connection.
    pub opener: Opener<'a>,
    /// The request as it leaves the client's side.
    pub request: &'a Request,
    /// The server's pod.
    pub server: PodId,
    /// The port of the pod.
    pub port: u16,
    /// What external authorisers answer.
    pub external: &'a ExternalAnswers,
}

/// What opens a connection.
#[derive(Clone, Copy, Debug)]
pub enum Opener<'a> {
    /// The client itself, or the ztunnel of its node where it is in ambient.
    Client,
    /// The proxy beside it, for a cluster of its configuration.
    Proxy {
        /// The configuration.
        config: &'a ProxyConfig,
        /// The cluster.
        cluster: &'a Cluster,
        /// What the proxy makes of what its client writes.
        writes: Writes,
        /// What the endpoint takes.
        takes: Takes,
    },
    /// A waypoint, for a cluster of its configuration; whose request it is does not matter.
    Waypoint {
        /// Its name.
        name: &'a WaypointName,
        /// The configuration.
        config: &'a ProxyConfig,
        /// The cluster.
        cluster: &'a Cluster,
        /// What it makes of what its client writes.
        writes: Writes,
        /// What the endpoint takes.
        takes: Takes,
    },
}

/// What a server's side makes of a client.
#[derive(Clone, Debug)]
pub struct Reception {
    /// What becomes of the request.
    pub outcome: Received,
    /// What protects the bytes between the two.
    pub encryption: LegEncryption,
    /// The connection as the server's side sees it.
    pub connection: Connection,
    /// The proxy that takes it, if one does.
    pub proxy: Option<Arc<ProxyConfig>>,
}

/// What becomes of a request at its server.
#[derive(Clone, Debug)]
pub enum Received {
    /// The application gets it.
    Taken,
    /// A box answers in its place: the status, and the words of its access log.
    Answered {
        /// The HTTP status.
        status: u16,
        /// As `%RESPONSE_CODE_DETAILS%` prints it.
        details: Option<String>,
        /// Why.
        why: Why,
    },
    /// The connection ends.
    Ended(Fate, Why),
    /// It cannot be told.
    Unknown(String),
}

/// Why a request does not reach the application.
#[derive(Clone, Debug)]
pub struct Why {
    /// In one sentence.
    pub sentence: String,
    /// What makes it so.
    pub origins: Vec<Origin>,
}

/// The port that the network sees of a client before a server: that of tunnels, or the server's own.
#[must_use]
pub fn wire_port(encounter: &Encounter<'_>) -> u16 {
    with(encounter, |sides| sides.group.sent.tunnel.wire_port(encounter.port))
}

/// What the server's side makes of a client.
#[must_use]
pub fn receive(encounter: &Encounter<'_>) -> Reception {
    let Encounter { world, planes, server, .. } = *encounter;
    with(encounter, |sides| {
        let Sides { view, client, group } = sides;
        let meets = meets(*view, group, client, &mut Tree::default());
        let proxy = match planes.beside(world, server) {
            Beside::Sidecar(config) => Some(config),
            Beside::Nothing | Beside::Gateway(_) => None,
        };
        let encryption = meets.legs.first().map_or(LegEncryption::Plaintext, |leg| leg.encryption);
        let connection = client.connection(*view, group);
        Reception { outcome: received(meets.met), encryption, connection, proxy }
    })
}

/// Both sides of an encounter.
struct Sides<'s> {
    view: View<'s>,
    client: Client<'s>,
    group: Group,
}

fn with<T>(encounter: &Encounter<'_>, ask: impl FnOnce(&Sides<'_>) -> T) -> T {
    let Encounter { world, planes, request, server, port, opener, external, .. } = *encounter;
    let none = ProxyConfig::default();
    let config = match opener {
        Opener::Client => &none,
        Opener::Proxy { config, .. } | Opener::Waypoint { config, .. } => config,
    };
    let own = &request.connection;
    let dial = Dial {
        host: String::new(),
        port: own.destination_port,
        source: own.source_ip,
        destination: own.destination_ip,
    };
    let policies = Policies::AssumedToAllow;
    let view = View { world, planes, config, dial: &dial, callers: 1, policies, external };
    let sending = sending(view, encounter);
    let (sent, cluster) = sent(view, encounter, &sending);
    let (pods, places) = (vec![server], Vec::new());
    let group = Group { pod: server, port, sent, share: 1_000_000, places, pods, cluster };
    let by = match (opener, sending.kind) {
        (Opener::Client, EndKind::Ztunnel) => By::Ztunnel,
        (Opener::Client, _) => By::Itself,
        (Opener::Proxy { writes, .. } | Opener::Waypoint { writes, .. }, _) => match writes {
            Writes::Requests => By::ProxyOfRequests,
            Writes::Bytes => By::ProxyOfBytes,
        },
    };
    ask(&Sides { view, client: Client { request, by, sender: &sending }, group })
}

/// What opens the connection.
fn sending(view: View<'_>, encounter: &Encounter<'_>) -> Sending {
    let is_ambient =
        |pod: &PodId| view.planes.data_path(view.world, *pod) == DataPath::IstioAmbient;
    let kind = match encounter.opener {
        Opener::Waypoint { name, .. } => return waypoint::sending(view, name),
        Opener::Proxy { .. } => EndKind::Sidecar,
        Opener::Client if encounter.client.as_ref().is_some_and(is_ambient) => EndKind::Ztunnel,
        Opener::Client => EndKind::Application,
    };
    let shows = kind != EndKind::Application;
    let name = |pod| full_name(view.world, view.world.pods[pod].workload);
    Sending {
        pod: encounter.client,
        peer: network::peer(encounter.client),
        identity: encounter.client.filter(|_| shows).and_then(|pod| identity(view, pod)),
        admission: Admission::Open,
        kind,
        name: encounter.client.map_or_else(|| "outside".to_owned(), name),
    }
}

/// How it is sent, and for which cluster.
fn sent(view: View<'_>, encounter: &Encounter<'_>, sending: &Sending) -> (Sent, Option<String>) {
    let tunnel = tunnel::between(view, sending, encounter.server);
    match encounter.opener {
        Opener::Client => {
            let encryption = Encryption::AsClient;
            let (spoken, declared) = (Spoken::AsClient, Declared::Anything);
            (Sent { tunnel, encryption, spoken, declared }, None)
        }
        Opener::Proxy { cluster, writes, takes, .. }
        | Opener::Waypoint { cluster, writes, takes, .. } => {
            let (spoken, declared) = written(cluster, encounter.request, writes);
            let tunnel = tunnel_of(cluster, sending, tunnel);
            let encryption = within(tunnel, encryption(&cluster.tls, takes));
            (Sent { tunnel, encryption, spoken, declared }, Some(cluster.name.clone()))
        }
    }
}

fn received(met: Met) -> Received {
    match met {
        Met::Taken => Received::Taken,
        Met::Unknown(why) => Received::Unknown(why),
        Met::Refused(refusal) => {
            let why = Why { sentence: refusal.sentence, origins: refusal.origins };
            match refusal.gets {
                Gets::Answer(seen) => {
                    Received::Answered { status: seen.status, details: seen.details, why }
                }
                Gets::Nothing(fate) => Received::Ended(fate, why),
            }
        }
    }
}
