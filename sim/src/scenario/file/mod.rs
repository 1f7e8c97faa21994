//! The scenario file, version 1, as it is written; `scenario` checks it against the world.
//!
//! The JSON Schema is generated from these types, so their docs are what editors show.

mod behaviour;
mod breakpoint;
mod distribution;
mod expectation;
mod network;
mod policy;
mod rate;
mod topology;
mod traffic;

pub use behaviour::{
    Call, Chance, Protocol, Route, RouteMatch, Step, Streaming, Threads, WorkloadBehaviour,
};
pub use breakpoint::Breakpoint;
pub use distribution::{DurationSpec, QuantilePoint};
pub use expectation::Expectation;
pub use network::{LinkSpec, NetworkSpec};
pub use policy::{AuthorizerAnswer, ExternalAuthorizer, UndecidedPolicies};
pub use rate::{Rate, RateError};
pub use topology::{ClusterSpec, NodesSpec, Spread, SpreadOver, TopologySpec, ZoneSpec};
pub use traffic::{Arrivals, Load, RequestTemplate, TrafficSource, Users};

use std::collections::BTreeMap;

use meshwalk_models::units::SimDuration;
use serde::{Deserialize, Serialize};

/// A meshwalk scenario, version 1.
#[derive(Clone, Debug, Deserialize, Serialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScenarioFile {
    /// The version of this format; always 1.
    #[schemars(extend("const" = 1))]
    pub version: u32,
    /// What the scenario is about, in a few words.
    #[serde(default)]
    pub name: String,
    /// The seed of every random draw; `--seed` overrides it.
    #[serde(default)]
    pub seed: u64,
    /// How long the simulated run lasts, warm-up included.
    pub duration: SimDuration,
    /// The time at the start that no statistic counts.
    #[serde(default)]
    pub warm_up: SimDuration,
    /// Files and folders with Kubernetes manifests, relative to the scenario file.
    #[serde(default)]
    pub manifests: Vec<String>,
    /// The namespace of objects that name none.
    #[serde(default = "default_namespace")]
    pub default_namespace: String,
    /// The data path of every pod.
    #[serde(default)]
    pub data_path: DataPathSpec,
    /// Data paths of single workloads (`namespace/name` or `name`) that differ from `data_path`.
    #[serde(default)]
    pub data_paths: BTreeMap<String, DataPathSpec>,
    /// Where pods run.
    #[serde(default)]
    pub topology: TopologySpec,
    /// How long messages travel.
    #[serde(default)]
    pub network: NetworkSpec,
    /// How each workload behaves, by `namespace/name` or `name`.
    #[serde(default)]
    pub workloads: BTreeMap<String, WorkloadBehaviour>,
    /// Hosts outside the cluster that workloads call, by DNS name.
    #[serde(default)]
    pub outside: BTreeMap<String, WorkloadBehaviour>,
    /// When the run begins, such as `2026-05-01T09:30:00Z`: tokens become valid and expire by
    /// it. Absent, nothing can be told of tokens that expire.
    pub starts_at: Option<String>,
    /// External authorisers, by the name of their provider in MeshConfig.
    #[serde(default)]
    pub external_authorizers: BTreeMap<String, ExternalAuthorizer>,
    /// What becomes of the run where it cannot be told what a policy says.
    #[serde(default)]
    pub undecided_policies: UndecidedPolicies,
    /// Who sends requests.
    #[serde(default)]
    pub traffic: Vec<TrafficSource>,
    /// What must hold.
    #[serde(default)]
    pub expectations: Vec<Expectation>,
    /// Where whoever explores the run wants to stop; the run itself does not change.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub breakpoints: Vec<Breakpoint>,
}

fn default_namespace() -> String {
    "default".to_owned()
}

/// Which proxies stand between applications. Pods that cannot have them, or refuse them by label,
/// go without.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum DataPathSpec {
    /// No mesh: kube-proxy balances each connection.
    #[default]
    None,
    /// An Envoy sidecar in every pod; it balances each request.
    IstioSidecar,
    /// A ztunnel on every node, and the waypoints that the manifests ask for.
    IstioAmbient,
    /// A ztunnel on every node, and a waypoint for each namespace that has Services.
    #[serde(rename = "istio-ambient+waypoint")]
    IstioAmbientWaypoint,
    /// What the labels and annotations in the manifests ask for.
    FromLabels,
}

impl DataPathSpec {
    /// Those on which all pods are together, whatever their labels ask for.
    pub const UNIFORM: [Self; 4] =
        [Self::None, Self::IstioSidecar, Self::IstioAmbient, Self::IstioAmbientWaypoint];

    /// The word for it in a scenario file.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::IstioSidecar => "istio-sidecar",
            Self::IstioAmbient => "istio-ambient",
            Self::IstioAmbientWaypoint => "istio-ambient+waypoint",
            Self::FromLabels => "from-labels",
        }
    }
}
