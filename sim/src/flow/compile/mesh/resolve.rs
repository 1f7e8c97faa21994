//! From a call site and the configuration of its caller's proxy to routes in the plan, by the
//! same evaluators that answer `why`.

use std::sync::Arc;

use meshwalk_models::explain::{Silent, Sourced};
use meshwalk_models::proxy::envoy::config::{
    Direction, Forward, HttpManager, ProxyConfig, RouteAction as Action, RouteSource, RouteTable,
    TcpProxy, WeightedCluster,
};
use meshwalk_models::proxy::envoy::filters::{Chain, ExternalAnswers, Settings};
use meshwalk_models::proxy::envoy::listening::{Arrival, Refusal, Service, accept_with};
use meshwalk_models::proxy::envoy::router::{Caller as Trust, Retriable, RouterPlan};
use meshwalk_models::proxy::envoy::routing::{
    Choice, Context, ForwardPlan, Pick, Plan as Outcome, Taken, choices, cluster_shares, no_route,
    plan, prepare,
};
use meshwalk_models::proxy::envoy::{Dice, Purpose, Request, ResponseFlag};
use meshwalk_models::units::Ppm;
use meshwalk_models::walk::Writes;

use crate::flow::filters::ending_of;
use crate::flow::plan::{
    Carries, DestinationEnd, DestinationPlan, FilterPlan, HashPlan, LegPlan, Picks, RouteAction,
    RoutePlan, Terms,
};
use crate::stats::{Details, Ending, Flags};

use super::super::Compiler;
use super::Site;

/// Draws that take every share there is; what they decide is drawn again in the run.
struct Always;

impl Dice for Always {
    fn roll(&mut self, _: Purpose) -> u64 {
        0
    }
}

/// One call site before one configuration.
#[derive(Clone, Copy)]
pub(in super::super) struct Here<'a> {
    pub(in super::super) site: &'a Site,
    pub(in super::super) call: u32,
    pub(in super::super) config: &'a Arc<ProxyConfig>,
    /// Which of the caller's classes of proxies.
    pub(in super::super) class: u32,
    /// What becomes of what the client writes.
    pub(in super::super) writes: Writes,
    /// How connections come to the proxy.
    pub(in super::super) arrival: Arrival,
}

impl Here<'_> {
    /// Whether the proxy is a waypoint: its filters enforce policy, and it stands for the server.
    fn is_waypoint(&self) -> bool {
        self.arrival == Arrival::Redirected(Direction::Inbound)
    }
}

