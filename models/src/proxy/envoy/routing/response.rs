//! Changes to the headers of a response. Those of a route that forwards apply to what the upstream
//! sends and to whatever the proxy answers in its place; those of other routes to their own answer.

use crate::explain::Probe;

use super::super::config::RouteAction;
use super::super::reply::Reply;
use super::super::request::{HeaderMap, Request};
use super::format::Known;
use super::mutate::{Changes, Target, apply, levels};
use super::pick::Pick;
use super::plan::{Context, Taken};

/// The status that `%RESPONSE_CODE%` stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    /// The upstream's.
    OfUpstream(u16),
    /// 0, whatever the client gets: the proxy answers, and has not written down how yet.
    OfProxy,
}

/// Applies the changes of the route to the answer that a filter or the connection manager makes to
/// a request which would have been forwarded. `pick` is its cluster, if one was picked.
///
/// Source: Envoy, `DownstreamFilterManager::prepareLocalReplyViaFilterChain`; held to Envoy 1.40.
pub fn finish_reply<P: Probe>(
    context: Context<'_>,
    taken: Taken<'_>,
    pick: Option<&Pick<'_>>,
    request: &Request,
    reply: &mut Reply,
    probe: &mut P,
) -> Changes {
    if !matches!(taken.route.action, RouteAction::Forward(_)) {
        return Changes::default();
    }
    let headers = (request, &request.headers);
    finish_response(context, taken, pick, headers, (Status::OfProxy, &mut reply.headers), probe)
}

/// Applies the changes of a route to the headers of a response. `request` is the request as it
/// came, and its headers as they were forwarded.
///
/// Source: Envoy, `RouteEntryImplBase::finalizeResponseHeaders`.
pub(super) fn finish_response<P: Probe>(
    context: Context<'_>,
    taken: Taken<'_>,
    pick: Option<&Pick<'_>>,
    (request, forwarded): (&Request, &HeaderMap),
    (status, headers): (Status, &mut HeaderMap),
    probe: &mut P,
) -> Changes {
    let mut changes = Changes::default();
    let Taken { host, route } = taken;
    let known = Known {
        request: forwarded,
        connection: &request.connection,
        cluster: pick.map(|pick| pick.cluster.value.as_ref()),
        route: route.name.as_deref(),
        host: &host.name,
        response: None,
    };
    let weighted = pick.and_then(|pick| pick.weighted).map(|weighted| &weighted.headers);
    let status = if let Status::OfUpstream(status) = status { status } else { 0 };
    let mut target = Target::Response { headers, status, request: forwarded };
    for level in levels(context.table, &host.headers, &route.headers, weighted) {
        apply(level, &mut target, known, &mut changes, probe);
    }
    changes
}
