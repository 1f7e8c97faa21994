//! Metadata that every object has, and the small kinds: Namespace, Node, ServiceAccount.

use std::collections::BTreeMap;

use crate::manifest::fields::Fields;
use crate::manifest::{Located, Place};

use super::{Resource, Timestamp};

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
    /// `metadata.creationTimestamp`; some rules let the oldest object win. Manifests rarely have it.
    pub created: Option<Located<Timestamp>>,
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

impl ObjectMeta {
    /// Reads `metadata` of the object that `fields` walks; `None` when it has no usable name.
    pub(in crate::manifest) fn read(fields: &mut Fields<'_, '_, '_, '_>) -> Option<Self> {
        let place = fields.place();
        fields.required_object("metadata", |meta| Self::read_inside(meta, place)).flatten()
    }

    fn read_inside(meta: &mut Fields<'_, '_, '_, '_>, place: Place) -> Option<Self> {
        let prefix = meta.string("generateName");
        let name = match prefix {
            // `kubectl create` appends random letters; the prefix alone is a stable name.
            Some(prefix) => Some(meta.string("name").unwrap_or(prefix)),
            None => meta.required_string("name"),
        };
        let (labels, annotations) = read_labels_and_annotations(meta);
        let namespace = meta.string("namespace").filter(|namespace| !namespace.is_empty());
        let owner = read_owner(meta);
        let created = meta.parsed("creationTimestamp");
        Some(Self { name: name?, namespace, labels, annotations, owner, created, place })
    }
}

/// Reads `labels` and `annotations`, and reports the keys that matter and are not modelled.
pub(super) fn read_labels_and_annotations(meta: &mut Fields<'_, '_, '_, '_>) -> (Labels, Labels) {
    let labels = meta.labels("labels");
    meta.report_keys("labels", &labels, "keys: labels");
    let annotations = meta.labels("annotations");
    meta.report_keys("annotations", &annotations, "keys: annotations");
    (labels, annotations)
}

fn read_owner(meta: &mut Fields<'_, '_, '_, '_>) -> Option<OwnerReference> {
    let owners = meta.list("ownerReferences", |owner| {
        let kind = owner.expected_string("kind");
        let name = owner.expected_string("name");
        let controls = owner.boolean("controller").is_some_and(|controls| controls.value);
        // An owner without a kind is nobody's workload, but it still names the pods' origin.
        let (kind, name) = (kind.map_or_else(String::new, |kind| kind.value), name?.value);
        controls.then_some(OwnerReference { kind, name })
    });
    owners.into_iter().next()
}

pub(in crate::manifest) fn read_namespace(
    fields: &mut Fields<'_, '_, '_, '_>,
    meta: ObjectMeta,
) -> Vec<Resource> {
    fields.object("spec", |_| ());
    vec![Resource::Namespace(Namespace { meta })]
}

pub(in crate::manifest) fn read_node(
    fields: &mut Fields<'_, '_, '_, '_>,
    meta: ObjectMeta,
) -> Vec<Resource> {
    let spec =
        fields.object("spec", |spec| (spec.boolean("unschedulable"), spec.string("podCIDR")));
    let (unschedulable, pod_cidr) = spec.unwrap_or_default();
    let addresses = fields.object("status", |status| {
        status.list("addresses", |address| {
            let kind = address.string("type");
            let ip = address.string("address");
            ip.filter(|_| kind.is_some_and(|kind| kind.value == "InternalIP"))
        })
    });
    let internal_ip = addresses.and_then(|addresses| addresses.into_iter().next());
    vec![Resource::Node(Node { meta, unschedulable, pod_cidr, internal_ip })]
}

pub(in crate::manifest) fn read_service_account(
    _: &mut Fields<'_, '_, '_, '_>,
    meta: ObjectMeta,
) -> Vec<Resource> {
    vec![Resource::ServiceAccount(ServiceAccount { meta })]
}
