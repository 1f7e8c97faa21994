//! `route.openshift.io/v1 Route`: the router brings connections from outside to Services.

use crate::manifest::fields::Fields;
use crate::manifest::kinds::{ObjectMeta, Resource, TargetPort};
use crate::manifest::{Located, Place};

/// `route.openshift.io/v1 Route`.
#[derive(Clone, Debug)]
pub struct OpenShiftRoute {
    /// Name and namespace.
    pub meta: ObjectMeta,
    /// `spec.host`.
    pub host: Option<Located<String>>,
    /// `spec.path`.
    pub path: Option<Located<String>>,
    /// `spec.port.targetPort`: the port of the pods, by number, or of the Service, by name; absent
    /// means all ports of the Service.
    pub target_port: Option<Located<TargetPort>>,
    /// `spec.to` and `spec.alternateBackends`.
    pub backends: Vec<RouteTo>,
}

/// A Service behind a Route.
#[derive(Clone, Debug)]
pub struct RouteTo {
    /// The Service, in the Route's namespace.
    pub service: Located<String>,
    /// Its share of the requests; zero sends none.
    pub weight: Option<Located<u16>>,
    /// Where it stands.
    pub place: Place,
}

/// The largest weight (openshift api route/v1).
const WEIGHT_MAX: u16 = 256;

pub(in crate::manifest) fn read_route(
    fields: &mut Fields<'_, '_, '_, '_>,
    meta: ObjectMeta,
) -> Vec<Resource> {
    let route = fields.required_object("spec", |spec| {
        let host = spec.string("host").filter(|host| !host.is_empty());
        let path = spec.string("path").filter(|path| !path.is_empty());
        let target_port = spec.object("port", |port| port.port_or_name("targetPort")).flatten();
        let first = spec.required_object("to", read_backend).flatten();
        let others = spec.list("alternateBackends", read_backend);
        let backends = first.into_iter().chain(others).collect();
        OpenShiftRoute { meta, host, path, target_port, backends }
    });
    route.map(|route| Resource::OpenShiftRoute(Box::new(route))).into_iter().collect()
}

fn read_backend(backend: &mut Fields<'_, '_, '_, '_>) -> Option<RouteTo> {
    let place = backend.place();
    // A Service is the only kind there is.
    backend.string("kind");
    let service = backend.required_string("name");
    let weight = backend.number("weight", 0..=WEIGHT_MAX);
    Some(RouteTo { service: service?, weight, place })
}
