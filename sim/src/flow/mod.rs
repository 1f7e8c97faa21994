//! The flow engine: drives applications, connections and proxies through the kernel.
//!
//! The engine of record. What a proxy decides is `meshwalk-models`' business; what is expected
//! of a run is `expect`'s.
//!
//! A call is made in tries (`call`); beside a proxy each try is a stream (`stream`), which passes
//! filters (`filters`) and then a router, for which attempts are made (`effects`) at hosts of a
//! cluster (`upstream`) over connections (`pool`, `connection`), which boxes of nodes may carry on
//! (`circuit`, `tunnel`). A proxy in a pod of its own makes
//! tries for what reaches it (`relay`). What a request meets on its way is in the plan before the
//! run begins (`compile/mesh`).

mod alarm;
mod app;
mod asked;
mod attempt;
mod boxes;
mod call;
mod circuit;
mod compile;
mod connection;
mod dice;
mod effects;
mod engine;
mod event;
mod failing;
mod filters;
mod gate;
pub mod inspect;
mod ledger;
mod measure;
pub mod plan;
mod pool;
mod proxy;
mod relay;
mod rules;
mod snapshot;
mod source;
mod state;
mod stream;
#[cfg(test)]
pub(crate) mod tests;
mod tunnel;
mod upstream;

pub use asked::{Asked, Dials, Unasked};
pub use compile::{CompileInput, Compiled, compile};
pub use engine::{Engine, Stopped};
pub use snapshot::EngineSnapshot;

pub(crate) use gate::SYN_PATIENCE;
