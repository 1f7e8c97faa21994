//! A connection at a proxy: which listener and chain take it, and what reads it then.

use crate::control::ControlPlanes;
use crate::explain::{Probe, Tree};
use crate::proxy::envoy::config::{FilterChain, Listener, NetworkFilter, ProxyConfig, TcpProxy};
use crate::proxy::envoy::{Connection, Request};
use crate::units::Ppm;
use crate::world::World;

use super::answer::{Answer, Outcome};
use super::destination::{self, Dialled};
use super::request::Dial;
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
}

/// Walks a request that the proxy gets over a connection of its own pod, or from a client.
pub(super) fn walk(view: View<'_>, request: Request, tree: &mut Tree) -> Answer {
    let Some(chain) = chain(view.config, &request.connection, tree) else {
        let sentence = format!(
            "no listener takes connections to port {}: they are refused",
            request.connection.destination_port
        );
        return Answer::unreachable(Outcome::NoRoute, sentence, tree, rules::TCP);
    };
    through(view, chain, request, tree)
}

/// Walks a request through a chain of filters.
pub(super) fn through(
    view: View<'_>,
    chain: &FilterChain,
    request: Request,
    tree: &mut Tree,
) -> Answer {
    match chain.filters.last() {
        Some(NetworkFilter::Http(manager)) => http::walk(view, manager, request, tree),
        Some(NetworkFilter::TcpProxy(proxy)) => tcp(view, proxy, tree),
        Some(NetworkFilter::Rbac(_)) | None => {
            let sentence = format!("chain {} leads nowhere", chain.name);
            Answer::unreachable(Outcome::Unknown, sentence, tree, rules::TCP)
        }
    }
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

/// The chain that takes a connection: of the listener of its address, of its port, or of the one
/// that gets what is left.
fn chain<'a>(
    config: &'a ProxyConfig,
    connection: &Connection,
    tree: &mut Tree,
) -> Option<&'a FilterChain> {
    let port = connection.destination_port;
    let ip = connection.destination_ip.map(|it| it.to_string());
    let exact = config.listeners.iter().find(|l| l.port == port && Some(&l.address) == ip.as_ref());
    let any = || config.listeners.iter().find(|l| l.port == port && l.address == "0.0.0.0");
    let listener: &Listener = exact
        .or_else(any)
        .or_else(|| config.listeners.iter().find(|l| l.name == "virtualOutbound"))?;
    tree.step(rules::TCP, Some(listener.origin), || format!("listener {}", listener.name));
    let fits = |c: &&FilterChain| {
        let m = &c.matches;
        m.destination_port.is_none_or(|p| p == port)
            && m.transport.is_none_or(|t| t == connection.transport)
            && (m.application_protocols.is_empty()
                || m.application_protocols.iter().any(|p| connection.alpn.contains(p)))
            && (m.server_names.is_empty()
                || connection.sni.as_ref().is_some_and(|s| m.server_names.contains(s)))
            && (m.destination_prefixes.is_empty()
                || connection
                    .destination_ip
                    .is_some_and(|ip| m.destination_prefixes.iter().any(|n| n.contains(&ip))))
    };
    listener
        .chains
        .iter()
        .filter(fits)
        .max_by_key(|c| (c.matches.application_protocols.len(), c.matches.server_names.len()))
        .or(listener.default_chain.as_ref())
}
