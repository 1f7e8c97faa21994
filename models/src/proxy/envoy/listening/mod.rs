//! Which listener and filter chain takes a connection, and whether it may go on. What the filters
//! of a request and the routes do is the business of `filters` and `routing`.

mod chain;
mod listener;

use crate::explain::{Probe, RuleId};

use super::config::{
    Direction, DownstreamTls, FilterChain, HttpManager, Listener, NetworkFilter, ProxyConfig,
    TcpProxy, Transport,
};
use super::filters::{Access, ExternalAnswers, connection_access, connection_asked};
use super::request::Connection;

use std::sync::Arc;

const PLAINTEXT: RuleId = RuleId("envoy.listen.plaintext-to-tls");
const ENCRYPTED: RuleId = RuleId("envoy.listen.tls-to-plaintext");
const CERTIFICATE: RuleId = RuleId("envoy.listen.client-certificate");
const DENIED: RuleId = RuleId("envoy.listen.denied");

/// How a connection comes to a proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Arrival {
    /// The peer dialled a socket of the proxy.
    Dialled,
    /// The node redirected it to the listener that captures this direction.
    Redirected(Direction),
}

/// A connection that a filter chain takes.
#[derive(Clone, Copy, Debug)]
pub struct Accepted<'c> {
    /// The listener.
    pub listener: &'c Arc<Listener>,
    /// The chain.
    pub chain: &'c FilterChain,
}

/// What the last filter of a chain is.
#[derive(Clone, Copy, Debug)]
pub enum Service<'c> {
    /// Requests are routed.
    Http(&'c Arc<HttpManager>),
    /// Bytes are passed on.
    Tcp(&'c Arc<TcpProxy>),
    /// Nothing serves: the configuration is refused by Envoy.
    Nothing,
}

/// Why a connection is not served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Nobody listens: the connection is refused.
    NoListener,
    /// No filter chain of the listener takes it: the connection is reset.
    NoChain {
        /// The listener.
        listener: String,
    },
    /// Several chains take it alike: Envoy refuses the listener.
    SeveralChains {
        /// The listener.
        listener: String,
        /// Their names.
        chains: Vec<String>,
    },
    /// The chain ends TLS, and the peer speaks plaintext: the connection is closed.
    PlaintextToTls {
        /// The chain.
        chain: String,
    },
    /// The chain speaks plaintext HTTP, and the peer TLS: its bytes are no request.
    TlsToPlaintext {
        /// The chain.
        chain: String,
    },
    /// The chain wants a client certificate, and there is none: the handshake fails.
    NoCertificate {
        /// The chain.
        chain: String,
    },
    /// Access rules deny the connection: it is closed.
    Denied {
        /// The policy that denies it; `None` if no policy allows it.
        policy: Option<String>,
    },
    /// It cannot be told: an address that a chain asks for is not known.
    Unknown,
    /// Access rules or an external authoriser decide, and what they say cannot be told.
    Undecided {
        /// Why.
        why: String,
    },
}

impl Accepted<'_> {
    /// What serves the connection.
    #[must_use]
    pub fn service(&self) -> Service<'_> {
        match self.chain.filters.last() {
            Some(NetworkFilter::Http(manager)) => Service::Http(manager),
            Some(NetworkFilter::TcpProxy(proxy)) => Service::Tcp(proxy),
            Some(NetworkFilter::Rbac(_) | NetworkFilter::ExtAuthz(_)) | None => Service::Nothing,
        }
    }
}

/// Finds who takes a connection, where no external authoriser answers.
///
/// # Errors
/// Why nobody does.
pub fn accept<'c, P: Probe>(
    config: &'c ProxyConfig,
    arrival: Arrival,
    connection: &Connection,
    probe: &mut P,
) -> Result<Accepted<'c>, Refusal> {
    accept_with(config, arrival, connection, &ExternalAnswers::default(), probe)
}

