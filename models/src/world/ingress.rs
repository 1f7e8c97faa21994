//! Ingress rules as a controller sees them: merged by class, sorted by precedence. Which rule a
//! request meets is decided in `control::kubernetes::ingress`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::manifest::kinds::{IngressPathType, Labels};

use super::ids::{ClusterId, ServiceId};
use super::model::Origin;

/// All Ingress objects of one class in one cluster, as one rule set.
#[derive(Clone, Debug)]
pub struct IngressClass {
    /// The cluster.
    pub cluster: ClusterId,
    /// `spec.ingressClassName`; empty for Ingresses that name none.
    pub name: String,
    /// The paths of each host, in the order of precedence.
    pub hosts: BTreeMap<IngressHost, Vec<IngressRoute>>,
    /// Where everything else goes.
    pub default_backend: Option<IngressTarget>,
    /// The hosts for which some Ingress names a certificate.
    pub tls_hosts: BTreeSet<IngressHost>,
}

/// The host of a rule, in lower case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum IngressHost {
    /// Exactly this host.
    Exact(String),
    /// One label, then this suffix (without the dot).
    Wildcard(String),
    /// The rule names no host.
    Any,
}

/// One path and where it leads.
#[derive(Clone, Debug)]
pub struct IngressRoute {
    /// The path, beginning with `/`.
    pub path: String,
    /// How it is compared.
    pub path_type: IngressPathType,
    /// Where matching requests go.
    pub target: IngressTarget,
    /// Where the path stands.
    pub origin: Origin,
}

/// A backend, resolved.
#[derive(Clone, Debug)]
pub struct IngressTarget {
    /// `namespace/name` of the Ingress.
    pub ingress: String,
    /// The annotations of the Ingress; what they mean is up to its controller.
    pub annotations: Arc<Labels>,
    /// The Service and the index of its port, or why there is none.
    pub backend: Result<(ServiceId, usize), BrokenBackend>,
    /// Where the backend stands.
    pub origin: Origin,
}

/// Why a backend leads nowhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BrokenBackend {
    /// There is no such Service in the Ingress's namespace.
    NoService(String),
    /// The Service has no such port.
    NoPort {
        /// The Service.
        service: String,
        /// The port that the backend names.
        port: String,
    },
    /// A `resource` backend, or one without a port: not modelled.
    NotModelled,
}
