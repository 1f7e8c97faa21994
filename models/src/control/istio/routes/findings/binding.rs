//! Gateways that a VirtualService names: whether they exist and have its hosts.

use crate::control::istio::gateways::EffectiveGateway;
use crate::control::istio::hosts;
use crate::manifest::kinds::istio::ConnectionMatch;
use crate::manifest::{Diagnostic, Located};

use super::super::effective::EffectiveVirtualService;
use super::super::matches::MESH;
use super::Known;

pub(super) fn check(
    object: &EffectiveVirtualService,
    gateways: &[EffectiveGateway],
    known: &dyn Known,
    findings: &mut Vec<Diagnostic>,
) {
    if object.gateways.iter().any(|gateway| gateway.value == MESH) && !object.http.is_empty() {
        are_services(object, known, findings);
    }
    for name in object.gateways.iter().filter(|name| name.value != MESH) {
        match gateways.iter().find(|gateway| gateway.full_name() == name.value) {
            Some(gateway) => has_hosts(object, gateway, findings),
            None => findings.push(
                Diagnostic::warning(
                    "istio.missing-gateway",
                    format!("there is no gateway `{}`", name.value),
                )
                .at(name.place, "no proxy uses these rules for it")
                .help("a name without `/` is one of the object's own namespace"),
            ),
        }
    }
    let connections = |found: &ConnectionMatch| found.gateways.clone();
    let http = object.http.iter().flat_map(|rule| &rule.matches).map(|it| it.gateways.clone());
    let tls =
        object.tls.iter().flat_map(|rule| &rule.matches).map(|it| connections(&it.connection));
    let tcp = object.tcp.iter().flat_map(|rule| &rule.matches).map(connections);
    for gateways in http.chain(tls).chain(tcp) {
        are_bound(object, &gateways, findings);
    }
}

/// Sidecars know a host that no service has on port 80 alone
/// (istio `pilot/pkg/networking/core/route/route.go`, `buildSidecarVirtualHostsForVirtualService`).
fn are_services(
    object: &EffectiveVirtualService,
    known: &dyn Known,
    findings: &mut Vec<Diagnostic>,
) {
    let unknown = object
        .hosts
        .iter()
        .filter(|host| !hosts::is_wildcard(host) && known.ports(host, &object.namespace).is_none());
    for host in unknown {
        let message = format!("no service has the host `{}`", host.value);
        findings.push(
            Diagnostic::note("istio.host-without-service", message)
                .at(host.place, "sidecars use these rules for it on port 80 alone")
                .help("a ServiceEntry makes a host known on other ports"),
        );
    }
}

fn has_hosts(
    object: &EffectiveVirtualService,
    gateway: &EffectiveGateway,
    findings: &mut Vec<Diagnostic>,
) {
    let served = |host: &&Located<String>| {
        gateway.servers.iter().flat_map(|server| &server.hosts).any(|served| {
            let (namespace, bare) = match served.value.split_once('/') {
                Some((namespace, bare)) => (Some(namespace), bare),
                None => (None, served.value.as_str()),
            };
            namespace.is_none_or(|it| it == object.namespace) && hosts::overlap(bare, host)
        })
    };
    for host in object.hosts.iter().filter(|host| !served(host)) {
        let message = format!("no server of {} has the host `{}`", gateway.full_name(), host.value);
        findings.push(
            Diagnostic::warning("istio.host-not-on-gateway", message)
                .at(host.place, "the gateway gets no route for it: 404")
                .at(gateway.place, "the gateway"),
        );
    }
}

/// A match for a gateway counts only if the object is bound to it.
fn are_bound(
    object: &EffectiveVirtualService,
    named: &[Located<String>],
    findings: &mut Vec<Diagnostic>,
) {
    for name in named {
        if !object.gateways.iter().any(|gateway| gateway.value == name.value) {
            let message = format!("the object is not bound to `{}`", name.value);
            findings.push(
                Diagnostic::warning("istio.match-gateway", message)
                    .at(name.place, "this never matches")
                    .help("name the gateway in `spec.gateways` too"),
            );
        }
    }
}
