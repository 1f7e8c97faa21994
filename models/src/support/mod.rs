//! Which of the user's objects a data path honours, by name and line, and why. It counts the boxes
//! that read an object in one placement; what a box then does to a request is not said here.
//!
//! A mesh is a file: what Istio makes of objects stands in `istio`, what the network makes of them
//! in `network`, and kinds of other products in `others`.

mod facts;
mod istio;
mod network;
mod object;
mod others;
mod readers;
#[cfg(test)]
mod tests;

use serde::Serialize;

use crate::control::ControlPlanes;
use crate::explain::RuleId;
use crate::world::World;

pub use facts::{Fact, facts};
pub use object::{Body, Object, objects};

pub(crate) const NO_CRD: RuleId = RuleId("support.no-crd");

/// What a data path makes of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Support {
    /// All of it holds wherever it is meant to.
    Honoured,
    /// It holds for some of the pods that it names, or with a part of what it says.
    Partly,
    /// It is stored, and nobody reads it.
    Ignored,
    /// The API server does not take it.
    Rejected,
    /// It cannot be told.
    Unknown,
}

impl Support {
    /// As tables and JSON print it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Honoured => "honoured",
            Self::Partly => "partly",
            Self::Ignored => "ignored",
            Self::Rejected => "rejected",
            Self::Unknown => "unknown",
        }
    }
}

/// What a data path makes of an object, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// What.
    pub support: Support,
    /// Why, as a sentence without its full stop.
    pub reason: String,
    /// The rule that says so.
    pub rule: RuleId,
}

impl Judgement {
    fn new(support: Support, rule: RuleId, reason: impl Into<String>) -> Self {
        Self { support, reason: reason.into(), rule }
    }
}

/// Whose kinds the API server knows on a data path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Installed {
    /// Those of Kubernetes and of Gateway API alone.
    NoMesh,
    /// Those of Istio too.
    Istio,
}

/// A world under one placement.
#[derive(Clone, Copy)]
pub struct Scene<'a> {
    /// Who exists.
    pub world: &'a World,
    /// The control planes of the placement.
    pub planes: &'a ControlPlanes,
    /// Whose kinds are known.
    pub installed: Installed,
}

/// What a placement makes of `object`.
#[must_use]
pub fn judge(scene: Scene<'_>, object: &Object<'_>) -> Judgement {
    match object.body {
        Body::Istio(body) => match scene.installed {
            Installed::NoMesh => istio::without_istio(body),
            Installed::Istio => istio::judge(scene, object, body),
        },
        Body::GatewayApi(body) => istio::judge_gateway_api(scene, object, body),
        Body::NetworkPolicy(policy) => network::policy(scene, object, policy),
        Body::ClusterPolicy => network::cluster_policy(scene),
        Body::Ingress(ingress) => network::ingress(scene, ingress),
        Body::Route => network::route(),
        Body::Unread { group } => others::judge(scene, group),
    }
}
