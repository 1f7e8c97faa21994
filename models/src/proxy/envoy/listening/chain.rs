//! Which filter chain of a listener takes a connection.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::explain::{Probe, RuleId};

use super::super::config::{ChainMatch, FilterChain, Listener, Transport};
use super::super::request::Connection;
use super::Refusal;

const CHAIN: RuleId = RuleId("envoy.listen.chain");
const PASSED_OVER: RuleId = RuleId("envoy.listen.chain-passed-over");
const DEFAULT: RuleId = RuleId("envoy.listen.default-chain");
const NO_CHAIN: RuleId = RuleId("envoy.listen.no-chain");
const SEVERAL: RuleId = RuleId("envoy.listen.several-chains");

/// How many chains that are passed over are told one by one.
const TOLD_MAX: usize = 50;

/// A connection as the listener sees it before a chain is chosen.
struct Seen<'a> {
    connection: &'a Connection,
    transport: Transport,
    server_name: &'a str,
    protocols: &'a [String],
}

impl<'a> Seen<'a> {
    /// Without a look at TLS every connection is plaintext, and has no server name; without a
    /// look at HTTP nobody knows what plaintext is.
    ///
    /// Source: Envoy, "TLS Inspector" and "HTTP Inspector" listener filters;
    /// `ActiveTcpSocket::newConnection` takes `raw_buffer` where nothing was detected.
    fn by(listener: &Listener, connection: &'a Connection) -> Self {
        let tls = connection.transport == Transport::Tls;
        let port = connection.destination_port;
        let sees_tls = listener.inspects_tls.covers(port);
        let (transport, server_name) = match tls && sees_tls {
            true => (Transport::Tls, connection.sni.as_deref().unwrap_or_default()),
            false => (Transport::RawBuffer, ""),
        };
        let known = if tls { sees_tls } else { listener.inspects_http.covers(port) };
        let protocols = if known { connection.alpn.as_slice() } else { &[] };
        Self { connection, transport, server_name, protocols }
    }
}

/// How well a chain fits one criterion.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    /// Not at all.
    No,
    /// It asks for nothing, or for this much.
    So(usize),
}

impl Fit {
    const ANY: Self = Self::So(0);
    const EXACT: Self = Self::So(usize::MAX);
}

/// What a criterion is called, and how it judges; `None` where it cannot.
type Criterion = (&'static str, fn(&ChainMatch, &Seen<'_>) -> Option<Fit>);

/// The criteria in the order in which they count: the best for one is chosen before the next is
/// looked at, and there is no way back.
///
/// Source: Envoy, api/envoy/config/listener/v3/listener_components.proto, `FilterChainMatch`;
/// `FilterChainManagerImpl::findFilterChain`.
const CRITERIA: [Criterion; 6] = [
    ("destination port", |chain, seen| {
        Some(match chain.destination_port {
            None => Fit::ANY,
            Some(port) if port == seen.connection.destination_port => Fit::EXACT,
            Some(_) => Fit::No,
        })
    }),
    ("destination address", |chain, seen| {
        longest(&chain.destination_prefixes, seen.connection.destination_ip)
    }),
    ("server name", |chain, seen| Some(server_name(&chain.server_names, seen.server_name))),
    ("transport", |chain, seen| {
        Some(match chain.transport {
            None => Fit::ANY,
            Some(transport) if transport == seen.transport => Fit::EXACT,
            Some(_) => Fit::No,
        })
    }),
    ("application protocol", |chain, seen| {
        Some(protocol(&chain.application_protocols, seen.protocols))
    }),
    ("source address", |chain, seen| longest(&chain.source_prefixes, seen.connection.source_ip)),
];

/// The longest prefix that holds an address; `None` if the address matters and is not known.
fn longest(prefixes: &[IpNet], ip: Option<IpAddr>) -> Option<Fit> {
    if prefixes.is_empty() {
        return Some(Fit::ANY);
    }
    let ip = ip?;
    let holding = prefixes.iter().filter(|prefix| prefix.contains(&ip));
    let length = holding.map(|prefix| usize::from(prefix.prefix_len())).max();
    Some(length.map_or(Fit::No, |length| Fit::So(1 + length)))
}

