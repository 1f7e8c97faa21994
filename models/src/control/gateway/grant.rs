//! ReferenceGrants: whether an object may refer to one of another namespace.
//!
//! Source: gateway-api `apis/v1/referencegrant_types.go`; `geps/gep-709`.

use crate::manifest::Place;
use crate::manifest::kinds::gateway::{GATEWAY_GROUP, ObjectRef};

use super::objects::{Key, Objects};

/// Who refers to something.
#[derive(Clone, Copy, Debug)]
pub(super) struct Referrer<'a> {
    /// Such as `HTTPRoute`; its group is Gateway API's.
    pub(super) kind: &'a str,
    pub(super) namespace: &'a str,
}

/// What allows a reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Permission {
    /// Both stand in one namespace.
    SameNamespace,
    /// A grant, whose object begins here.
    Granted(Place),
    /// Nothing does.
    Missing,
}

/// Whether `referrer` may refer to `target`, which means `(namespace, name)`.
pub(super) fn permission(
    objects: &Objects<'_>,
    referrer: Referrer<'_>,
    target: &ObjectRef,
    (namespace, name): Key<'_>,
) -> Permission {
    if referrer.namespace == namespace {
        return Permission::SameNamespace;
    }
    let grants = objects.grants.range((namespace, "")..);
    let mut grants = grants.take_while(|((home, _), _)| *home == namespace).map(|(_, grant)| grant);
    let granted = grants.find(|grant| {
        let from = grant.from.iter().any(|from| {
            from.group == GATEWAY_GROUP
                && from.kind == referrer.kind
                && from.namespace.value == referrer.namespace
        });
        let to = grant.to.iter().any(|to| {
            let named = to.name.as_ref().is_none_or(|only| only.value == name);
            to.group == target.group && to.kind == target.kind && named
        });
        from && to
    });
    granted.map_or(Permission::Missing, |grant| Permission::Granted(grant.meta.place))
}
