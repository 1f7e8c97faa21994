//! The plan of a run: world and scenario compiled into flat tables that the engine reads.
//!
//! It never changes during a run, and all replications share it.

mod app;
mod boxes;
mod gate;
mod mesh;
mod target;

pub use app::{AppPlan, Op, Program, RouteRule};
pub use boxes::{Batching, BoxKind, BoxPlan, NO_BOX, NO_DELAY, PricePlan};
pub use gate::{
    AuthorizerPlan, ConnectionFate, ConnectionGate, Decision, DecisionPlan, GateKey, GatePlan,
    Gates, RequestGate, ending_without_proxy,
};
pub use mesh::{
    ClusterPlan, ClusterTls, DestinationEnd, DestinationPlan, FilterPlan, HashPlan, Heads, LegPlan,
    MeshPlan, OutlierWatch, Picks, RouteAction, RoutePlan, RouterLanes, Terms, weighted_cluster,
};
pub use target::{Balance, CallPlan, Carries, OnFailure, Reuse, Streaming, TargetPlan};

use std::collections::BTreeMap;

use meshwalk_models::manifest::kinds::Timestamp;
use meshwalk_models::path::DataPath;
use meshwalk_models::profile::Profile;
use meshwalk_models::units::{SimDuration, SimTime};

use crate::kernel::random::Distribution;
use crate::net::{Links, Site};
use crate::scenario::file::{Arrivals, Protocol};
use crate::stats::Layout;
use crate::traffic::WeightedChoice;

/// Everything the engine needs to know.
#[derive(Clone, Debug)]
pub struct Plan {
    /// How workloads behave, by row of the layout's workloads.
    pub apps: Vec<AppPlan>,
    /// Pods, app by app, and then one for the clients of each source outside.
    pub pods: Vec<PodPlan>,
    /// The steps of all programs.
    pub ops: Vec<Op>,
    /// What apps do for a request.
    pub programs: Vec<Program>,
    /// Call sites; the requests that sources send are among them.
    pub calls: Vec<CallPlan>,
    /// What is called.
    pub targets: Vec<TargetPlan>,
    /// The pods behind targets.
    pub endpoints: Vec<u32>,
    /// Durations that programs draw.
    pub distributions: Vec<Distribution>,
    /// The network.
    pub links: Links,
    /// What new connections cost.
    pub connects: ConnectPlan,
    /// Who sends requests.
    pub sources: Vec<SourcePlan>,
    /// Instances of proxies.
    pub boxes: Vec<BoxPlan>,
    /// What each kind of them costs.
    pub prices: Vec<PricePlan>,
    /// What messages take in them beside worker time.
    pub delays: Vec<Distribution>,
    /// Timers of constant length, one lane each.
    pub lanes: Vec<LanePlan>,
    /// What the proxies of callers do.
    pub mesh: MeshPlan,
    /// What the layers of policy make of whom.
    pub gates: Gates,
    /// When the run begins, by the clock that tokens go by.
    pub starts_at: Option<Timestamp>,
    /// External authorisers, by the name of their provider.
    pub authorizers: BTreeMap<String, AuthorizerPlan>,
    /// The facts that proxies go by.
    pub profile: &'static Profile,
    /// How many pool tables there are: one for each pod and destination.
    pub pool_tables: u32,
    /// When counting begins.
    pub warm_up: SimTime,
    /// When the run ends.
    pub end: SimTime,
    /// What the rows of the statistics mean.
    pub layout: Layout,
}

/// A pod.
#[derive(Clone, Copy, Debug)]
pub struct PodPlan {
    /// Its app; `u32::MAX` for clients outside.
    pub app: u32,
    /// Its place in the app.
    pub ordinal: u32,
    /// Where it runs.
    pub site: Site,
    /// The first of its pool tables.
    pub first_pool_table: u32,
    /// What carries its traffic.
    pub data_path: DataPath,
    /// The row of the box that its traffic passes on its own side: its sidecar, or the proxy of
    /// its node; [`NO_BOX`] where there is none.
    pub proxy: u32,
    /// Which class of proxies it belongs to, among those of its workload.
    pub class: u32,
    /// Which class it belongs to for the layers of policy.
    pub gate_class: u32,
}

/// Timers of one length that mean the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LanePlan {
    /// How long they run.
    pub delay: SimDuration,
    /// What it means when one of them rings.
    pub rings: Rings,
}

/// What a timer means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rings {
    /// The caller gives up.
    CallerTimeOut,
    /// The caller's proxy: the route timeout.
    Route,
    /// The caller's proxy: the timeout of one attempt.
    PerTry,
    /// The caller's proxy: the longest silence of one attempt.
    PerTryIdle,
    /// The caller's proxy: the longest life of one attempt.
    AttemptDuration,
    /// The caller's proxy: the longest silence of a stream.
    StreamIdle,
    /// The caller's proxy: the longest life of a stream.
    MaxDuration,
}

/// What a new connection costs at the client's node, beside round trips and proxies.
#[derive(Clone, Copy, Debug)]
pub struct ConnectPlan {
    /// Every one.
    pub connect: SimDuration,
    /// Beside that, one for which kube-proxy picks the endpoint.
    pub pick: SimDuration,
}

/// Who sends requests.
#[derive(Clone, Debug)]
pub struct SourcePlan {
    /// Its name, from which all its draws come.
    pub name: String,
    /// The pods in which its clients run: first and count.
    pub pods: (u32, u32),
    /// The call sites of its requests.
    pub templates: Vec<u32>,
    /// How often each of them is drawn.
    pub choice: WeightedChoice,
    /// Open or closed loop.
    pub load: SourceLoad,
    /// When it begins.
    pub start: SimTime,
    /// When it ends.
    pub stop: SimTime,
}

/// Open or closed loop.
#[derive(Clone, Debug)]
pub enum SourceLoad {
    /// Requests arrive by themselves.
    Open(Arrivals),
    /// So many users wait, think and ask again.
    Closed {
        /// How many.
        users: u32,
        /// Which distribution their pauses have.
        think_time: Distribution,
    },
}

/// Whether connections carry one exchange at a time or many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sharing {
    /// HTTP/1.1 and TCP.
    Exclusive,
    /// HTTP/2 and gRPC.
    Shared,
}

impl From<Protocol> for Sharing {
    fn from(protocol: Protocol) -> Self {
        match protocol {
            Protocol::Http1 | Protocol::Tcp => Self::Exclusive,
            Protocol::Http2 | Protocol::Grpc => Self::Shared,
        }
    }
}
