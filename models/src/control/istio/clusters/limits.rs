//! The limits of a cluster and its connections: Istio's defaults, and what `connectionPool` says
//! (istio `pilot/pkg/networking/core/cluster_traffic_policy.go`, `applyConnectionPool`).

use std::collections::BTreeMap;

use crate::control::istio::destination::Policy;
use crate::control::istio::mesh::Mesh;
use crate::control::istio::registry::Protocol;
use crate::explain::Sourced;
use crate::manifest::Located;
use crate::manifest::kinds::istio::{ConnectionPool, Upgrade};
use crate::proxy::envoy::config::{RoutingPriority, Thresholds, UpstreamHttp, UpstreamProtocol};
use crate::units::{Ppm, SimDuration};
use crate::world::Origin;

/// Envoy closes an upstream connection that is unused for so long
/// (api/envoy/config/core/v3/protocol.proto, `HttpProtocolOptions.idle_timeout`).
const IDLE_TIMEOUT: SimDuration = SimDuration::from_secs(3600);

/// Streams at a time on an HTTP/2 connection since Envoy 1.36
/// (docs/root/version_history/v1.36.0, "http2").
const MAX_CONCURRENT_STREAMS: u32 = 1024;

/// What stands for no limit: Istio writes it in place of Envoy's 1024 connections, requests and
/// waiting requests, and 3 retries.
const UNLIMITED: u32 = u32::MAX;

/// Retries that a budget always allows, and its share, where the rule does not say.
const MIN_RETRY_CONCURRENCY: u32 = 3;
const RETRY_BUDGET: Ppm = Ppm::from_percent(20);

/// The thresholds of a cluster; only those of ordinary priority are ever set.
pub(in crate::control::istio) fn thresholds(
    policy: &Policy<'_>,
) -> BTreeMap<RoutingPriority, Thresholds> {
    let pool = policy.connection_pool;
    let limit = |written: Option<&Located<u32>>, name| match written {
        // Istio cannot tell zero from absent.
        Some(written) if written.value > 0 => sourced(written),
        _ => Sourced::default_of(UNLIMITED, name),
    };
    let max_retries = pool.and_then(|pool| pool.max_retries.as_ref());
    let budget = policy.retry_budget;
    let share = budget.map(|budget| match &budget.share {
        Some(share) => sourced(share),
        None => Sourced::new(RETRY_BUDGET, Origin::Manifest(budget.place)),
    });
    let floor = budget.and_then(|budget| budget.min_concurrency).filter(|it| it.value > 0);
    let thresholds = Thresholds {
        max_connections: limit(
            pool.and_then(|pool| pool.max_connections.as_ref()),
            "istio.max-connections",
        ),
        max_pending: limit(
            pool.and_then(|pool| pool.max_pending.as_ref()),
            "istio.max-pending-requests",
        ),
        max_requests: limit(pool.and_then(|pool| pool.max_requests.as_ref()), "istio.max-requests"),
        max_retries: limit(max_retries, "istio.max-retries"),
        retry_budget: share,
        min_retry_concurrency: floor.map_or(MIN_RETRY_CONCURRENCY, |floor| floor.value),
    };
    BTreeMap::from([(RoutingPriority::Default, thresholds)])
}

/// How long a TCP connection may take to be made.
pub(in crate::control::istio) fn connect_timeout(
    policy: &Policy<'_>,
    mesh: &Mesh,
) -> Sourced<SimDuration> {
    let written = policy.connection_pool.and_then(|pool| pool.connect_timeout.as_ref());
    written.map_or(mesh.connect_timeout, sourced)
}

/// What is spoken to endpoints, and how long connections live.
pub(in crate::control::istio) fn http(
    policy: &Policy<'_>,
    protocol: Sourced<Protocol>,
    mesh: &Mesh,
) -> UpstreamHttp {
    UpstreamHttp {
        protocol: spoken(policy.connection_pool, protocol, mesh),
        ..connections(policy, protocol)
    }
}

