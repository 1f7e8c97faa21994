//! When it happens: the kernel, the flow engine, scenarios, statistics and the event log.
//!
//! What a mesh decides is `meshwalk-models`' business; how a person sees it is `meshwalk`'s.

#[cfg(feature = "expectations")]
mod cel;
pub mod compare;
#[cfg(feature = "expectations")]
pub mod expect;
pub mod flow;
pub mod kernel;
pub mod log;
pub mod net;
pub mod run;
pub mod scenario;
pub mod stats;
pub mod timeline;
pub mod traffic;
pub mod validate;
pub mod waterfall;
