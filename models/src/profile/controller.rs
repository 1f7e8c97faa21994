//! What one controller of Gateway API sets where neither the standard nor a route says anything. It
//! decides nothing; whoever compiles routes reads it.

use serde::Deserialize;

use crate::units::SimDuration;

use super::Fact;

/// The habits of a controller.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ControllerFacts {
    /// The name under which its GatewayClasses name it.
    pub classes: Fact<String>,
    /// How long a request may take, retries included.
    pub request_timeout: Fact<SimDuration>,
    /// Whose limit the backend timeout of a rule without retries is.
    pub backend_timeout: Fact<BackendTimeout>,
    /// How long a TCP connection to a backend may take to be made.
    pub connect_timeout: Fact<SimDuration>,
    /// The conditions of a `retry` stanza.
    pub retry_on: Fact<String>,
    /// The statuses that are retried where a `retry` stanza names none.
    pub retry_statuses: Fact<Vec<u16>>,
    /// How many retries may be under way to one backend.
    pub max_retries: Fact<u32>,
    /// How backends are balanced.
    pub balancer: Fact<GatewayBalancer>,
}

/// Whose limit a backend timeout without retries is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BackendTimeout {
    /// The only attempt's.
    Attempt,
    /// The whole exchange's.
    Request,
}

/// How a controller has the pods of a backend balanced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GatewayBalancer {
    /// In turn.
    RoundRobin,
    /// The less busy of two that are drawn.
    LeastRequest,
}
