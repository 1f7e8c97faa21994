//! Which ports of which pods Ingresses and Routes bring connections from outside to, read from the
//! manifests alone. What the network carries is not said here.

use std::collections::BTreeMap;

use meshwalk_models::manifest::kinds::policy::OpenShiftRoute;
use meshwalk_models::manifest::kinds::{Ingress, IngressBackend, Resource, TargetPort, Transport};
use meshwalk_models::policy::ConnectionSet;
use meshwalk_models::world::{
    ClusterManifests, EndpointTarget, PodId, Service, ServicePort, World,
};

/// The ports of pods behind Ingresses and Routes.
#[derive(Clone, Debug, Default)]
pub(super) struct Exposures {
    pods: BTreeMap<PodId, ConnectionSet>,
}

impl Exposures {
    /// Finds the pods behind the Ingresses and Routes of all clusters.
    pub(super) fn new(world: &World, clusters: &[ClusterManifests<'_>]) -> Self {
        let mut exposures = Self::default();
        for part in clusters {
            let finder = Finder { world, part };
            for resource in part.resources {
                match resource {
                    Resource::Ingress(ingress) => exposures.ingress(&finder, ingress),
                    Resource::OpenShiftRoute(route) => exposures.route(&finder, route),
                    _ => {}
                }
            }
        }
        exposures
    }

    /// The ports of a pod; `None` if nothing brings connections to it.
    pub(super) fn of(&self, pod: PodId) -> Option<&ConnectionSet> {
        self.pods.get(&pod)
    }

    fn ingress(&mut self, finder: &Finder<'_>, ingress: &Ingress) {
        let paths = ingress.rules.iter().flat_map(|rule| &rule.paths).map(|path| &path.backend);
        for IngressBackend { service, port, .. } in paths.chain(&ingress.default_backend) {
            let Some(service) = service else { continue };
            let namespace = ingress.meta.namespace.as_ref().map(|it| it.value.as_str());
            let Some(service) = finder.service(namespace, &service.value) else { continue };
            let Some(port) = port else { continue };
            self.add(service, |own| match &port.value {
                TargetPort::Number(number) => own.port == *number,
                TargetPort::Name(name) => own.name == *name,
            });
        }
    }

    /// A number names the port of the pods, a name that of the Service (openshift api route/v1,
    /// `RoutePort`).
    fn route(&mut self, finder: &Finder<'_>, route: &OpenShiftRoute) {
        for backend in &route.backends {
            if backend.weight.as_ref().is_some_and(|weight| weight.value == 0) {
                continue;
            }
            let namespace = route.meta.namespace.as_ref().map(|it| it.value.as_str());
            let Some(service) = finder.service(namespace, &backend.service.value) else { continue };
            match route.target_port.as_ref().map(|port| &port.value) {
                None => self.add(service, |_| true),
                Some(TargetPort::Name(name)) => self.add(service, |own| own.name == *name),
                Some(TargetPort::Number(number)) => {
                    self.add_endpoints(service, |_| true, |port| port == *number);
                }
            }
        }
    }

    fn add(&mut self, service: &Service, fits: impl Fn(&ServicePort) -> bool) {
        self.add_endpoints(service, fits, |_| true);
    }

    fn add_endpoints(
        &mut self,
        service: &Service,
        fits: impl Fn(&ServicePort) -> bool,
        at: impl Fn(u16) -> bool,
    ) {
        // Routers speak TCP.
        let ports = service.ports.iter().filter(|port| port.transport == Transport::Tcp);
        for endpoint in ports.filter(|port| fits(port)).flat_map(|port| &port.endpoints) {
            let EndpointTarget::Pod(pod) = endpoint.target else { continue };
            if at(endpoint.port) {
                let set = self.pods.entry(pod).or_default();
                *set = set.union(&ConnectionSet::port(Transport::Tcp, endpoint.port));
            }
        }
    }
}

/// Finds Services by name in one part of the manifests.
struct Finder<'a> {
    world: &'a World,
    part: &'a ClusterManifests<'a>,
}

impl<'a> Finder<'a> {
    fn service(&self, namespace: Option<&str>, name: &str) -> Option<&'a Service> {
        let cluster = self.world.cluster_named(self.part.name)?;
        let namespace = namespace.unwrap_or(self.part.default_namespace);
        let namespace = self.world.namespace_named(cluster, namespace)?;
        self.world.service_named(namespace, name).map(|service| &self.world.services[service])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use meshwalk_models::manifest::{SourceSet, load};
    use meshwalk_models::world::{Topology, build};

    const TEXT: &str = "\
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {containers: [{name: a}]}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec:
  selector: {app: web}
  ports: [{name: http, port: 80, targetPort: 8080}, {name: admin, port: 81, targetPort: 9090}]
---
";

    fn exposed(more: &str) -> Option<String> {
        let mut sources = SourceSet::new();
        let id = sources.add("a.yaml", format!("{TEXT}{more}"));
        let resources = &load(&sources, [id]).resources;
        let cluster = ClusterManifests { name: "c", default_namespace: "default", resources };
        let world = build(&[cluster], &Topology::default(), &[]).world;
        let exposures = Exposures::new(&world, &[cluster]);
        exposures.of(world.pods.ids().next().expect("a pod")).map(ToString::to_string)
    }

    #[test]
    fn an_ingress_names_ports_of_the_service_and_a_route_those_of_the_pod() {
        let ingress = |port: &str| {
            format!(
                "apiVersion: networking.k8s.io/v1\nkind: Ingress\n\
                 metadata: {{name: web, namespace: shop}}\n\
                 spec: {{defaultBackend: {{service: {{name: web, port: {{{port}}}}}}}}}\n"
            )
        };
        let route = |spec: &str| {
            format!(
                "apiVersion: route.openshift.io/v1\nkind: Route\n\
                 metadata: {{name: web, namespace: shop}}\nspec: {{{spec}}}\n"
            )
        };
        assert_eq!(exposed(""), None);
        assert_eq!(exposed(&ingress("number: 80")).as_deref(), Some("TCP 8080"));
        assert_eq!(exposed(&ingress("name: admin")).as_deref(), Some("TCP 9090"));
        assert_eq!(exposed(&ingress("number: 8080")), None);
        assert_eq!(exposed(&route("to: {name: web}")).as_deref(), Some("TCP 8080, 9090"));
        let by_number = route("to: {name: web}, port: {targetPort: 9090}");
        assert_eq!(exposed(&by_number).as_deref(), Some("TCP 9090"));
        let by_name = route("to: {name: web}, port: {targetPort: http}");
        assert_eq!(exposed(&by_name).as_deref(), Some("TCP 8080"));
        assert_eq!(exposed(&route("to: {name: web, weight: 0}")), None);
    }
}
