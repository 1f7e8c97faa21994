//! What is odd about the objects of the inbound side, and what the sidecars will do: each finding
//! with its line. Configurations are made all the same.

use std::collections::{BTreeMap, BTreeSet};

use crate::control::istio::Push;
use crate::control::istio::config::{Config, HasMeta, ages_are_known};
use crate::control::istio::registry::Port;
use crate::manifest::kinds::Labels;
use crate::manifest::kinds::istio::{PeerAuthentication, Sidecar};
use crate::manifest::{Diagnostic, Located, Place};
use crate::world::{Origin, PodId};

use super::ports::is_reserved;

/// All findings about the inbound side of a mesh's sidecars.
#[must_use]
pub(in crate::control::istio) fn findings(push: &Push) -> Vec<Diagnostic> {
    let mut findings = Vec::new();
    policies(push, &mut findings);
    for sidecar in &push.sidecars {
        ingress(sidecar, &mut findings);
    }
    ports(push, &mut findings);
    findings
}

/// PeerAuthentications that have no effect: of several for the same workloads the oldest counts,
/// and neither a selector in the root namespace nor ports without a selector do.
fn policies(push: &Push, findings: &mut Vec<Diagnostic>) {
    let root = push.mesh.root_namespace.value.as_str();
    let mut first = BTreeMap::new();
    for policy in &push.peer_authentications {
        let object = &policy.object;
        let selector = object.selector.as_ref();
        if selector.is_some() && policy.namespace == root {
            let message = format!("PeerAuthentication `{}` has no effect", policy.title());
            findings.push(
                Diagnostic::warning("istio.peer-authentication-in-root", message)
                    .at(object.meta.place, "it has a selector and lies in the root namespace")
                    .help("move it to the namespace of the workloads"),
            );
            continue;
        }
        if selector.is_none() && !object.ports.is_empty() {
            let message =
                format!("the ports of PeerAuthentication `{}` have no effect", policy.title());
            findings.push(
                Diagnostic::warning("istio.port-mtls-without-selector", message)
                    .at(object.meta.place, "it has no selector")
                    .help("`portLevelMtls` counts for selected workloads alone"),
            );
        }
        let labels = labels(selector);
        let older = *first.entry((policy.namespace.as_str(), labels)).or_insert(policy);
        if !std::ptr::eq(older, policy) {
            findings.push(second(older, policy));
        }
    }
}

fn second(first: &Config<PeerAuthentication>, other: &Config<PeerAuthentication>) -> Diagnostic {
    let message = format!("PeerAuthentication `{}` does not count", other.title());
    let why = format!("`{}` is for the same workloads and stands before it", first.title());
    let help = match ages_are_known(first, other) {
        true => "the older one counts",
        false => {
            "the older one counts; without creationTimestamp on both, the first by name is taken \
             for it"
        }
    };
    Diagnostic::warning("istio.second-peer-authentication", message)
        .at(other.object.meta().place, why)
        .help(help)
}

/// The labels of a selector; none stands for all workloads.
fn labels(selector: Option<&Located<Labels>>) -> Vec<(&str, &str)> {
    let pairs = selector.map(|selector| &selector.value).into_iter().flatten();
    pairs.map(|(key, value)| (key.as_str(), value.value.as_str())).collect()
}

/// Entries of `ingress` that have no effect, or not all of it.
fn ingress(sidecar: &Config<Sidecar>, findings: &mut Vec<Diagnostic>) {
    let mut taken = BTreeSet::new();
    for listener in &sidecar.object.ingress {
        let number = listener.port.number.value;
        if !taken.insert(number) {
            let message = format!("a listener of Sidecar `{}` has no effect", sidecar.title());
            findings.push(
                Diagnostic::warning("istio.second-ingress", message)
                    .at(listener.place, format!("another one has port {number} already")),
            );
        } else if is_reserved(number) {
            let message = format!("Sidecar `{}` takes a port of the proxy", sidecar.title());
            findings.push(
                Diagnostic::warning("istio.reserved-port", message)
                    .at(listener.place, format!("Istio leaves a listener on {number} out")),
            );
        }
        if let Some(place) = listener.tls {
            let message = format!("`tls` of Sidecar `{}` has no effect", sidecar.title());
            findings.push(
                Diagnostic::warning("istio.ingress-tls", message)
                    .at(place, "Istio ignores it")
                    .help("it counts only where ENABLE_TLS_ON_SIDECAR_INGRESS is set"),
            );
        }
    }
}

