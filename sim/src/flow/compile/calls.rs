//! Programs: the steps of every route as a flat list, and the calls among them.

use std::collections::BTreeSet;

use meshwalk_models::units::{Bytes, Probability, SimDuration};
use meshwalk_models::world::{TableId, WorkloadId};

use crate::flow::plan::{
    AppPlan, CallPlan, Carries, OnFailure, Op, Program, Reuse, RouteRule, Sharing, Streaming,
};
use crate::scenario::file::{
    Call, DurationSpec, Protocol, RequestTemplate, Route, RouteMatch, Step, TrafficSource,
    WorkloadBehaviour,
};
use crate::stats::EdgeOrigin;

use super::mesh::{Called, Site};
use super::targets::Place;
use super::{Compiler, TableKey};

/// Defaults of an application, as the scenario's documentation gives them.
mod default {
    use super::{Bytes, SimDuration};

    pub(super) const WORKERS: u32 = 16;
    pub(super) const QUEUE_LIMIT: u32 = 1_024;
    pub(super) const MAX_CONNECTIONS: u32 = 64;
    pub(super) const IDLE_TIMEOUT: SimDuration = SimDuration::from_secs(90);
    pub(super) const WORK: SimDuration = SimDuration::from_ms(1);
    pub(super) const RESPONSE: Bytes = Bytes(1_024);
}

