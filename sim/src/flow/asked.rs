//! What the call sites of a scenario ask for, as they are written, and the question that asks the
//! walk for the same. What becomes of it is not said here.

use std::sync::Arc;

use meshwalk_models::control::{GatewayKind, GatewayName};
use meshwalk_models::manifest::kinds::Timestamp;
use meshwalk_models::proxy::envoy::filters::ExternalAnswer;
use meshwalk_models::token::TokenFacts;
use meshwalk_models::units::SimTime;
use meshwalk_models::walk::{
    CLIENTS_OF_RUNS, Caller, ClientCertificate, ExternalAnswers, OutsideClient, Policies, Question,
    Scheme, Sender, Target, TargetPort,
};
use meshwalk_models::world::{PodId, WorkloadId, World};

use crate::scenario::Scenario;
use crate::scenario::file::{AuthorizerAnswer, ExternalAuthorizer, UndecidedPolicies};

/// What a call site asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The workload that calls; `None` for clients outside.
    pub caller: Option<WorkloadId>,
    /// What it dials.
    pub dials: Dials,
    /// The method.
    pub method: String,
    /// The path with its query.
    pub path: String,
    /// The headers that the caller sets.
    pub headers: Vec<(String, String)>,
    /// The key path of the scenario that says so, such as `traffic[0].to`.
    pub written: String,
}

/// What a call site dials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Dials {
    /// A host or an address.
    Address {
        /// As it is written, without the port.
        host: String,
        /// The port.
        port: u16,
    },
    /// The controller of an Ingress class.
    Ingress {
        /// The class; empty for Ingresses without one.
        class: String,
        /// The host that is asked for.
        host: String,
    },
    /// A name that leads nowhere.
    Nowhere {
        /// As it is written.
        name: String,
    },
}

/// Why a call is no question to the walk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unasked {
    /// The caller has no pods.
    #[error("the caller has no pods")]
    NoPods,
    /// What is called is no name and no address.
    #[error("what is called is neither a name nor an address")]
    NoTarget,
}

impl Asked {
    /// The question that is the same request, as it leaves `pod` at `at`. A pod that is none of the
    /// caller's stands for its first one: what a waypoint sends on was asked by its caller.
    ///
    /// # Errors
    /// Where no question to the walk is the same.
    pub fn question(
        &self,
        (world, scenario): (&World, &Scenario),
        pod: Option<PodId>,
        at: SimTime,
    ) -> Result<Question, Unasked> {
        let file = &scenario.file;
        let (sender, target) = self.ends(world, pod)?;
        let start: Option<Timestamp> = file.starts_at.as_ref().and_then(|text| text.parse().ok());
        let elapsed_s = (at.as_ns() / 1_000_000_000) as i64;
        let now = start.map(|start| Timestamp::from_unix_s(start.as_unix_s() + elapsed_s));
        let mut external = ExternalAnswers::default();
        for (provider, spec) in &file.external_authorizers {
            external.give(provider.clone(), answer_of(spec));
        }
        Ok(Question {
            sender,
            target,
            method: self.method.clone(),
            path: Some(self.path.clone()),
            headers: self.headers.clone(),
            policies: match file.undecided_policies {
                UndecidedPolicies::AssumeAllowed => Policies::AssumedToAllow,
                _ => Policies::MayDeny,
            },
            certificate: ClientCertificate::Missing,
            external,
            tokens: Arc::new(TokenFacts { now, ..TokenFacts::default() }),
        })
    }

    fn ends(&self, world: &World, pod: Option<PodId>) -> Result<(Sender, Target), Unasked> {
        let sender = match (self.caller, &self.dials) {
            (Some(workload), _) => {
                let own = world.workloads[workload].pods.clone();
                let own = own.start..own.end;
                let pod = pod.filter(|pod| own.contains(pod));
                let first = (own.start < own.end).then_some(own.start);
                let pod = pod.or(first).ok_or(Unasked::NoPods)?;
                Sender::Pod(Caller { pod, workload })
            }
            (None, Dials::Ingress { class, .. }) => Sender::Outside(GatewayName {
                namespace: String::new(),
                name: class.clone(),
                kind: GatewayKind::Ingress,
            }),
            (None, _) => Sender::Client(OutsideClient::OfRun(CLIENTS_OF_RUNS)),
        };
        let target = match &self.dials {
            Dials::Address { host, port } => Target {
                scheme: None,
                host: host.clone(),
                port: Some(TargetPort::Number(*port)),
                path: None,
            },
            Dials::Ingress { host, .. } => {
                Target { scheme: Some(Scheme::Http), host: host.clone(), port: None, path: None }
            }
            Dials::Nowhere { name } => name.parse().map_err(|_| Unasked::NoTarget)?,
        };
        Ok((sender, target))
    }
}

/// What an external authoriser answers when it does not fail.
pub(super) const fn answer_of(spec: &ExternalAuthorizer) -> ExternalAnswer {
    match spec.answer {
        AuthorizerAnswer::Allow => ExternalAnswer::Allow,
        AuthorizerAnswer::Deny => ExternalAnswer::Deny { status: spec.status },
        AuthorizerAnswer::Fail => ExternalAnswer::Fail,
    }
}
