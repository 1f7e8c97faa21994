//! Which route of a virtual host a request takes: the first whose conditions all hold. What the
//! route does is the business of `plan`.

use std::fmt;
use std::ops::ControlFlow;
use std::sync::Arc;

use crate::explain::{Probe, RuleId};
use crate::units::Ppm;

use super::super::config::{
    Bootstrap, Case, HeaderMatcher, QueryMatcher, Route, RouteMatch, RuntimeFraction, VirtualHost,
};
use super::super::dice::{Dice, Purpose};
use super::super::matching::is_grpc;
use super::super::request::Request;
use super::near::{Near, near};

const TAKEN: RuleId = RuleId("envoy.route.first-match");
const PASSED_OVER: RuleId = RuleId("envoy.route.passed-over");
const NO_MATCH: RuleId = RuleId("envoy.route.no-match");
const FRACTION: RuleId = RuleId("envoy.route.fraction");

/// How many routes that are passed over are told one by one.
const TOLD_MAX: usize = 50;

/// A condition of a route that does not hold.
pub(super) enum Miss<'r> {
    Path(&'r RouteMatch),
    Grpc,
    Header(&'r HeaderMatcher),
    Query(&'r QueryMatcher),
}

/// The conditions that do not hold, the share of requests left aside.
pub(super) fn misses<'r>(
    matches: &'r RouteMatch,
    request: &'r Request,
    bootstrap: &Bootstrap,
) -> impl Iterator<Item = Miss<'r>> {
    let repeated = bootstrap.repeated_headers;
    let is_path = matches.path.matches_request(request, matches.case);
    let path = (!is_path).then_some(Miss::Path(matches));
    let is_grpc = || matches.grpc_only && !is_grpc(&request.headers);
    let grpc = std::iter::once_with(is_grpc).filter(|misses| *misses).map(|_| Miss::Grpc);
    let headers = matches.headers.iter();
    let headers = headers.filter(move |one| !one.matches(&request.headers, repeated));
    let queries = matches.query.iter();
    let queries = queries.filter(|one| !one.matches(request.path_and_query()));
    path.into_iter().chain(grpc).chain(headers.map(Miss::Header)).chain(queries.map(Miss::Query))
}

impl Miss<'_> {
    /// What is wanted and what the request has instead.
    fn told(&self, request: &Request) -> String {
        match self {
            Self::Path(matches) => {
                let case = match matches.case {
                    Case::Sensitive => "",
                    Case::Ignored => " in any case",
                };
                format!("wanted {}{case}, got {}", matches.path, request.path())
            }
            Self::Grpc => {
                let kind = request.headers.get("content-type").unwrap_or("none");
                format!("wanted a gRPC request, got content-type {kind}")
            }
            Self::Header(matcher) => {
                let values: Vec<&str> = request.headers.all(&matcher.name).collect();
                let got = if values.is_empty() {
                    "no such header".to_owned()
                } else {
                    values.join(" and ")
                };
                format!("wanted {matcher}, got {got}")
            }
            Self::Query(matcher) => {
                let got = request.path_and_query().split_once('?').map_or("no query", |(_, it)| it);
                format!("wanted {matcher}, got {got}")
            }
        }
    }
}

/// How a route is called in findings: its name, or its place among the routes of its host.
struct Label<'r>(usize, &'r Route);

impl fmt::Display for Label<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.1.name {
            Some(name) => write!(f, "route {name:?}"),
            None => write!(f, "route no. {}", self.0 + 1),
        }
    }
}

impl RuntimeFraction {
    /// The share that holds: what runtime says, or the default.
    ///
    /// Source: Envoy, `SnapshotImpl::featureEnabled`: a whole number is a percentage, and above a
    /// hundred it is all.
    #[must_use]
    pub fn in_force(&self, bootstrap: &Bootstrap) -> Ppm {
        let value = self.runtime_key.as_ref().and_then(|key| bootstrap.runtime.get(key));
        match value.and_then(|text| text.trim().parse::<u64>().ok()) {
            Some(percent) => Ppm::from_percent(u32::try_from(percent.min(100)).unwrap_or(100)),
            None => self.default,
        }
    }
}

/// The route that a request takes. One draw per request decides all shares, so that of two
/// routes for half of the requests the second never gets any.
///
/// Source: Envoy, `VirtualHostImpl::getRouteFromEntries`,
/// `RouteEntryImplBase::evaluateRuntimeMatch`.
pub(super) fn select<'c, P: Probe>(
    host: &'c VirtualHost,
    request: &Request,
    bootstrap: &Bootstrap,
    dice: &mut impl Dice,
    probe: &mut P,
) -> Option<&'c Arc<Route>> {
    let mut draw = None;
    let mut taken = None;
    scan(host, request, bootstrap, probe, |route, share| {
        let mut draw = || *draw.get_or_insert_with(|| dice.roll(Purpose::RouteFraction));
        if share.is_some_and(|share| !share.happens(draw())) {
            return ControlFlow::Continue(Share::Missed);
        }
        taken = Some(route);
        ControlFlow::Break(())
    });
    taken
}

