//! Sends one request through a compiled configuration, as the proxy would: listener, filter chain,
//! route, filters, cluster, router, backend, and back. What was expected is not known here.

use std::borrow::Cow;
use std::collections::BTreeMap;

use meshwalk_models::explain::Silent;
use meshwalk_models::proxy::envoy::config::{
    HttpManager, ProxyConfig, RouteAction, RouteSource, RouteTable,
};
use meshwalk_models::proxy::envoy::filters::{Chain, FilterState, Progress, Settings, Step};
use meshwalk_models::proxy::envoy::listening::{Arrival, Service, accept};
use meshwalk_models::proxy::envoy::router::RouterPlan;
use meshwalk_models::proxy::envoy::routing::{
    Choice, Context, ForwardPlan, Plan, Taken, choose, no_route, pick_cluster, plan, prepare,
};
use meshwalk_models::proxy::envoy::{HeaderMap, Reply, Request};
use meshwalk_models::units::SimTime;
use meshwalk_models::world::{Origin, World};

use super::draws::Draws;
use super::serve::{Ended, echo_headers, serve};

/// What became of a request.
#[derive(Clone, Debug, Default)]
pub(super) struct Exchange {
    /// The status; gRPC clients look at `code` too.
    pub(super) status: u16,
    /// The gRPC status; 0 for plain requests that were served.
    pub(super) code: u32,
    /// The headers of the response.
    pub(super) headers: HeaderMap,
    /// The backend that answered, if one did.
    pub(super) served: Option<Served>,
    /// Who got a copy: namespace and Service.
    pub(super) copies: Vec<(String, String)>,
    /// Where the rule stands that took the request.
    pub(super) rule: Option<Origin>,
}

/// The backend that answered.
#[derive(Clone, Debug)]
pub(super) struct Served {
    pub(super) namespace: String,
    pub(super) service: String,
    pub(super) pod: String,
    /// The request as it got it.
    pub(super) request: HeaderMap,
}

/// A proxy and what stands around it.
#[derive(Clone, Copy)]
pub(super) struct Proxy<'p> {
    pub(super) world: &'p World,
    pub(super) config: &'p ProxyConfig,
    pub(super) arrival: Arrival,
    /// Headers that backends put into their answers.
    pub(super) backend_sets: &'p BTreeMap<String, String>,
}

