//! Merges the Ingress objects of each class into one rule set and resolves their backends.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::manifest::kinds::{
    Ingress, Ingress as IngressObject, IngressBackend, IngressPathType, Labels, TargetPort,
};
use crate::manifest::{Diagnostic, Place};
use crate::world::{
    BrokenBackend, IngressClass, IngressHost, IngressRoute, IngressTarget, NamespaceId, Origin,
    ServiceId, TableId,
};

use super::Draft;
use super::objects::ClusterObjects;

/// Fills the table of Ingress classes.
pub(super) fn add(draft: &mut Draft, clusters: &[ClusterObjects<'_>]) {
    let mut services: BTreeMap<(NamespaceId, String), ServiceId> = BTreeMap::new();
    for (id, service) in draft.world.services.entries() {
        services.insert((service.namespace, service.name.clone()), id);
    }
    for (index, cluster) in clusters.iter().enumerate() {
        let mut classes: BTreeMap<&str, IngressClass> = BTreeMap::new();
        for (namespace, ingress) in oldest_first(cluster) {
            let name = ingress.class.as_ref().map_or("", |class| &class.value);
            let class = classes.entry(name).or_insert_with(|| IngressClass {
                cluster: TableId::from_index(index),
                name: name.to_owned(),
                hosts: BTreeMap::new(),
                default_backend: None,
                tls_hosts: BTreeSet::new(),
            });
            let title = format!("{namespace}/{}", ingress.meta.name);
            let scope = Scope {
                title,
                namespace: cluster.namespace_id(namespace),
                services: &services,
                annotations: Arc::new(ingress.meta.annotations.clone()),
            };
            class.tls_hosts.extend(ingress.tls_hosts.iter().map(|host| host_of(&host.value)));
            scope.merge(draft, class, ingress);
        }
        for (_, mut class) in classes {
            for routes in class.hosts.values_mut() {
                // A stable sort: of equal routes the older Ingress stays first.
                routes.sort_by_key(precedence);
            }
            draft.world.ingress_classes.push(class);
        }
    }
}

/// By creation, where a dump shows it, then by name.
fn oldest_first<'a>(cluster: &ClusterObjects<'a>) -> Vec<(&'a str, &'a IngressObject)> {
    let mut sorted: Vec<_> =
        cluster.ingresses.iter().map(|((namespace, _), ingress)| (*namespace, *ingress)).collect();
    // Objects without a time come last: they are yet to be created.
    sorted.sort_by_key(|(_, ingress)| {
        let created = ingress.meta.created.map(|time| time.value);
        (created.is_none(), created)
    });
    sorted
}

/// Longest path first, an exact one before a prefix of the same length.
fn precedence(route: &IngressRoute) -> (std::cmp::Reverse<usize>, bool) {
    let elements = route.path.split('/').filter(|element| !element.is_empty()).count();
    (std::cmp::Reverse(elements), route.path_type != IngressPathType::Exact)
}

/// One Ingress being merged.
struct Scope<'s> {
    title: String,
    namespace: NamespaceId,
    services: &'s BTreeMap<(NamespaceId, String), ServiceId>,
    annotations: Arc<Labels>,
}

impl Scope<'_> {
    fn merge(&self, draft: &mut Draft, class: &mut IngressClass, ingress: &Ingress) {
        if let Some(backend) = &ingress.default_backend {
            let target = self.resolve(draft, backend);
            match &class.default_backend {
                None => class.default_backend = Some(target),
                Some(first) => {
                    let sentence = format!(
                        "its default backend is set aside: Ingress {} has one already",
                        first.ingress
                    );
                    let subject = format!("Ingress {}", self.title);
                    draft.notes.assume(subject, sentence, Some(backend.place));
                }
            }
        }
        for rule in &ingress.rules {
            let host = host_of(rule.host.as_ref().map_or("", |host| &host.value));
            let routes = class.hosts.entry(host).or_default();
            for path in &rule.paths {
                let text = path.path.as_ref().map_or("/", |path| &path.value);
                let place = path.path.as_ref().map_or(rule.place, |path| path.place);
                let target = self.resolve(draft, &path.backend);
                let rival = routes
                    .iter()
                    .find(|other| other.path == text && other.path_type == path.path_type);
                if let Some(rival) = rival {
                    self.find_rival(draft, rival, text, place);
                }
                routes.push(IngressRoute {
                    path: text.to_owned(),
                    path_type: path.path_type,
                    target,
                    origin: Origin::Manifest(place),
                });
            }
        }
    }

    fn find_rival(&self, draft: &mut Draft, rival: &IngressRoute, path: &str, place: Place) {
        let message = format!("Ingress `{}` repeats the path `{path}`", self.title);
        let mut finding = Diagnostic::warning("world.repeated-ingress-path", message)
            .at(place, format!("Ingress `{}` comes first", rival.target.ingress))
            .help("the API leaves open which one counts; controllers take the oldest");
        if let Origin::Manifest(first) = rival.origin {
            finding = finding.at(first, "this one counts");
        }
        draft.notes.find(finding);
    }

    fn resolve(&self, draft: &mut Draft, backend: &IngressBackend) -> IngressTarget {
        let found = self.find(draft, backend);
        if let Err(broken) = &found {
            let (code, message, help) = match broken {
                BrokenBackend::NoService(service) => (
                    "world.absent-ingress-service",
                    format!("Ingress `{}` leads to absent Service `{service}`", self.title),
                    "name a Service of the Ingress's own namespace",
                ),
                BrokenBackend::NoPort { service, port } => (
                    "world.absent-ingress-port",
                    format!("Service `{service}` has no port {port}"),
                    "name a port of the Service, not of its pods",
                ),
                BrokenBackend::NotModelled => (
                    "world.ingress-backend-not-modelled",
                    format!("Ingress `{}` has a backend that is no Service port", self.title),
                    "requests to it are answered as not modelled",
                ),
            };
            let finding = match broken {
                BrokenBackend::NotModelled => Diagnostic::warning(code, message),
                _ => Diagnostic::error(code, message),
            };
            draft.notes.find(finding.at(backend.place, "this backend").help(help));
        }
        IngressTarget {
            ingress: self.title.clone(),
            annotations: Arc::clone(&self.annotations),
            backend: found,
            origin: Origin::Manifest(backend.place),
        }
    }

    fn find(
        &self,
        draft: &Draft,
        backend: &IngressBackend,
    ) -> Result<(ServiceId, usize), BrokenBackend> {
        let (Some(name), Some(port)) = (&backend.service, &backend.port) else {
            return Err(BrokenBackend::NotModelled);
        };
        let id = self.services.get(&(self.namespace, name.value.clone()));
        let id = *id.ok_or_else(|| BrokenBackend::NoService(name.value.clone()))?;
        let ports = &draft.world.services[id].ports;
        let index = ports.iter().position(|known| match &port.value {
            TargetPort::Number(number) => known.port == *number,
            TargetPort::Name(name) => known.name == *name,
        });
        let index = index.ok_or_else(|| BrokenBackend::NoPort {
            service: name.value.clone(),
            port: match &port.value {
                TargetPort::Number(number) => number.to_string(),
                TargetPort::Name(name) => format!("`{name}`"),
            },
        })?;
        Ok((id, index))
    }
}

fn host_of(text: &str) -> IngressHost {
    let text = text.to_ascii_lowercase();
    match text.strip_prefix("*.") {
        Some(suffix) => IngressHost::Wildcard(suffix.to_owned()),
        None if text.is_empty() => IngressHost::Any,
        None => IngressHost::Exact(text),
    }
}
