//! `networking.istio.io Sidecar`: which services a workload's proxy knows, and which ports it
//! takes.

use super::traffic_policy::{ConnectionPool, read_connection_pool};
use super::virtual_service::{Destination, read_destination};
use super::{IstioResource, Labels, ObjectMeta, Resource, read_selector};
use crate::manifest::fields::Fields;
use crate::manifest::{Located, Place};

/// `networking.istio.io Sidecar`.
#[derive(Clone, Debug)]
pub struct Sidecar {
    /// Name, namespace and age.
    pub meta: ObjectMeta,
    /// The workloads; `None` is the whole namespace, or the mesh in the root namespace.
    pub selector: Option<Located<Labels>>,
    /// The inbound listeners, in place of those that services make; empty keeps these.
    pub ingress: Vec<IngressListener>,
    /// What the proxy knows; empty knows all.
    pub egress: Vec<EgressListener>,
    /// `outboundTrafficPolicy.mode`, in place of the mesh's.
    pub outbound: Option<Located<OutboundMode>>,
    /// `outboundTrafficPolicy.egressProxy`: where traffic to hosts goes that the proxy does not
    /// know.
    pub egress_proxy: Option<Destination>,
    /// `inboundConnectionPool`.
    pub inbound_pool: Option<ConnectionPool>,
}

/// An entry of `ingress`.
#[derive(Clone, Debug)]
pub struct IngressListener {
    /// The port that it takes.
    pub port: SidecarPort,
    /// The address that it binds.
    pub bind: Option<Located<String>>,
    /// Where the application listens: `127.0.0.1:PORT`, `0.0.0.0:PORT`, `[::1]:PORT`, `[::]:PORT`
    /// or `unix:///path`; absent is the port itself.
    pub default_endpoint: Option<Located<String>>,
    /// `captureMode`.
    pub capture: Option<Located<CaptureMode>>,
    /// Limits in place of the Sidecar's.
    pub pool: Option<ConnectionPool>,
    /// Whether the listener ends TLS of the user's.
    pub tls: Option<Place>,
    /// Where it begins.
    pub place: Place,
}

/// `captureMode`: how connections come to a listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CaptureMode {
    /// As the proxy's interception mode says.
    Default,
    /// They are redirected.
    Redirect,
    /// The listener has a socket of its own.
    None,
}

const CAPTURE_MODES: &[(&str, CaptureMode)] = &[
    ("DEFAULT", CaptureMode::Default),
    ("IPTABLES", CaptureMode::Redirect),
    ("NONE", CaptureMode::None),
];

/// An entry of `egress`.
#[derive(Clone, Debug)]
pub struct EgressListener {
    /// Its port; `None` is the listener for all other ports.
    pub port: Option<SidecarPort>,
    /// The address that it binds.
    pub bind: Option<Located<String>>,
    /// `captureMode`: how connections come to it.
    pub capture: Option<Located<CaptureMode>>,
    /// What it knows: `namespace/host`, `./host`, `*/host`, `~/*`.
    pub hosts: Vec<Located<String>>,
    /// Where it begins.
    pub place: Place,
}

/// A port of a Sidecar's listener.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SidecarPort {
    /// Its number.
    pub number: Located<u16>,
    /// Its protocol as written.
    pub protocol: Option<Located<String>>,
    /// Its name.
    pub name: Option<Located<String>>,
}

/// What becomes of traffic to hosts that the proxy does not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutboundMode {
    /// It is dropped.
    RegistryOnly,
    /// It is passed on.
    AllowAny,
    /// It is passed on to whatever DNS says.
    AllowAnyDynamicDns,
}

pub(super) const OUTBOUND_MODES: &[(&str, OutboundMode)] = &[
    ("REGISTRY_ONLY", OutboundMode::RegistryOnly),
    ("ALLOW_ANY", OutboundMode::AllowAny),
    ("ALLOW_ANY_DYNAMIC_DNS", OutboundMode::AllowAnyDynamicDns),
];

pub(in crate::manifest) fn read_sidecar(
    fields: &mut Fields<'_, '_, '_, '_>,
    meta: ObjectMeta,
) -> Vec<Resource> {
    let sidecar = fields.required_object("spec", |spec| read_spec(spec, meta));
    sidecar.map(|sidecar| IstioResource::Sidecar(sidecar).alone()).unwrap_or_default()
}

fn read_spec(spec: &mut Fields<'_, '_, '_, '_>, meta: ObjectMeta) -> Sidecar {
    let mut egress_proxy = None;
    let outbound = spec.object("outboundTrafficPolicy", |policy| {
        egress_proxy = policy.object("egressProxy", read_destination).flatten();
        let place = policy.place();
        let mode = policy.choice("mode", OUTBOUND_MODES);
        // An empty policy has the mode of value zero.
        mode.unwrap_or(Located::new(OutboundMode::RegistryOnly, place))
    });
    Sidecar {
        meta,
        selector: read_selector(spec, "workloadSelector", "labels"),
        ingress: spec.list("ingress", |listener| {
            let port = listener.required_object("port", read_port).flatten();
            let bind = listener.string("bind").filter(|bind| !bind.is_empty());
            let default_endpoint = listener.string("defaultEndpoint").filter(|it| !it.is_empty());
            let capture = listener.choice("captureMode", CAPTURE_MODES);
            let pool = listener.object("connectionPool", read_connection_pool);
            let tls = listener.object("tls", |tls| tls.place());
            let place = listener.place();
            Some(IngressListener { port: port?, bind, default_endpoint, capture, pool, tls, place })
        }),
        egress: spec.list("egress", |listener| {
            Some(EgressListener {
                port: listener.object("port", read_port).flatten(),
                bind: listener.string("bind").filter(|bind| !bind.is_empty()),
                capture: listener.choice("captureMode", CAPTURE_MODES),
                hosts: listener.strings("hosts"),
                place: listener.place(),
            })
        }),
        outbound,
        egress_proxy,
        inbound_pool: spec.object("inboundConnectionPool", read_connection_pool),
    }
}

fn read_port(port: &mut Fields<'_, '_, '_, '_>) -> Option<SidecarPort> {
    let protocol = port.string("protocol").filter(|protocol| !protocol.is_empty());
    let name = port.string("name").filter(|name| !name.is_empty());
    Some(SidecarPort { number: port.required_number("number", 1..=u16::MAX)?, protocol, name })
}
