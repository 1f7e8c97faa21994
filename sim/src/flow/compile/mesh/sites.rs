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

use crate::flow::asked::{Asked, Dials};
use crate::scenario::file::Protocol;

use super::super::Compiler;

/// A call site.
#[derive(Clone, Debug)]
pub(in super::super) struct Site {
    /// The workload that calls; `None` for clients outside.
    pub(in super::super) caller: Option<WorkloadId>,
    /// Whose tables it uses.
    pub(in super::super) client: usize,
    /// What it calls, as it is written.
    pub(in super::super) calls: Called,
    /// Where it dials; `None` where the name leads nowhere, or to a gateway.
    pub(in super::super) dialled: Option<Dialled>,
    /// Headers that the caller sets.
    pub(in super::super) headers: Vec<(String, String)>,
    pub(in super::super) protocol: Protocol,
    /// Where the scenario says so.
    pub(in super::super) path: String,
}

/// What a call site calls, as it is written.
#[derive(Clone, Debug)]
pub(in super::super) enum Called {
    /// A name or an address, perhaps with a port.
    Name(String),
    /// This host, at the Ingress rules.
    Ingress(String),
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

    /// What each call site that is written asks for; other rows of calls come after these.
    pub(in super::super) fn asked(&mut self) -> Vec<Asked> {
        let class = self.input.world.ingress_classes.iter().next();
        let class = class.map(|class| class.name.clone()).unwrap_or_default();
        let sites = std::mem::take(&mut self.mesh.sites);
        let requests = std::mem::take(&mut self.requests);
        let asked = sites.into_iter().zip(requests).map(|(site, (method, path))| Asked {
            caller: site.caller,
            dials: match (site.calls, site.dialled) {
                (Called::Ingress(host), _) => Dials::Ingress { class: class.clone(), host },
                (Called::Name(_), Some(Dialled { host, port, .. })) => {
                    Dials::Address { host, port }
                }
                (Called::Name(name), None) => Dials::Nowhere { name },
            },
            method,
            path,
            headers: site.headers,
            written: site.path,
        });
        asked.collect()
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
            headers: site.headers.clone(),
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