/// The same towards the application: nothing is upgraded there.
pub(super) fn inbound_http(policy: &Policy<'_>, protocol: Sourced<Protocol>) -> UpstreamHttp {
    UpstreamHttp {
        protocol: kept(policy.connection_pool).unwrap_or_else(|| declared(protocol)),
        ..connections(policy, protocol)
    }
}

fn connections(policy: &Policy<'_>, protocol: Sourced<Protocol>) -> UpstreamHttp {
    let pool = policy.connection_pool;
    let number = |written: Option<&Located<u32>>, default, name| match written {
        Some(written) if written.value > 0 => sourced(written),
        _ => Sourced::default_of(default, name),
    };
    let idle = pool.and_then(|pool| pool.http_idle_timeout.or(pool.tcp_idle_timeout));
    UpstreamHttp {
        protocol: declared(protocol),
        max_requests_per_connection: number(
            pool.and_then(|pool| pool.max_requests_per_connection.as_ref()),
            0,
            "istio.max-requests-per-connection",
        ),
        max_concurrent_streams: number(
            pool.and_then(|pool| pool.max_concurrent_streams.as_ref()),
            MAX_CONCURRENT_STREAMS,
            "envoy.max-concurrent-streams",
        ),
        idle_timeout: idle
            .map_or(Sourced::default_of(IDLE_TIMEOUT, "envoy.upstream-idle-timeout"), |idle| {
                sourced(&idle)
            }),
    }
}

/// Connections without limits of their own, for clusters that no rule reaches.
pub(super) fn unlimited_http() -> UpstreamHttp {
    UpstreamHttp {
        protocol: Sourced::default_of(UpstreamProtocol::AsDownstream, "istio.upstream-protocol"),
        max_requests_per_connection: Sourced::default_of(0, "istio.max-requests-per-connection"),
        max_concurrent_streams: Sourced::default_of(
            MAX_CONCURRENT_STREAMS,
            "envoy.max-concurrent-streams",
        ),
        idle_timeout: Sourced::default_of(IDLE_TIMEOUT, "envoy.upstream-idle-timeout"),
    }
}

/// The same file, `shouldH2Upgrade`, and `cluster_builder.go`, `setUpstreamProtocol`.
fn spoken(
    pool: Option<&ConnectionPool>,
    protocol: Sourced<Protocol>,
    mesh: &Mesh,
) -> Sourced<UpstreamProtocol> {
    if let Some(kept) = kept(pool) {
        return kept;
    }
    let own = declared(protocol);
    match pool.and_then(|pool| pool.upgrade) {
        Some(written) => match written.value {
            Upgrade::Yes => Sourced::new(UpstreamProtocol::Http2, Origin::Manifest(written.place)),
            Upgrade::No => own,
        },
        None if protocol.is_http() && mesh.upgrade.value == Upgrade::Yes => {
            Sourced::new(UpstreamProtocol::Http2, mesh.upgrade.origin)
        }
        None => own,
    }
}

/// `useClientProtocol`.
fn kept(pool: Option<&ConnectionPool>) -> Option<Sourced<UpstreamProtocol>> {
    let keep = pool.and_then(|pool| pool.use_client_protocol).filter(|keep| keep.value)?;
    Some(Sourced::new(UpstreamProtocol::AsDownstream, Origin::Manifest(keep.place)))
}

/// What is spoken because the port declares it.
fn declared(protocol: Sourced<Protocol>) -> Sourced<UpstreamProtocol> {
    let declared = protocol.value;
    let own = if declared.is_http2() {
        UpstreamProtocol::Http2
    } else if declared.is_http() {
        UpstreamProtocol::Http1
    } else if declared.is_tcp() {
        UpstreamProtocol::Tcp
    } else {
        UpstreamProtocol::AsDownstream
    };
    protocol.map(|_| own)
}

/// A value as the user wrote it.
pub(super) fn sourced<T: Clone>(written: &Located<T>) -> Sourced<T> {
    Sourced::new(written.value.clone(), Origin::Manifest(written.place))
}
