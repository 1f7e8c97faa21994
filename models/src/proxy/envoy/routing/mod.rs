//! From a request to its route: which virtual host and route take it, which cluster it goes to,
//! and what the proxy makes of its headers. Filters, attempts, time limits and retries are the
//! business of `filters` and `router`.
//!
//! The steps, in the order in which Envoy makes them: [`prepare`] the request, [`choose`] its
//! route, [`pick_cluster`], let the filters run, [`plan`].

mod format;
mod forward;
mod hash_policy;
mod host;
mod mutate;
mod near;
mod normalize;
mod pick;
mod plan;
mod prepare;
mod redirect;
mod response;
mod rewrite;
mod select;

use std::sync::Arc;

use crate::explain::Probe;
use crate::units::Ppm;

use super::config::{Bootstrap, RouteTable, TlsRequirement, Transport, VirtualHost};
use super::dice::Dice;
use super::reply::Reply;
use super::request::Request;

pub use forward::ForwardPlan;
pub use hash_policy::MadeCookie;
pub use host::{HostIndex, find_host};
pub use mutate::{Change, Changes};
pub use pick::{Pick, cluster_shares, pick_cluster};
pub use plan::{Context, Plan, Taken, no_route, plan};
pub use prepare::prepare;
pub use response::finish_reply;
pub use rewrite::AutoHost;

/// What a route table has for a request.
#[derive(Clone, Debug)]
pub enum Choice<'c> {
    /// A route.
    Taken(Taken<'c>),
    /// No virtual host, or none of its routes: the answer is [`no_route`].
    NoRoute,
    /// The virtual host demands TLS: this answer, which sends the client there.
    TlsRequired(Box<Reply>),
}

/// Chooses the route for a request.
pub fn choose<'c, P: Probe>(
    table: &'c RouteTable,
    request: &Request,
    bootstrap: &Bootstrap,
    dice: &mut impl Dice,
    probe: &mut P,
) -> Choice<'c> {
    match find_host(table, request.authority(), probe) {
        Some(host) => choose_within(host, request, bootstrap, dice, probe),
        None => Choice::NoRoute,
    }
}

/// Chooses the route within a virtual host that was found by a [`HostIndex`].
pub fn choose_within<'c, P: Probe>(
    host: &'c Arc<VirtualHost>,
    request: &Request,
    bootstrap: &Bootstrap,
    dice: &mut impl Dice,
    probe: &mut P,
) -> Choice<'c> {
    if needs_tls(host, request) {
        return Choice::TlsRequired(Box::new(plan::https_redirect(host, request, probe)));
    }
    match select::select(host, request, bootstrap, dice, probe) {
        Some(route) => Choice::Taken(Taken { host, route }),
        None => Choice::NoRoute,
    }
}

/// All routes that a request may take, with their shares. The shares add up to the whole.
///
/// Routes that take a share of the requests are told apart by one draw per request, so that these
/// shares are exact.
pub fn choices<'c, P: Probe>(
    table: &'c RouteTable,
    request: &Request,
    bootstrap: &Bootstrap,
    probe: &mut P,
) -> Vec<(Ppm, Choice<'c>)> {
    let Some(host) = find_host(table, request.authority(), probe) else {
        return vec![(Ppm::ONE, Choice::NoRoute)];
    };
    if needs_tls(host, request) {
        let reply = plan::https_redirect(host, request, probe);
        return vec![(Ppm::ONE, Choice::TlsRequired(Box::new(reply)))];
    }
    let mut rest = Ppm::ONE.as_ppm();
    let mut choices = Vec::new();
    for (share, route) in select::shares(host, request, bootstrap, probe) {
        rest -= share.as_ppm();
        choices.push((share, Choice::Taken(Taken { host, route })));
    }
    if rest > 0 {
        choices.push((Ppm::from_ppm(rest), Choice::NoRoute));
    }
    choices
}

/// Whether a plaintext request may not take a route of this host.
fn needs_tls(host: &VirtualHost, request: &Request) -> bool {
    let internal = request.headers.get("x-envoy-internal") == Some("true");
    match host.tls {
        TlsRequirement::None => false,
        TlsRequirement::ExternalOnly if internal => false,
        TlsRequirement::All | TlsRequirement::ExternalOnly => scheme(request) != "https",
    }
}

/// The scheme that the client used: what a proxy in front of this one says, or what the
/// connection shows.
pub(super) fn scheme(request: &Request) -> &str {
    let told = request.headers.get("x-forwarded-proto");
    told.unwrap_or(match request.connection.transport {
        Transport::Tls => "https",
        Transport::RawBuffer => "http",
    })
}

#[cfg(test)]
pub(crate) mod tests;
