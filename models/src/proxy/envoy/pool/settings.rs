//! What limits the connections to a host.

use super::super::config::{UpstreamHttp, UpstreamProtocol};

/// What limits the connections to a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PoolSettings {
    /// Requests at a time on one connection; 1 for HTTP/1.1.
    pub concurrent_streams: u32,
    /// Requests on one connection over its life; `None` is no limit.
    pub requests_per_connection: Option<u32>,
    /// Whether a request that is given up takes its connection along.
    pub sharing: Sharing,
}

/// Whether requests share connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sharing {
    /// One at a time (HTTP/1.1): a request that ends early takes its connection along.
    Exclusive,
    /// Many at a time (HTTP/2).
    Multiplexed,
}

impl PoolSettings {
    /// The settings of a cluster. Where the cluster speaks what its clients speak, `downstream`
    /// says what that is.
    #[must_use]
    pub fn of(http: &UpstreamHttp, downstream: Sharing) -> Self {
        let sharing = match http.protocol.value {
            UpstreamProtocol::Http1 | UpstreamProtocol::Tcp => Sharing::Exclusive,
            UpstreamProtocol::Http2 => Sharing::Multiplexed,
            UpstreamProtocol::AsDownstream => downstream,
        };
        let limit = http.max_requests_per_connection.value;
        Self {
            concurrent_streams: match sharing {
                Sharing::Exclusive => 1,
                Sharing::Multiplexed => http.max_concurrent_streams.value.max(1),
            },
            requests_per_connection: (limit > 0).then_some(limit),
            sharing,
        }
    }
}
