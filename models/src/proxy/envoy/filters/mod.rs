//! What the HTTP filters of a connection manager make of a request: it goes on, waits, or is
//! answered. Which filters there are is the control planes' business; the router that stands
//! behind them has a room of its own.
//!
//! [`Chain::run`] is for a running proxy: shares are drawn, buckets and active faults are state.
//! [`Chain::outlook`] is for whoever asks what may happen; both read the same plans.

mod chain;
mod cors;
mod external;
mod fault;
mod jwt;
mod outlook;
mod rate_limit;
mod rbac;
mod settings;
mod state;

pub use chain::{Ask, Chain, Progress, Step};
pub use external::{ExternalAnswer, ExternalAnswerError, ExternalAnswers, connection_asked};
pub use outlook::{Outlook, Possible, Undecided};
pub use rbac::{Access, connection_access};
pub use settings::Settings;
pub use state::{BucketState, FilterCounts, FilterState};

#[cfg(test)]
mod tests;
