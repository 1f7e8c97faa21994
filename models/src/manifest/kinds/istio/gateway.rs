//! `networking.istio.io Gateway`: which ports of gateway workloads are open for which hosts.

use crate::manifest::fields::Fields;
use crate::manifest::kinds::{Labels, ObjectMeta, Resource};
use crate::manifest::{Diagnostic, Located, Place};

use super::IstioResource;

/// `networking.istio.io Gateway`.
#[derive(Clone, Debug)]
pub struct Gateway {
    /// Name, namespace, creation time.
    pub meta: ObjectMeta,
    /// `spec.selector`: labels of gateway pods; absent means all gateways.
    pub selector: Option<Located<Labels>>,
    /// `spec.servers`.
    pub servers: Vec<GatewayServer>,
}

/// One entry of `spec.servers`.
#[derive(Clone, Debug)]
pub struct GatewayServer {
    /// The port; a server without one is refused.
    pub port: GatewayPort,
    /// The address it is bound to; absent means all.
    pub bind: Option<Located<String>>,
    /// `host` or `namespace/host`, each part perhaps a wildcard.
    pub hosts: Vec<Located<String>>,
    /// TLS.
    pub tls: Option<GatewayTls>,
    /// Where the server begins.
    pub place: Place,
}

/// `servers[].port`.
#[derive(Clone, Debug)]
pub struct GatewayPort {
    /// The number.
    pub number: Located<u16>,
    /// The protocol, in upper case.
    pub protocol: Located<GatewayProtocol>,
    /// The name.
    pub name: String,
}

/// `servers[].port.protocol`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum GatewayProtocol {
    /// HTTP/1.1.
    Http,
    /// HTTP/2 without TLS.
    Http2,
    /// gRPC without TLS.
    Grpc,
    /// gRPC-Web.
    #[serde(rename = "GRPC-WEB")]
    GrpcWeb,
    /// HTTP over TLS.
    Https,
    /// Any protocol over TLS.
    Tls,
    /// Bytes.
    Tcp,
    /// MongoDB's protocol, which is passed on as bytes.
    Mongo,
    /// Redis' protocol, which is passed on as bytes.
    Redis,
    /// MySQL's protocol, which is passed on as bytes.
    Mysql,
}

impl GatewayProtocol {
    /// Whether it is HTTP without TLS.
    #[must_use]
    pub const fn is_http(self) -> bool {
        matches!(self, Self::Http | Self::Http2 | Self::Grpc | Self::GrpcWeb)
    }
}

/// `servers[].tls`.
#[derive(Clone, Debug)]
pub struct GatewayTls {
    /// Whether plaintext requests are redirected.
    pub https_redirect: Option<Located<bool>>,
    /// Who ends TLS.
    pub mode: Located<GatewayTlsMode>,
    /// The identities of clients that are accepted; empty accepts all.
    pub subject_alt_names: Vec<Located<String>>,
    /// Where it begins.
    pub place: Place,
}

/// `servers[].tls.mode`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum GatewayTlsMode {
    /// The upstream does, chosen by SNI with the TLS rules of VirtualServices.
    #[default]
    Passthrough,
    /// The gateway does.
    Simple,
    /// The gateway does, and clients show a certificate.
    Mutual,
    /// The upstream does, and SNI names its cluster.
    AutoPassthrough,
    /// The gateway does, and clients show a certificate of the mesh.
    IstioMutual,
    /// The gateway does, and clients may show a certificate.
    OptionalMutual,
}

const TLS_MODES: &[(&str, GatewayTlsMode)] = &[
    ("PASSTHROUGH", GatewayTlsMode::Passthrough),
    ("SIMPLE", GatewayTlsMode::Simple),
    ("MUTUAL", GatewayTlsMode::Mutual),
    ("AUTO_PASSTHROUGH", GatewayTlsMode::AutoPassthrough),
    ("ISTIO_MUTUAL", GatewayTlsMode::IstioMutual),
    ("OPTIONAL_MUTUAL", GatewayTlsMode::OptionalMutual),
];

const PROTOCOLS: &[(&str, GatewayProtocol)] = &[
    ("HTTP", GatewayProtocol::Http),
    ("HTTP2", GatewayProtocol::Http2),
    ("GRPC", GatewayProtocol::Grpc),
    ("GRPC-WEB", GatewayProtocol::GrpcWeb),
    ("HTTPS", GatewayProtocol::Https),
    ("TLS", GatewayProtocol::Tls),
    ("TCP", GatewayProtocol::Tcp),
    ("MONGO", GatewayProtocol::Mongo),
    ("REDIS", GatewayProtocol::Redis),
    ("MYSQL", GatewayProtocol::Mysql),
];

pub(in crate::manifest) fn read_gateway(
    fields: &mut Fields<'_, '_, '_, '_>,
    meta: ObjectMeta,
) -> Vec<Resource> {
    let gateway = fields.required_object("spec", |spec| Gateway {
        meta,
        selector: spec.located_labels("selector"),
        servers: spec.list("servers", read_server),
    });
    gateway.map(|gateway| IstioResource::Gateway(gateway).alone()).unwrap_or_default()
}

fn read_server(server: &mut Fields<'_, '_, '_, '_>) -> Option<GatewayServer> {
    let port = server.required_object("port", read_port).flatten();
    let bind = server.string("bind").filter(|bind| !bind.is_empty());
    let hosts = server.strings("hosts");
    let tls = server.object("tls", read_tls);
    Some(GatewayServer { port: port?, bind, hosts, tls, place: server.place() })
}

fn read_port(port: &mut Fields<'_, '_, '_, '_>) -> Option<GatewayPort> {
    let number = port.required_number("number", 1..=u16::MAX);
    let protocol = port.required_string("protocol").and_then(|word| protocol(port, &word));
    let name = port.string("name").map(|name| name.value).unwrap_or_default();
    Some(GatewayPort { number: number?, protocol: protocol?, name })
}

/// Istio compares the words without regard to case (pkg/config/protocol, `Parse`).
fn protocol(
    port: &mut Fields<'_, '_, '_, '_>,
    word: &Located<String>,
) -> Option<Located<GatewayProtocol>> {
    let known = PROTOCOLS.iter().find(|(known, _)| known.eq_ignore_ascii_case(word));
    if known.is_none() {
        let words: Vec<_> = PROTOCOLS.iter().map(|(word, _)| *word).collect();
        let message = format!("unknown protocol `{}`", word.value);
        port.add(
            Diagnostic::error("istio.gateway-protocol", message)
                .at(word.place, "the server is left out")
                .help(format!("one of {}", words.join(", "))),
        );
    }
    known.map(|&(_, protocol)| Located::new(protocol, word.place))
}

fn read_tls(tls: &mut Fields<'_, '_, '_, '_>) -> GatewayTls {
    let mode = tls.choice("mode", TLS_MODES);
    GatewayTls {
        https_redirect: tls.boolean("httpsRedirect"),
        mode: mode.unwrap_or(Located::new(GatewayTlsMode::default(), tls.place())),
        subject_alt_names: tls.strings("subjectAltNames"),
        place: tls.place(),
    }
}
