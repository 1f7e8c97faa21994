//! Why a gateway has the listeners and virtual hosts that it has. It decides nothing; it tells what
//! was decided.

use std::collections::BTreeSet;

use crate::control::istio::routes::takes_every_request;
use crate::explain::{Probe, RuleId};
use crate::proxy::envoy::config::{RouteTable, TlsRequirement, VirtualHost};
use crate::world::Origin;

use super::merge::MergedGateway;

/// Tells why a gateway listens on a port, and which servers share it.
pub fn explain_port(merged: &MergedGateway, number: u16, probe: &mut impl Probe) {
    let ports = merged.ports.iter().filter(|port| port.number == number);
    for at in ports.flat_map(|port| &merged.by_port[port]) {
        let server = &merged.servers[*at];
        let written = server.server.port.number;
        let origin = Some(Origin::Manifest(written.place));
        probe.step(RuleId("istio.route.gateway-target-port"), origin, || {
            let gateway = &server.gateway;
            if written.value == number {
                format!("{gateway} opens port {number}")
            } else {
                format!("{gateway} opens port {}, whose target port is {number}", written.value)
            }
        });
    }
}

/// Tells of what a virtual host of a gateway is made.
pub fn explain_host(table: &RouteTable, host: &VirtualHost, probe: &mut impl Probe) {
    if host.tls == TlsRequirement::All {
        probe.step(RuleId("istio.route.gateway-https-redirect"), Some(host.origin), || {
            "plaintext requests are redirected, with and without routes".to_owned()
        });
    }
    if host.routes.is_empty() && host.tls == TlsRequirement::None {
        probe.step(RuleId("istio.route.gateway-404"), Some(host.origin), || {
            format!("no VirtualService is bound to a server of {}", table.name)
        });
        return;
    }
    let rules: BTreeSet<Origin> = host.routes.iter().map(|route| route.origin).collect();
    probe.step(RuleId("istio.route.gateway-merge"), Some(host.origin), || {
        format!("{} rules of all VirtualServices for this host stand in it", rules.len())
    });
    if let Some(last) = host.routes.iter().find(|route| takes_every_request(&route.matches)) {
        probe.step(RuleId("istio.route.catch-all-last"), Some(last.origin), || {
            "this route takes every request and stands behind the others".to_owned()
        });
    }
}
