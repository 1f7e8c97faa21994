//! A request on its way through the proxy, from its first byte to the router.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use meshwalk_models::explain::Silent;
use meshwalk_models::proxy::envoy::config::{
    HttpManager, NetworkFilter, RouteAction, RouteSource, Transport,
};
use meshwalk_models::proxy::envoy::filters::{Chain, Progress, Settings, Step};
use meshwalk_models::proxy::envoy::listening::{Arrival, Refusal, accept};
use meshwalk_models::proxy::envoy::router::{
    Attempt, Caller, Retriable, RouterPlan, RouterState, Timer,
};
use meshwalk_models::proxy::envoy::routing::{
    Choice, Context, ForwardPlan, Pick, Plan, Taken, choose, no_route, pick_cluster, plan, prepare,
};
use meshwalk_models::proxy::envoy::upstream::{HostId, PreviousPriorities};
use meshwalk_models::proxy::envoy::{Connection, HeaderMap, Request};
use meshwalk_models::units::SimTime;

use super::super::case::ClientRequest;
use super::super::render::{ClientTransport, LISTENER_PORT};
use super::answer::{Answer, Failure, Log};
use super::pools::StreamId;
use super::{Drive, HOP, Happening, TIMER_LAG};

/// Where all clients are.
const CLIENT: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// A request on its way, and what became of it.
#[derive(Debug)]
pub(in super::super) struct Call<'w> {
    pub(super) spec: &'w ClientRequest,
    pub(super) id: String,
    /// When its client began.
    pub(super) started: SimTime,
    pub(super) request: Request,
    pub(super) caller: Caller,
    pub(super) progress: Progress,
    pub(super) routed: Option<Routed<'w>>,
    pub(super) forward: Option<Box<ForwardPlan<'w>>>,
    pub(super) plan: Option<Arc<RouterPlan>>,
    pub(super) state: RouterState,
    /// Timers that run, each with the number of its start.
    pub(super) timers: BTreeMap<Timer, u64>,
    /// Hosts that attempts were sent to.
    pub(super) tried: Vec<HostId>,
    pub(super) priorities: Option<PreviousPriorities>,
    pub(super) attempts: BTreeMap<Attempt, StreamId>,
    pub(super) answer: Answer,
    pub(super) log: Option<Log>,
    pub(super) seen: Vec<Seen>,
    /// The request that this one is a copy of.
    pub(super) shadow_of: Option<usize>,
}

/// The route of a request.
#[derive(Clone, Debug)]
pub(super) struct Routed<'w> {
    pub(super) manager: &'w HttpManager,
    pub(super) context: Context<'w>,
    pub(super) taken: Option<Taken<'w>>,
    pub(super) pick: Option<Pick<'w>>,
}

/// An attempt as its upstream saw it.
#[derive(Clone, Debug)]
pub(in super::super) struct Seen {
    pub(in super::super) endpoint: String,
    pub(in super::super) at: SimTime,
    pub(in super::super) headers: HeaderMap,
}

impl<'w> Call<'w> {
    pub(super) fn new(spec: &'w ClientRequest, id: String, now: SimTime) -> Self {
        let request = Request {
            headers: HeaderMap::new(),
            connection: connection(ClientTransport::Plaintext, None),
            tokens: Arc::default(),
        };
        Self {
            spec,
            id,
            started: now,
            request,
            caller: Caller::Untrusted,
            progress: Progress::default(),
            routed: None,
            forward: None,
            plan: None,
            state: RouterState::new(),
            timers: BTreeMap::new(),
            tried: Vec::new(),
            priorities: None,
            attempts: BTreeMap::new(),
            answer: Answer::default(),
            log: None,
            seen: Vec::new(),
            shadow_of: None,
        }
    }

    /// The headers as the client sends them.
    fn sent_headers(&self, transport: ClientTransport) -> HeaderMap {
        let spec = self.spec;
        let scheme = match transport {
            ClientTransport::Plaintext => "http",
            ClientTransport::Tls => "https",
        };
        let pseudo = [
            (":method", spec.method.as_str()),
            (":scheme", scheme),
            (":authority", spec.host.as_str()),
            (":path", spec.path.as_str()),
            ("x-case-id", self.id.as_str()),
        ];
        let mut headers: HeaderMap = pseudo.into_iter().collect();
        for (name, value) in &spec.headers {
            headers.append(name, value.trim());
        }
        if let Some(bytes) = spec.body_bytes {
            headers.append("content-length", bytes.to_string());
        }
        headers
    }
}

fn connection(transport: ClientTransport, certificate: Option<&str>) -> Connection {
    Connection {
        source_ip: Some(CLIENT),
        destination_ip: Some(CLIENT),
        destination_port: LISTENER_PORT,
        transport: match transport {
            ClientTransport::Plaintext => Transport::RawBuffer,
            ClientTransport::Tls => Transport::Tls,
        },
        sni: (transport == ClientTransport::Tls).then(|| "server".to_owned()),
        alpn: Vec::new(),
        principal: certificate.map(|name| format!("spiffe://cluster.local/ns/default/sa/{name}")),
    }
}

