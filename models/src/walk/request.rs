//! From a question to the request that a client sends.

use std::net::IpAddr;
use std::sync::Arc;

use crate::proxy::envoy::config::Transport;
use crate::proxy::envoy::{Connection, HeaderMap, Request, is_grpc};

use super::{ClientCertificate, Question, Scheme, TargetPort};

/// Where a client dials.
#[derive(Clone, Debug)]
pub(super) struct Dial {
    /// The host as it was written.
    pub(super) host: String,
    /// The port.
    pub(super) port: u16,
    /// The address of the client, where it is known.
    pub(super) source: Option<IpAddr>,
    /// The address that is dialled, where it is known.
    pub(super) destination: Option<IpAddr>,
}

/// The request of `question`, dialled at `dial`.
pub(super) fn build(question: &Question, dial: &Dial) -> Request {
    let scheme = question.target.scheme.unwrap_or_default();
    let mut headers = HeaderMap::new();
    headers.append(":method", question.method.as_str());
    headers.append(":path", question.path.as_deref().unwrap_or("/"));
    headers.append(":authority", authority(question, scheme));
    headers.append(":scheme", scheme.text());
    let given = question.headers.iter();
    for (name, value) in given.filter(|(name, _)| !is_authority(name)) {
        // A pseudo-header that is given replaces the one above.
        if name.starts_with(':') {
            headers.set(name, value.as_str());
        } else {
            headers.append(name, value.as_str());
        }
    }
    let connection = connection(question, dial, scheme, &headers);
    Request { headers, connection, tokens: Arc::clone(&question.tokens) }
}

/// The request of `question` when it is dialled at `port`, from and to these addresses as far as
/// they are known.
#[must_use]
pub fn request_sent(
    question: &Question,
    port: u16,
    source: Option<IpAddr>,
    destination: Option<IpAddr>,
) -> Request {
    let host = question.target.host.clone();
    build(question, &Dial { host, port, source, destination })
}

fn is_authority(name: &str) -> bool {
    name.eq_ignore_ascii_case("host") || name == ":authority"
}

/// What the client writes as its host: the port is left out where the scheme implies it.
fn authority(question: &Question, scheme: Scheme) -> String {
    if let Some((_, value)) = question.headers.iter().find(|(name, _)| is_authority(name)) {
        return value.clone();
    }
    let target = &question.target;
    let host =
        if target.host.contains(':') { format!("[{}]", target.host) } else { target.host.clone() };
    match target.port {
        Some(TargetPort::Number(port)) if port != scheme.default_port() => format!("{host}:{port}"),
        _ => host,
    }
}

fn connection(question: &Question, dial: &Dial, scheme: Scheme, headers: &HeaderMap) -> Connection {
    let grpc = is_grpc(headers);
    let https = scheme == Scheme::Https;
    let (transport, sni, alpn): (_, _, &[&str]) = match scheme {
        Scheme::Http if grpc => (Transport::RawBuffer, None, &["h2c"]),
        Scheme::Http => (Transport::RawBuffer, None, &["http/1.1"]),
        Scheme::Https => (Transport::Tls, Some(question.target.host.clone()), &["h2", "http/1.1"]),
    };
    Connection {
        source_ip: dial.source,
        destination_ip: dial.destination,
        destination_port: dial.port,
        transport,
        // An address is no server name.
        sni: sni.filter(|host| host.parse::<IpAddr>().is_err()),
        alpn: alpn.iter().map(|&name| name.to_owned()).collect(),
        principal: (https && question.certificate == ClientCertificate::Trusted)
            .then(|| "the client's certificate".to_owned()),
    }
}