impl Compiler<'_> {
    /// What a proxy with this configuration does with the requests of a call site.
    pub(in super::super) fn configured_leg(&mut self, here: Here<'_>, request: Request) -> LegPlan {
        let (config, connection) = (here.config, &request.connection);
        let external = self.answers_at(here);
        let accepted = match accept_with(config, here.arrival, connection, &external, &mut Silent) {
            Ok(accepted) => accepted,
            Err(refusal) => {
                if let Refusal::Undecided { why } = &refusal {
                    self.cannot_run(&here.site.path, why);
                }
                return self.sole(answer(refused(&refusal)));
            }
        };
        match accepted.service() {
            Service::Http(manager) => self.http_leg(here, manager, request),
            Service::Tcp(proxy) => {
                let here = Here { writes: Writes::Bytes, ..here };
                self.tcp_leg(here, proxy, &request)
            }
            Service::Nothing => self.sole(answer(Ending::without_answer(Details::OTHER))),
        }
    }

    fn sole(&mut self, route: RoutePlan) -> LegPlan {
        LegPlan::Sole(self.mesh.route(route))
    }

    fn http_leg(
        &mut self,
        here: Here<'_>,
        manager: &Arc<HttpManager>,
        mut request: Request,
    ) -> LegPlan {
        let Some(table) = table(here.config, manager) else {
            return self.sole(answer(ending_of(&no_route())));
        };
        if let Err(reply) = prepare(manager, &mut request, &mut Silent) {
            return self.sole(answer(ending_of(&reply)));
        }
        let bootstrap = &here.config.bootstrap;
        let context = Context { table, clusters: &here.config.clusters, bootstrap };
        let mut upto = 0;
        let mut shares = Vec::new();
        for (share, choice) in choices(table, &request, bootstrap, &mut Silent) {
            let route = match choice {
                Choice::NoRoute => {
                    let action = RouteAction::Answer(ending_of(&no_route()));
                    self.behind_filters(here, manager, (None, &[]), &request, action)
                }
                Choice::TlsRequired(reply) => answer(ending_of(&reply)),
                Choice::Taken(taken) => self.taken(here, manager, (context, taken), &request),
            };
            upto += share.as_ppm();
            let route = RoutePlan { share, ..route };
            shares.push((Ppm::from_ppm(upto), self.mesh.route(route)));
        }
        match shares.as_slice() {
            [(_, route)] => LegPlan::Sole(*route),
            _ => LegPlan::Split(shares),
        }
    }

    /// What becomes of the requests that take a route.
    fn taken<'c>(
        &mut self,
        here: Here<'_>,
        manager: &Arc<HttpManager>,
        (context, taken): (Context<'c>, Taken<'c>),
        request: &Request,
    ) -> RoutePlan {
        let made = |pick| plan(context, taken, pick, request, &mut Always, &mut Silent);
        let Action::Forward(forward) = &taken.route.action else {
            let action = match made(None) {
                Outcome::Reply(reply) => RouteAction::Answer(ending_of(&reply)),
                Outcome::Forward(_) => RouteAction::Answer(Ending::without_answer(Details::OTHER)),
            };
            return self.behind_filters(here, manager, (Some(taken), &[]), request, action);
        };
        let picks: Vec<Pick<'c>> = cluster_shares(&forward.destination, request, &mut Silent)
            .into_iter()
            .map(|(_, pick)| pick)
            .collect();
        let weighted: Vec<_> = picks.iter().filter_map(|pick| pick.weighted).collect();
        let mut destinations = Vec::new();
        let mut call = here.call;
        for pick in picks {
            let weight = pick.weighted.map_or(1, |it| it.weight.value);
            let entry = pick.weighted.and_then(|it| place_of(forward, it));
            let set_by = pick.weighted.map_or(pick.cluster.origin, |it| it.weight.origin);
            let named = Some(Sourced::new(pick.cluster.value.to_string(), set_by));
            let end = match made(Some(pick)) {
                Outcome::Reply(reply) => DestinationEnd::Missing(ending_of(&reply)),
                Outcome::Forward(made) => {
                    call = self.served_as(here.call, &made);
                    self.end_of(here, &made, request)
                }
            };
            destinations.push(DestinationPlan { weight, named, entry, end });
        }
        if destinations.is_empty()
            && let Outcome::Reply(reply) = made(None)
        {
            let end = DestinationEnd::Missing(ending_of(&reply));
            destinations.push(DestinationPlan { weight: 1, named: None, entry: None, end });
        }
        let action = RouteAction::Forward(Box::new(self.terms(
            (context, taken, forward, manager),
            request,
            (call, destinations),
        )));
        self.behind_filters(here, manager, (Some(taken), &weighted), request, action)
    }

    /// How requests of a route are sent on.
    fn terms(
        &mut self,
        (context, taken, forward, manager): (Context<'_>, Taken<'_>, &Forward, &HttpManager),
        request: &Request,
        (call, destinations): (u32, Vec<DestinationPlan>),
    ) -> Terms {
        let trust = if manager.trusts_envoy_headers { Trust::Trusted } else { Trust::Untrusted };
        let router = RouterPlan::of(forward, taken.host, manager);
        let router = router.for_request(&request.headers, trust).unwrap_or(router);
        let lanes = self.router_lanes(&router);
        let repeated = context.bootstrap.repeated_headers;
        let wanted = router.retry.as_ref().map_or(&[][..], |retry| &retry.request_headers);
        let fits = wanted.is_empty()
            || wanted.iter().any(|matcher| matcher.matches(&request.headers, repeated));
        let retriable = if fits { Retriable::Yes } else { Retriable::No };
        self.admit_mirrors(forward);
        Terms { router, retriable, lanes, call, destinations }
    }

    fn admit_mirrors(&mut self, forward: &Forward) {
        if !forward.mirrors.is_empty() {
            self.assume(
                "istio.mirrors",
                "copies of requests (mirrors) are not sent: they cost nobody anything".to_owned(),
            );
        }
    }

    /// Where a request goes that is forwarded.
    fn end_of(
        &mut self,
        here: Here<'_>,
        made: &ForwardPlan<'_>,
        request: &Request,
    ) -> DestinationEnd {
        let subset = (!made.subset.is_empty()).then(|| made.subset.clone().into_owned());
        let hash = self.hash_plan(here.site, made);
        let after = Request { headers: made.headers.clone(), ..request.clone() };
        self.cluster_end(here, made.cluster, Picks::PerRequest, (subset, hash), after)
    }

    /// The row of the call whose programs answer requests as they are forwarded.
    fn served_as(&mut self, call: u32, made: &ForwardPlan<'_>) -> u32 {
        let header = |name: &str| made.headers.get(name).unwrap_or_default().to_owned();
        let after = (header(":method"), header(":path"));
        if self.requests[call as usize] == after {
            return call;
        }
        let key = (call, after.clone());
        if let Some(row) = self.mesh.rewritten.get(&key) {
            return *row;
        }
        let row = self.calls.len() as u32;
        self.calls.push(self.calls[call as usize].clone());
        self.requests.push(after);
        self.mesh.rewritten.insert(key, row);
        row
    }

    /// Puts the filters before what becomes of requests, where filters may do anything to them.
    fn behind_filters(
        &mut self,
        here: Here<'_>,
        manager: &Arc<HttpManager>,
        (taken, weighted): (Option<Taken<'_>>, &[&WeightedCluster]),
        request: &Request,
        action: RouteAction,
    ) -> RoutePlan {
        let bootstrap = &here.config.bootstrap;
        let external = self.answers_at(here);
        let waits = here.is_waypoint() && manager.filters.iter().any(|it| self.is_open(&it.kind));
        let mut any = waits;
        for weighted in std::iter::once(None).chain(weighted.iter().map(|one| Some(*one))) {
            let settings = Settings { taken, weighted };
            let chain = Chain { filters: &manager.filters, settings, bootstrap };
            let outlook = chain.outlook(request, &external, &mut Silent);
            any |= outlook.answer.is_some() || !outlook.possible.is_empty();
            let Some(unknown) = outlook.unknown else { continue };
            if here.is_waypoint() {
                self.taken_for_allowed(&here.site.path, &unknown.sentence, &unknown.origins);
            } else {
                any = true;
            }
        }
        let filters = any.then(|| {
            Box::new(FilterPlan {
                manager: manager.clone(),
                number: self.mesh.manager_number(manager),
                taken: taken.map(|Taken { host, route }| (host.clone(), route.clone())),
                bootstrap: bootstrap.clone(),
                request: request.clone(),
            })
        });
        let rule = taken.map(|taken| taken.route.clone());
        RoutePlan { filters, action, rule, share: Ppm::ONE }
    }

    /// What the external authorisers answer that a proxy asks: those of waypoints stand for the
    /// servers'.
    fn answers_at(&self, here: Here<'_>) -> ExternalAnswers {
        if here.is_waypoint() { self.external() } else { ExternalAnswers::default() }
    }

    /// Bytes are passed on: nothing is tried again, and connections are balanced.
    fn tcp_leg(&mut self, here: Here<'_>, proxy: &TcpProxy, request: &Request) -> LegPlan {
        let missing = Ending {
            status: 0,
            details: Details::of_name("cluster_not_found"),
            flags: Flags::of(ResponseFlag::NoClusterFound),
        };
        let mut destinations = Vec::new();
        for (name, weight) in &proxy.clusters {
            let end = match here.config.clusters.get(&name.value) {
                None => DestinationEnd::Missing(missing),
                Some(cluster) => {
                    let chosen = (None, HashPlan::Drawn);
                    self.cluster_end(here, cluster, Picks::PerConnection, chosen, request.clone())
                }
            };
            let named = Some(name.clone());
            destinations.push(DestinationPlan { weight: *weight, named, entry: None, end });
        }
        let router = meshwalk_models::control::istio::clusters::unlimited_router();
        let lanes = self.router_lanes(&router);
        // What the application speaks is nothing to the proxy.
        self.calls[here.call as usize].carries = Carries::Bytes;
        let terms =
            Terms { router, retriable: Retriable::No, lanes, call: here.call, destinations };
        let action = RouteAction::Forward(Box::new(terms));
        self.sole(RoutePlan { filters: None, action, rule: None, share: Ppm::ONE })
    }
}

