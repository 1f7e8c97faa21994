//! How long messages travel between two pods.

use meshwalk_models::cost::KubeProxyMode;
use meshwalk_models::units::Probability;
use serde::{Deserialize, Serialize};

use super::DurationSpec;

/// Links by distance; what is not given has a documented default.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NetworkSpec {
    /// Inside one pod (application and sidecar).
    pub same_pod: Option<LinkSpec>,
    /// Two pods on one node.
    pub same_node: Option<LinkSpec>,
    /// Two nodes in one zone.
    pub same_zone: Option<LinkSpec>,
    /// Two zones in one region.
    pub same_region: Option<LinkSpec>,
    /// Two regions.
    pub cross_region: Option<LinkSpec>,
    /// To and from hosts outside.
    pub outside: Option<LinkSpec>,
    /// How kube-proxy, or what stands in its place, finds the endpoint of a new connection. All
    /// versions of Kubernetes so far have iptables unless told otherwise.
    #[serde(default, skip_serializing_if = "is_default")]
    pub kube_proxy: KubeProxyMode,
    /// Services of the cluster that the manifests do not show; with iptables each of them slows
    /// down every new connection.
    #[serde(default, skip_serializing_if = "is_default")]
    pub more_services: u32,
}

/// Whether a value is left out of the canonical form: what it says is what holds without it.
fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// One kind of link.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LinkSpec {
    /// There and back; each message takes half of a draw. Its spread is the jitter.
    pub round_trip: DurationSpec,
    /// The share of messages that are lost and sent again after the retransmission time-out.
    #[serde(default)]
    pub loss: Probability,
    /// In megabits per second; absent means that size costs no time.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub bandwidth_mbps: Option<f64>,
}
