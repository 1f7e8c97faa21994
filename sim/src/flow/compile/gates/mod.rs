//! What the layers of policy make of everything that is sent, for each class of clients and of
//! servers. What decides is asked in the order in which a connection meets it: the network, then
//! the server's side; both are those that answer `why`.

mod classes;
mod encounter;
mod names;
mod network;
mod server;

use std::collections::{BTreeMap, BTreeSet};

use meshwalk_models::manifest::{Diagnostic, Place};
use meshwalk_models::path::{self, Protection};
use meshwalk_models::proxy::envoy::config::UpstreamTls;
use meshwalk_models::world::{Origin, PodId, TableId};

use crate::flow::asked::answer_of;
use crate::flow::plan::{
    AuthorizerPlan, ClusterTls, ConnectionFate, ConnectionGate, DecisionPlan, GateKey, GatePlan,
    RequestGate,
};
use crate::scenario::at;
use crate::scenario::file::{ExternalAuthorizer, UndecidedPolicies};
use crate::stats::Ruling;

use self::server::AtServer;
use super::Compiler;
use super::sendings::{Sender, Sending};

/// What a layer says.
#[derive(Clone, Debug)]
enum Said {
    /// It is in nobody's way.
    Nothing,
    /// The connection ends.
    Ends(ConnectionFate, String, Vec<Origin>),
    /// It cannot be told.
    Unknown(String, Vec<Origin>),
}

/// One client before one server.
#[derive(Clone, Copy, Debug)]
struct Pair {
    client: u32,
    server: u32,
    port: u16,
}

