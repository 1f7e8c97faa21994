//! `networking.k8s.io/v1 Ingress`.

use crate::manifest::fields::Fields;
use crate::manifest::{Located, Place};

use super::{ObjectMeta, Resource, TargetPort};

/// `networking.k8s.io/v1 Ingress`.
#[derive(Clone, Debug)]
pub struct Ingress {
    /// Name, namespace, annotations.
    pub meta: ObjectMeta,
    /// `spec.ingressClassName`.
    pub class: Option<Located<String>>,
    /// `spec.defaultBackend`.
    pub default_backend: Option<IngressBackend>,
    /// `spec.rules`.
    pub rules: Vec<IngressRule>,
    /// The hosts named under `spec.tls`.
    pub tls_hosts: Vec<Located<String>>,
}

/// One entry of `spec.rules`.
#[derive(Clone, Debug)]
pub struct IngressRule {
    /// The host, perhaps with a leading wildcard label; absent means all hosts.
    pub host: Option<Located<String>>,
    /// The paths under it.
    pub paths: Vec<IngressPath>,
    /// Where the rule begins.
    pub place: Place,
}

/// One entry of `http.paths`.
#[derive(Clone, Debug)]
pub struct IngressPath {
    /// The path; absent means `/`.
    pub path: Option<Located<String>>,
    /// How it is compared.
    pub path_type: IngressPathType,
    /// Where matching requests go.
    pub backend: IngressBackend,
}

/// `pathType`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub enum IngressPathType {
    /// The whole path, case-sensitive.
    Exact,
    /// Path elements from the start.
    Prefix,
    /// Left to the controller.
    ImplementationSpecific,
}

/// A Service and one of its ports.
#[derive(Clone, Debug)]
pub struct IngressBackend {
    /// The Service, in the Ingress's namespace; `None` for a `resource` backend.
    pub service: Option<Located<String>>,
    /// The Service's port, by number or name.
    pub port: Option<Located<TargetPort>>,
    /// Where the backend stands.
    pub place: Place,
}

const PATH_TYPES: &[(&str, IngressPathType)] = &[
    ("Exact", IngressPathType::Exact),
    ("Prefix", IngressPathType::Prefix),
    ("ImplementationSpecific", IngressPathType::ImplementationSpecific),
];

pub(in crate::manifest) fn read_ingress(
    fields: &mut Fields<'_, '_, '_, '_>,
    meta: ObjectMeta,
) -> Vec<Resource> {
    let ingress = fields.required_object("spec", |spec| {
        let hosts = spec.list("tls", |tls| Some(tls.strings("hosts")));
        Ingress {
            meta,
            class: spec.string("ingressClassName"),
            default_backend: spec.object("defaultBackend", read_backend),
            rules: spec.list("rules", |rule| Some(read_rule(rule))),
            tls_hosts: hosts.into_iter().flatten().collect(),
        }
    });
    ingress.map(Resource::Ingress).into_iter().collect()
}

fn read_rule(rule: &mut Fields<'_, '_, '_, '_>) -> IngressRule {
    IngressRule {
        host: rule.string("host").filter(|host| !host.is_empty()),
        paths: rule.object("http", |http| http.list("paths", read_path)).unwrap_or_default(),
        place: rule.place(),
    }
}

fn read_path(path: &mut Fields<'_, '_, '_, '_>) -> Option<IngressPath> {
    let path_type = path.required_choice("pathType", PATH_TYPES);
    let text = path.string("path");
    let backend = path.required_object("backend", read_backend);
    Some(IngressPath {
        path: text,
        // The API server refuses a path without a type; this one claims the least.
        path_type: path_type.map_or(IngressPathType::ImplementationSpecific, |it| it.value),
        backend: backend?,
    })
}

fn read_backend(backend: &mut Fields<'_, '_, '_, '_>) -> IngressBackend {
    let place = backend.place();
    let service = backend.object("service", |service| {
        let name = service.required_string("name");
        let port = service.object("port", |port| {
            let number = port.number("number", 1..=u16::MAX);
            let name = port.string("name").filter(|name| !name.is_empty());
            let number = number.map(|number| number.map(TargetPort::Number));
            number.or(name.map(|name| name.map(TargetPort::Name)))
        });
        (name, port.flatten())
    });
    let (service, port) = service.unwrap_or_default();
    IngressBackend { service, port, place }
}
