//! What a server's side makes of a connection and a request: its demands on encryption, its access
//! rules and tokens. The application itself is asked nothing.

use std::sync::Arc;

use meshwalk_models::control::istio::unmodelled::{Touched, touching};
use meshwalk_models::explain::Silent;
use meshwalk_models::manifest::kinds::istio::Effect;
use meshwalk_models::path::DataPath;
use meshwalk_models::proxy::envoy::Request;
use meshwalk_models::proxy::envoy::config::{
    Direction, HttpFilterKind, HttpManager, ProxyConfig, RouteSource, UpstreamTls,
};
use meshwalk_models::proxy::envoy::filters::ExternalAnswers;
use meshwalk_models::proxy::envoy::listening::{Arrival, Service, accept};
use meshwalk_models::proxy::envoy::routing::{Choice, Taken, choices, prepare};
use meshwalk_models::walk::{self, Fate, Received, Reception};
use meshwalk_models::world::{Origin, PodId, TableId};

use crate::flow::plan::{ConnectionFate, FilterPlan};
use crate::stats::Details;

use super::super::Compiler;
use super::super::sendings::{Sender, Sending};
use super::{Pair, Said};

/// What a server's side says.
pub(super) enum AtServer {
    /// What all layers may say.
    Plain(Said),
    /// Its proxy answers.
    Answers(u16, Details, String, Vec<Origin>),
    /// Its proxy's filters look at each request.
    Filters(Box<FilterPlan>, String),
}

