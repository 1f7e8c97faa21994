//! Which ports of its workload a proxy takes, what is spoken there, and where the application
//! listens: those of services, or those of `Sidecar.ingress` in their place.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use crate::control::istio::capture::Interception;
use crate::control::istio::config::Config;
use crate::control::istio::registry::{Protocol, Service};
use crate::control::istio::workload::Workload;
use crate::explain::Sourced;
use crate::manifest::Located;
use crate::manifest::kinds::istio::{
    CaptureMode, ConnectionPool, InboundMode, IngressListener, Sidecar,
};
use crate::proxy::envoy::config::Address;
use crate::world::Origin;

/// Every address of the workload.
pub(super) const ANY_ADDRESS: &str = "0.0.0.0";

/// Ports of the proxy itself; a port that binds them is left out (istio
/// `pilot/pkg/model/context.go`, `conflictWithReservedListener`).
const STATUS_PORT: u16 = 15021;
const METRICS_PORT: u16 = 15090;
const VIRTUAL_PORTS: [u16; 2] = [15001, 15006];

/// Whether a port is one of the proxy's own.
pub(super) const fn is_reserved(number: u16) -> bool {
    matches!(number, STATUS_PORT | METRICS_PORT)
}

/// A port of the workload that the proxy takes.
#[derive(Clone, Debug)]
pub struct InboundPort {
    /// Its number.
    pub number: u16,
    /// The port of the service, after which the virtual host is named.
    pub service_port: u16,
    /// What is spoken.
    pub protocol: Sourced<Protocol>,
    /// The service whose DestinationRule sets limits.
    pub service: Option<Arc<Service>>,
    /// The address in the listener's name.
    pub bind: String,
    /// Who takes its connections.
    pub taken_by: TakenBy,
    /// Where the application listens.
    pub upstream: AppAddress,
    /// Limits that the Sidecar sets for the port.
    pub(super) pool: Option<ConnectionPool>,
    /// What declares it.
    pub origin: Origin,
}

/// Who takes connections to a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TakenBy {
    /// The listener to which connections are redirected.
    Capture,
    /// A listener with a socket of its own.
    OwnSocket,
}

/// Where the application listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AppAddress {
    /// Where the client dialled.
    AsDialled,
    /// At this address.
    At(Address),
}

/// Istio `pkg/config/protocol/instance.go`, `IsGRPC`.
pub(super) const fn is_grpc(protocol: Protocol) -> bool {
    matches!(protocol, Protocol::Grpc | Protocol::GrpcWeb)
}

impl InboundPort {
    /// It as a sentence.
    pub(super) fn told(&self) -> String {
        let spoken = match self.protocol.value {
            Protocol::Sniffed => "whatever its first bytes show".to_owned(),
            protocol => format!("{protocol:?}").to_lowercase(),
        };
        match &self.service {
            Some(service) => format!("port {} takes {spoken} for {}", self.number, service.host),
            None => format!("port {} takes {spoken}, as a Sidecar says", self.number),
        }
    }
}

/// The ports of a workload, by number. Where a Sidecar has `ingress`, its ports are all there are
/// (istio `pilot/pkg/networking/core/listener_inbound.go`, `buildInboundChainConfigs`).
pub(super) fn ports(
    workload: &Workload,
    sidecar: Option<&Config<Sidecar>>,
    interception: Interception,
    mode: InboundMode,
) -> Vec<InboundPort> {
    let mut ports = BTreeMap::new();
    match sidecar.filter(|sidecar| !sidecar.object.ingress.is_empty()) {
        Some(sidecar) => {
            let listeners = sidecar.object.ingress.iter();
            let own = listeners.filter_map(|it| of_ingress(workload, it, interception));
            // Of several for one port, the first one counts.
            own.for_each(|port| {
                ports.entry(port.number).or_insert(port);
            });
        }
        // The application has the sockets, and nothing is redirected past them.
        None if interception == Interception::None => {}
        None => of_services(workload, mode).for_each(|port| {
            ports.entry(port.number).or_insert(port);
        }),
    }
    ports.into_values().collect()
}

