//! Envoy: sidecars, gateways and waypoints are all this proxy with different configuration.
//!
//! Here so far: the balancer that Istio configures by default.

mod least_request;

pub use least_request::{LEAST_REQUEST, choose_least_request};
