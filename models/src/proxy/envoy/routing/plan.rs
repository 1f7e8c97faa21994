//! What becomes of a request on its route: it is forwarded, in which form, or the proxy answers.
//! Attempts, time limits and retries are the business of `router`.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::explain::{Probe, RuleId};

use super::super::config::{
    Bootstrap, Cluster, DirectResponse, Redirect, Route, RouteAction, RouteTable, VirtualHost,
};
use super::super::dice::Dice;
use super::super::flags::{ResponseFlag, ResponseFlags};
use super::super::reply::Reply;
use super::super::request::Request;
use super::forward::{ForwardPlan, forward_plan};
use super::pick::Pick;
use super::redirect::{https_location, location, own_location};
use super::response::{Status, finish_response};

const REDIRECT: RuleId = RuleId("envoy.route.redirect");
const DIRECT: RuleId = RuleId("envoy.route.direct-response");
const HTTPS: RuleId = RuleId("envoy.route.https-required");

/// What a route is read with.
#[derive(Clone, Copy, Debug)]
pub struct Context<'c> {
    /// The table it is in.
    pub table: &'c RouteTable,
    /// The clusters of the proxy.
    pub clusters: &'c BTreeMap<String, Arc<Cluster>>,
    /// Runtime values.
    pub bootstrap: &'c Bootstrap,
}

/// A route that a request takes, and where it stands.
#[derive(Clone, Copy, Debug)]
pub struct Taken<'c> {
    /// The virtual host.
    pub host: &'c Arc<VirtualHost>,
    /// The route.
    pub route: &'c Arc<Route>,
}

/// What becomes of a request.
#[derive(Clone, Debug)]
pub enum Plan<'c> {
    /// It is forwarded.
    Forward(Box<ForwardPlan<'c>>),
    /// The proxy answers.
    Reply(Box<Reply>),
}

/// The answer to a request that no route takes.
#[must_use]
pub fn no_route() -> Reply {
    let flags = ResponseFlags::of(ResponseFlag::NoRouteFound);
    Reply { flags, ..Reply::new(404, "route_not_found") }
}

/// The answer to a plaintext request where a virtual host demands TLS.
pub(super) fn https_redirect<P: Probe>(
    host: &VirtualHost,
    request: &Request,
    probe: &mut P,
) -> Reply {
    let location = https_location(request);
    probe.step(HTTPS, Some(host.origin), || {
        format!("virtual host {} demands TLS: the client is sent to {location}", host.name)
    });
    let mut reply = Reply::new(301, "direct_response");
    reply.headers.append("location", location);
    reply
}

/// Works out what becomes of a request on its route. `pick` is the cluster that was picked; `None`
/// if the route names none.
pub fn plan<'c, P: Probe>(
    context: Context<'c>,
    taken: Taken<'c>,
    pick: Option<Pick<'c>>,
    request: &Request,
    dice: &mut impl Dice,
    probe: &mut P,
) -> Plan<'c> {
    let reply = match &taken.route.action {
        RouteAction::Forward(forward) => {
            return forward_plan(context, taken, forward, pick, request, dice, probe);
        }
        RouteAction::Redirect(redirect) => redirect_reply(taken, redirect, request, probe),
        RouteAction::Direct(direct) => direct_reply(taken, direct, request, probe),
    };
    let mut reply = reply;
    let headers = (Status::OfProxy, &mut reply.headers);
    finish_response(context, taken, None, (request, &request.headers), headers, probe);
    Plan::Reply(Box::new(reply))
}

fn redirect_reply(
    taken: Taken<'_>,
    redirect: &Redirect,
    request: &Request,
    probe: &mut impl Probe,
) -> Reply {
    let location = location(redirect, &taken.route.matches.path, request);
    probe.step(REDIRECT, Some(redirect.origin), || {
        format!("the client is sent to {location} with status {}", redirect.status.value)
    });
    let mut reply = Reply::new(redirect.status.value, "direct_response");
    reply.headers.append("location", location);
    reply
}

/// An answer that sends the client elsewhere says where, which is where it came from.
///
/// Source: Envoy, router.cc, `Filter::decodeHeaders`; observed with Envoy 1.40.
fn direct_reply(
    taken: Taken<'_>,
    direct: &DirectResponse,
    request: &Request,
    probe: &mut impl Probe,
) -> Reply {
    probe.step(DIRECT, Some(direct.origin), || {
        let name = taken.route.name.as_deref().unwrap_or("without a name");
        format!("the route {name} answers itself with status {}", direct.status.value)
    });
    let body = Cow::Owned(direct.body.clone());
    let mut reply = Reply { body, ..Reply::new(direct.status.value, "direct_response") };
    if matches!(direct.status.value, 201 | 300..=399) {
        reply.headers.append("location", own_location(request));
    }
    reply
}
