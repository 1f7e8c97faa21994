//! One request in a connection manager: prepared, routed, filtered, planned. Each of these is
//! decided by the proxy's own rooms.

use std::sync::Arc;

use crate::explain::Tree;
use crate::proxy::envoy::config::{
    Forward, HttpManager, RouteAction, RouteSource, RouteTable, VirtualHost,
};
use crate::proxy::envoy::router::{Caller as Trust, RouterPlan};
use crate::proxy::envoy::routing::{
    self, Changes, Choice, Context, Pick, Plan, Taken, choices, cluster_shares, no_route, plan,
    prepare,
};
use crate::proxy::envoy::{Dice, HeaderMap, Purpose, Reply, Request, is_grpc};
use crate::token::TokenFacts;
use crate::units::{Ppm, SimDuration};

use super::answer::{Answer, HeaderChange, Outcome, RequestAfter};
use super::destination::{self, Dialled};
use super::proxy::View;
use super::{filters, limits, resilience, rules, shown_target};

/// Draws that take every share there is, so that nothing that may happen is left out.
pub(super) struct Always;

impl Dice for Always {
    fn roll(&mut self, _: Purpose) -> u64 {
        0
    }
}

/// Walks a request through `manager`.
pub(super) fn walk(
    view: View<'_>,
    manager: &HttpManager,
    mut request: Request,
    tree: &mut Tree,
) -> Answer {
    let Some(table) = table(view, manager) else {
        let name = match &manager.routes {
            RouteSource::Named(name) => name.as_str(),
            RouteSource::Inline(table) => table.name.as_str(),
        };
        let sentence = format!("the proxy has no route table {name}: it answers 404");
        let mut answer = Answer::unreachable(Outcome::NoRoute, sentence, tree, rules::ROUTE_TABLE);
        answer.reply_with(no_route());
        return answer;
    };
    if let Err(reply) = prepare(manager, &mut request, tree) {
        return replied(*reply);
    }
    let bootstrap = &view.config.bootstrap;
    let context = Context { table, clusters: &view.config.clusters, bootstrap };
    let mut parts = choices(table, &request, bootstrap, tree).into_iter();
    let Some((share, first)) = parts.next() else { return replied(no_route()) };
    let here = Here { view, manager, context, request: &request };
    let mut answer = here.choice(first, tree);
    // Routes that take a share of the requests only.
    for (other_share, other) in parts {
        let other = here.choice(other, tree);
        answer = joined((share, answer), (other_share, other));
    }
    answer
}

fn table<'a>(view: View<'a>, manager: &'a HttpManager) -> Option<&'a RouteTable> {
    match &manager.routes {
        RouteSource::Inline(table) => Some(table),
        RouteSource::Named(name) => view.config.route_tables.get(name).map(AsRef::as_ref),
    }
}

/// An answer that the proxy makes itself.
fn replied(reply: Reply) -> Answer {
    let outcome = match reply.status {
        _ if reply.headers.get("location").is_some() => Outcome::Redirected,
        404 if reply.details == "route_not_found" => Outcome::NoRoute,
        _ => Outcome::DirectResponse,
    };
    let mut answer = Answer::new(outcome);
    answer.reply_with(reply);
    answer
}

impl Answer {
    /// Takes over what the proxy answers.
    pub(super) fn reply_with(&mut self, reply: Reply) {
        self.status = Some(reply.status);
        let flags = reply.flags.to_string();
        self.flags = Some(flags).filter(|flags| !flags.is_empty() && flags != "-");
        self.location = reply.headers.get("location").map(str::to_owned);
        self.details = Some(reply.details.into_owned()).filter(|details| !details.is_empty());
        self.body = Some(reply.body.into_owned()).filter(|body| !body.is_empty());
        let headers = reply.headers.iter().filter(|(name, _)| *name != "location");
        self.response_headers.extend(headers.map(|(name, value)| HeaderChange {
            name: name.to_owned(),
            value: Some(value.to_owned()),
            origin: None,
        }));
    }
}

/// Two routes that share the requests among them.
fn joined((share, mut one): (Ppm, Answer), (other_share, other): (Ppm, Answer)) -> Answer {
    if (one.outcome, other.outcome) != (Outcome::Routed, Outcome::Routed) {
        let sentence = format!(
            "{} % of the requests are {}, {} % {}",
            share.as_percent_f64(),
            one.outcome.word(),
            other_share.as_percent_f64(),
            other.outcome.word()
        );
        one.outcome = Outcome::Unknown;
        one.tell("route.fraction", sentence, Vec::new());
        return one;
    }
    let scale = |shares: &mut Vec<super::Share>, by: Ppm| {
        for it in shares {
            let ppm = u64::from(it.share.as_ppm()) * u64::from(by.as_ppm()) / 1_000_000;
            it.share = Ppm::from_ppm(u32::try_from(ppm).unwrap_or(u32::MAX));
        }
    };
    // Later calls scale what is joined already by nothing: its shares are of the whole.
    if one.weights.iter().map(|it| it.share.as_ppm()).sum::<u32>() > share.as_ppm() {
        scale(&mut one.weights, share);
    }
    let mut others = other.weights;
    scale(&mut others, other_share);
    one.weights.extend(others);
    one.destination = destination::common(&one.weights);
    one
}