/// The older service first, so that it says what is spoken on a port that several have.
fn of_services(workload: &Workload, mode: InboundMode) -> impl Iterator<Item = InboundPort> {
    let free = |number: u16| !is_reserved(number) && !VIRTUAL_PORTS.contains(&number);
    let instances = workload.instances.iter().filter(move |it| free(it.target_port));
    instances.map(move |instance| {
        let port = instance.service_port();
        InboundPort {
            number: instance.target_port,
            service_port: port.number,
            protocol: Sourced::new(port.protocol, port.origin),
            service: Some(Arc::clone(&instance.service)),
            bind: ANY_ADDRESS.to_owned(),
            taken_by: TakenBy::Capture,
            upstream: match mode {
                InboundMode::Passthrough => AppAddress::AsDialled,
                InboundMode::Localhost => AppAddress::At(Address {
                    host: "127.0.0.1".to_owned(),
                    port: instance.target_port,
                }),
            },
            pool: None,
            origin: port.origin,
        }
    })
}

fn of_ingress(
    workload: &Workload,
    listener: &IngressListener,
    interception: Interception,
) -> Option<InboundPort> {
    let number = listener.port.number.value;
    let origin = Origin::Manifest(listener.place);
    let protocol = match &listener.port.protocol {
        Some(word) => Sourced::new(Protocol::of_word(&word.value), Origin::Manifest(word.place)),
        None => Sourced::new(Protocol::Sniffed, origin),
    };
    let bind = listener.bind.as_ref().map(|bind| bind.value.clone());
    let binds_all = match &bind {
        Some(bind) => bind == ANY_ADDRESS,
        None => protocol.value.is_http(),
    };
    if is_reserved(number) && binds_all {
        return None;
    }
    let own = workload.addresses.first().filter(|ip| !ip.is_loopback());
    let mode = listener.capture.map_or(CaptureMode::Default, |mode| mode.value);
    let has_socket = match mode {
        CaptureMode::Default => interception == Interception::None,
        CaptureMode::Redirect => false,
        CaptureMode::None => true,
    };
    let service = workload.instances.iter().find(|it| it.target_port == number);
    Some(InboundPort {
        number,
        service_port: number,
        protocol,
        service: service.map(|instance| Arc::clone(&instance.service)),
        bind: bind.or_else(|| own.map(IpAddr::to_string)).unwrap_or_else(|| ANY_ADDRESS.to_owned()),
        taken_by: if has_socket { TakenBy::OwnSocket } else { TakenBy::Capture },
        upstream: app_address(workload, listener.default_endpoint.as_ref()),
        pool: listener.pool.clone(),
        origin,
    })
}

/// Where `defaultEndpoint` leads: `0.0.0.0` and `::` stand for the workload's own address
/// (istio `pilot/pkg/networking/core/cluster.go`, `buildInboundClustersFromSidecar`). The API
/// server lets no other form through; what is none is taken for absent.
fn app_address(workload: &Workload, written: Option<&Located<String>>) -> AppAddress {
    let Some(text) = written.map(|written| written.value.as_str()) else {
        return AppAddress::AsDialled;
    };
    if text.starts_with("unix://") {
        return AppAddress::At(Address { host: text.to_owned(), port: 0 });
    }
    let Some((host, port)) = text.rsplit_once(':') else { return AppAddress::AsDialled };
    let Ok(port) = port.parse() else { return AppAddress::AsDialled };
    let own = |wanted: fn(&&IpAddr) -> bool, else_at: &str| {
        let found = workload.addresses.iter().find(wanted);
        found.map_or_else(|| else_at.to_owned(), IpAddr::to_string)
    };
    let has_v4 = workload.addresses.iter().any(IpAddr::is_ipv4);
    let host = match host {
        "0.0.0.0" => own(|ip| ip.is_ipv4(), "127.0.0.1"),
        "[::]" => own(|ip| ip.is_ipv6(), "::1"),
        "127.0.0.1" | "[::1]" if workload.addresses.is_empty() => host.to_owned(),
        "127.0.0.1" => if has_v4 { "127.0.0.1" } else { "::1" }.to_owned(),
        "[::1]" => {
            let has_v6 = workload.addresses.iter().any(IpAddr::is_ipv6);
            if has_v6 { "::1" } else { "127.0.0.1" }.to_owned()
        }
        _ => return AppAddress::AsDialled,
    };
    AppAddress::At(Address { host, port })
}
