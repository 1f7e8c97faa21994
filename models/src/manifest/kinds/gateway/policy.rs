//! `ReferenceGrant` and `BackendTLSPolicy`.

use crate::manifest::Located;
use crate::manifest::fields::Fields;
use crate::manifest::kinds::{ObjectMeta, Resource};

use super::route::{ObjectRef, read_object_ref};
use super::{GatewayResource, resource};

/// `ReferenceGrant`: who may refer to objects of its namespace from another one.
#[derive(Clone, Debug)]
pub struct ReferenceGrant {
    /// Name and namespace.
    pub meta: ObjectMeta,
    /// `spec.from`.
    pub from: Vec<GrantFrom>,
    /// `spec.to`.
    pub to: Vec<GrantTo>,
}

/// Who may refer.
#[derive(Clone, Debug)]
pub struct GrantFrom {
    /// The group of the kind.
    pub group: String,
    /// The kind.
    pub kind: String,
    /// The namespace.
    pub namespace: Located<String>,
}

/// What may be referred to.
#[derive(Clone, Debug)]
pub struct GrantTo {
    /// The group of the kind.
    pub group: String,
    /// The kind.
    pub kind: String,
    /// One object; `None` means all of the kind.
    pub name: Option<Located<String>>,
}

/// `BackendTLSPolicy`: TLS from a Gateway to a backend.
#[derive(Clone, Debug)]
pub struct BackendTlsPolicy {
    /// Name, namespace and age.
    pub meta: ObjectMeta,
    /// `spec.targetRefs`.
    pub targets: Vec<PolicyTarget>,
    /// `validation.caCertificateRefs`.
    pub ca_certificates: Vec<ObjectRef>,
    /// `validation.wellKnownCACertificates`.
    pub well_known: Option<Located<String>>,
    /// `validation.hostname`: the server name that is sent and, without names of its own, checked.
    pub hostname: Option<Located<String>>,
    /// `validation.subjectAltNames`.
    pub subject_alt_names: Vec<SubjectAltName>,
}

/// What a policy is for.
#[derive(Clone, Debug)]
pub struct PolicyTarget {
    /// A Service of the policy's namespace.
    pub object: ObjectRef,
    /// The name of one of its ports; `None` means all.
    pub section: Option<Located<String>>,
}

/// A name that the backend's certificate may have.
#[derive(Clone, Debug)]
pub struct SubjectAltName {
    /// A host or URI.
    pub name: Located<String>,
}

pub(in crate::manifest) fn read_reference_grant(
    fields: &mut Fields<'_, '_, '_, '_>,
    meta: ObjectMeta,
) -> Vec<Resource> {
    let grant = fields.required_object("spec", |spec| ReferenceGrant {
        meta,
        from: spec.list("from", |from| {
            let group = from.string("group").map(|it| it.value).unwrap_or_default();
            let (kind, namespace) =
                (from.required_string("kind"), from.required_string("namespace"));
            Some(GrantFrom { group, kind: kind?.value, namespace: namespace? })
        }),
        to: spec.list("to", |to| {
            let group = to.string("group").map(|it| it.value).unwrap_or_default();
            let name = to.string("name").filter(|name| !name.is_empty());
            Some(GrantTo { group, kind: to.required_string("kind")?.value, name })
        }),
    });
    resource(grant.map(GatewayResource::Grant))
}

pub(in crate::manifest) fn read_backend_tls_policy(
    fields: &mut Fields<'_, '_, '_, '_>,
    meta: ObjectMeta,
) -> Vec<Resource> {
    let policy = fields.required_object("spec", |spec| {
        let targets = spec.list("targetRefs", |target| {
            let section = target.string("sectionName").filter(|name| !name.is_empty());
            Some(PolicyTarget { object: read_object_ref(target, "", "Service")?, section })
        });
        let validation = spec.required_object("validation", |validation| BackendTlsPolicy {
            meta,
            targets: Vec::new(),
            ca_certificates: validation
                .list("caCertificateRefs", |it| read_object_ref(it, "", "ConfigMap")),
            well_known: validation.string("wellKnownCACertificates"),
            hostname: validation.expected_string("hostname"),
            subject_alt_names: validation.list("subjectAltNames", |name| {
                name.expected_string("type");
                let (host, uri) = (name.string("hostname"), name.string("uri"));
                Some(SubjectAltName { name: host.or(uri)? })
            }),
        });
        validation.map(|policy| BackendTlsPolicy { targets, ..policy })
    });
    let policy = policy.flatten();
    resource(policy.map(GatewayResource::BackendTls))
}