fn answer(ending: Ending) -> RoutePlan {
    let action = RouteAction::Answer(ending);
    RoutePlan { filters: None, action, rule: None, share: Ppm::ONE }
}

fn table<'a>(config: &'a ProxyConfig, manager: &'a HttpManager) -> Option<&'a RouteTable> {
    match &manager.routes {
        RouteSource::Inline(table) => Some(table),
        RouteSource::Named(name) => config.route_tables.get(name).map(AsRef::as_ref),
    }
}

/// The place of an entry among a route's weighted clusters.
fn place_of(forward: &Forward, entry: &WeightedCluster) -> Option<u32> {
    let meshwalk_models::proxy::envoy::config::Destination::Weighted { clusters, .. } =
        &forward.destination
    else {
        return None;
    };
    let place = clusters.iter().position(|one| std::ptr::eq(one, entry))?;
    u32::try_from(place).ok()
}

/// How a call ends whose connection the caller's own proxy does not serve.
fn refused(refusal: &Refusal) -> Ending {
    match refusal {
        Refusal::NoListener => Ending::without_answer(Details::CONNECTION_REFUSED),
        Refusal::NoChain { .. } => Ending {
            status: 0,
            details: Details::of_name("filter_chain_not_found"),
            flags: Flags::of(ResponseFlag::NoRouteFound),
        },
        Refusal::Denied { .. } => Ending::without_answer(Details::of_name("rbac_access_denied")),
        Refusal::PlaintextToTls { .. }
        | Refusal::TlsToPlaintext { .. }
        | Refusal::NoCertificate { .. }
        | Refusal::SeveralChains { .. }
        | Refusal::Undecided { .. }
        | Refusal::Unknown => Ending::without_answer(Details::CONNECT_FAILURE),
    }
}
