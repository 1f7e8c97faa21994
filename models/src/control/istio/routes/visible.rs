//! Which VirtualServices a proxy's routes are made of, in which order, and which of several counts
//! for a service. It makes no routes.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::control::istio::hosts;

use super::effective::EffectiveVirtualService;

/// The VirtualServices of a gateway (or of the mesh) that a namespace sees: first those that only
/// itself sees, then those that some namespaces see, then those that all see; each from the oldest
/// to the youngest (istio `pilot/pkg/model/push_context.go`, `VirtualServicesForGateway`).
#[must_use]
pub fn visible(
    all: &[Arc<EffectiveVirtualService>],
    namespace: &str,
    gateway: &str,
) -> Vec<Arc<EffectiveVirtualService>> {
    let bound = |object: &&Arc<EffectiveVirtualService>| {
        object.export_to.reaches(&object.namespace, namespace)
            && object.gateways.iter().any(|known| known.value == gateway)
    };
    let mut found: Vec<_> = all.iter().filter(bound).cloned().collect();
    // The sort is stable, so age decides within a group.
    found.sort_by_key(|object| match object.export_to.is_public() {
        true => 2,
        false if object.namespace == namespace => 0,
        false => 1,
    });
    found
}

/// For each service the VirtualService that counts among those that name it by a wildcard or in
/// full: the one with the most specific host, and of equal hosts the first. So an exact host beats
/// a wildcard whatever their age (istio `pilot/pkg/model/sidecar.go`,
/// `computeWildcardHostVirtualServiceIndex`).
pub(super) fn most_specific<'o>(
    objects: &'o [Arc<EffectiveVirtualService>],
    services: impl IntoIterator<Item = &'o str>,
) -> BTreeMap<&'o str, &'o Arc<EffectiveVirtualService>> {
    let mut by_host: BTreeMap<&str, &Arc<EffectiveVirtualService>> = BTreeMap::new();
    for object in objects {
        for host in &object.hosts {
            by_host.entry(host.value.as_str()).or_insert(object);
        }
    }
    let wildcards: Vec<&str> =
        by_host.keys().copied().filter(|host| hosts::is_wildcard(host)).collect();
    let best = |service: &'o str| {
        let exact = by_host.get(service);
        let wide = || {
            let fitting = wildcards.iter().filter(|wide| hosts::covers(wide, service));
            fitting.max_by_key(|wide| wide.len()).and_then(|wide| by_host.get(wide))
        };
        exact.or_else(wide).map(|object| (service, *object))
    };
    services.into_iter().filter_map(best).collect()
}
