//! The pods of waypoints as policies select them: istiod makes them, so that no manifest holds
//! them, and gives them labels that are known. Who uses a waypoint is not said here.

use crate::manifest::Located;
use crate::manifest::kinds::gateway::{Gateway, GatewayResource};
use crate::manifest::kinds::{Labels, Resource};
use crate::world::{ClusterManifests, NamespaceId, TableId, World};

use super::compile::NOWHERE;

/// The class of waypoints.
const CLASS: &str = "istio-waypoint";
/// The name of the waypoint that a placement gives to every namespace.
const OF_NAMESPACE: &str = "waypoint";

/// The pods of one waypoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WaypointRow(u32);

/// The pods of a waypoint: they are alike.
#[derive(Clone, Debug)]
pub(super) struct WaypointPods {
    pub(super) namespace: NamespaceId,
    pub(super) name: String,
    pub(super) labels: Labels,
}

/// The pods of all waypoints.
#[derive(Clone, Debug, Default)]
pub(super) struct AllWaypointPods(Vec<WaypointPods>);

impl AllWaypointPods {
    /// Those of the Gateways, and one for every namespace.
    pub(super) fn of(world: &World, clusters: &[ClusterManifests<'_>]) -> Self {
        let mut rows = Vec::new();
        for (number, cluster) in clusters.iter().enumerate() {
            let in_namespace = |name: &str| {
                let mut all = world.namespaces.entries();
                let found = all.find(|(_, it)| it.cluster.index() == number && it.name == name);
                found.map(|(id, _)| id)
            };
            for resource in cluster.resources {
                let Resource::GatewayApi(resource) = resource else { continue };
                let GatewayResource::Gateway(gateway) = &**resource else { continue };
                if gateway.class.as_ref().is_none_or(|class| class.value != CLASS) {
                    continue;
                }
                let own = gateway.meta.namespace.as_ref().map(|it| it.value.as_str());
                let namespace = in_namespace(own.unwrap_or(cluster.default_namespace));
                rows.extend(namespace.map(|namespace| of_gateway(namespace, gateway)));
            }
        }
        for namespace in world.namespaces.ids() {
            let is_there = |row: &WaypointPods| {
                (row.namespace, row.name.as_str()) == (namespace, OF_NAMESPACE)
            };
            if !rows.iter().any(is_there) {
                rows.push(WaypointPods {
                    namespace,
                    name: OF_NAMESPACE.to_owned(),
                    labels: labels(OF_NAMESPACE),
                });
            }
        }
        Self(rows)
    }

    pub(super) fn find(&self, namespace: NamespaceId, name: &str) -> Option<WaypointRow> {
        let is_it = |row: &WaypointPods| (row.namespace, row.name.as_str()) == (namespace, name);
        let at = self.0.iter().position(is_it)?;
        u32::try_from(at).ok().map(WaypointRow)
    }

    pub(super) fn at(&self, row: WaypointRow) -> &WaypointPods {
        &self.0[row.0 as usize]
    }
}

fn of_gateway(namespace: NamespaceId, gateway: &Gateway) -> WaypointPods {
    let name = &gateway.meta.name.value;
    let mut all = gateway.meta.labels.clone();
    all.extend(labels(name));
    WaypointPods { namespace, name: name.clone(), labels: all }
}

/// What istiod writes on the pods of a waypoint (istio `manifests/charts/istio-control/
/// istio-discovery/files/waypoint.yaml`). Labels of the Gateway are handed down.
fn labels(name: &str) -> Labels {
    let own = [
        ("gateway.istio.io/managed", "istio.io-mesh-controller"),
        ("gateway.networking.k8s.io/gateway-class-name", CLASS),
        ("gateway.networking.k8s.io/gateway-name", name),
        ("istio.io/dataplane-mode", "none"),
        ("service.istio.io/canonical-name", name),
        ("service.istio.io/canonical-revision", "latest"),
        ("sidecar.istio.io/inject", "false"),
    ];
    let label =
        |(key, value): (&str, &str)| (key.to_owned(), Located::new(value.to_owned(), NOWHERE));
    own.into_iter().map(label).collect()
}
