//! Which connections of a workload its node redirects to the proxy beside it: what the injector
//! tells `istio-iptables`, and what annotations change of it. What the proxy does with them is not
//! decided here.

#[cfg(test)]
mod tests;

use std::net::IpAddr;

use ipnet::IpNet;

use crate::explain::{Probe, RuleId, Sourced};
use crate::manifest::Located;
use crate::manifest::kinds::Labels;
use crate::world::Origin;

const INBOUND: RuleId = RuleId("istio.capture.inbound");
const OUTBOUND: RuleId = RuleId("istio.capture.outbound");

const MODE: &str = "sidecar.istio.io/interceptionMode";
const STATUS_PORT: &str = "status.sidecar.istio.io/port";
const INCLUDE_INBOUND_PORTS: &str = "traffic.sidecar.istio.io/includeInboundPorts";
const EXCLUDE_INBOUND_PORTS: &str = "traffic.sidecar.istio.io/excludeInboundPorts";
const INCLUDE_OUTBOUND_PORTS: &str = "traffic.sidecar.istio.io/includeOutboundPorts";
const EXCLUDE_OUTBOUND_PORTS: &str = "traffic.sidecar.istio.io/excludeOutboundPorts";
const INCLUDE_OUTBOUND_RANGES: &str = "traffic.sidecar.istio.io/includeOutboundIPRanges";
const EXCLUDE_OUTBOUND_RANGES: &str = "traffic.sidecar.istio.io/excludeOutboundIPRanges";

/// Annotations on network interfaces, which the world does not have.
const INTERFACES: [&str; 3] = [
    "traffic.sidecar.istio.io/excludeInterfaces",
    "traffic.sidecar.istio.io/kubevirtInterfaces",
    "istio.io/reroute-virtual-interfaces",
];

/// Ports that are never redirected: metrics and health of the proxy (istio
/// `manifests/charts/istio-control/istio-discovery/files/injection-template.yaml`), and the tunnel
/// of ambient meshes (istio `tools/istio-iptables/pkg/capture/run.go`).
pub(crate) const NEVER_INBOUND: [u16; 3] = [15090, 15021, 15008];
/// The port of the agent's status, unless an annotation names another.
pub(crate) const STATUS: u16 = 15020;

const REDIRECTED: Origin = Origin::Default("istio.traffic-capture");

/// How connections are redirected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Interception {
    /// Their address is changed.
    #[default]
    Redirect,
    /// They keep the address of the client.
    Tproxy,
    /// Not at all.
    None,
}

impl Interception {
    /// The mode of a workload with these annotations.
    #[must_use]
    pub fn of(annotations: &Labels) -> Self {
        match annotations.get(MODE).map(|mode| mode.value.as_str()) {
            Some("NONE") => Self::None,
            Some("TPROXY") => Self::Tproxy,
            _ => Self::Redirect,
        }
    }
}

/// Who gets a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Capture {
    /// The proxy.
    Proxy,
    /// Whoever was dialled: the proxy never sees it.
    Bypass,
    /// It cannot be told.
    Unknown,
}

/// Who gets a connection to `port` of a workload with these annotations (the same file,
/// `handleInboundPortsInclude`).
pub fn inbound(annotations: &Labels, port: u16, probe: &mut impl Probe) -> Sourced<Capture> {
    let capture = inbound_port(annotations, port);
    probe.step(INBOUND, Some(capture.origin), || match capture.value {
        Capture::Proxy => format!("connections to port {port} are redirected to the proxy"),
        Capture::Bypass => format!("connections to port {port} are not redirected to the proxy"),
        Capture::Unknown => format!("whether port {port} is redirected cannot be told"),
    });
    capture
}

fn inbound_port(annotations: &Labels, port: u16) -> Sourced<Capture> {
    if let Some(decided) = mode_or_interfaces(annotations) {
        return decided;
    }
    if NEVER_INBOUND.contains(&port) {
        return Sourced::new(Capture::Bypass, REDIRECTED);
    }
    let Some(include) = annotations.get(INCLUDE_INBOUND_PORTS).filter(|it| it.value.trim() != "*")
    else {
        return without_exclusion(annotations, port);
    };
    match lists(&include.value, port) {
        Some(true) => sourced(Capture::Proxy, include),
        Some(false) => sourced(Capture::Bypass, include),
        None => sourced(Capture::Unknown, include),
    }
}