/// Who makes a call.
#[derive(Clone, Copy)]
pub(super) enum CallSite<'p> {
    /// A workload; with the key path of the scenario.
    Workload(WorkloadId, &'p str),
    /// A source outside, by row.
    Outside { source: usize, path: &'p str },
    /// A source in the pods of a workload.
    Inside { workload: WorkloadId, path: &'p str },
}

impl CallSite<'_> {
    pub(super) fn path(&self) -> &str {
        match self {
            Self::Workload(_, path) | Self::Outside { path, .. } | Self::Inside { path, .. } => {
                path
            }
        }
    }

    pub(super) fn workload(&self) -> Option<WorkloadId> {
        match self {
            Self::Workload(id, _) | Self::Inside { workload: id, .. } => Some(*id),
            Self::Outside { .. } => None,
        }
    }
}

impl<'a> Compiler<'a> {
    /// The plan of one workload.
    pub(super) fn app(&mut self, id: WorkloadId, pods: (u32, u32)) -> AppPlan {
        let silent = WorkloadBehaviour::default();
        let (behaviour, path) = match self.behaviours.of(id) {
            Some((behaviour, path)) => (behaviour.clone(), path.to_owned()),
            None => (silent, String::new()),
        };
        if behaviour.routes.is_empty() {
            self.assume(
                "behaviour.default",
                format!(
                    "workloads without routes in the scenario work {} for each request and call \
                     nobody, {} at a time in each pod",
                    default::WORK,
                    behaviour.workers.unwrap_or(default::WORKERS)
                ),
            );
        }
        let mut routes = Vec::new();
        for (index, route) in behaviour.routes.iter().enumerate() {
            let path = format!("{path}.routes[{index}]");
            let program = self.program(id, index, route, &path);
            routes.push(RouteRule { matches: route.matches.clone(), program });
        }
        if routes.is_empty() {
            let work = Step::Work(DurationSpec::Constant(default::WORK));
            let route = Route {
                matches: RouteMatch::default(),
                steps: vec![work],
                response_size: None,
                error_rate: Probability::NEVER,
            };
            let program = self.program(id, 0, &route, &path);
            routes.push(RouteRule { matches: RouteMatch::default(), program });
        }
        AppPlan {
            workers: behaviour.workers.unwrap_or(default::WORKERS),
            queue_limit: behaviour.queue_limit.unwrap_or(default::QUEUE_LIMIT),
            threads: behaviour.threads,
            max_connections: behaviour.max_connections.unwrap_or(default::MAX_CONNECTIONS),
            connect_timeout: behaviour.connect_timeout,
            idle_timeout: behaviour.idle_timeout.unwrap_or(default::IDLE_TIMEOUT),
            pods,
            routes,
        }
    }

    fn program(&mut self, id: WorkloadId, route: usize, spec: &Route, path: &str) -> u32 {
        let first_op = self.ops.len() as u32;
        let mut position = (route as u64) << 32;
        self.steps(id, &spec.steps, &format!("{path}.steps"), &mut position);
        self.ops.push(Op::Respond);
        self.programs.push(Program {
            first_op,
            response_bytes: spec.response_size.unwrap_or(default::RESPONSE).0,
            error_rate: spec.error_rate,
        });
        (self.programs.len() - 1) as u32
    }

    /// Writes steps one after the other. The scenario's check bounds how deep they nest.
    fn steps(&mut self, id: WorkloadId, steps: &[Step], path: &str, position: &mut u64) {
        for (index, step) in steps.iter().enumerate() {
            let path = format!("{path}[{index}]");
            match step {
                Step::Work(spec) => {
                    let distribution = self.distribution(spec);
                    self.ops.push(Op::Work(distribution));
                }
                Step::Call(call) => {
                    self.call_group(id, std::slice::from_ref(call), position, |_| {
                        format!("{path}.call")
                    });
                }
                Step::Parallel(calls) => {
                    self.call_group(id, calls, position, |call| format!("{path}.parallel[{call}]"));
                }
                Step::Chance(chance) => {
                    let skip = self.ops.len();
                    self.ops.push(Op::SkipUnless(chance.probability, 0));
                    self.steps(id, &chance.steps, &format!("{path}.chance.steps"), position);
                    let after = self.ops.len() as u32;
                    self.ops[skip] = Op::SkipUnless(chance.probability, after);
                }
            }
        }
    }

    /// Writes calls that are made at once.
    fn call_group(
        &mut self,
        id: WorkloadId,
        calls: &[Call],
        position: &mut u64,
        path: impl Fn(usize) -> String,
    ) {
        let first = self.calls.len() as u32;
        for (index, call) in calls.iter().enumerate() {
            let path = path(index);
            *position += 1;
            self.call(CallSite::Workload(id, &path), call, Place::Name(&call.to), *position);
        }
        self.ops.push(Op::Calls(first, calls.len() as u32));
    }

    /// Writes one call site and returns its row.
    pub(super) fn call(
        &mut self,
        site: CallSite<'_>,
        call: &Call,
        place: Place<'_>,
        position: u64,
    ) -> u32 {
        let found = self.find_target(site, call.protocol, place);
        let (client, origin) = match site {
            CallSite::Workload(id, _) => (id.index(), EdgeOrigin::Workload(id.index())),
            CallSite::Inside { workload, .. } => {
                (workload.index(), EdgeOrigin::Workload(workload.index()))
            }
            CallSite::Outside { source, .. } => {
                (self.input.world.workloads.len() + source, EdgeOrigin::Traffic(source))
            }
        };
        let pool_table = self.table(client, TableKey::Target(found.target, call.protocol.into()));
        let timeout = self.timeout(call.timeout);
        let (sharing, reuse) = self.connections_of(site, call.protocol, found.target);
        let streaming = call.streaming.as_ref().map(|spec| Streaming {
            messages: u16::try_from(spec.messages).unwrap_or(u16::MAX).max(1),
            interval: spec.interval,
        });
        self.calls.push(CallPlan {
            target: found.target,
            pool_table,
            edge: self.layout.edge(origin, found.service_row),
            position,
            legs: None,
            sending: None,
            onward: None,
            carries: match call.protocol {
                Protocol::Http1 | Protocol::Http2 => Carries::Http,
                Protocol::Grpc => Carries::Grpc,
                Protocol::Tcp => Carries::Bytes,
            },
            sharing,
            reuse,
            timeout,
            retries: call.retries,
            retry_backoff: call.retry_backoff,
            on_failure: if call.optional { OnFailure::Ignore } else { OnFailure::Fail },
            probability: call.probability,
            streaming,
            request_bytes: call.request_size.0,
            programs: Vec::new(),
        });
        let method = call.method.clone().unwrap_or_else(|| default_method(call.protocol).into());
        let path = call.path.clone().unwrap_or_else(|| "/".to_owned());
        self.requests.push((method, path));
        self.mesh.sites.push(Site {
            caller: site.workload(),
            client,
            calls: match place {
                Place::Name(name) => Called::Name(name.to_owned()),
                Place::Ingress { host, .. } => Called::Ingress(host.to_owned()),
            },
            dialled: found.dialled,
            headers: headers(call),
            protocol: call.protocol,
            path: site.path().to_owned(),
        });
        (self.calls.len() - 1) as u32
    }

    /// Clients outside are many: what each opens to a load balancer it keeps for itself, so the
    /// next request, which comes from somebody else, opens its own.
    fn connections_of(
        &mut self,
        site: CallSite<'_>,
        protocol: Protocol,
        target: u32,
    ) -> (Sharing, Reuse) {
        let balance = self.targets.plans[target as usize].balance;
        if site.workload().is_some() || balance.is_per_request() {
            return (protocol.into(), Reuse::Keep);
        }
        self.assume(
            "clients.outside",
            "clients outside are many: each request to a Service comes over a connection of its \
             own"
            .to_owned(),
        );
        self.admit_gateway(target);
        (Sharing::Exclusive, Reuse::Close)
    }

    /// Finds for every call the program that answers it in each app behind its target.
    pub(super) fn link_programs(&mut self) {
        let mut behind = self.mesh.plan.pods_behind(self.calls.len());
        for (row, (call, (method, path))) in self.calls.iter_mut().zip(&self.requests).enumerate() {
            let (first, count) = self.targets.plans[call.target as usize].endpoints;
            let endpoints = &self.targets.endpoints[first as usize..(first + count) as usize];
            let behind = std::mem::take(&mut behind[row]);
            let apps: BTreeSet<u32> =
                endpoints.iter().chain(&behind).map(|pod| self.pods[*pod as usize].app).collect();
            call.programs = apps
                .into_iter()
                .filter_map(|app| {
                    // Waypoints have no programs.
                    let program = self.apps.get(app as usize)?.program_for(method, path)?;
                    Some((app, program))
                })
                .collect();
        }
    }
}

/// The headers that a caller sets.
fn headers(call: &Call) -> Vec<(String, String)> {
    let written = call.headers.iter().map(|(name, value)| (name.clone(), value.clone()));
    let mut headers: Vec<_> = written.collect();
    let is_typed = headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    if call.protocol == Protocol::Grpc && !is_typed {
        headers.push(("content-type".to_owned(), "application/grpc".to_owned()));
    }
    headers
}

fn default_method(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Grpc => "POST",
        Protocol::Http1 | Protocol::Http2 | Protocol::Tcp => "GET",
    }
}

/// A source's request as a call.
pub(super) fn request_call(source: &TrafficSource, template: &RequestTemplate) -> Call {
    Call {
        to: source.to.clone(),
        protocol: source.protocol,
        method: template.method.clone(),
        path: template.path.clone(),
        headers: template.headers.clone(),
        request_size: template.size,
        timeout: source.timeout,
        retries: 0,
        retry_backoff: SimDuration::ZERO,
        optional: false,
        probability: Probability::ALWAYS,
        streaming: None,
    }
}
