//! Metadata that every object has, and the small kinds: Namespace, Node, ServiceAccount.

use std::collections::BTreeMap;

use crate::manifest::{Located, Place};

/// Labels or annotations, by key; each value knows its place.
pub type Labels = BTreeMap<String, Located<String>>;

/// What `metadata` says, as far as it matters to traffic.
#[derive(Clone, Debug)]
pub struct ObjectMeta {
    /// The object's name.
    pub name: Located<String>,
    /// The namespace as written; `None` where the manifest leaves it to the tool that applies it.
    pub namespace: Option<Located<String>>,
    /// Labels, which selectors match.
    pub labels: Labels,
    /// Annotations, which control planes read.
    pub annotations: Labels,
    /// The controlling owner, if a dump shows one.
    pub owner: Option<OwnerReference>,
    /// RFC 3339 text; some rules let the oldest object win.
    pub creation_timestamp: Option<Located<String>>,
    /// Where the object begins.
    pub place: Place,
}

/// The controller that made an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnerReference {
    /// Such as `ReplicaSet`.
    pub kind: String,
    /// The owner's name, in the same namespace.
    pub name: String,
}

/// `v1 Namespace`.
#[derive(Clone, Debug)]
pub struct Namespace {
    /// Name and labels.
    pub meta: ObjectMeta,
}

/// `v1 Node`.
#[derive(Clone, Debug)]
pub struct Node {
    /// Name and labels; `topology.kubernetes.io/zone` and `/region` place it.
    pub meta: ObjectMeta,
    /// `spec.unschedulable`.
    pub unschedulable: Option<Located<bool>>,
    /// `spec.podCIDR`.
    pub pod_cidr: Option<Located<String>>,
    /// The first `InternalIP` of `status.addresses`.
    pub internal_ip: Option<Located<String>>,
}

/// `v1 ServiceAccount`.
#[derive(Clone, Debug)]
pub struct ServiceAccount {
    /// Name and namespace make the identity.
    pub meta: ObjectMeta,
}