impl<'w> Drive<'w> {
    /// A request reaches the proxy.
    pub(super) fn arrives(&mut self, call: usize) -> Result<(), String> {
        let world = self.world;
        let own = &mut self.calls[call];
        own.request.connection = connection(world.transport, own.spec.certificate.as_deref());
        own.request.headers = own.sent_headers(world.transport);
        let connection = &own.request.connection;
        let accepted = accept(&world.config, Arrival::Dialled, connection, &mut Silent);
        let manager: &'w HttpManager = match accepted.map(|accepted| accepted.chain) {
            Ok(chain) => match chain.filters.last() {
                Some(NetworkFilter::Http(http)) => http,
                _ => return Err("the listener of a case has a connection manager".to_owned()),
            },
            Err(Refusal::NoCertificate { .. }) => {
                own.answer.failure = Some(Failure::Handshake);
                self.after(HOP, Happening::Answered(call));
                return Ok(());
            }
            Err(refusal) => return Err(format!("the connection is refused: {refusal:?}")),
        };
        let internal = self.is_internal(call, manager);
        let own = &mut self.calls[call];
        own.caller = if internal { Caller::Trusted } else { Caller::Untrusted };
        let seen_by = HttpManager { trusts_envoy_headers: internal, ..manager.clone() };
        let prepared = prepare(&seen_by, &mut own.request, &mut Silent);
        let RouteSource::Inline(table) = &manager.routes else {
            return Err("the routes of a case stand in its connection manager".to_owned());
        };
        let config = &world.config;
        let context = Context { table, clusters: &config.clusters, bootstrap: &config.bootstrap };
        own.routed = Some(Routed { manager, context, taken: None, pick: None });
        if let Err(reply) = prepared {
            if reply.headers.get("location").is_some() {
                self.count("http.in.downstream_rq_redirected_with_normalized_path".to_owned());
            }
            self.reply(call, *reply);
            return Ok(());
        }
        self.routes(call, context);
        self.filters(call)
    }

    /// Whether the caller counts as internal: its address is one of those that do, and no proxy
    /// stands before it.
    ///
    /// Source: Envoy, `ConnectionManagerUtility::mutateRequestHeaders`.
    fn is_internal(&self, call: usize, manager: &HttpManager) -> bool {
        let request = &self.calls[call].request;
        let forwarded = request.headers.get("x-forwarded-for");
        let address = match (manager.uses_remote_address, forwarded) {
            (true, None) => Some(CLIENT),
            (false, Some(list)) if !list.contains(',') => list.trim().parse().ok(),
            _ => None,
        };
        address.is_some_and(|address| self.world.internal.iter().any(|net| net.contains(&address)))
    }

    /// Looks for the route and the cluster.
    fn routes(&mut self, call: usize, context: Context<'w>) {
        let own = &mut self.calls[call];
        let choice =
            choose(context.table, &own.request, context.bootstrap, &mut self.draws, &mut Silent);
        let Some(routed) = &mut own.routed else { return };
        if let Choice::Taken(taken) = choice {
            routed.taken = Some(taken);
            if let RouteAction::Forward(forward) = &taken.route.action {
                routed.pick =
                    pick_cluster(&forward.destination, &own.request, &mut self.draws, &mut Silent);
                let plan = RouterPlan::of(forward, taken.host, routed.manager);
                let changed = plan.for_request(&own.request.headers, own.caller);
                own.plan = Some(Arc::new(changed.unwrap_or(plan)));
            }
        }
        // Clients send all they have at once: a stream that ends early was read to its end.
        self.with_router(call, |router| {
            router.request_complete();
            router.open_stream();
        });
    }

    /// Lets the filters go on with a request.
    pub(super) fn filters(&mut self, call: usize) -> Result<(), String> {
        let now = self.now();
        let own = &mut self.calls[call];
        let Some(routed) = own.routed.clone().filter(|_| own.log.is_none()) else {
            return Ok(());
        };
        let weighted = routed.pick.as_ref().and_then(|pick| pick.weighted);
        let chain = Chain {
            filters: &routed.manager.filters,
            settings: Settings { taken: routed.taken, weighted },
            bootstrap: routed.context.bootstrap,
        };
        let step = chain.run(
            &own.request,
            &mut own.progress,
            &mut self.filters,
            now,
            &mut self.draws,
            &mut Silent,
        );
        match step {
            Step::Wait(pause) => self.after(pause + TIMER_LAG, Happening::FilterWaited(call)),
            Step::Answer(reply) => self.reply(call, *reply),
            Step::Ask(_) | Step::Unknown => return Err("an access rule cannot be told".to_owned()),
            Step::Through => self.route_acts(call, &routed),
        }
        Ok(())
    }

    /// The filters let the request through, and its route acts.
    fn route_acts(&mut self, call: usize, routed: &Routed<'w>) {
        let Some(taken) = routed.taken else {
            self.count("http.in.no_route".to_owned());
            self.reply(call, no_route());
            return;
        };
        let own = &self.calls[call];
        let (context, pick) = (routed.context, routed.pick.clone());
        let plan = plan(context, taken, pick, &own.request, &mut self.draws, &mut Silent);
        match plan {
            Plan::Forward(forward) => self.forwards(call, forward),
            Plan::Reply(reply) => {
                if !matches!(taken.route.action, RouteAction::Forward(_)) {
                    self.count("http.in.rq_direct_response".to_owned());
                }
                self.finished_reply(call, *reply);
            }
        }
    }

    fn forwards(&mut self, call: usize, forward: Box<ForwardPlan<'w>>) {
        let own = &mut self.calls[call];
        let Some(plan) = own.plan.clone() else { return };
        let policy = plan.retry.as_deref();
        let repeated = self.world.config.bootstrap.repeated_headers;
        let headers = &own.request.headers;
        let wanted = policy.map(|policy| policy.request_headers.as_slice()).unwrap_or_default();
        let fits = wanted.is_empty() || wanted.iter().any(|one| one.matches(headers, repeated));
        let every = policy.and_then(|policy| policy.previous_priorities);
        own.priorities = every.map(PreviousPriorities::new);
        own.forward = Some(forward);
        self.begin_router(call, if fits { Retriable::Yes } else { Retriable::No });
        self.shadows(call);
    }
}
