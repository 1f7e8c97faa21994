//! A connection at the sidecar beside a server: which chain takes it, and what filters make of the
//! request. Whether the connection gets there at all has been decided before.

use crate::control::istio::capture::{self, Capture};
use crate::explain::{Explanation, Tree};
use crate::manifest::kinds::istio::MtlsMode;
use crate::proxy::envoy::config::{
    Direction, DownstreamTls, HttpFilterKind, NetworkFilter, OriginalDestination, ProxyConfig,
    Transport,
};
use crate::proxy::envoy::filters::ExternalAnswers;
use crate::proxy::envoy::listening::{self, Accepted, Arrival, Service, accept_with};
use crate::proxy::envoy::{Connection, Request};
use crate::world::Origin;

use super::super::super::answer::{Answer, Outcome};
use super::super::super::http;
use super::super::super::proxy::View;
use super::super::super::verdict::{BoxKind, Fate, SeenAnswer, Taker};
use super::super::reached::{Encryption, Spoken, is_unsaid};
use super::super::tally::{Gets, Met};
use super::super::tunnel::Tunnel;
use super::{Judged, Meeting, refusal};

impl Meeting<'_> {
    /// The server has a sidecar, which connections may be led past.
    pub(super) fn beside_sidecar(&self, config: &ProxyConfig, tree: &mut Tree) -> Judged {
        let (view, name, port) = (self.view, &self.name, self.group.port);
        let annotations = &view.world.workload_of(self.group.pod).annotations;
        let capture = capture::inbound(annotations, port, tree);
        let by = match self.group.sent.tunnel {
            // The sidecar ends the tunnel, whatever port is called within.
            Tunnel::ToSidecar => Capture::Proxy,
            Tunnel::Missing | Tunnel::ToZtunnel => capture.value,
        };
        match by {
            Capture::Proxy => {
                let istio = view.planes.istio();
                istio.explain_inbound(view.world, self.group.pod, port, tree);
                let sentence = format!("{name} has a sidecar, which takes the connection");
                let arrival = Arrival::Redirected(Direction::Inbound);
                let (met, taker) = self.at_sidecar(config, arrival, tree);
                (sentence, met, taker)
            }
            Capture::Bypass if has_socket(config, port) => {
                let sentence = format!("{name} has a sidecar, which listens on the port");
                let (met, taker) = self.at_sidecar(config, Arrival::Dialled, tree);
                (sentence, met, taker)
            }
            Capture::Bypass => {
                let sentence = format!("port {port} of {name} is reached past its sidecar");
                (sentence, self.at_application(Some(capture.origin)), Taker::Application)
            }
            Capture::Unknown => {
                let sentence = format!("{name} has a sidecar");
                let doubt = "whether it gets the connection cannot be told".to_owned();
                (sentence, Met::Unknown(doubt), Taker::Sidecar)
            }
        }
    }

    fn at_sidecar(&self, config: &ProxyConfig, arrival: Arrival, tree: &mut Tree) -> (Met, Taker) {
        let external = self.view.external;
        let accepted = match accept_with(config, arrival, &self.connection, external, tree) {
            Ok(accepted) => accepted,
            Err(refusal) => {
                return (self.refused(&refusal, BoxKind::ServerSidecar), Taker::Sidecar);
            }
        };
        let ends_tls = accepted.chain.tls != DownstreamTls::None;
        let is_http = matches!(accepted.service(), Service::Http(_));
        let passes_on = !ends_tls && !is_http && self.connection.transport == Transport::Tls;
        let taker = if passes_on { Taker::SidecarPassingOn } else { Taker::Sidecar };
        (self.in_chain(config, accepted, tree), taker)
    }

    /// What the filters of the chain make of it.
    fn in_chain(&self, config: &ProxyConfig, accepted: Accepted<'_>, tree: &mut Tree) -> Met {
        if self.client.sender.identity.is_none()
            && self.connection.principal.is_some()
            && looks_at_identity(accepted)
        {
            return Met::Unknown("the identity of the client's proxy is not known".to_owned());
        }
        match accepted.service() {
            Service::Http(manager) => {
                let request = Request {
                    headers: self.client.request.headers.clone(),
                    connection: self.connection.clone(),
                    tokens: self.client.request.tokens.clone(),
                };
                let view = View { config, callers: 1, ..self.view };
                let mut own = Tree::default();
                let answer = http::walk(view, manager, request, &mut own);
                let steps = own.finish();
                let met = self.answered(&answer, denied_by(&steps));
                tree.extend(steps);
                met
            }
            Service::Tcp(proxy) => {
                let ends = proxy.clusters.iter().all(|(cluster, _)| {
                    let cluster = config.clusters.get(&cluster.value);
                    cluster.is_none_or(|cluster| cluster.name == "BlackHoleCluster")
                });
                if ends {
                    let sentence = format!("{} lets nobody through on this port", self.name);
                    return self.refusal(sentence, Vec::new(), Gets::Nothing(Fate::Closed));
                }
                // Who ends no TLS passes it on to the application.
                match accepted.chain.tls {
                    DownstreamTls::None => self.at_application(Some(accepted.chain.origin)),
                    _ => Met::Taken,
                }
            }
            Service::Nothing => {
                Met::Unknown(format!("chain {} of its sidecar leads nowhere", accepted.chain.name))
            }
        }
    }

    /// What the routes and filters of the server's proxy make of the request.
    fn answered(&self, answer: &Answer, denied_by: Vec<Origin>) -> Met {
        let status = answer.status.unwrap_or(503);
        match answer.outcome {
            Outcome::Routed => Met::Taken,
            Outcome::Unknown => {
                let why = answer.findings.last().map(|finding| finding.sentence.clone());
                Met::Unknown(why.unwrap_or_else(|| "its sidecar decides otherwise".to_owned()))
            }
            Outcome::NoRoute | Outcome::Denied | Outcome::DirectResponse | Outcome::Redirected => {
                let details = answer.details.clone();
                let because = details.as_deref().map_or_else(String::new, |it| format!(" ({it})"));
                let sentence =
                    format!("the sidecar of {} answers {status} itself{because}", self.name);
                let seen = SeenAnswer { status, body: answer.body.clone(), details, after: None };
                self.refusal(sentence, denied_by, Gets::Answer(seen))
            }
        }
    }

    /// The sidecar beside the server does not let the request pass.
    fn refusal(&self, sentence: String, origins: Vec<Origin>, gets: Gets) -> Met {
        refusal(sentence, origins, (BoxKind::ServerSidecar, self.name.clone()), gets)
    }

    /// The connection is not served.
    pub(super) fn refused(&self, why: &listening::Refusal, by: BoxKind) -> Met {
        let by = (by, self.name.clone());
        let (name, port) = (&self.name, self.group.port);
        let sends = self.encryption_word();
        let demand = self.demand();
        let demanded = demand.map_or_else(String::new, |(mode, _)| {
            format!(" demands {} mutual TLS there, and", mode_word(mode))
        });
        let cluster = self.group.cluster.as_deref();
        let cluster = cluster.and_then(|name| self.view.config.clusters.get(name));
        if cluster.is_some_and(|cluster| is_unsaid(cluster))
            && self.group.sent.encryption == Encryption::AsClient
        {
            return Met::Unknown(format!(
                "the sidecar of {name}{demanded} takes no {sends}, and how a gateway encrypts to \
                 backends is its implementation's choice"
            ));
        }
        let sentence = match why {
            listening::Refusal::NoListener => {
                return refusal(
                    format!("{name} listens on no port {port}"),
                    Vec::new(),
                    by,
                    Gets::Nothing(Fate::Refused),
                );
            }
            listening::Refusal::NoCertificate { .. }
                if self.group.sent.encryption == Encryption::Mutual =>
            {
                return Met::Unknown(format!(
                    "whether the sidecar of {name} accepts the client's own certificate is not known"
                ));
            }
            listening::Refusal::Undecided { why } => {
                return Met::Unknown(format!("at the sidecar of {name}: {why}"));
            }
            listening::Refusal::SeveralChains { .. } | listening::Refusal::Unknown => {
                return Met::Unknown(format!(
                    "which filter chain of {name} takes the connection cannot be told"
                ));
            }
            listening::Refusal::Denied { policy } => {
                let sentence = match policy.as_deref() {
                    Some(policy) => {
                        format!("the sidecar of {name} closes the connection: {policy}")
                    }
                    None => format!(
                        "the sidecar of {name} closes the connection: no ALLOW policy matches it"
                    ),
                };
                return refusal(sentence, Vec::new(), by, Gets::Nothing(Fate::Closed));
            }
            listening::Refusal::NoChain { .. }
            | listening::Refusal::PlaintextToTls { .. }
            | listening::Refusal::TlsToPlaintext { .. }
            | listening::Refusal::NoCertificate { .. } => format!(
                "the sidecar of {name}{demanded} resets connections to port {port} that come with \
                 {sends}"
            ),
        };
        let fate = match self.connection.transport {
            Transport::RawBuffer => Fate::Closed,
            Transport::Tls if self.group.sent.spoken == Spoken::AsClient => Fate::Closed,
            Transport::Tls => Fate::NoHandshake,
        };
        let origins = demand.map(|(_, origin)| origin).into_iter().chain(self.tls_origin());
        refusal(sentence, origins.collect(), by, Gets::Nothing(fate))
    }

    /// What the server demands on the port.
    fn demand(&self) -> Option<(MtlsMode, Origin)> {
        let istio = self.view.planes.istio();
        let demand = istio.demands(self.view.world, self.group.pod, self.group.port)?;
        Some((demand.value, demand.origin))
    }
}

