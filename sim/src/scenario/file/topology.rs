//! Where pods run.

use std::fmt;

use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

/// Clusters, zones and nodes, and how pods spread over them.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TopologySpec {
    /// The clusters; absent means the Nodes of the manifests or, without any, one zone of three nodes.
    #[serde(default)]
    pub clusters: Vec<ClusterSpec>,
    /// Where single workloads run; the others spread over all zones and nodes.
    #[serde(default)]
    pub spread: Vec<Spread>,
}

/// One cluster.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClusterSpec {
    /// Its name.
    pub name: String,
    /// Its zones.
    pub zones: Vec<ZoneSpec>,
    /// Its own manifests, relative to the scenario file; absent means the scenario's.
    #[serde(default)]
    pub manifests: Vec<String>,
}

/// One zone.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ZoneSpec {
    /// Such as `eu-1a`.
    pub name: String,
    /// Such as `eu-1`; absent means one region for all.
    pub region: Option<String>,
    /// Its nodes: how many, or their names.
    pub nodes: NodesSpec,
}

/// Nodes by number or by name.
#[derive(Clone, Debug, PartialEq, Serialize, schemars::JsonSchema)]
#[serde(untagged)]
pub enum NodesSpec {
    /// So many, with made-up names.
    Count(#[schemars(range(min = 1))] u32),
    /// These.
    Names(Vec<String>),
}

// An untagged enum would only say that no variant fits.
impl<'de> Deserialize<'de> for NodesSpec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodesVisitor)
    }
}

struct NodesVisitor;

impl<'de> Visitor<'de> for NodesVisitor {
    type Value = NodesSpec;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number of nodes, or a list of their names")
    }

    fn visit_u64<E: Error>(self, count: u64) -> Result<NodesSpec, E> {
        let too_many = |_| E::custom(format!("{count} nodes are too many"));
        u32::try_from(count).map(NodesSpec::Count).map_err(too_many)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<NodesSpec, A::Error> {
        let mut names = Vec::new();
        while let Some(name) = items.next_element()? {
            names.push(name);
        }
        Ok(NodesSpec::Names(names))
    }
}

/// Where the pods of one workload run.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Spread {
    /// `namespace/name` or `name`.
    pub workload: String,
    /// Over what the pods spread evenly.
    #[serde(default)]
    pub over: SpreadOver,
    /// Only these zones; absent means all.
    #[serde(default)]
    pub zones: Vec<String>,
}

/// What a spread rule evens out.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum SpreadOver {
    /// Zones first, then nodes inside them.
    #[default]
    Zones,
    /// All nodes alike.
    Nodes,
}
