//! The data planes: state machines and choices without I/O, one room for each real proxy.
//!
//! Which proxy stands where is `path`'s business; when it acts is the simulator's.

pub mod envoy;
pub mod kube_proxy;
pub(crate) mod truth;
pub mod ztunnel;
