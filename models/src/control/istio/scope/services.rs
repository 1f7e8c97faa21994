//! Which services a listener and its proxy know, and with which of their ports.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::control::istio::Push;
use crate::control::istio::registry::{Port, Service, by_age};
use crate::control::istio::routes::EffectiveVirtualService;
use crate::manifest::kinds::istio::Destination;

use super::Egress;
use super::hosts::Imports;

/// A host that a VirtualService sends to, and the ports; none means all.
pub(super) type Seen = (String, BTreeSet<u16>);

/// The services that `imports` lets in, each with `port` alone if there is one. Of services with
/// one host the proxy's own namespace wins, then Kubernetes, then the first
/// (istio `pilot/pkg/model/sidecar.go`, `selectServices`).
pub(super) fn selected(
    push: &Push,
    namespace: &str,
    imports: &Imports,
    port: Option<u16>,
) -> Vec<Arc<Service>> {
    let candidates = match imports.only_exact() {
        Some(pairs) => exact(push, namespace, &pairs),
        None => push.registry.exported_to(namespace).cloned().collect(),
    };
    let mut services: Vec<_> = candidates
        .iter()
        .filter_map(|service| {
            let mut lists = imports.lists(&service.namespace, &service.host);
            lists.find_map(|hosts| {
                hosts.takes(&service.host).then(|| with_port(service, port)).flatten()
            })
        })
        .collect();
    let mut chosen: BTreeMap<String, (String, bool)> = BTreeMap::new();
    for service in &services {
        let own = (service.namespace.clone(), service.is_kubernetes());
        let wins = chosen.get(&service.host).is_none_or(|(other, kubernetes)| {
            let is_own = service.namespace == namespace;
            is_own || !kubernetes && service.is_kubernetes() && other != namespace
        });
        if wins {
            chosen.insert(service.host.clone(), own);
        }
    }
    services.retain(|service| {
        chosen.get(&service.host).is_some_and(|(namespace, _)| *namespace == service.namespace)
    });
    services
}

/// The services with these hosts in these namespaces, the older first.
fn exact(push: &Push, namespace: &str, pairs: &[(&str, &str)]) -> Vec<Arc<Service>> {
    let found = pairs.iter().filter_map(|(of, host)| push.registry.with_host(host)?.get(*of));
    let sees = |it: &&Arc<Service>| it.export_to.reaches(&it.namespace, namespace);
    let mut services: Vec<_> = found.filter(sees).cloned().collect();
    services.sort_by(|one, other| by_age(one, other));
    services
}

/// A service with this port alone; `None` where it has no such port.
fn with_port(service: &Arc<Service>, port: Option<u16>) -> Option<Arc<Service>> {
    let Some(number) = port else { return Some(Arc::clone(service)) };
    let port = service.port(number)?;
    Some(if service.ports.len() == 1 {
        Arc::clone(service)
    } else {
        with_ports(service, vec![port.clone()])
    })
}

fn with_ports(service: &Service, ports: Vec<Port>) -> Arc<Service> {
    Arc::new(Service { ports, ..service.clone() })
}

/// All services of a proxy: those of its listeners, then those that VirtualServices send to (the
/// same file, `collectImportedServices`).
pub(super) fn all(push: &Push, namespace: &str, egress: &[Egress]) -> Vec<Arc<Service>> {
    let mut known = Known::default();
    for listener in egress {
        listener.services.iter().for_each(|service| known.add(service));
        for (host, ports) in super::destinations(listener, namespace) {
            let Some(service) = best(push, &host, namespace) else { continue };
            let seen = match listener.keeps_port() {
                Some(port) => with_port(service, Some(port)),
                None => with_some_ports(service, &ports),
            };
            seen.iter().for_each(|service| known.add(service));
        }
    }
    known.services
}

