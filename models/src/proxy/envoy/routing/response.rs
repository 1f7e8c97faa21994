//! Changes to the headers of a response. They apply to what the upstream sends and to what the
//! router answers itself, not to the answers of other filters.

use crate::explain::Probe;

use super::super::request::{HeaderMap, Request};
use super::format::Known;
use super::mutate::{Changes, Target, apply, levels};
use super::pick::Pick;
use super::plan::{Context, Taken};

/// Applies the changes of a route to the headers of a response. `request` is the request as it
/// came, and its headers as they were forwarded.
///
/// Source: Envoy, `RouteEntryImplBase::finalizeResponseHeaders`.
pub(super) fn finish_response<P: Probe>(
    context: Context<'_>,
    taken: Taken<'_>,
    pick: Option<&Pick<'_>>,
    (request, forwarded): (&Request, &HeaderMap),
    (status, headers): (u16, &mut HeaderMap),
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
    let mut target = Target::Response { headers, status, request: forwarded };
    for level in levels(context.table, &host.headers, &route.headers, weighted) {
        apply(level, &mut target, known, &mut changes, probe);
    }
    changes
}
