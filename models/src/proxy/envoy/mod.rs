//! Envoy: sidecars, gateways and waypoints are all this proxy with different configuration.
//!
//! Here so far: the balancer that Istio configures by default.

pub mod config;
mod dice;
pub mod filters;
mod flags;
pub mod hash;
mod least_request;
pub mod listening;
mod matching;
pub mod pool;
mod reply;
mod request;
pub mod router;
pub mod routing;
pub mod upstream;

pub use dice::{Dice, Purpose};
pub use flags::{ResponseFlag, ResponseFlags};
pub use least_request::{LEAST_REQUEST, choose_least_request};
pub use matching::is_grpc;
pub use reply::{Reply, grpc_status_of};
pub use request::{Connection, HeaderMap, Request};
