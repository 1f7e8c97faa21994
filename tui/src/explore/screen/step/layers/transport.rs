//! TCP and the redirection of one leg.

use meshwalk_models::path::{HBONE_PORT, Protection};
use meshwalk_models::proxy::ztunnel;
use meshwalk_sim::flow::Dials;
use meshwalk_sim::flow::plan::{Balance, DestinationEnd, LegPlan, Plan, RouteAction};

use crate::explore::hop::{HopLeg, Known, Role};
use crate::explore::wording::{AddressSaid, SpotPart};

use super::{Cell, Facts, Field, NOT_KNOWN, by_rule, field, unknown};

/// Where Istio's redirection leads connections that a pod makes (istio
/// `tools/istio-iptables/pkg/capture/run.go`; ztunnel `src/config.rs`).
const OUTBOUND_PORT: u16 = ztunnel::OWN_PORTS[0];
/// Where it leads those that come in plaintext, or for a sidecar.
const INBOUND_PORT: u16 = ztunnel::OWN_PORTS[1];

/// The addresses of a leg.
pub(super) fn tcp(facts: Facts<'_>, leg: usize) -> Cell {
    let hop = facts.hop;
    let it = &hop.legs[leg];
    let (from, to) = (&hop.stops[leg], &hop.stops[leg + 1]);
    if it.known == Known::InPod {
        return in_pod(facts, to.role);
    }
    let source = address(facts, "source", from.spot.map(|spot| spot.pod));
    let destination = address(facts, "destination", to.spot.map(|spot| spot.pod));
    let port = port(facts, it, to.role);
    let text = match (known(&destination), known(&port)) {
        (None, None) => NOT_KNOWN.to_owned(),
        (to, port) => format!("> {}:{}", to.unwrap_or("?"), port.unwrap_or("?")),
    };
    let mut fields = vec![source, destination, port];
    fields.push(unknown("source port", "it is not modelled"));
    Cell::new(text, fields)
}

fn known(field: &Field) -> Option<&str> {
    (field.value != NOT_KNOWN).then_some(field.value.as_str())
}

/// The address of a pod, and whether a manifest gives it.
fn address(facts: Facts<'_>, name: &'static str, pod: Option<u32>) -> Field {
    let Some(pod) = pod else { return unknown(name, "the server is not chosen yet") };
    match facts.words.address(pod) {
        None => unknown(name, "it is no pod of the manifests"),
        Some((ip, AddressSaid::Declared)) => {
            field(name, ip.to_string(), facts.words.pod_in_full(pod), "status.podIP")
        }
        Some((ip, AddressSaid::MadeUp)) => field(
            name,
            ip.to_string(),
            format!("{}; made up, stable by name", facts.words.pod_in_full(pod)),
            "no manifest gives it",
        ),
    }
}

/// The port that a leg leads to.
fn port(facts: Facts<'_>, leg: &HopLeg, to: Role) -> Field {
    if leg.protection == Some(Protection::Hbone) || to == Role::Waypoint {
        return field("port", HBONE_PORT.to_string(), "HBONE", "HBONE's own port");
    }
    match server_port(facts) {
        Some((address, set_by)) => {
            let port = address.rsplit(':').next().unwrap_or_default().to_owned();
            field("port", port, "the port of the server's pod", set_by)
        }
        None => unknown("port", "neither the plan nor the walk names it"),
    }
}

/// `address:port` of the server's pod, and what set the port.
pub(super) fn server_port(facts: Facts<'_>) -> Option<(String, String)> {
    let server = facts.hop.server?;
    if let Ok(answer) = facts.walked {
        let (id, _) = facts.words.world_pod(server)?;
        let mut endpoints = answer.weights.iter().flat_map(|share| &share.endpoints);
        if let Some(it) = endpoints.find(|it| it.pod_id == Some(id)) {
            return Some((it.address.clone(), facts.words.origin(it.origin)));
        }
    }
    let plan = facts.words.plan();
    let site = plan.calls.get(facts.hop.call? as usize)?;
    let site = site.onward.map_or(site, |inner| &plan.calls[inner as usize]);
    let port = port_in_clusters(plan, site.legs?, server)?;
    let (ip, _) = facts.words.address(server)?;
    Some((std::net::SocketAddr::new(ip, port).to_string(), "the proxy's cluster".to_owned()))
}

/// The port of a pod in the clusters of the routes of a call site, where all of them agree.
fn port_in_clusters(plan: &Plan, first: u32, server: u32) -> Option<u16> {
    let routes = match plan.mesh.legs.get(first as usize)? {
        LegPlan::Sole(route) => vec![*route],
        LegPlan::Split(shares) => shares.iter().map(|(_, route)| *route).collect(),
    };
    let mut ports = Vec::new();
    for route in routes {
        let Some(route) = plan.mesh.routes.get(route as usize) else { continue };
        let RouteAction::Forward(terms) = &route.action else { continue };
        for destination in &terms.destinations {
            let DestinationEnd::Cluster { cluster, .. } = destination.end else { continue };
            let cluster = &plan.mesh.clusters[cluster as usize];
            let hosts = cluster.hosts.iter().zip(&cluster.ports);
            ports.extend(hosts.filter(|(pod, _)| **pod == server).map(|(_, port)| *port));
        }
    }
    let first = ports.first().copied()?;
    ports.iter().all(|port| *port == first).then_some(first)
}

