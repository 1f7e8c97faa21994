//! One client before one server, for whoever plans a whole run: what the server's side makes of it
//! is decided by what answers single requests.

use std::sync::Arc;

use crate::control::{Beside, ControlPlanes};
use crate::explain::Tree;
use crate::proxy::envoy::config::{Cluster, ProxyConfig};
use crate::proxy::envoy::filters::ExternalAnswers;
use crate::proxy::envoy::{Connection, Request};
use crate::world::{Origin, PodId, World};

use super::super::full_name;
use super::super::proxy::View;
use super::super::question::Policies;
use super::super::request::Dial;
use super::super::verdict::{EndKind, Fate};
use super::connection::{By, Client, Sending, identity};
use super::meeting::meets;
use super::reached::{
    Declared, Encryption, Group, Sent, Spoken, Takes, Writes, encryption, written,
};
use super::tally::{Gets, Met};
use super::tunnel::Tunnel;

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
    /// The client itself.
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
}

/// What a server's side makes of a client.
#[derive(Clone, Debug)]
pub struct Reception {
    /// What becomes of the request.
    pub outcome: Received,
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

/// What the server's side makes of a client.
#[must_use]
pub fn receive(encounter: &Encounter<'_>) -> Reception {
    let Encounter { world, planes, request, server, port, .. } = *encounter;
    let none = ProxyConfig::default();
    let config = match encounter.opener {
        Opener::Client => &none,
        Opener::Proxy { config, .. } => config,
    };
    let own = &request.connection;
    let dial = Dial {
        host: String::new(),
        port: own.destination_port,
        source: own.source_ip,
        destination: own.destination_ip,
    };
    let view = View {
        world,
        planes,
        config,
        dial: &dial,
        callers: 1,
        policies: Policies::AssumedToAllow,
        external: encounter.external,
    };
    let by_client = matches!(encounter.opener, Opener::Client);
    let sending = Sending {
        identity: encounter.client.filter(|_| !by_client).and_then(|pod| identity(view, pod)),
        pod: encounter.client,
        kind: if by_client { EndKind::Application } else { EndKind::Sidecar },
        name: encounter
            .client
            .map_or_else(|| "outside".to_owned(), |pod| full_name(world, world.pods[pod].workload)),
    };
    let (client, sent, cluster) = match encounter.opener {
        Opener::Client => {
            let sent = Sent {
                tunnel: Tunnel::Missing,
                encryption: Encryption::AsClient,
                spoken: Spoken::AsClient,
                declared: Declared::Anything,
            };
            (Client::itself(&sending, request), sent, None)
        }
        Opener::Proxy { cluster, writes, takes, .. } => {
            let (spoken, declared) = written(cluster, request, writes);
            let encryption = encryption(&cluster.tls, takes);
            let sent = Sent { tunnel: Tunnel::Missing, encryption, spoken, declared };
            let by = match writes {
                Writes::Requests => By::ProxyOfRequests,
                Writes::Bytes => By::ProxyOfBytes,
            };
            let client = Client { request, by, sender: &sending };
            (client, sent, Some(cluster.name.clone()))
        }
    };
    let group = Group {
        pod: server,
        port,
        sent,
        share: 1_000_000,
        places: Vec::new(),
        pods: vec![server],
        cluster,
    };
    let met = meets(view, &group, &client, &mut Tree::default()).met;
    let proxy = match planes.beside(world, server) {
        Beside::Sidecar(config) => Some(config),
        Beside::Nothing | Beside::Gateway(_) => None,
    };
    Reception { outcome: received(met), connection: client.connection(world, &group), proxy }
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