/// The routes that a request may take, each with its share of such requests; what is missing to
/// the whole finds no route.
pub(super) fn shares<'c, P: Probe>(
    host: &'c VirtualHost,
    request: &Request,
    bootstrap: &Bootstrap,
    probe: &mut P,
) -> Vec<(Ppm, &'c Arc<Route>)> {
    let mut given = Ppm::ZERO;
    let mut candidates = Vec::new();
    scan(host, request, bootstrap, probe, |route, share| {
        let upto = share.unwrap_or(Ppm::ONE).min(Ppm::ONE);
        // The draw is the same for all: who has missed the greater share misses the smaller.
        if upto <= given {
            return ControlFlow::Continue(Share::Missed);
        }
        candidates.push((Ppm::from_ppm(upto.as_ppm() - given.as_ppm()), route));
        given = upto;
        if upto == Ppm::ONE { ControlFlow::Break(()) } else { ControlFlow::Continue(Share::Part) }
    });
    candidates
}

/// What a route that matches does with a request when the next ones are looked at too.
enum Share {
    /// It is not among the route's share.
    Missed,
    /// Some such requests take it.
    Part,
}

/// Looks at the routes in order and shows those that match, with their share, to `take`, until
/// it breaks off.
fn scan<'c, P: Probe>(
    host: &'c VirtualHost,
    request: &Request,
    bootstrap: &Bootstrap,
    probe: &mut P,
    mut take: impl FnMut(&'c Arc<Route>, Option<Ppm>) -> ControlFlow<(), Share>,
) {
    let mut passed_over = 0;
    let mut some = false;
    for (at, route) in host.routes.iter().enumerate() {
        let matches = &route.matches;
        let label = Label(at, route);
        let why = match misses(matches, request, bootstrap).next() {
            Some(miss) => Err(miss),
            None => {
                let share = matches.fraction.as_ref().map(|it| it.in_force(bootstrap));
                match take(route, share) {
                    ControlFlow::Break(()) => {
                        tell_rest(passed_over, probe);
                        probe.step(TAKEN, Some(route.origin), || {
                            format!("{label} takes the request: {}", conditions(matches))
                        });
                        return;
                    }
                    ControlFlow::Continue(fate) => Ok((fate, share.unwrap_or(Ppm::ONE))),
                }
            }
        };
        if let Ok((Share::Part, share)) = why {
            some = true;
            probe.step(FRACTION, Some(route.origin), || {
                format!("{label} takes {} % of such requests", share.as_percent_f64())
            });
            continue;
        }
        passed_over += 1;
        if passed_over <= TOLD_MAX {
            probe.enter();
            if let Some((found, wanted)) = tells_near(&why, matches, (request, bootstrap), probe) {
                probe.misfit(&found, &[wanted]);
            }
            probe.leave(PASSED_OVER, Some(matches.origin), || match why {
                Err(miss) => format!("{label} is passed over: {}", miss.told(request)),
                Ok((_, share)) => format!(
                    "{label} is passed over: it takes {} % of such requests, and this is none of \
                     them",
                    share.as_percent_f64()
                ),
            });
        }
    }
    tell_rest(passed_over, probe);
    probe.step(NO_MATCH, Some(host.origin), || {
        let (rest, routes) =
            (if some { "the rest finds no route" } else { "no route" }, host.routes.len());
        format!("{rest}: none of the {routes} routes of {} takes the request", host.name)
    });
}

/// The one thing that a request misses of a route, if somebody listens.
fn tells_near<T>(
    why: &Result<T, Miss<'_>>,
    matches: &RouteMatch,
    (request, bootstrap): (&Request, &Bootstrap),
    probe: &impl Probe,
) -> Option<Near> {
    let is_asked = probe.listens() && why.is_err();
    is_asked.then(|| near(matches, request, bootstrap)).flatten()
}

/// Sums up the routes that were not told one by one.
fn tell_rest(passed_over: usize, probe: &mut impl Probe) {
    if let Some(more @ 1..) = passed_over.checked_sub(TOLD_MAX) {
        probe.step(PASSED_OVER, None, || format!("{more} more routes are passed over"));
    }
}

/// All conditions of a route in words.
fn conditions(matches: &RouteMatch) -> String {
    let mut words = vec![matches.path.to_string()];
    words.extend(matches.headers.iter().map(ToString::to_string));
    words.extend(matches.query.iter().map(ToString::to_string));
    if matches.grpc_only {
        words.push("the request is gRPC".to_owned());
    }
    words.join(", ")
}
