//! Destinations that lead nowhere, and weights that add up wrong.

use std::collections::BTreeSet;

use crate::control::istio::hosts;
use crate::manifest::kinds::istio::{Destination, HttpRule};
use crate::manifest::{Diagnostic, Located, Place};

use super::super::effective::EffectiveVirtualService;
use super::super::matches::MESH;
use super::Known;

/// What weights add up to where shares are meant as percentages.
const WHOLE: u64 = 100;

pub(super) fn check(
    object: &EffectiveVirtualService,
    known: &dyn Known,
    findings: &mut Vec<Diagnostic>,
) {
    let dialled = dialled_ports(object, known);
    for rule in &object.http {
        let routes: Vec<_> = rule.route.iter().map(|to| &to.destination).collect();
        let mirrors = rule.mirror.iter().chain(rule.mirrors.iter().map(|it| &it.destination));
        for destination in routes.into_iter().chain(mirrors) {
            leads_somewhere(object, destination, known, "503, flag NC", findings);
            infers_port(object, destination, known, &dialled, findings);
        }
        let weights = rule.route.iter().map(|to| to.weight).collect();
        adds_up(weights, rule.place, findings);
        has_an_action(rule, findings);
    }
    let tls = object.tls.iter().map(|rule| (rule.place, &rule.route));
    let tcp = object.tcp.iter().map(|rule| (rule.place, &rule.route));
    for (place, route) in tls.chain(tcp) {
        for to in route {
            leads_somewhere(object, &to.destination, known, "a closed connection", findings);
        }
        adds_up(route.iter().map(|to| to.weight).collect(), place, findings);
    }
}

/// The ports on which sidecars use the object: those of the services that it names.
fn dialled_ports(object: &EffectiveVirtualService, known: &dyn Known) -> BTreeSet<u16> {
    if !object.gateways.iter().any(|gateway| gateway.value == MESH) {
        return BTreeSet::new();
    }
    let exact = object.hosts.iter().filter(|host| !hosts::is_wildcard(host));
    exact.filter_map(|host| known.ports(host, &object.namespace)).flatten().collect()
}

fn leads_somewhere(
    object: &EffectiveVirtualService,
    destination: &Destination,
    known: &dyn Known,
    answer: &str,
    findings: &mut Vec<Diagnostic>,
) {
    let host = &destination.host;
    let Some(ports) = known.ports(host, &object.namespace) else {
        findings.push(
            Diagnostic::warning("istio.missing-host", format!("there is no host `{}`", host.value))
                .at(host.place, format!("the cluster does not exist: {answer}"))
                .help("name a Service or a ServiceEntry that this namespace can see"),
        );
        return;
    };
    if let Some(port) = destination.port.as_ref().filter(|port| !ports.contains(&port.value)) {
        let message = format!("`{}` has no port {}", host.value, port.value);
        findings.push(
            Diagnostic::warning("istio.missing-port", message)
                .at(port.place, format!("the cluster does not exist: {answer}"))
                .help(format!("its ports are {}", listed(&ports))),
        );
    }
    let Some(subset) = &destination.subset else { return };
    let subsets = known.subsets(host, &object.namespace);
    if !subsets.contains(&subset.value) {
        let message = format!("`{}` has no subset `{}`", host.value, subset.value);
        let finding = Diagnostic::warning("istio.missing-subset", message)
            .at(subset.place, format!("the cluster does not exist: {answer}"));
        findings.push(match subsets.is_empty() {
            true => finding.help("a DestinationRule for this host defines subsets"),
            false => finding.help(format!("its subsets are {}", listed(&subsets))),
        });
    }
}

/// A sidecar takes the port that the client dialled where none is written.
fn infers_port(
    object: &EffectiveVirtualService,
    destination: &Destination,
    known: &dyn Known,
    dialled: &BTreeSet<u16>,
    findings: &mut Vec<Diagnostic>,
) {
    let Some(ports) = known.ports(&destination.host, &object.namespace) else { return };
    let missing: BTreeSet<u16> = dialled.difference(&ports).copied().collect();
    if destination.port.is_none() && !missing.is_empty() {
        let message = format!("`{}` has no port {}", destination.host.value, listed(&missing));
        findings.push(
            Diagnostic::warning("istio.inferred-port", message)
                .at(
                    destination.place,
                    "sidecars take the port that was dialled, and that cluster does not exist: \
                     503, flag NC",
                )
                .help(format!("write `port: {{number: …}}`; its ports are {}", listed(&ports))),
        );
    }
}

fn adds_up(weights: Vec<Option<Located<u32>>>, rule: Place, findings: &mut Vec<Diagnostic>) {
    let place = weights.iter().flatten().map(|weight| weight.place).next().unwrap_or(rule);
    let sum: u64 = weights.iter().flatten().map(|weight| u64::from(weight.value)).sum();
    match (weights.len(), sum) {
        (0, _) | (1, 1..) => {}
        (1, _) => {
            if weights[0].is_some() {
                findings.push(
                    Diagnostic::note("istio.weight", "a single destination takes everything")
                        .at(place, "this weight does not count"),
                );
            }
        }
        (_, 0) => findings.push(
            Diagnostic::error("istio.no-weight", "no destination has a weight")
                .at(place, "none is left, and the proxy refuses the configuration")
                .help("give at least one destination a `weight`"),
        ),
        (_, WHOLE) => {}
        (_, sum) => findings.push(
            Diagnostic::note("istio.weight-sum", format!("the weights add up to {sum}"))
                .at(place, "shares are taken of this sum, not of 100"),
        ),
    }
    if weights.len() > 1 && sum > 0 && weights.iter().any(Option::is_none) {
        findings.push(
            Diagnostic::warning("istio.missing-weight", "a destination has no weight")
                .at(rule, "it counts as 0, and no request goes there"),
        );
    }
}

fn has_an_action(rule: &HttpRule, findings: &mut Vec<Diagnostic>) {
    if rule.route.is_empty() && rule.redirect.is_none() && rule.direct_response.is_none() {
        findings.push(
            Diagnostic::error("istio.no-action", "the rule says nothing about where requests go")
                .at(rule.place, "a cluster refuses this object")
                .help("write `route`, `redirect`, `directResponse` or `delegate`"),
        );
    }
}

fn listed<T: ToString>(values: &BTreeSet<T>) -> String {
    values.iter().map(T::to_string).collect::<Vec<_>>().join(", ")
}