const fn mode_word(mode: MtlsMode) -> &'static str {
    match mode {
        MtlsMode::Strict => "STRICT",
        MtlsMode::Permissive => "PERMISSIVE",
        MtlsMode::Disable => "DISABLE",
    }
}

/// The lines by which the last filter that looked at access or tokens denies: that of the rule that
/// matches, or those of all rules of which none does.
pub(in crate::walk) fn denied_by(steps: &[Explanation]) -> Vec<Origin> {
    let is_access = |step: &&Explanation| {
        ["envoy.filter.rbac", "envoy.filter.jwt", "envoy.filter.ext-authz"].contains(&step.rule.0)
    };
    let Some(last) = steps.iter().rev().find(is_access) else { return Vec::new() };
    if let Some(origin) = last.origin {
        return vec![origin];
    }
    let mut origins: Vec<Origin> = last.because.iter().filter_map(|step| step.origin).collect();
    origins.dedup();
    origins
}

/// Whether a listener for the workload has a socket of its own on a port.
fn has_socket(config: &ProxyConfig, port: u16) -> bool {
    let mut listeners = config.listeners.iter();
    listeners.any(|it| {
        it.port == port
            && it.direction == Direction::Inbound
            && it.bind_to_port
            && it.original_destination == OriginalDestination::Ignored
    })
}

/// Whether access rules stand in the way of a connection, which may ask who calls.
pub(in crate::walk) fn asks_who_calls(
    config: &ProxyConfig,
    arrival: Arrival,
    connection: &Connection,
    external: &ExternalAnswers,
) -> bool {
    let mut unheard = Tree::default();
    let accepted = accept_with(config, arrival, connection, external, &mut unheard);
    accepted.is_ok_and(looks_at_identity)
}

/// Whether access rules stand in the way, which may ask who calls.
fn looks_at_identity(accepted: Accepted<'_>) -> bool {
    accepted.chain.filters.iter().any(|filter| match filter {
        NetworkFilter::Rbac(_) | NetworkFilter::ExtAuthz(_) => true,
        NetworkFilter::Http(manager) => {
            let mut filters = manager.filters.iter();
            filters
                .any(|it| matches!(it.kind, HttpFilterKind::Rbac(_) | HttpFilterKind::ExtAuthz(_)))
        }
        NetworkFilter::TcpProxy(_) => false,
    })
}