/// The hosts that a VirtualService sends clients of a namespace to (istio
/// `pilot/pkg/model/push_context.go`, `virtualServiceDestinationsFilteredBySourceNamespace`).
pub(super) fn sent_to(object: &EffectiveVirtualService, namespace: &str) -> Vec<Seen> {
    let http = object.http.iter().filter(|rule| {
        let mut wanted = rule.matches.iter().filter_map(|it| it.source_namespace.as_ref());
        let first = wanted.next();
        first.is_none_or(|first| first.value == namespace) || wanted.any(|it| it.value == namespace)
    });
    let http = http.flat_map(|rule| {
        let routes = rule.route.iter().map(|route| &route.destination);
        let mirrors = rule.mirrors.iter().map(|mirror| &mirror.destination);
        routes.chain(&rule.mirror).chain(mirrors)
    });
    let tls = object.tls.iter().flat_map(|rule| &rule.route).map(|route| &route.destination);
    let tcp = object.tcp.iter().flat_map(|rule| &rule.route).map(|route| &route.destination);
    let mut sent: BTreeMap<&str, (BTreeSet<u16>, bool)> = BTreeMap::new();
    for Destination { host, port, .. } in http.chain(tcp).chain(tls) {
        let (ports, all) = sent.entry(host.value.as_str()).or_default();
        match port {
            Some(port) => {
                ports.insert(port.value);
            }
            None => *all = true,
        }
    }
    let seen = |(host, (ports, all)): (&str, (BTreeSet<u16>, bool))| {
        (host.to_owned(), if all { BTreeSet::new() } else { ports })
    };
    sent.into_iter().map(seen).collect()
}

/// The service of a host that nobody asked for by namespace: that of the client's, else the
/// visible one of Kubernetes, else the oldest (istio `pilot/pkg/model/sidecar.go`,
/// `pickBestVisibleNamespace`).
fn best<'p>(push: &'p Push, host: &str, namespace: &str) -> Option<&'p Arc<Service>> {
    let candidates = push.registry.with_host(host)?;
    if let Some(own) = candidates.get(namespace) {
        return Some(own);
    }
    let sees = |it: &&Arc<Service>| it.export_to.reaches(&it.namespace, namespace);
    let kubernetes = candidates.values().filter(sees).find(|service| service.is_kubernetes());
    kubernetes.or_else(|| candidates.values().filter(sees).min_by(|one, other| by_age(one, other)))
}

/// A service with the ports that are sent to; `None` where it has none of them.
fn with_some_ports(service: &Arc<Service>, wanted: &BTreeSet<u16>) -> Option<Arc<Service>> {
    if wanted.is_empty() {
        return Some(Arc::clone(service));
    }
    let found: Vec<_> =
        service.ports.iter().filter(|port| wanted.contains(&port.number)).cloned().collect();
    match found.len() {
        0 => None,
        all if all == service.ports.len() => Some(Arc::clone(service)),
        _ => Some(with_ports(service, found)),
    }
}

/// Services of one proxy, one for each host.
#[derive(Default)]
struct Known {
    services: Vec<Arc<Service>>,
    by_host: BTreeMap<String, usize>,
}

impl Known {
    /// Of two with one host Kubernetes' wins, then the first; their ports are joined where they
    /// are alike otherwise (the same file, `appendSidecarServices`).
    fn add(&mut self, service: &Arc<Service>) {
        let Some(&at) = self.by_host.get(&service.host) else {
            self.by_host.insert(service.host.clone(), self.services.len());
            self.services.push(Arc::clone(service));
            return;
        };
        let existing = &self.services[at];
        match (existing.is_kubernetes(), service.is_kubernetes()) {
            (false, true) => self.services[at] = Arc::clone(service),
            (true, false) => {}
            _ if Arc::ptr_eq(existing, service) || !may_be_joined(existing, service) => {}
            _ => {
                let new = service.ports.iter().filter(|it| existing.port(it.number).is_none());
                let new: Vec<_> = new.cloned().collect();
                if !new.is_empty() {
                    let ports = existing.ports.iter().cloned().chain(new).collect();
                    self.services[at] = with_ports(existing, ports);
                }
            }
        }
    }
}

/// The same file, `canMergeServices`.
fn may_be_joined(one: &Service, other: &Service) -> bool {
    let labels = |service: &Service| -> Vec<(String, String)> {
        let pairs = service.labels.iter();
        pairs.map(|(key, value)| (key.clone(), value.value.clone())).collect()
    };
    one.namespace == other.namespace
        && one.resolution == other.resolution
        && labels(one) == labels(other)
        && one.export_to == other.export_to
}
