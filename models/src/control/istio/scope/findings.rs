//! What is wrong with Sidecars, and what the proxies will do all the same.

use std::collections::BTreeMap;

use crate::control::istio::Push;
use crate::control::istio::config::{Config, ages_are_known};
use crate::control::istio::hosts;
use crate::control::istio::registry::Protocol;
use crate::manifest::kinds::istio::{EgressListener, OutboundMode, Sidecar};
use crate::manifest::{Diagnostic, Located};

/// The findings about all Sidecars of a cluster, in the order of the objects.
pub(in crate::control::istio) fn findings(push: &Push) -> Vec<Diagnostic> {
    let mut findings = Vec::new();
    let mut whole: BTreeMap<&str, &Config<Sidecar>> = BTreeMap::new();
    for sidecar in &push.sidecars {
        if sidecar.object.selector.is_none() {
            match whole.get(sidecar.namespace.as_str()) {
                Some(first) => findings.push(second(first, sidecar)),
                None => {
                    whole.insert(&sidecar.namespace, sidecar);
                }
            }
        }
        for listener in &sidecar.object.egress {
            for host in &listener.hosts {
                findings.extend(host_finding(push, &sidecar.namespace, host));
            }
            findings.extend(not_modelled(listener));
        }
        let outbound = sidecar.object.outbound.as_ref();
        let dynamic = outbound.filter(|mode| mode.value == OutboundMode::AllowAnyDynamicDns);
        findings.extend(dynamic.map(|mode| {
            untold("what DNS says of unknown hosts", mode, "they go where the client dialled")
        }));
    }
    findings
}

/// Of several for a whole namespace the oldest counts; the documentation leaves it open.
fn second(first: &Config<Sidecar>, other: &Config<Sidecar>) -> Diagnostic {
    let message = format!("two Sidecars for all workloads of `{}`", other.namespace);
    let why = if ages_are_known(first, other) {
        "the oldest counts"
    } else {
        "the oldest counts; without creation times the first by name is assumed to be it"
    };
    Diagnostic::warning("istio.second-sidecar", message)
        .at(other.object.meta.place, "this one has no effect")
        .at(first.object.meta.place, format!("{} counts", first.title()))
        .help(why)
}

fn host_finding(push: &Push, own: &str, host: &Located<String>) -> Option<Diagnostic> {
    let Some((namespace, name)) = host.value.split_once('/').filter(|it| !it.1.contains('/'))
    else {
        let message = format!("`{}` is no `namespace/host`", host.value);
        let finding = Diagnostic::error("istio.sidecar-host", message);
        return Some(finding.at(host.place, "the proxy knows nothing by it"));
    };
    if namespace.starts_with('~') || hosts::is_wildcard(name) {
        return None;
    }
    let wanted = if namespace == "." { own } else { namespace };
    let known = push.registry.with_host(name);
    let is_known = known.is_some_and(|it| wanted == "*" || it.contains_key(wanted));
    let of_rule = push.virtual_services.iter().any(|object| {
        (wanted == "*" || object.namespace == wanted)
            && object.hosts.iter().any(|it| hosts::overlap(it, name))
    });
    if is_known || of_rule {
        return None;
    }
    let message = format!("no service `{name}` in namespace `{wanted}`");
    let finding = Diagnostic::warning("istio.sidecar-unknown-host", message)
        .at(host.place, "the proxy knows nothing by it");
    let is_short = !name.contains('.');
    Some(if is_short {
        let whole = hosts::qualified(name, wanted, &push.mesh.domain);
        finding.help(format!("Sidecars take whole names alone: `{namespace}/{whole}`"))
    } else {
        finding
    })
}

fn not_modelled(listener: &EgressListener) -> Option<Diagnostic> {
    let port = listener.port.as_ref()?;
    let protocol = port.protocol.as_ref();
    if let Some(word) = protocol.filter(|it| Protocol::of_word(it) == Protocol::HttpProxy) {
        let instead = "requests are routed by the table of the port";
        return Some(untold("a listener that is a proxy for any host", word, instead));
    }
    let bind = listener.bind.as_ref().filter(|bind| bind.value.starts_with("unix:"))?;
    Some(untold("a listener on a Unix socket", bind, "nothing calls it"))
}

fn untold<T>(what: &str, at: &Located<T>, instead: &str) -> Diagnostic {
    Diagnostic::note("istio.sidecar-not-modelled", format!("{what} is not modelled"))
        .at(at.place, format!("here {instead}"))
}

#[cfg(test)]
mod tests {
    use super::super::tests::sidecar;
    use crate::control::istio::testing::{Mesh, PODS};

    fn codes(objects: &[&str]) -> Vec<&'static str> {
        let mesh = Mesh::of(&objects.concat());
        mesh.findings.iter().map(|finding| finding.code).collect()
    }

    #[test]
    fn the_second_sidecar_of_a_namespace_is_told() {
        let one = sidecar("shop/a", "{egress: [{hosts: ['./*']}]}");
        let other = sidecar("shop/b", "{egress: [{hosts: ['*/*']}]}");
        let some = sidecar("shop/c", "{workloadSelector: {labels: {app: web}}}");
        assert_eq!(codes(&[PODS, &one, &some]), [""; 0]);
        assert_eq!(codes(&[PODS, &one, &other]), ["istio.second-sidecar"]);
    }

    #[test]
    fn hosts_that_let_nothing_in_are_told() {
        let of = |hosts: &str| {
            let all = sidecar("shop/a", &format!("{{egress: [{{hosts: [{hosts}]}}]}}"));
            codes(&[PODS, &all])
        };
        assert_eq!(of("'./reviews.shop.svc.cluster.local', '*/*.example', '~/*'"), [""; 0]);
        assert_eq!(of("'reviews'"), ["istio.sidecar-host"]);
        assert_eq!(of("'./reviews'"), ["istio.sidecar-unknown-host"]);
        assert_eq!(of("'pay/reviews.shop.svc.cluster.local'"), ["istio.sidecar-unknown-host"]);
    }

    #[test]
    fn listeners_that_are_not_modelled_are_named() {
        let proxy = "{egress: [{port: {number: 3128, protocol: HTTP_PROXY, name: p}, \
             bind: 127.0.0.1, hosts: ['*/*']}], \
             outboundTrafficPolicy: {mode: ALLOW_ANY_DYNAMIC_DNS}}";
        let expected = ["istio.sidecar-not-modelled"; 2];
        assert_eq!(codes(&[PODS, &sidecar("shop/a", proxy)]), expected);
    }
}