/// The whole name, else the longest suffix; case does not count.
fn server_name(names: &[String], asked: &str) -> Fit {
    if names.is_empty() {
        return Fit::ANY;
    }
    let fit = |name: &String| match name.strip_prefix('*') {
        Some(suffix) => {
            let from = asked.len().checked_sub(suffix.len()).filter(|&from| from > 0);
            let tail = from.and_then(|from| asked.get(from..));
            match tail.is_some_and(|tail| tail.eq_ignore_ascii_case(suffix)) {
                true => Fit::So(1 + suffix.len()),
                false => Fit::No,
            }
        }
        None if name.eq_ignore_ascii_case(asked) => Fit::EXACT,
        None => Fit::No,
    };
    names.iter().map(fit).max().unwrap_or(Fit::No)
}

/// The first of the protocols that the peer offers.
fn protocol(protocols: &[String], offered: &[String]) -> Fit {
    if protocols.is_empty() {
        return Fit::ANY;
    }
    let first = offered.iter().position(|offer| protocols.contains(offer));
    first.map_or(Fit::No, |place| Fit::So(usize::MAX - place))
}

/// The chain that takes a connection.
pub(super) fn find<'c, P: Probe>(
    listener: &'c Listener,
    connection: &Connection,
    probe: &mut P,
) -> Result<&'c FilterChain, Refusal> {
    let seen = Seen::by(listener, connection);
    let mut left: Vec<&FilterChain> = listener.chains.iter().collect();
    let mut told = 0;
    for (criterion, judge) in CRITERIA {
        let mut best = Fit::No;
        let mut fits = Vec::with_capacity(left.len());
        for chain in &left {
            let Some(fit) = judge(&chain.matches, &seen) else {
                probe.step(NO_CHAIN, Some(chain.origin), || {
                    format!("{} asks for a {criterion} that is not known", chain.title())
                });
                return Err(Refusal::Unknown);
            };
            best = best.max(fit);
            fits.push(fit);
        }
        let mut fits = fits.into_iter();
        left.retain(|chain| {
            let fit = fits.next().unwrap_or(Fit::No);
            let stays = fit == best && fit != Fit::No;
            if !stays {
                told += 1;
                if told <= TOLD_MAX {
                    probe.step(PASSED_OVER, Some(chain.origin), || {
                        let why = if fit == Fit::No { "does not fit" } else { "fits less well" };
                        format!("{} is passed over: its {criterion} {why}", chain.title())
                    });
                }
            }
            stays
        });
    }
    match left.as_slice() {
        [chain] => {
            probe.step(CHAIN, Some(chain.origin), || format!("{} fits best", chain.title()));
            Ok(chain)
        }
        [] => without_match(listener, probe),
        several => {
            let chains: Vec<String> = several.iter().map(|chain| chain.name.clone()).collect();
            probe.step(SEVERAL, Some(several[1].origin), || {
                format!("chains {} fit alike: Envoy refuses such a listener", chains.join(", "))
            });
            Err(Refusal::SeveralChains { listener: listener.name.clone(), chains })
        }
    }
}

/// The chain for connections that no other takes.
fn without_match<'c>(
    listener: &'c Listener,
    probe: &mut impl Probe,
) -> Result<&'c FilterChain, Refusal> {
    let Some(chain) = &listener.default_chain else {
        probe.step(NO_CHAIN, Some(listener.origin), || {
            format!("no filter chain of {} takes the connection", listener.name)
        });
        return Err(Refusal::NoChain { listener: listener.name.clone() });
    };
    probe.step(DEFAULT, Some(chain.origin), || {
        format!("{} takes what no other chain takes", chain.title())
    });
    Ok(chain)
}
