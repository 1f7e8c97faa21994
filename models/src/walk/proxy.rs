//! A connection at a proxy: whether it is served, and what reads it then. Which listener and chain
//! take it is `listening`'s business.

use crate::control::ControlPlanes;
use crate::explain::{Probe, Tree};
use crate::proxy::envoy::Request;
use crate::proxy::envoy::config::{ProxyConfig, TcpProxy};
use crate::proxy::envoy::listening::{Arrival, Refusal, Service, accept_with};
use crate::units::Ppm;
use crate::world::World;

use super::answer::{Answer, Outcome};
use super::destination::{self, Dialled};
use super::question::{ExternalAnswers, Policies};
use super::request::Dial;
use super::verdict::Sees;
use super::{http, rules};

/// What a walk through one proxy looks at.
#[derive(Clone, Copy)]
pub(super) struct View<'a> {
    pub(super) world: &'a World,
    pub(super) planes: &'a ControlPlanes,
    pub(super) config: &'a ProxyConfig,
    /// Where the client dialled.
    pub(super) dial: &'a Dial,
    /// How many pods have a proxy like this one.
    pub(super) callers: u32,
    /// What to make of access policies that are not modelled.
    pub(super) policies: Policies,
    /// What external authorisers answer.
    pub(super) external: &'a ExternalAnswers,
}

/// Walks a request that the proxy gets over a connection of its own pod, or from a client.
pub(super) fn walk(view: View<'_>, arrival: Arrival, request: Request, tree: &mut Tree) -> Answer {
    let connection = &request.connection;
    let accepted = match accept_with(view.config, arrival, connection, view.external, tree) {
        Ok(accepted) => accepted,
        Err(refusal) => return refused(&refusal, request.connection.destination_port),
    };
    match accepted.service() {
        Service::Http(manager) => http::walk(view, manager, request, tree),
        Service::Tcp(proxy) => tcp(view, proxy, tree),
        Service::Nothing => {
            let sentence = format!("chain {} leads nowhere", accepted.chain.name);
            Answer::unreachable(Outcome::Unknown, sentence, tree, rules::TCP)
        }
    }
}

/// What becomes of a connection that is not served; the tree has the reason already.
fn refused(refusal: &Refusal, port: u16) -> Answer {
    let (outcome, sentence) = match refusal {
        Refusal::NoListener => (
            Outcome::NoRoute,
            format!("no listener takes connections to port {port}: they are refused"),
        ),
        Refusal::NoChain { listener } => (
            Outcome::NoRoute,
            format!("no filter chain of listener {listener} takes the connection: it is reset"),
        ),
        Refusal::SeveralChains { listener, chains } => (
            Outcome::Unknown,
            format!(
                "Envoy refuses listener {listener}: chains {} take the same connections",
                chains.join(" and ")
            ),
        ),
        Refusal::PlaintextToTls { .. } => (
            Outcome::NoRoute,
            "the filter chain expects TLS and the client sends plaintext: it is closed".to_owned(),
        ),
        Refusal::TlsToPlaintext { .. } => (
            Outcome::NoRoute,
            "the filter chain reads plaintext HTTP and the client sends TLS: it is closed"
                .to_owned(),
        ),
        Refusal::NoCertificate { .. } => (
            Outcome::Denied,
            "the filter chain wants a client certificate, without which the handshake fails; ask \
             with --certificate for a client that has one"
                .to_owned(),
        ),
        Refusal::Denied { policy } => (
            Outcome::Denied,
            match policy {
                Some(policy) => format!("{policy} closes the connection"),
                None => "no policy allows the connection: it is closed".to_owned(),
            },
        ),
        Refusal::Undecided { why } => (Outcome::Unknown, why.clone()),
        Refusal::Unknown => {
            (Outcome::Unknown, "access rules ask for an address that is not known here".to_owned())
        }
    };
    let sees = match refusal {
        Refusal::NoListener => Sees::Refused,
        Refusal::NoChain { .. } | Refusal::Denied { .. } => Sees::Reset { after: None },
        Refusal::PlaintextToTls { .. } => Sees::Reset { after: None },
        Refusal::TlsToPlaintext { .. } | Refusal::NoCertificate { .. } => Sees::TlsError,
        Refusal::SeveralChains { .. } | Refusal::Undecided { .. } | Refusal::Unknown => {
            Sees::Unknown
        }
    };
    let mut answer = Answer::new(outcome).seen(sees);
    answer.tell("path.ends", sentence, Vec::new());
    answer
}

/// Bytes are passed on: nothing looks at the request itself.
fn tcp(view: View<'_>, proxy: &TcpProxy, tree: &mut Tree) -> Answer {
    let dialled = Dialled { host: view.dial.host.clone(), port: view.dial.port };
    let shares = destination::View {
        world: view.world,
        config: view.config,
        callers: view.callers,
        dialled: &dialled,
    };
    let sum: u64 = proxy.clusters.iter().map(|(_, weight)| u64::from(*weight)).sum();
    let mut answer = Answer::new(Outcome::Routed);
    for (cluster, weight) in &proxy.clusters {
        let mut row = destination::tcp_share(shares, cluster, *weight);
        let ppm = (u64::from(*weight) * 1_000_000).checked_div(sum).unwrap_or(0);
        row.share = Ppm::from_ppm(u32::try_from(ppm).unwrap_or(u32::MAX));
        answer.weights.push(row);
    }
    tree.step(rules::TCP, Some(proxy.origin), || {
        "bytes are passed on: nothing here looks at methods, paths or headers".to_owned()
    });
    destination::explain(&answer.weights, tree);
    answer.destination = destination::common(&answer.weights);
    answer.timeouts.idle = Some(proxy.idle_timeout);
    if answer.weights.iter().all(|share| share.fails_with.is_some()) {
        answer.outcome = Outcome::NoRoute;
        answer.flags =
            answer.weights.first().and_then(|it| it.fails_with).map(|it| it.1.to_owned());
    }
    answer
}