/// Between an application and its own proxy.
fn in_pod(facts: Facts<'_>, to: Role) -> Cell {
    if to == Role::ServerApp {
        let port = match server_port(facts) {
            Some((address, set_by)) => {
                field("destination", address, "the application's own port", set_by)
            }
            None => unknown("destination", "neither the plan nor the walk names its port"),
        };
        let text = match known(&port) {
            Some(address) => format!("> {address}"),
            None => "in the pod".to_owned(),
        };
        return Cell::new(text, vec![port, unknown("source", "it is not modelled")]);
    }
    let caller = address(facts, "source", Some(facts.hop.caller));
    let dialled = match facts.asked.map(|asked| &asked.dials) {
        Some(Dials::Address { host, port }) => field(
            "destination",
            format!("{host}:{port}"),
            "what the application dials; its proxy gets it instead",
            facts.asked.map_or(String::new(), |asked| format!("scenario {}", asked.written)),
        ),
        _ => unknown("destination", "what the application dials is not known"),
    };
    let text = match known(&dialled) {
        Some(name) => format!("> {name}"),
        None => "in the pod".to_owned(),
    };
    Cell::new(text, vec![caller, dialled])
}

/// How the bytes of a leg get to the box that takes them.
pub(super) fn redirect(facts: Facts<'_>, leg: usize) -> Cell {
    let hop = facts.hop;
    let (it, from, to) = (&hop.legs[leg], &hop.stops[leg], &hop.stops[leg + 1]);
    match (from.role, to.role) {
        (Role::CallerApp, Role::CallerProxy) => iptables(
            OUTBOUND_PORT,
            "what the application sends is led to its proxy",
            "istio.capture.outbound",
        ),
        (Role::ServerProxy, Role::ServerApp) => {
            Cell::new("none, in the pod", vec![field("how", "none", "the proxy dials", "")])
        }
        (_, Role::Waypoint) => own_port("the waypoint listens there itself"),
        (_, Role::ServerProxy) => to_server_proxy(it, to.spot.map(|spot| spot.part)),
        (_, Role::ServerApp) => to_app(facts),
        (_, Role::CallerApp | Role::CallerProxy) => Cell::new("none", Vec::new()),
    }
}

fn to_server_proxy(leg: &HopLeg, part: Option<SpotPart>) -> Cell {
    match (leg.protection, part) {
        (Some(Protection::Hbone), Some(SpotPart::Ztunnel)) => {
            own_port("ztunnel listens there in the network of the pod")
        }
        (Some(Protection::Hbone), _) => own_port("the sidecar listens there for HBONE"),
        (Some(_), Some(SpotPart::Ztunnel)) => iptables(
            INBOUND_PORT,
            "plaintext is led to ztunnel in the network of the pod",
            "ztunnel.inbound.passthrough",
        ),
        (Some(_), Some(_)) => iptables(
            INBOUND_PORT,
            "what comes to the pod is led to its sidecar",
            "istio.capture.inbound",
        ),
        _ => Cell::new(NOT_KNOWN, vec![unknown("how", "the server is not chosen yet")]),
    }
}

fn to_app(facts: Facts<'_>) -> Cell {
    let plan = facts.words.plan();
    let site = facts.hop.call.and_then(|call| plan.calls.get(call as usize));
    let is_proxied = facts.hop.place_of(Role::CallerProxy).is_some();
    let balance = site.map(|site| plan.targets[site.target as usize].balance);
    match balance {
        Some(Balance::RandomPerConnection) if !is_proxied => Cell::new(
            "kube-proxy, to the pod",
            vec![
                field(
                    "how",
                    "address translation",
                    "the node turns the Service's address into the pod's",
                    "kube-proxy",
                )
                .by(by_rule("path.plain")),
            ],
        ),
        _ => Cell::new(
            "none",
            vec![field("how", "none", "whoever sends dials the pod's own address", "")],
        ),
    }
}

fn iptables(port: u16, meaning: &'static str, rule: &'static str) -> Cell {
    Cell::new(
        format!("in the pod, to :{port}"),
        vec![
            field(
                "how",
                "rules in the network of the pod",
                meaning,
                "Istio's CNI or init container",
            )
            .by(by_rule(rule)),
            field("port", port.to_string(), "the proxy's own", "Istio's default"),
        ],
    )
}

fn own_port(meaning: &'static str) -> Cell {
    Cell::new(
        format!("none: :{HBONE_PORT} itself"),
        vec![
            field("how", "none", meaning, "HBONE's own port").by(by_rule("ztunnel.inbound.hbone")),
        ],
    )
}