/// Exclusions count only where all other ports are redirected.
fn without_exclusion(annotations: &Labels, port: u16) -> Sourced<Capture> {
    let status = annotations.get(STATUS_PORT);
    match (status, status.and_then(|status| status.value.trim().parse::<u16>().ok())) {
        (None, _) if port == STATUS => return Sourced::new(Capture::Bypass, REDIRECTED),
        (Some(written), Some(number)) if port == number => {
            return sourced(Capture::Bypass, written);
        }
        _ => {}
    }
    let Some(exclude) = annotations.get(EXCLUDE_INBOUND_PORTS) else {
        return Sourced::new(Capture::Proxy, REDIRECTED);
    };
    match lists(&exclude.value, port) {
        Some(true) => sourced(Capture::Bypass, exclude),
        Some(false) => Sourced::new(Capture::Proxy, REDIRECTED),
        None => sourced(Capture::Unknown, exclude),
    }
}

/// Who gets a connection that a workload with these annotations makes. `own` are its addresses;
/// the address that it dials may be unknown (the same file, `Run`).
pub fn outbound(
    annotations: &Labels,
    own: &[IpAddr],
    dialled: (Option<IpAddr>, u16),
    probe: &mut impl Probe,
) -> Sourced<Capture> {
    let capture = outbound_connection(annotations, own, dialled);
    probe.step(OUTBOUND, Some(capture.origin), || {
        let to = match dialled {
            (Some(ip), port) => std::net::SocketAddr::new(ip, port).to_string(),
            (None, port) => format!("port {port} of an address that is not known"),
        };
        match capture.value {
            Capture::Proxy => format!("the connection to {to} is redirected to the proxy"),
            Capture::Bypass => format!("the connection to {to} is not redirected to the proxy"),
            Capture::Unknown => {
                format!("whether the connection to {to} is redirected cannot be told")
            }
        }
    });
    capture
}

fn outbound_connection(
    annotations: &Labels,
    own: &[IpAddr],
    (ip, port): (Option<IpAddr>, u16),
) -> Sourced<Capture> {
    if let Some(decided) = mode_or_interfaces(annotations) {
        return decided;
    }
    if let Some(exclude) = annotations.get(EXCLUDE_OUTBOUND_PORTS) {
        match lists(&exclude.value, port) {
            Some(true) => return sourced(Capture::Bypass, exclude),
            Some(false) => {}
            None => return sourced(Capture::Unknown, exclude),
        }
    }
    if ip.is_some_and(|ip| ip.is_loopback() || own.contains(&ip)) {
        return Sourced::new(Capture::Bypass, REDIRECTED);
    }
    let excluded =
        annotations.get(EXCLUDE_OUTBOUND_RANGES).filter(|it| !it.value.trim().is_empty());
    if let Some(exclude) = excluded {
        match holds(&exclude.value, ip) {
            Some(true) => return sourced(Capture::Bypass, exclude),
            Some(false) => {}
            None => return sourced(Capture::Unknown, exclude),
        }
    }
    if let Some(include) = annotations.get(INCLUDE_OUTBOUND_PORTS) {
        match lists(&include.value, port) {
            Some(true) => return sourced(Capture::Proxy, include),
            Some(false) => {}
            None => return sourced(Capture::Unknown, include),
        }
    }
    let Some(include) =
        annotations.get(INCLUDE_OUTBOUND_RANGES).filter(|it| it.value.trim() != "*")
    else {
        return Sourced::new(Capture::Proxy, REDIRECTED);
    };
    match holds(&include.value, ip) {
        Some(true) => sourced(Capture::Proxy, include),
        Some(false) => sourced(Capture::Bypass, include),
        None => sourced(Capture::Unknown, include),
    }
}

fn mode_or_interfaces(annotations: &Labels) -> Option<Sourced<Capture>> {
    if Interception::of(annotations) == Interception::None {
        return annotations.get(MODE).map(|mode| sourced(Capture::Bypass, mode));
    }
    let interfaces = INTERFACES.iter().find_map(|name| annotations.get(*name));
    interfaces.map(|written| sourced(Capture::Unknown, written))
}

fn sourced(capture: Capture, written: &Located<String>) -> Sourced<Capture> {
    Sourced::new(capture, Origin::Manifest(written.place))
}

/// Whether a list of ports has one; `None` if it is no such list: the injector refuses the pod.
fn lists(text: &str, port: u16) -> Option<bool> {
    let mut found = false;
    for word in words(text) {
        let number: u16 = word.parse().ok()?;
        found |= number == port;
    }
    Some(found)
}

/// Whether a list of ranges holds an address; `None` if it is no such list, or if the address
/// matters and is not known.
fn holds(text: &str, ip: Option<IpAddr>) -> Option<bool> {
    let mut found = false;
    for word in words(text) {
        let range: IpNet = match word.parse() {
            Ok(range) => range,
            Err(_) => word.parse::<IpAddr>().ok()?.into(),
        };
        found |= range.contains(&ip?);
    }
    Some(found)
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|word| !word.is_empty())
}