/// Finds who takes a connection, with the answers of external authorisers.
///
/// # Errors
/// Why nobody does.
pub fn accept_with<'c, P: Probe>(
    config: &'c ProxyConfig,
    arrival: Arrival,
    connection: &Connection,
    external: &ExternalAnswers,
    probe: &mut P,
) -> Result<Accepted<'c>, Refusal> {
    let accepted = taken(config, arrival, connection, probe)?;
    may_go_on(accepted, connection, external, probe)?;
    Ok(accepted)
}

/// Finds the chain that takes a connection, before its filters judge who calls.
///
/// # Errors
/// Why none does.
pub fn taken<'c, P: Probe>(
    config: &'c ProxyConfig,
    arrival: Arrival,
    connection: &Connection,
    probe: &mut P,
) -> Result<Accepted<'c>, Refusal> {
    let listener = listener::find(config, arrival, connection, probe)?;
    let chain = chain::find(listener, connection, probe)?;
    shakes_hands(chain, connection, probe)?;
    Ok(Accepted { listener, chain })
}

/// Whether peer and chain agree on encryption and certificates.
fn shakes_hands(
    chain: &FilterChain,
    connection: &Connection,
    probe: &mut impl Probe,
) -> Result<(), Refusal> {
    let name = || chain.name.clone();
    let serves_http = matches!(chain.filters.last(), Some(NetworkFilter::Http(_)));
    let origin = Some(chain.origin);
    match (chain.tls, connection.transport) {
        (DownstreamTls::None | DownstreamTls::Tunnel, Transport::Tls) if serves_http => {
            probe.step(ENCRYPTED, origin, || {
                format!("{} reads plaintext HTTP, and the peer sends TLS", chain.title())
            });
            Err(Refusal::TlsToPlaintext { chain: name() })
        }
        (DownstreamTls::Tunnel, _) if connection.principal.is_none() => {
            probe.step(CERTIFICATE, origin, || {
                format!("{} takes connections out of tunnels alone", chain.title())
            });
            Err(Refusal::NoCertificate { chain: name() })
        }
        (DownstreamTls::None | DownstreamTls::Tunnel, _) => Ok(()),
        (_, Transport::RawBuffer) => {
            probe.step(PLAINTEXT, origin, || {
                format!("{} ends TLS, and the peer sends plaintext", chain.title())
            });
            Err(Refusal::PlaintextToTls { chain: name() })
        }
        (DownstreamTls::Mutual | DownstreamTls::IstioMutual, Transport::Tls)
            if connection.principal.is_none() =>
        {
            probe.step(CERTIFICATE, origin, || {
                format!("{} wants a client certificate, and the peer has none", chain.title())
            });
            Err(Refusal::NoCertificate { chain: name() })
        }
        (_, Transport::Tls) => Ok(()),
    }
}

/// Whether the access rules of the chain let the connection pass.
fn may_go_on(
    Accepted { chain, .. }: Accepted<'_>,
    connection: &Connection,
    external: &ExternalAnswers,
    probe: &mut impl Probe,
) -> Result<(), Refusal> {
    // Who passes TLS on does not see the certificate within.
    let blind = Connection { principal: None, ..connection.clone() };
    let seen = if chain.tls == DownstreamTls::None { &blind } else { connection };
    for filter in &chain.filters {
        let access = match filter {
            NetworkFilter::Rbac(rules) => connection_access(rules, seen, probe),
            NetworkFilter::ExtAuthz(own) => connection_asked(own, seen, external, probe),
            NetworkFilter::Http(_) | NetworkFilter::TcpProxy(_) => continue,
        };
        match access {
            Access::Allowed => {}
            Access::Denied(policy) => {
                probe.step(DENIED, Some(chain.origin), || {
                    format!("{} closes the connection", chain.title())
                });
                return Err(Refusal::Denied { policy });
            }
            Access::Unknown(why) => return Err(Refusal::Undecided { why }),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
