//! The router filter of one request: attempts, retries, timeouts, hedging, and what the client
//! gets. It knows no host, no connection and no clock: a driver tells it what happened and does
//! what it asks for.
//!
//! A driver keeps a [`RouterState`] of at most 64 bytes for each request and a [`RouterPlan`] for
//! each route, and implements [`Effects`]. For each event it makes a [`Router`] of them and calls
//! one method:
//!
//! | event | method |
//! |---|---|
//! | the head of the request has passed the filters | [`Router::begin`] |
//! | the last byte of the request | [`Router::request_complete`], unless `begin` was told so |
//! | an attempt has got a connection | [`Router::connected`], unless `start_attempt` said so |
//! | head, more and end of a response | [`Router::headers`], [`Router::data`] |
//! | an attempt ended early | [`Router::reset`] |
//! | a timer rang | [`Router::timer`] |
//! | the client has gone | [`Router::client_gone`] |
//!
//! Events of attempts that are no longer under way are ignored, so a driver need not take back
//! what is already on its way. A route without retries and limits costs no timer and no draw.
//!
//! Source: Envoy 1.40, source/common/router.

mod backoff;
mod counter;
mod effects;
mod head;
mod machine;
mod overrides;
mod plan;
mod reply;
mod retry;
mod state;
#[cfg(test)]
mod tests;
mod timeouts;

pub use counter::Counter;
pub use effects::{Admission, AttemptResult, Effects, Started, Timer};
pub use head::{More, ResponseHead};
pub use machine::{Retriable, Router};
pub use overrides::{Caller, ROUTER_HEADERS};
pub use plan::{Hedging, RouterPlan};
pub use reply::{Details, LocalReply, ResetReason, Tries, http_status_of};
pub use retry::{Sent, reset_condition, response_condition};
pub use state::{Attempt, Phase, RequestEnd, RouterState};