impl Compiler<'_> {
    /// What the scenario says of external authorisers.
    pub(super) fn authorizers(&mut self) -> BTreeMap<String, AuthorizerPlan> {
        let scenario = self.input.scenario;
        let mut plan = |spec: &ExternalAuthorizer| AuthorizerPlan {
            answer: answer_of(spec),
            latency: self.distribution(&spec.latency),
            failures: spec.failures,
        };
        let given = scenario.file.external_authorizers.iter();
        given.map(|(provider, spec)| (provider.clone(), plan(spec))).collect()
    }

    /// Decides for everything that is sent what the layers of policy make of it.
    pub(super) fn add_gates(&mut self) {
        if self.input.policies.is_empty() && self.input.planes.is_none() {
            return;
        }
        self.classify();
        let sendings = std::mem::take(&mut self.sendings);
        for (row, sending) in sendings.iter().enumerate() {
            let mut clients: Vec<u32> = sending.clients.clone();
            clients.sort_by_key(|pod| self.pods[*pod as usize].gate_class);
            clients.dedup_by_key(|pod| self.pods[*pod as usize].gate_class);
            for client in clients {
                self.add_gates_of(row as u32, sending, client);
            }
        }
    }

    /// The gates of one class of clients.
    fn add_gates_of(&mut self, row: u32, sending: &Sending, client: u32) {
        let mut seen = BTreeSet::new();
        for &(server, port) in &sending.servers {
            let class = self.pods[server as usize].gate_class;
            if !seen.insert(class) {
                continue;
            }
            let pair = Pair { client, server, port };
            if let Some(gate) = self.gate(sending, pair) {
                let client = self.pods[client as usize].gate_class;
                self.gates.insert(GateKey { sending: row, client, server: class }, gate);
            }
        }
    }

    /// The gate of a pair; `None` where nothing is in the way.
    fn gate(&mut self, sending: &Sending, pair: Pair) -> Option<GatePlan> {
        let protection = self.protection(sending, pair);
        let at_server = match self.network(sending, pair) {
            Said::Nothing => self.server_side(sending, pair),
            said => AtServer::Plain(said),
        };
        let open = |request| GatePlan { protection, connection: ConnectionGate::Open, request };
        let said = match at_server {
            AtServer::Plain(said) => said,
            AtServer::Answers(status, details, sentence, origins) => {
                let decision = self.gates.decision(DecisionPlan {
                    ruling: if status == 401 { Ruling::Unauthenticated } else { Ruling::Denied },
                    sentence,
                    origins,
                });
                return Some(open(RequestGate::Answered { status, details, decision }));
            }
            AtServer::Filters(filters, sentence) => {
                let (ruling, origins) = (Ruling::Denied, Vec::new());
                let decision = self.gates.decision(DecisionPlan { ruling, sentence, origins });
                return Some(open(RequestGate::Filters(filters, decision)));
            }
        };
        let said = match said {
            Said::Unknown(why, origins) => self.undecided(sending, pair, &why, origins),
            said => said,
        };
        match said {
            Said::Nothing | Said::Unknown(..) => {
                let differs = protection != self.by_data_paths(sending, pair);
                differs.then(|| open(RequestGate::Through))
            }
            Said::Ends(fate, sentence, origins) => {
                let ruling = match fate {
                    ConnectionFate::Dropped => Ruling::Dropped,
                    _ => Ruling::Reset,
                };
                let decision = self.gates.decision(DecisionPlan { ruling, sentence, origins });
                Some(GatePlan {
                    protection,
                    connection: ConnectionGate::Ends(fate, decision),
                    request: RequestGate::Through,
                })
            }
        }
    }

    /// What protects the bytes.
    fn protection(&self, sending: &Sending, pair: Pair) -> Protection {
        if let Some(protection) = self.protection_in_ambient(sending, pair) {
            return protection;
        }
        let Sender::Proxy(sender) = &sending.by else {
            return self.by_data_paths(sending, pair);
        };
        let place = sending.servers.iter().position(|it| *it == (pair.server, pair.port));
        let takes = place.and_then(|place| sender.takes.get(place)).copied();
        match sender.cluster.tls.value {
            UpstreamTls::None => Protection::Plaintext,
            UpstreamTls::AutoMutual | UpstreamTls::Hbone
                if takes == Some(Protection::MutualTls) =>
            {
                self.by_data_paths(sending, pair)
            }
            UpstreamTls::AutoMutual | UpstreamTls::Hbone => Protection::Plaintext,
            _ => Protection::MutualTls,
        }
    }

    /// What protects the bytes where no policy has a word.
    fn by_data_paths(&self, sending: &Sending, pair: Pair) -> Protection {
        let is_off = match &sending.by {
            Sender::Itself => false,
            Sender::BareProxy(tls) => *tls == ClusterTls::Off,
            Sender::Proxy(sender) => matches!(sender.cluster.tls.value, UpstreamTls::None),
        };
        if is_off {
            return Protection::Plaintext;
        }
        let data_path = |pod: u32| self.pods[pod as usize].data_path;
        path::protection(data_path(pair.client), data_path(pair.server))
    }

    /// A run is no guess: it does not begin, unless the scenario says what to take. Whoever goes on
    /// all the same finds the way closed.
    fn undecided(
        &mut self,
        sending: &Sending,
        pair: Pair,
        why: &str,
        origins: Vec<Origin>,
    ) -> Said {
        let (client, server) = (self.pod_name(pair.client), self.pod_name(pair.server));
        let sentence = format!("whether {client} may call {server} cannot be told: {why}");
        let path = self.mesh.sites.get(sending.call as usize).map(|site| site.path.clone());
        match self.taken_for_allowed(&path.unwrap_or_default(), &sentence, &origins) {
            true => Said::Nothing,
            false => Said::Ends(ConnectionFate::Dropped, sentence, origins),
        }
    }

    /// Whether the scenario takes for allowed what cannot be told; if not, that is an error.
    pub(super) fn taken_for_allowed(
        &mut self,
        path: &str,
        sentence: &str,
        origins: &[Origin],
    ) -> bool {
        let scenario = self.input.scenario;
        if scenario.file.undecided_policies == UndecidedPolicies::AssumeAllowed {
            self.assume("policy.undecided", format!("{sentence}; it is taken for allowed"));
            return true;
        }
        let mut finding = Diagnostic::error("scenario.undecided-policy", sentence)
            .help("write `undecided_policies: assume-allowed` to run all the same");
        if let Some(place) = origins.iter().find_map(place_of) {
            finding = finding.at(place, "this decides");
        }
        let finding = at(scenario, path, finding);
        if !self.findings.contains(&finding) {
            self.findings.push(finding);
        }
        false
    }

    /// What cannot be told even where the scenario takes things for allowed.
    pub(super) fn cannot_run(&mut self, path: &str, why: &str) {
        let finding = Diagnostic::error("scenario.undecided-policy", why.to_owned());
        let finding = at(self.input.scenario, path, finding);
        if !self.findings.contains(&finding) {
            self.findings.push(finding);
        }
    }

    /// The name of a pod, or of the source that stands for clients outside.
    fn pod_name(&self, row: u32) -> String {
        let world = self.input.world;
        if (row as usize) < world.pods.len() {
            let pod = PodId::from_index(row as usize);
            return format!(
                "{} ({})",
                world.workload_name(world.pods[pod].workload),
                world.pods[pod].name
            );
        }
        match self.waypoints.of_pod(row) {
            Some(waypoint) => waypoint.to_string(),
            None => "a client outside".to_owned(),
        }
    }
}

/// The place of an origin that stands in a file.
fn place_of(origin: &Origin) -> Option<Place> {
    match origin {
        Origin::Manifest(place) | Origin::Scenario(place) => Some(*place),
        _ => None,
    }
}
