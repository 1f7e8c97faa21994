//! One call of a case, with what is assumed where the case is silent.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use meshwalk_models::proxy::envoy::config::Transport;
use meshwalk_models::proxy::envoy::{Connection, HeaderMap, Request};
use serde_json::Value;

use super::case::text;
use super::expect::Expected;

/// The address that is dialled where the case does not care.
const SOME_ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::new(1, 3, 3, 7));

/// A call and its expected result.
#[derive(Clone, Debug)]
pub(super) struct Call {
    /// Its name; may be empty.
    pub(super) name: String,
    /// The address that is dialled.
    pub(super) address: IpAddr,
    /// The port that is dialled.
    pub(super) port: u16,
    /// What is spoken.
    pub(super) protocol: Protocol,
    /// How it is encrypted.
    pub(super) tls: Tls,
    /// Where the call meets the proxy.
    pub(super) mode: Mode,
    sni: Option<String>,
    alpn: Option<String>,
    path: String,
    headers: Vec<(String, String)>,
    /// What must happen.
    pub(super) expected: Expected,
}

/// What is spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Protocol {
    Http,
    Http2,
    Tcp,
}

/// How a call is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tls {
    Plaintext,
    Simple,
    Mutual,
}

/// Where a call meets the proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// On the proxy's own port.
    Gateway,
    /// Redirected, from the workload.
    Outbound,
    /// Redirected, to the workload.
    Inbound,
}

impl Call {
    pub(super) fn read(value: &Value) -> Result<Self, String> {
        let call = &value["Call"];
        let port = call["Port"].as_u64().and_then(|port| u16::try_from(port).ok());
        let protocol = match text(call, "Protocol").as_str() {
            "HTTP" | "" => Protocol::Http,
            "HTTP2" => Protocol::Http2,
            "TCP" => Protocol::Tcp,
            other => return Err(format!("unknown protocol {other}")),
        };
        let tls = match text(call, "TLS").to_ascii_lowercase().as_str() {
            "" | "plaintext" => Tls::Plaintext,
            "tls" => Tls::Simple,
            "mtls" => Tls::Mutual,
            other => return Err(format!("unknown TLS {other}")),
        };
        let mode = match text(call, "CallMode").as_str() {
            "CallModeInbound" | "inbound" => Mode::Inbound,
            "CallModeOutbound" | "outbound" => Mode::Outbound,
            _ => Mode::Gateway,
        };
        let address = text(call, "Address");
        let address = if address.is_empty() {
            SOME_ADDRESS
        } else {
            address.parse().map_err(|_| format!("{address} is no address"))?
        };
        let host = text(call, "HostHeader");
        let given = |name| Some(text(call, name)).filter(|text| !text.is_empty());
        // For plain TLS the server name is the host, as in the suite itself.
        let sni = given("Sni").or_else(|| (tls == Tls::Simple).then(|| host.clone()));
        let alpn = given("Alpn").or_else(|| default_alpn(protocol, tls).map(str::to_owned));
        Ok(Self {
            name: text(value, "Name"),
            address,
            port: port.unwrap_or(0),
            protocol,
            tls,
            mode,
            sni,
            alpn,
            path: given("Path").unwrap_or_else(|| "/".to_owned()),
            headers: headers(call, &host),
            expected: Expected::read(&value["Result"]),
        })
    }

    /// The connection, as the first bytes show it.
    pub(super) fn connection(&self) -> Connection {
        let sniffed = match (self.protocol, self.tls) {
            (Protocol::Http, Tls::Plaintext) => Some("http/1.1".to_owned()),
            (Protocol::Http2, Tls::Plaintext) => Some("h2c".to_owned()),
            _ => self.alpn.clone(),
        };
        let mutual = self.tls == Tls::Mutual;
        Connection {
            source_ip: None,
            destination_ip: Some(self.address),
            destination_port: self.port,
            transport: match self.tls {
                Tls::Plaintext => Transport::RawBuffer,
                Tls::Simple | Tls::Mutual => Transport::Tls,
            },
            sni: self.sni.clone(),
            alpn: sniffed.into_iter().collect(),
            principal: mutual.then(|| "spiffe://cluster.local/ns/default/sa/default".to_owned()),
        }
    }

    /// The request.
    pub(super) fn request(&self) -> Request {
        let scheme = if self.tls == Tls::Plaintext { "http" } else { "https" };
        let host = self.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("host"));
        let authority = host.map_or("", |(_, value)| value.as_str());
        let pseudo = [
            (":method", "GET"),
            (":scheme", scheme),
            (":authority", authority),
            (":path", self.path.as_str()),
        ];
        let others = self.headers.iter().filter(|(name, _)| !name.eq_ignore_ascii_case("host"));
        let others = others.map(|(name, value)| (name.as_str(), value.as_str()));
        let headers: HeaderMap = pseudo.into_iter().chain(others).collect();
        Request { headers, connection: self.connection(), tokens: Arc::default() }
    }
}

fn default_alpn(protocol: Protocol, tls: Tls) -> Option<&'static str> {
    match (tls, protocol) {
        (Tls::Plaintext, _) | (Tls::Simple, Protocol::Tcp) => None,
        (Tls::Simple, Protocol::Http) => Some("http/1.1"),
        (Tls::Simple, Protocol::Http2) => Some("h2"),
        (Tls::Mutual, Protocol::Http) => Some("istio-http/1.1"),
        (Tls::Mutual, Protocol::Http2) => Some("istio-h2"),
        (Tls::Mutual, Protocol::Tcp) => Some("istio"),
    }
}

/// `Headers`, each name with a list of values, and the host.
fn headers(call: &Value, host: &str) -> Vec<(String, String)> {
    let mut headers = Vec::new();
    if !host.is_empty() {
        headers.push(("host".to_owned(), host.to_owned()));
    }
    for (name, values) in call["Headers"].as_object().into_iter().flatten() {
        let values = values.as_array().into_iter().flatten().filter_map(Value::as_str);
        headers.extend(values.map(|value| (name.clone(), value.to_owned())));
    }
    headers
}
