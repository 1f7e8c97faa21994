//! Call sites as proxies see them: where a caller dials, and the request that it sends.

use std::net::IpAddr;
use std::sync::Arc;

use meshwalk_models::control::istio::ambient::waypoints::WaypointAsked;
use meshwalk_models::control::{GatewayKind, GatewayName};
use meshwalk_models::manifest::kinds::Timestamp;
use meshwalk_models::proxy::envoy::Request;
use meshwalk_models::token::TokenFacts;
use meshwalk_models::walk::{
    Caller, ClientCertificate, ExternalAnswers, Policies, Question, Sender, Target, TargetPort,
    request_sent,
};
use meshwalk_models::world::{PodId, WorkloadId};

use crate::scenario::file::Protocol;

use super::super::Compiler;

/// A call site.
#[derive(Clone, Debug)]
pub(in super::super) struct Site {
    /// The workload that calls; `None` for clients outside.
    pub(in super::super) caller: Option<WorkloadId>,
    /// Whose tables it uses.
    pub(in super::super) client: usize,
    /// Where it dials; `None` where the name leads nowhere.
    pub(in super::super) dialled: Option<Dialled>,
    /// Headers that the caller sets.
    pub(in super::super) headers: Vec<(String, String)>,
    pub(in super::super) protocol: Protocol,
    /// Where the scenario says so.
    pub(in super::super) path: String,
}

/// Where a caller dials.
#[derive(Clone, Debug)]
pub(in super::super) struct Dialled {
    /// As it is written, without the port.
    pub(in super::super) host: String,
    pub(in super::super) port: u16,
    /// The address, where it is known.
    pub(in super::super) ip: Option<IpAddr>,
    /// Whose waypoint stands before it.
    pub(in super::super) asked: Vec<WaypointAsked>,
}

impl Compiler<'_> {
    /// When the run begins, by the clock that tokens go by.
    pub(in super::super) fn starts_at(&self) -> Option<Timestamp> {
        self.input.scenario.file.starts_at.as_ref()?.parse().ok()
    }

    /// The request of a call site as it leaves one of its callers.
    pub(in super::super) fn request_of(
        &self,
        site: &Site,
        dialled: &Dialled,
        from: Option<(WorkloadId, PodId)>,
        call: u32,
    ) -> Request {
        let (method, path) = &self.requests[call as usize];
        let mut headers = site.headers.clone();
        let typed = headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type"));
        if site.protocol == Protocol::Grpc && !typed {
            headers.push(("content-type".to_owned(), "application/grpc".to_owned()));
        }
        let question = Question {
            sender: match from {
                Some((workload, pod)) => Sender::Pod(Caller { pod, workload }),
                None => Sender::Outside(GatewayName {
                    namespace: String::new(),
                    name: String::new(),
                    kind: GatewayKind::Istio,
                }),
            },
            target: Target {
                scheme: None,
                host: dialled.host.clone(),
                port: Some(TargetPort::Number(dialled.port)),
                path: None,
            },
            method: method.clone(),
            path: Some(path.clone()),
            headers,
            policies: Policies::AssumedToAllow,
            certificate: ClientCertificate::Missing,
            external: ExternalAnswers::default(),
            tokens: Arc::new(TokenFacts { now: self.starts_at(), ..TokenFacts::default() }),
        };
        let source = from.map(|(_, pod)| self.input.world.pods[pod].ip);
        let mut request = request_sent(&question, dialled.port, source, dialled.ip);
        let offered: &[&str] = match site.protocol {
            Protocol::Http1 => &["http/1.1"],
            Protocol::Http2 | Protocol::Grpc => &["h2c"],
            Protocol::Tcp => &[],
        };
        request.connection.alpn = offered.iter().map(|&name| name.to_owned()).collect();
        request
    }
}
