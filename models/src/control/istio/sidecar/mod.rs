//! The whole configuration of the proxy beside a workload. Who has a proxy is decided in
//! `injection`, what it knows in `scope`, and what it does with calls to the workload in `inbound`.

mod calls;
mod catch_all;
mod clusters;
mod draft;
mod findings;
mod listeners;
mod looked_at;
mod memo;
mod table_name;
#[cfg(test)]
mod tests;

pub use catch_all::{OUTBOUND_PORT, VIRTUAL_OUTBOUND};
pub(super) use findings::findings;
pub use listeners::Conflict;
pub use memo::Memo;
