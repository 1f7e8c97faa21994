//! `networking.k8s.io/v1 Ingress`.

use crate::manifest::{Located, Place};

use super::{ObjectMeta, TargetPort};

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
