//! Calls and their targets in the plan.

use meshwalk_models::explain::RuleId;
use meshwalk_models::path::DataPath;
use meshwalk_models::proxy::{kube_proxy, ztunnel};
use meshwalk_models::units::{Probability, SimDuration};

use crate::stats::Ending;

use super::Sharing;

/// One call site.
#[derive(Clone, Debug)]
pub struct CallPlan {
    /// What is called.
    pub target: u32,
    /// Which of the caller's pool tables it uses, counted from the pod's first.
    pub pool_table: u32,
    /// The row of the statistics.
    pub edge: u32,
    /// Its place in the caller's program; part of the key of its draws.
    pub position: u64,
    /// What becomes of it in the caller's proxies, by their class: the row of the first leg;
    /// `None` where the caller has no proxy.
    pub legs: Option<u32>,
    /// The row of the sending, for gates, where no proxy of the caller sends it.
    pub sending: Option<u32>,
    /// The call that a waypoint makes for it in turn, where its target is one.
    pub onward: Option<u32>,
    /// What it carries, as far as proxies tell it apart.
    pub carries: Carries,
    /// Whether its connections are shared.
    pub sharing: Sharing,
    /// What becomes of its connection afterwards.
    pub reuse: Reuse,
    /// The timer lane of its time-out.
    pub timeout: Option<u32>,
    /// How often the caller tries again.
    pub retries: u8,
    /// The pause before each retry.
    pub retry_backoff: SimDuration,
    /// Whether its failure fails the caller.
    pub on_failure: OnFailure,
    /// How often it is made.
    pub probability: Probability,
    /// Messages of the answer, if it is a stream.
    pub streaming: Option<Streaming>,
    /// The size of the request body, in bytes.
    pub request_bytes: u64,
    /// The program that answers, by app; an app that is not listed answers 404.
    pub programs: Vec<(u32, u32)>,
}

/// What a call carries, as far as proxies tell it apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Carries {
    /// HTTP, of any version.
    Http,
    /// gRPC: failures are told as a gRPC status.
    Grpc,
    /// Bytes: there is no status.
    Bytes,
}

/// What becomes of a connection after an exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reuse {
    /// The caller keeps it for its next call.
    Keep,
    /// It is closed: the next request comes from somebody else.
    Close,
}

/// What a failed call does to its caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnFailure {
    /// The caller answers 500.
    Fail,
    /// The caller goes on.
    Ignore,
}

/// A stream of messages from the server.
#[derive(Clone, Copy, Debug)]
pub struct Streaming {
    /// How many, at least 1.
    pub messages: u16,
    /// The pause between two.
    pub interval: SimDuration,
}

/// What is called, as one kind of caller reaches it.
#[derive(Clone, Debug)]
pub struct TargetPlan {
    /// Who picks an endpoint, and when.
    pub balance: Balance,
    /// Rows of the plan's endpoints: first and count.
    pub endpoints: (u32, u32),
    /// How a call ends when there is nobody to call.
    pub without_endpoints: Ending,
}

/// Who picks an endpoint where no proxy of the caller does, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Balance {
    /// kube-proxy, or the ztunnel of the caller's node, at random, for each connection.
    RandomPerConnection,
    /// The caller itself, by dialling one of several addresses for each connection.
    DialledAddress,
    /// A gateway outside the mesh, at random, for each request.
    RandomPerRequest,
}

impl Balance {
    /// The rule by which it picks for a caller on this data path.
    #[must_use]
    pub fn rule(self, caller: DataPath) -> RuleId {
        match self {
            Self::RandomPerConnection if caller == DataPath::IstioAmbient => ztunnel::NEAREST,
            Self::RandomPerConnection => kube_proxy::RANDOM,
            Self::DialledAddress => kube_proxy::DIALLED_ADDRESS,
            Self::RandomPerRequest => kube_proxy::GATEWAY_RANDOM,
        }
    }

    /// Whether every endpoint has a pool of its own.
    #[must_use]
    pub fn is_per_request(self) -> bool {
        self == Self::RandomPerRequest
    }
}
