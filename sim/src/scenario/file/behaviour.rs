//! How an application behaves: its capacity, and what it does for each request.

use std::collections::BTreeMap;

use meshwalk_models::units::{Bytes, Probability, SimDuration};
use serde::{Deserialize, Serialize};

use super::DurationSpec;

/// How the pods of one workload behave.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WorkloadBehaviour {
    /// How many requests one pod works on at the same time. Default: 16.
    #[schemars(range(min = 1))]
    pub workers: Option<u32>,
    /// How many requests may wait in one pod for a worker; more are answered 503. Default: 1024.
    pub queue_limit: Option<u32>,
    /// Whether a worker waits for the calls it makes.
    #[serde(default)]
    pub threads: Threads,
    /// What it does, by the first route that matches; none matching is answered 404, no routes
    /// at all means the default: 1 ms of work and no calls.
    #[serde(default)]
    pub routes: Vec<Route>,
    /// How many connections a pod opens to one destination over HTTP/1.1. Default: 64.
    #[schemars(range(min = 1))]
    pub max_connections: Option<u32>,
    /// How long it waits for a connection to be made, where it has no proxy. Default: as long as
    /// Linux does, 127s.
    pub connect_timeout: Option<SimDuration>,
    /// How long an unused connection is kept. Default: 90s.
    pub idle_timeout: Option<SimDuration>,
}

/// What a worker does while a call is under way.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Threads {
    /// It takes up other requests, as an event loop does.
    #[default]
    Async,
    /// It waits, as a thread per request does.
    Blocking,
}

/// One route of an application.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Route {
    /// Which requests; absent means all.
    #[serde(default, rename = "match")]
    pub matches: RouteMatch,
    /// What is done, in order.
    #[serde(default)]
    pub steps: Vec<Step>,
    /// The size of the response body. Default: 1KiB.
    pub response_size: Option<Bytes>,
    /// The share of requests that the application itself answers with 500.
    #[serde(default)]
    pub error_rate: Probability,
}

/// Which requests a route takes. Everything given must hold.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RouteMatch {
    /// The method; absent means any.
    pub method: Option<String>,
    /// The whole path.
    pub path: Option<String>,
    /// The beginning of the path, by whole elements.
    pub path_prefix: Option<String>,
}

/// One step of a route.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Occupies a worker for some time.
    Work(DurationSpec),
    /// Calls one destination and waits for the answer.
    Call(Call),
    /// Calls several destinations at once and waits for all answers.
    Parallel(Vec<Call>),
    /// Does its steps with a probability.
    Chance(Chance),
}

/// Steps that are done only sometimes.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Chance {
    /// How often.
    pub probability: Probability,
    /// What is then done.
    pub steps: Vec<Step>,
}

/// One call.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Call {
    /// The name to call, with an optional port: `payments`, `payments.shop:8080`,
    /// `db-0.db.shop.svc.cluster.local:5432`.
    pub to: String,
    /// What is spoken.
    #[serde(default)]
    pub protocol: Protocol,
    /// Default: GET, or POST for gRPC.
    pub method: Option<String>,
    /// Default: `/`.
    pub path: Option<String>,
    /// Request headers.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// The size of the request body. Default: 0.
    #[serde(default)]
    pub request_size: Bytes,
    /// How long the caller waits; then it gives up and counts a failure. Default: for ever.
    pub timeout: Option<SimDuration>,
    /// How many times the application itself tries again after a failure. Default: 0.
    #[serde(default)]
    pub retries: u8,
    /// The pause before each of these retries.
    #[serde(default)]
    pub retry_backoff: SimDuration,
    /// Whether a failed call fails the request (the default) or is ignored.
    #[serde(default)]
    pub optional: bool,
    /// How often the call is made. Default: always.
    #[serde(default = "always")]
    pub probability: Probability,
    /// Messages of a gRPC stream; absent means a unary call.
    pub streaming: Option<Streaming>,
}

fn always() -> Probability {
    Probability::ALWAYS
}

/// A stream of messages from the server.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Streaming {
    /// How many messages, at least 1.
    #[schemars(range(min = 1))]
    pub messages: u32,
    /// The pause between two of them.
    pub interval: SimDuration,
}

/// What a caller speaks.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Protocol {
    /// HTTP/1.1: one request at a time on a connection.
    #[default]
    Http1,
    /// HTTP/2: many requests on one connection.
    Http2,
    /// gRPC, over HTTP/2.
    Grpc,
    /// Bytes: one exchange at a time on a connection, balanced per connection by every proxy.
    Tcp,
}
