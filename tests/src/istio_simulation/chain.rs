//! Which filter chain takes a connection, and whether two would: real proxies refuse such a
//! listener, and the suite counts it as an error of its own.

use meshwalk_models::proxy::envoy::Connection;
use meshwalk_models::proxy::envoy::config::{ChainMatch, FilterChain, Listener, Transport};

/// How well a chain meets one criterion; `None` where it does not ask for it.
type Criterion<'c> = &'c dyn Fn(&ChainMatch) -> Option<usize>;

/// What was found.
pub(super) enum Found<'c> {
    None,
    One(&'c FilterChain),
    Several,
}

/// Sieves the chains criterion by criterion, in Envoy's order
/// (api/envoy/config/listener/v3/listener_components.proto, `FilterChainMatch`).
pub(super) fn of<'c>(listener: &'c Listener, connection: &Connection) -> Found<'c> {
    let is_tls = connection.transport == Transport::Tls;
    let port = connection.destination_port;
    let sees_tls = listener.inspects_tls.covers(port);
    let sees_alpn = if is_tls { sees_tls } else { listener.inspects_http.covers(port) };
    let alpn = if sees_alpn { &connection.alpn[..] } else { &[] };
    let transport = if sees_tls { connection.transport } else { Transport::RawBuffer };
    let sni = connection.sni.as_deref().filter(|_| sees_tls).unwrap_or_default();
    let criteria: [Criterion<'_>; 5] = [
        &|it| it.destination_port.map(|port| usize::from(port == connection.destination_port)),
        &|it| {
            some(&it.destination_prefixes, |range| {
                let inside = connection.destination_ip.is_some_and(|ip| range.contains(&ip));
                if inside { usize::from(range.prefix_len()) + 1 } else { 0 }
            })
        },
        &|it| some(&it.server_names, |name| fit(name, sni)),
        &|it| it.transport.map(|wanted| usize::from(wanted == transport)),
        &|it| some(&it.application_protocols, |name| usize::from(alpn.contains(name))),
    ];
    let mut chains: Vec<&FilterChain> = listener.chains.iter().collect();
    for criterion in criteria {
        chains = best(chains, criterion);
    }
    match chains[..] {
        [] => listener.default_chain.as_ref().map_or(Found::None, Found::One),
        [only] => Found::One(only),
        _ => Found::Several,
    }
}

/// The best rank of several values; `None` without any.
fn some<T>(values: &[T], rank: impl Fn(&T) -> usize) -> Option<usize> {
    values.iter().map(rank).max()
}

fn fit(name: &str, sni: &str) -> usize {
    match name.strip_prefix('*') {
        _ if name == sni => usize::MAX,
        Some(suffix) if sni.ends_with(suffix) => name.len(),
        _ => 0,
    }
}

/// The chains that fit best; without any, those that do not look at the criterion.
fn best<'c>(
    chains: Vec<&'c FilterChain>,
    criterion: &dyn Fn(&ChainMatch) -> Option<usize>,
) -> Vec<&'c FilterChain> {
    let ranks: Vec<_> = chains.iter().map(|chain| criterion(&chain.matches)).collect();
    let wanted = ranks.iter().copied().flatten().max().filter(|best| *best > 0);
    let kept = chains.into_iter().zip(ranks).filter(|(_, rank)| *rank == wanted);
    kept.map(|(chain, _)| chain).collect()
}
