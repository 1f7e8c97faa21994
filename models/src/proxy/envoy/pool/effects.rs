//! What a pool asks of its driver.

use super::super::router::ResetReason;
use super::ConnectionId;

/// What a pool asks for. Nothing here may call the pool again.
pub trait PoolEffects<S> {
    /// A connection is to be made; the cluster's connect timeout counts from now.
    fn connect(&mut self, connection: ConnectionId);
    /// A request that waited has a connection now.
    fn attach(&mut self, stream: S, connection: ConnectionId);
    /// A request has lost its connection, or will get none.
    fn fail(&mut self, stream: S, reason: ResetReason);
    /// A connection is to be closed.
    fn close(&mut self, connection: ConnectionId);
    /// Counts something under Envoy's name for it.
    fn count(&mut self, counter: PoolCounter);
}

/// A counter of a cluster (`cluster.<name>.…`).
///
/// Source: Envoy, "Cluster manager statistics".
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PoolCounter {
    /// Requests that got a connection.
    RqTotal,
    /// Requests that could not wait for one: too many did.
    RqPendingOverflow,
    /// Requests that got none: too many were under way.
    RqActiveOverflow,
    /// Requests that were given up while they waited.
    RqCancelled,
    /// Requests that failed because their connection did.
    RqPendingFailureEject,
    /// Streams that the host reset.
    RqRxReset,
    /// Streams that the proxy reset.
    RqTxReset,
    /// Times that a connection was not made because there were too many.
    CxOverflow,
    /// Connections that could not be made.
    CxConnectFail,
    /// Those of them that took too long.
    CxConnectTimeout,
    /// Connections that took all requests they may.
    CxMaxRequests,
}

impl PoolCounter {
    /// Its name within the cluster.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::RqTotal => "upstream_rq_total",
            Self::RqPendingOverflow => "upstream_rq_pending_overflow",
            Self::RqActiveOverflow => "upstream_rq_active_overflow",
            Self::RqCancelled => "upstream_rq_cancelled",
            Self::RqPendingFailureEject => "upstream_rq_pending_failure_eject",
            Self::RqRxReset => "upstream_rq_rx_reset",
            Self::RqTxReset => "upstream_rq_tx_reset",
            Self::CxOverflow => "upstream_cx_overflow",
            Self::CxConnectFail => "upstream_cx_connect_fail",
            Self::CxConnectTimeout => "upstream_cx_connect_timeout",
            Self::CxMaxRequests => "upstream_cx_max_requests",
        }
    }
}