/// Services that disagree on what a port of their pods speaks (istio
/// `pilot/pkg/networking/core/listener_inbound.go`, `reportInboundConflict`).
fn ports(push: &Push, findings: &mut Vec<Diagnostic>) {
    let mut first: BTreeMap<(PodId, u16), (&str, &Port)> = BTreeMap::new();
    let mut told = BTreeSet::new();
    for service in push.registry.services() {
        for port in &service.ports {
            for endpoint in port.endpoints.iter() {
                let Some(pod) = endpoint.pod else { continue };
                let own = (service.host.as_str(), port);
                let (host, older) = *first.entry((pod, endpoint.address.port)).or_insert(own);
                let (Some(place), Some(older_place)) = (place(port), place(older)) else {
                    continue;
                };
                if older.protocol == port.protocol
                    || host == service.host
                    || !told.insert((older_place, place))
                {
                    continue;
                }
                let message = format!(
                    "port {} of {} is taken for {}",
                    port.number,
                    service.host,
                    word(older)
                );
                findings.push(
                    Diagnostic::warning("istio.inbound-conflict", message)
                        .at(place, format!("it declares {}", word(port)))
                        .at(older_place, format!("the same port of a pod is {} here", word(older)))
                        .help("the sidecar has one chain for a port; the older Service decides"),
                );
            }
        }
    }
}

fn place(port: &Port) -> Option<Place> {
    match port.origin {
        Origin::Manifest(place) => Some(place),
        Origin::Scenario(_) | Origin::Assumed(_) | Origin::Default(_) => None,
    }
}

fn word(port: &Port) -> String {
    format!("{:?}", port.protocol).to_lowercase()
}

#[cfg(test)]
mod tests {
    use crate::control::istio::testing::{Mesh, PODS};

    fn codes(objects: &str) -> Vec<&'static str> {
        let mesh = Mesh::of(&format!("{PODS}{objects}"));
        mesh.findings.iter().map(|finding| finding.code).collect()
    }

    fn policy(title: &str, spec: &str) -> String {
        let (namespace, name) = title.split_once('/').expect("namespace/name");
        format!(
            "---\napiVersion: security.istio.io/v1\nkind: PeerAuthentication\n\
             metadata: {{name: {name}, namespace: {namespace}}}\nspec: {spec}\n"
        )
    }

    #[test]
    fn policies_that_have_no_effect_are_told() {
        assert_eq!(codes(&policy("shop/a", "{mtls: {mode: STRICT}}")), [""; 0]);
        let twice = [
            policy("shop/a", "{mtls: {mode: STRICT}}"),
            policy("shop/b", "{mtls: {mode: DISABLE}}"),
        ];
        assert_eq!(codes(&twice.concat()), ["istio.second-peer-authentication"]);
        let mesh = Mesh::of(&twice.concat());
        let help = mesh.findings[0].help.as_deref().unwrap_or_default();
        assert!(help.contains("creationTimestamp"), "{help}");
        let root = policy("istio-system/a", "{selector: {matchLabels: {app: a}}}");
        assert_eq!(codes(&root), ["istio.peer-authentication-in-root"]);
        let ports = policy("shop/a", "{portLevelMtls: {80: {mode: DISABLE}}}");
        assert_eq!(codes(&ports), ["istio.port-mtls-without-selector"]);
    }

    #[test]
    fn ingress_that_has_no_effect_is_told() {
        let sidecar = |ingress: &str| {
            format!(
                "---\napiVersion: networking.istio.io/v1\nkind: Sidecar\n\
                 metadata: {{name: own, namespace: shop}}\nspec: {{ingress: [{ingress}]}}\n"
            )
        };
        let port = |number: u16| {
            format!(
                "{{port: {{number: {number}, protocol: HTTP, name: http}}, defaultEndpoint: '127.0.0.1:80'}}"
            )
        };
        assert_eq!(codes(&sidecar(&port(9080))), [""; 0]);
        let twice = format!("{}, {}", port(9080), port(9080));
        assert_eq!(codes(&sidecar(&twice)), ["istio.second-ingress"]);
        assert_eq!(codes(&sidecar(&port(15021))), ["istio.reserved-port"]);
        let tls = "{port: {number: 80, protocol: HTTPS, name: https}, tls: {mode: SIMPLE}}";
        assert_eq!(codes(&sidecar(tls)), ["istio.ingress-tls"]);
    }

    #[test]
    fn services_that_disagree_on_a_port_of_their_pods_are_told() {
        let service = |port: &str| {
            format!(
                "---\napiVersion: v1\nkind: Service\nmetadata: {{name: zz, namespace: shop}}\n\
                 spec: {{selector: {{app: reviews}}, ports: [{{{port}, targetPort: 9080}}]}}\n"
            )
        };
        assert_eq!(codes(&service("name: http-web, port: 80")), [""; 0]);
        assert_eq!(codes(&service("name: tcp, port: 80")), ["istio.inbound-conflict"]);
    }
}