impl Proxy<'_> {
    /// Sends a request. The error says why there is no answer at all.
    pub(super) fn send(self, request: &Request, draws: &mut Draws) -> Result<Exchange, String> {
        let accepted = accept(self.config, self.arrival, &request.connection, &mut Silent)
            .map_err(|refusal| format!("there is no connection: {refusal:?}"))?;
        match accepted.service() {
            Service::Http(manager) => self.through(manager, request.clone(), draws),
            Service::Tcp(_) => Err("the proxy passes bytes on and looks at no request".to_owned()),
            Service::Nothing => Err("the filter chain serves nothing".to_owned()),
        }
    }

    fn through(
        self,
        manager: &HttpManager,
        mut request: Request,
        draws: &mut Draws,
    ) -> Result<Exchange, String> {
        let empty = RouteTable::default();
        let table = match &manager.routes {
            RouteSource::Inline(table) => table,
            RouteSource::Named(name) => {
                self.config.route_tables.get(name).map_or(&empty, |table| table)
            }
        };
        if let Err(reply) = prepare(manager, &mut request, &mut Silent) {
            return Ok(replied(&request, *reply, None));
        }
        let bootstrap = &self.config.bootstrap;
        let taken = match choose(table, &request, bootstrap, draws, &mut Silent) {
            Choice::Taken(taken) => taken,
            Choice::NoRoute => return Ok(replied(&request, no_route(), None)),
            Choice::TlsRequired(reply) => return Ok(replied(&request, *reply, None)),
        };
        let context = Context { table, clusters: &self.config.clusters, bootstrap };
        let pick = match &taken.route.action {
            RouteAction::Forward(forward) => {
                pick_cluster(&forward.destination, &request, draws, &mut Silent)
            }
            RouteAction::Redirect(_) | RouteAction::Direct(_) => None,
        };
        let settings =
            Settings { taken: Some(taken), weighted: pick.as_ref().and_then(|it| it.weighted) };
        let filters = Chain { filters: &manager.filters, settings, bootstrap };
        let (mut progress, mut state) = (Progress::default(), FilterState::default());
        let rule = Some(taken.route.origin);
        loop {
            let now = SimTime::ZERO;
            match filters.run(&request, &mut progress, &mut state, now, draws, &mut Silent) {
                Step::Through => break,
                // Nothing here depends on when the request comes through.
                Step::Wait(_) => {}
                Step::Answer(reply) => return Ok(replied(&request, *reply, rule)),
                Step::Ask(_) | Step::Unknown => {
                    return Err("access rules cannot be told".to_owned());
                }
            }
        }
        let mut exchange = match plan(context, taken, pick, &request, draws, &mut Silent) {
            Plan::Reply(reply) => replied(&request, *reply, rule),
            Plan::Forward(plan) => {
                self.forwarded(context, (manager, taken), &plan, &request, draws)?
            }
        };
        for (name, value) in progress.response_headers.iter() {
            exchange.headers.append(name, value);
        }
        Ok(exchange)
    }

    fn forwarded(
        self,
        context: Context<'_>,
        (manager, taken): (&HttpManager, Taken<'_>),
        plan: &ForwardPlan<'_>,
        request: &Request,
        draws: &mut Draws,
    ) -> Result<Exchange, String> {
        let terms = RouterPlan::of(plan.forward, taken.host, manager);
        let mut exchange = match serve(self.config, plan, terms, draws)? {
            Ended::Replied(reply) => {
                let body = Cow::Owned(reply.body());
                let reply =
                    Reply { flags: reply.flags, body, ..Reply::new(reply.status, "router") };
                replied(request, reply, None)
            }
            Ended::Served(endpoint) => {
                let target = plan.cluster.target.as_ref();
                let pod = endpoint.pod.map(|pod| &self.world.pods[pod]);
                Exchange {
                    status: 200,
                    headers: echo_headers(self.backend_sets),
                    served: Some(Served {
                        namespace: target.map(|it| it.namespace.clone()).unwrap_or_default(),
                        service: target.map(|it| it.service.clone()).unwrap_or_default(),
                        pod: pod.map(|pod| pod.name.clone()).unwrap_or_default(),
                        request: plan.headers.clone(),
                    }),
                    ..Exchange::default()
                }
            }
        };
        let Exchange { status, headers, .. } = &mut exchange;
        plan.finish_response(context, request, *status, headers, &mut Silent);
        exchange.rule = Some(taken.route.origin);
        exchange.copies = self.copies(plan);
        Ok(exchange)
    }

    /// The Services that get a copy: those with a host to send it to.
    fn copies(self, plan: &ForwardPlan<'_>) -> Vec<(String, String)> {
        let targets = plan.mirrors.iter().filter_map(|mirror| {
            let name = &mirror.cluster.value;
            let assignment = self.config.assignments.get(name)?;
            let has_hosts = assignment.localities.iter().any(|it| !it.endpoints.is_empty());
            let target = self.config.clusters.get(name)?.target.as_ref()?;
            has_hosts.then(|| (target.namespace.clone(), target.service.clone()))
        });
        targets.collect()
    }
}

/// An answer that the proxy makes itself, in the form that the client understands.
fn replied(request: &Request, reply: Reply, rule: Option<Origin>) -> Exchange {
    let Reply { status, headers, .. } = reply.for_client(request);
    let code = headers.get("grpc-status").and_then(|code| code.parse().ok()).unwrap_or(0);
    Exchange { status, code, headers, rule, ..Exchange::default() }
}
