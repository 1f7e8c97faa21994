//! The flow engine: drives applications, connections and proxies through the kernel.
//!
//! The engine of record. What a proxy decides is `meshwalk-models`' business; what is expected
//! of a run is `expect`'s.

mod app;
mod attempt;
mod call;
mod compile;
mod connection;
mod engine;
mod event;
mod measure;
pub mod plan;
mod pool;
mod proxy;
mod snapshot;
mod source;
mod state;
#[cfg(test)]
mod tests;

pub use compile::{CompileInput, Compiled, compile};
pub use engine::{Engine, Stopped};
pub use snapshot::EngineSnapshot;