/// A request before its route.
struct Here<'a> {
    view: View<'a>,
    manager: &'a HttpManager,
    context: Context<'a>,
    request: &'a Request,
}

impl<'a> Here<'a> {
    fn choice(&self, choice: Choice<'a>, tree: &mut Tree) -> Answer {
        match choice {
            // Filters see requests that no route takes, too.
            Choice::NoRoute => self.through_filters(None, &[], tree, |_, _| replied(no_route())),
            Choice::TlsRequired(reply) => replied(*reply),
            Choice::Taken(taken) => self.taken(taken, tree),
        }
    }

    /// What the filters answer, or what `then` makes of a request that comes through.
    fn through_filters(
        &self,
        taken: Option<Taken<'a>>,
        picks: &[(Ppm, Pick<'a>)],
        tree: &mut Tree,
        then: impl FnOnce(&Request, &mut Tree) -> Answer,
    ) -> Answer {
        let subject = (self.request, self.context);
        let mut filtered =
            filters::walk(self.manager, taken, picks, subject, self.view.external, tree);
        filtered.answer.take().unwrap_or_else(|| {
            let rewritten = filtered.rewritten.clone();
            let mut answer = then(rewritten.as_deref().unwrap_or(self.request), tree);
            filtered.add_to(self.request, &mut answer);
            answer
        })
    }

    fn taken(&self, taken: Taken<'a>, tree: &mut Tree) -> Answer {
        let forward = match &taken.route.action {
            RouteAction::Forward(forward) => forward,
            RouteAction::Redirect(_) | RouteAction::Direct(_) => {
                return self.through_filters(Some(taken), &[], tree, |request, tree| {
                    match plan(self.context, taken, None, request, &mut Always, tree) {
                        Plan::Reply(reply) => replied(*reply),
                        Plan::Forward(_) => Answer::new(Outcome::Unknown),
                    }
                });
            }
        };
        let picks = cluster_shares(&forward.destination, self.request, tree);
        let of_filters = picks.clone();
        self.through_filters(Some(taken), &of_filters, tree, |request, tree| {
            self.forward(taken, forward, picks, request, tree)
        })
    }

    fn forward(
        &self,
        taken: Taken<'a>,
        forward: &'a Forward,
        picks: Vec<(Ppm, Pick<'a>)>,
        request: &Request,
        tree: &mut Tree,
    ) -> Answer {
        let mut answer = Answer::new(Outcome::Routed);
        let dial = self.view.dial;
        let dialled = Dialled { host: dial.host.clone(), port: dial.port };
        let shares_view = destination::View {
            world: self.view.world,
            config: self.view.config,
            callers: self.view.callers,
            dialled: &dialled,
        };
        let mut reply = None;
        let mut most = Ppm::from_ppm(0);
        for (share, pick) in picks {
            let mut row = destination::share(shares_view, &pick, forward);
            row.share = share;
            answer.weights.push(row);
            match plan(self.context, taken, Some(pick), request, &mut Always, tree) {
                Plan::Reply(made) => reply = Some(*made),
                Plan::Forward(plan) if share > most => {
                    most = share;
                    answer.request_after =
                        Some(after(&plan.headers, &plan.changes, &request.tokens));
                    let mut headers = HeaderMap::new();
                    let changes =
                        plan.finish_response(self.context, self.request, 200, &mut headers, tree);
                    answer.response_headers = changes.made.into_iter().map(Into::into).collect();
                }
                Plan::Forward(_) => {}
            }
        }
        destination::explain(&answer.weights, tree);
        answer.destination = destination::common(&answer.weights);
        answer.mirrors = destination::mirrors(shares_view, forward);
        let fails = answer.weights.iter().filter(|it| it.share.as_ppm() > 0);
        if fails.clone().all(|share| share.fails_with.is_some()) {
            // Whoever is picked, the proxy has nobody to ask.
            answer.outcome = Outcome::NoRoute;
            let failure = fails.into_iter().find_map(|share| share.fails_with);
            let reply = reply.unwrap_or_else(no_route);
            answer.status = Some(failure.map_or(reply.status, |(status, _)| status));
            answer.flags = failure.map(|(_, flags)| flags.to_owned());
        } else {
            tell_failing_shares(&mut answer);
        }
        let plan = self.plan(taken, forward);
        if let Some(after) = &mut answer.request_after {
            tell_server(&plan, taken.host, after);
        }
        self.settings(&plan, forward, &mut answer, tree);
        answer
    }

    /// What the router is to do with the request.
    fn plan(&self, taken: Taken<'_>, forward: &Forward) -> RouterPlan {
        let trust =
            if self.manager.trusts_envoy_headers { Trust::Trusted } else { Trust::Untrusted };
        let plan = RouterPlan::of(forward, taken.host, self.manager);
        plan.for_request(&self.request.headers, trust).unwrap_or(plan)
    }

    /// Timeouts, retries and limits in force, and what they mean together.
    fn settings(&self, plan: &RouterPlan, forward: &Forward, answer: &mut Answer, tree: &mut Tree) {
        let cluster = |name: &str| self.view.config.clusters.get(name);
        let first = answer.weights.first().and_then(|share| cluster(&share.cluster));
        answer.timeouts = resilience::timeouts(plan, first.map(|it| it.connect_timeout));
        resilience::explain_timeouts(&answer.timeouts, tree);
        let kind = resilience::Kind {
            method: self.request.method(),
            is_grpc: is_grpc(&self.request.headers),
        };
        let policy = plan.retry.as_deref();
        answer.retry = policy.map(|policy| resilience::in_force(policy, &answer.timeouts));
        if let Some(retry) = &answer.retry {
            resilience::explain_retry(retry, tree);
        }
        answer.findings.extend(resilience::findings(policy, &answer.timeouts, kind));
        answer.findings.extend(resilience::deadline(plan, &self.request.headers));
        let profile = self.view.planes.profile();
        let mut found = Vec::new();
        for share in &answer.weights {
            if let Some(cluster) = cluster(&share.cluster) {
                let assignment = self.view.config.assignments.get(&share.cluster);
                let assignment = assignment.map(AsRef::as_ref);
                found.extend(limits::findings(
                    (self.view.world, profile),
                    share,
                    cluster,
                    assignment,
                    forward.priority,
                ));
            }
        }
        // Subsets of one service share their settings.
        found.dedup();
        answer.findings.extend(found);
    }
}

impl From<routing::Change> for HeaderChange {
    fn from(change: routing::Change) -> Self {
        Self { name: change.name, value: change.value, origin: change.origin }
    }
}

/// Some of the requests go where nobody is.
fn tell_failing_shares(answer: &mut Answer) {
    let failing = answer.weights.iter().filter(|share| share.share.as_ppm() > 0);
    let failing: Vec<_> = failing
        .filter_map(|share| {
            let (status, flags) = share.fails_with?;
            let place = shown_target(&share.destination);
            let percent = share.share.as_percent_f64();
            let sentence = format!(
                "{percent} % of the requests are answered {status} {flags}: nobody stands behind \
                 {place}"
            );
            Some((sentence, share.weight.origin))
        })
        .collect();
    for (sentence, origin) in failing {
        answer.tell("route.share-fails", sentence, vec![origin]);
    }
}

/// What the router itself tells the server with the first attempt: how long it waits, and which
/// attempt it is.
///
/// Source: Envoy, router.cc, `FilterUtility::setTimeoutHeaders` and `Filter::decodeHeaders`;
/// grpc/common.cc, `toGrpcTimeout`.
fn tell_server(plan: &RouterPlan, host: &VirtualHost, after: &mut RequestAfter) {
    let mut add = |name: &str, value: String| {
        after.headers.set(name, value.as_str());
        let name = name.to_owned();
        after.changes.push(HeaderChange { name, value: Some(value), origin: None });
    };
    if host.attempt_count_in_request {
        add("x-envoy-attempt-count", "1".to_owned());
    }
    if let Some(expected_ms) = plan.expected_timeout_ms(SimDuration::ZERO) {
        add("x-envoy-expected-rq-timeout-ms", expected_ms.to_string());
        let is_grpc = is_grpc(&after.headers);
        if is_grpc && plan.grpc_timeout_max.is_some() {
            let name = "grpc-timeout";
            let value = format!("{expected_ms}m");
            after.headers.set(name, value.as_str());
            let origin = plan.grpc_timeout_max.map(|max| max.origin);
            after.changes.push(HeaderChange { name: name.to_owned(), value: Some(value), origin });
        }
    }
}

fn after(headers: &HeaderMap, changes: &Changes, tokens: &Arc<TokenFacts>) -> RequestAfter {
    RequestAfter {
        headers: headers.clone(),
        changes: changes.made.iter().cloned().map(Into::into).collect(),
        tokens: Arc::clone(tokens),
    }
}
