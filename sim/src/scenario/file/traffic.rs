//! Who sends requests, how many, and which.

use std::collections::BTreeMap;

use meshwalk_models::units::{Bytes, SimDuration};
use serde::{Deserialize, Serialize};

use super::{DurationSpec, Protocol, Rate};

/// One source of requests.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TrafficSource {
    /// Its name, which also names its random draws.
    pub name: String,
    /// The workload in whose pods the clients run; absent means clients outside the cluster.
    pub from: Option<String>,
    /// The name and port to call, as a client in that place would write it. Clients outside may
    /// name a Service as `name.namespace` (its load balancer) or `ingress` (the Ingress rules
    /// decide by the request's host and path).
    pub to: String,
    /// What is spoken.
    #[serde(default)]
    pub protocol: Protocol,
    /// Open or closed loop.
    pub load: Load,
    /// How long a client waits; then it gives up and counts a failure. Default: for ever.
    pub timeout: Option<SimDuration>,
    /// What is sent; absent means `GET /`.
    #[serde(default)]
    pub requests: Vec<RequestTemplate>,
    /// When it begins. Default: at once.
    #[serde(default)]
    pub start: SimDuration,
    /// When it ends. Default: with the run.
    pub stop: Option<SimDuration>,
}

/// How requests come about.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Load {
    /// Open loop: requests arrive whether or not earlier ones are answered.
    Arrivals(Arrivals),
    /// Closed loop: each user waits for the answer, thinks, and asks again.
    Users(Users),
}

/// An arrival process.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Arrivals {
    /// Independent clients: exponential gaps.
    Poisson {
        /// The mean rate.
        rate: Rate,
    },
    /// Equal gaps.
    Constant {
        /// The rate.
        rate: Rate,
    },
    /// Poisson with a rate that changes evenly and then stays.
    Ramp {
        /// The rate at the start.
        from: Rate,
        /// The rate at the end.
        to: Rate,
        /// How long the change takes.
        over: SimDuration,
    },
    /// Poisson with a higher rate now and then.
    Burst {
        /// The rate between bursts.
        base: Rate,
        /// The rate in a burst.
        peak: Rate,
        /// From the beginning of one burst to the next.
        every: SimDuration,
        /// How long a burst lasts.
        lasts: SimDuration,
    },
    /// Poisson with a rate that follows a sine, as days do; it begins at the mean, rising.
    Diurnal {
        /// The mean rate.
        mean: Rate,
        /// The highest rate.
        peak: Rate,
        /// The length of a day.
        period: SimDuration,
    },
}

/// A closed loop.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Users {
    /// How many.
    #[schemars(range(min = 1))]
    pub count: u32,
    /// The pause between an answer and the next request.
    pub think_time: DurationSpec,
}

/// One kind of request that a source sends.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RequestTemplate {
    /// Default: GET.
    pub method: Option<String>,
    /// Default: `/`.
    pub path: Option<String>,
    /// The host asked for, where it differs from `to`.
    pub host: Option<String>,
    /// Request headers.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// How often, relative to the others. Default: 1.
    #[serde(default = "one")]
    pub weight: u32,
    /// The size of the body. Default: 0.
    #[serde(default)]
    pub size: Bytes,
}

fn one() -> u32 {
    1
}