impl Compiler<'_> {
    pub(super) fn server_side(&mut self, sending: &Sending, pair: Pair) -> AtServer {
        let nothing = AtServer::Plain(Said::Nothing);
        let (Some(_), Some(request)) = (self.input.planes, &sending.request) else {
            return nothing;
        };
        if matches!(sending.by, Sender::BareProxy(_))
            || self.waypoints.of_pod(pair.server).is_some()
        {
            // What a waypoint makes of requests is in its own routes.
            return nothing;
        }
        // The scenario says what carries whose traffic.
        if self.pods[pair.server as usize].data_path == DataPath::None {
            return AtServer::Plain(self.without_sidecar(sending, pair));
        }
        self.admit_unmodelled(pair.server);
        match self.ask(sending, pair, walk::receive) {
            Some(reception) => self.received(reception, request, pair),
            None => nothing,
        }
    }

    fn received(&mut self, reception: Reception, request: &Request, pair: Pair) -> AtServer {
        let filters = self.filters_of(&reception, request);
        match (reception.outcome, filters) {
            (Received::Unknown(why), _) => AtServer::Plain(Said::Unknown(why, Vec::new())),
            (Received::Ended(fate, why), _) => {
                AtServer::Plain(Said::Ends(fate_of(fate), why.sentence, why.origins))
            }
            (Received::Taken | Received::Answered { .. }, Some(filters)) => {
                let server = self.pod_name(pair.server);
                AtServer::Filters(filters, format!("the filters of the sidecar of {server}"))
            }
            (Received::Taken, None) => AtServer::Plain(Said::Nothing),
            (Received::Answered { status, details, why }, None) => {
                let word = details.as_deref().unwrap_or_default();
                let word = word.split(['{', '[']).next().unwrap_or_default();
                let details = Details::of_name(word);
                AtServer::Answers(status, details, why.sentence, why.origins)
            }
        }
    }

    /// Objects that may turn requests away and are not modelled are not passed over in silence.
    fn admit_unmodelled(&mut self, server: u32) {
        let Some(planes) = self.input.planes else { return };
        let (world, pod) = (self.input.world, PodId::from_index(server as usize));
        let Some(push) = planes.istio().push_of(world, pod) else { return };
        let namespace = world.workload_of(pod).namespace;
        let namespace = namespace.map_or("", |it| world.namespaces[it].name.as_str());
        let proxy = Touched { namespace, labels: &world.pods[pod].labels, gateway: None };
        for object in touching(push, proxy) {
            if object.object.effect == Effect::TurnsAway {
                let what = format!("{:?} {}", object.object.kind, object.title());
                let sentence = format!("{what} is taken to let requests pass: it is not modelled");
                self.assume("policy.not-modelled", sentence);
            }
        }
    }

    /// An application that gets what nobody ends before it.
    fn without_sidecar(&self, sending: &Sending, pair: Pair) -> Said {
        let Sender::Proxy(sender) = &sending.by else { return Said::Nothing };
        let tls = &sender.cluster.tls;
        if !matches!(tls.value, UpstreamTls::IstioMutual { .. }) {
            return Said::Nothing;
        }
        let server = self.pod_name(pair.server);
        let sentence = format!(
            "the client's side sends mutual TLS of the mesh, which nobody ends at {server}"
        );
        Said::Ends(ConnectionFate::NoHandshake, sentence, vec![tls.origin])
    }

    /// What the scenario says of external authorisers, as whoever asks once has it.
    pub(in super::super) fn external(&self) -> ExternalAnswers {
        let mut answers = ExternalAnswers::default();
        for (provider, spec) in &self.input.scenario.file.external_authorizers {
            answers.give(provider.clone(), crate::flow::asked::answer_of(spec));
        }
        answers
    }

    /// Whether what a filter says depends on the moment.
    pub(in super::super) fn is_open(&self, kind: &HttpFilterKind) -> bool {
        match kind {
            HttpFilterKind::ExtAuthz(_) | HttpFilterKind::LocalRateLimit(_) => true,
            HttpFilterKind::Jwt(_) => self.input.scenario.file.starts_at.is_some(),
            HttpFilterKind::Cors | HttpFilterKind::Fault(_) | HttpFilterKind::Rbac(_) => false,
        }
    }

    /// The filters beside a server, where what they say depends on the moment or on a draw.
    fn filters_of(&mut self, reception: &Reception, request: &Request) -> Option<Box<FilterPlan>> {
        let config: &Arc<ProxyConfig> = reception.proxy.as_ref()?;
        let arrival = Arrival::Redirected(Direction::Inbound);
        let accepted = accept(config, arrival, &reception.connection, &mut Silent).ok()?;
        let Service::Http(manager) = accepted.service() else { return None };
        if !manager.filters.iter().any(|filter| self.is_open(&filter.kind)) {
            return None;
        }
        let mut request = Request { connection: reception.connection.clone(), ..request.clone() };
        prepare(manager, &mut request, &mut Silent).ok()?;
        let taken = taken(config, manager, &request);
        Some(Box::new(FilterPlan {
            manager: manager.clone(),
            number: self.mesh.manager_number(manager),
            taken: taken.map(|Taken { host, route }| (host.clone(), route.clone())),
            bootstrap: config.bootstrap.clone(),
            request,
        }))
    }
}

/// The route that a request takes in its server's proxy.
fn taken<'c>(
    config: &'c ProxyConfig,
    manager: &'c HttpManager,
    request: &Request,
) -> Option<Taken<'c>> {
    let table = match &manager.routes {
        RouteSource::Inline(table) => table,
        RouteSource::Named(name) => config.route_tables.get(name)?,
    };
    let mut found = choices(table, request, &config.bootstrap, &mut Silent).into_iter();
    match found.next()? {
        (_, Choice::Taken(taken)) => Some(taken),
        (_, Choice::NoRoute | Choice::TlsRequired(_)) => None,
    }
}

const fn fate_of(fate: Fate) -> ConnectionFate {
    match fate {
        Fate::Closed => ConnectionFate::Closed,
        Fate::Refused => ConnectionFate::Refused,
        Fate::NoHandshake => ConnectionFate::NoHandshake,
        Fate::Dropped => ConnectionFate::Dropped,
    }
}
