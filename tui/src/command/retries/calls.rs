//! The calls of a scenario, each with the retries of the application and of its proxy.

use std::collections::{BTreeMap, BTreeSet};

use meshwalk_models::control::kubernetes::ingress::{self, IngressAnswer};
use meshwalk_models::explain::Silent;
use meshwalk_models::units::SimDuration;
use meshwalk_models::walk::{
    Answer, Call, Caller, ClientCertificate, ExternalAnswers, Policies, Question, Sender, Target,
    TargetPort, Timeouts, find_caller, full_name, walk,
};
use meshwalk_models::world::{EndpointTarget, ServiceId, WorkloadId};
use meshwalk_sim::scenario::Scenario;
use meshwalk_sim::scenario::file::{Call as CallSpec, Protocol, Step, TrafficSource};

use crate::failure::Failure;
use crate::report::retries::{Audit, CallRow};

use super::super::mesh::{self, Mesh};
use super::shorter;

/// Works out all calls of `scenario`.
pub(super) fn audit(mesh: &Mesh, scenario: &Scenario) -> Result<Audit, Failure> {
    let mut graph =
        Graph { mesh, scenario, nodes: Nodes::default(), rows: Vec::new(), skipped: Vec::new() };
    let mut entries = BTreeSet::new();
    for source in &scenario.file.traffic {
        entries.insert(graph.source(source));
    }
    for (name, behaviour) in &scenario.file.workloads {
        let caller = match find_caller(&mesh.world, graph.namespace(name), name) {
            Ok(caller) => caller,
            Err(error) => {
                graph.skipped.push(format!("workload {name}: {error}"));
                continue;
            }
        };
        let mut calls = Vec::new();
        behaviour.routes.iter().for_each(|route| collect(&route.steps, &mut calls));
        for call in calls {
            graph.call(caller, call);
        }
    }
    Ok(Audit::of_calls(graph.nodes.names, graph.rows, &entries, graph.skipped))
}

/// All calls of some steps. Steps nest no deeper than the reader of the file allows.
fn collect<'s>(steps: &'s [Step], calls: &mut Vec<&'s CallSpec>) {
    for step in steps {
        match step {
            Step::Work(_) => {}
            Step::Call(call) => calls.push(call),
            Step::Parallel(several) => calls.extend(several),
            Step::Chance(chance) => collect(&chance.steps, calls),
        }
    }
}

/// The nodes of the graph: traffic sources and workloads.
#[derive(Default)]
struct Nodes {
    names: Vec<String>,
    ids: BTreeMap<String, usize>,
}

impl Nodes {
    fn id(&mut self, name: String) -> usize {
        *self.ids.entry(name.clone()).or_insert_with(|| {
            self.names.push(name);
            self.names.len() - 1
        })
    }
}

struct Graph<'a> {
    mesh: &'a Mesh,
    scenario: &'a Scenario,
    nodes: Nodes,
    rows: Vec<CallRow>,
    skipped: Vec<String>,
}

/// One call, whoever makes it.
struct Made<'c> {
    from: usize,
    sender: Option<Sender>,
    to: &'c str,
    method: String,
    path: Option<String>,
    headers: Vec<(String, String)>,
    attempts: u32,
    timeout: Option<SimDuration>,
}

impl Graph<'_> {
    /// Names without a namespace are looked for in the scenario's own.
    fn namespace(&self, name: &str) -> Option<&str> {
        let own = self.scenario.file.default_namespace.as_str();
        (!name.contains('/') && own != "default").then_some(own)
    }

    fn workload_node(&mut self, workload: WorkloadId) -> usize {
        let name = full_name(&self.mesh.world, workload);
        self.nodes.id(name)
    }

    /// A traffic source is a node of its own: an application that sends it does not retry.
    fn source(&mut self, source: &TrafficSource) -> usize {
        let from = self.nodes.id(format!("traffic:{}", source.name));
        let caller = source
            .from
            .as_deref()
            .map(|name| find_caller(&self.mesh.world, self.namespace(name), name));
        let sender = match caller {
            None => mesh::gateway_part(&source.to)
                .and_then(|_| self.mesh.gateway(None, &source.to).ok())
                .map(Sender::Outside),
            Some(Ok(caller)) => Some(Sender::Pod(caller)),
            Some(Err(error)) => {
                self.skipped.push(format!("traffic {}: {error}", source.name));
                return from;
            }
        };
        let plain = [meshwalk_sim::scenario::file::RequestTemplate {
            method: None,
            path: None,
            host: None,
            headers: BTreeMap::new(),
            weight: 1,
            size: meshwalk_models::units::Bytes(0),
        }];
        let requests = if source.requests.is_empty() { &plain[..] } else { &source.requests };
        for request in requests {
            let mut headers: Vec<_> = request.headers.clone().into_iter().collect();
            headers.extend(request.host.iter().map(|host| ("host".to_owned(), host.clone())));
            self.add(Made {
                from,
                sender: sender.clone(),
                to: &source.to,
                method: method(request.method.as_deref(), source.protocol),
                path: request.path.clone(),
                headers,
                attempts: 1,
                timeout: source.timeout,
            });
        }
        from
    }

    fn call(&mut self, caller: Caller, call: &CallSpec) {
        let from = self.workload_node(caller.workload);
        let mut headers: Vec<_> = call.headers.clone().into_iter().collect();
        if call.protocol == Protocol::Grpc {
            headers.push(("content-type".to_owned(), "application/grpc".to_owned()));
        }
        self.add(Made {
            from,
            sender: Some(Sender::Pod(caller)),
            to: &call.to,
            method: method(call.method.as_deref(), call.protocol),
            path: call.path.clone(),
            headers,
            attempts: u32::from(call.retries) + 1,
            timeout: call.timeout,
        });
    }

    fn add(&mut self, made: Made<'_>) {
        let answer = made.sender.as_ref().and_then(|sender| {
            let target: Target = made.to.parse().ok()?;
            let question = Question {
                sender: sender.clone(),
                target,
                method: made.method.clone(),
                path: made.path.clone(),
                headers: made.headers.clone(),
                policies: Policies::AssumedToAllow,
                certificate: ClientCertificate::Trusted,
                external: ExternalAnswers::default(),
                tokens: std::sync::Arc::default(),
            };
            Some(walk(&self.mesh.world, &self.mesh.planes, &question))
        });
        let to = match &answer {
            Some(answer) => self.reached(answer),
            None => self.reached_from_outside(&made),
        };
        let limits = answer.as_ref().map(|answer| answer.timeouts.clone()).unwrap_or_default();
        let retry = answer.as_ref().and_then(|answer| answer.retry.clone());
        let whole = retry.as_ref().map_or(set(&limits, Limit::Request), |retry| retry.worst_case);
        let call = Call {
            from: made.from,
            to,
            by_application: made.attempts,
            by_proxy: retry.as_ref().map_or(1, |retry| retry.attempts_max()),
            attempt_limit: shorter(
                shorter(set(&limits, Limit::PerTry), set(&limits, Limit::Request)),
                made.timeout,
            ),
            whole_limit: shorter(whole, made.timeout).map(|one| {
                SimDuration::from_ns(one.as_ns().saturating_mul(u64::from(made.attempts)))
            }),
        };
        self.rows.push(CallRow {
            call,
            to: made.to.to_owned(),
            method: made.method,
            path: made.path.unwrap_or_else(|| "/".to_owned()),
            outcome: answer.as_ref().map(|answer| answer.outcome),
            timeouts: limits,
            retry,
            findings: answer.map_or_else(Vec::new, |answer| answer.findings),
        });
    }

    /// The workloads that a client outside reaches: through the Ingress rules, or a Service that is
    /// named as `name.namespace`. Nothing there retries.
    fn reached_from_outside(&mut self, made: &Made<'_>) -> Vec<usize> {
        let world = &self.mesh.world;
        let found = if made.to == "ingress" {
            let host = made.headers.iter().find(|(name, _)| name == "host");
            let host = host.map_or("", |(_, host)| host.as_str());
            let path = made.path.as_deref().unwrap_or("/");
            let answers = world
                .ingress_classes
                .ids()
                .map(|class| ingress::decide(world, class, host, path, &mut Silent));
            answers
                .filter_map(|answer| match answer {
                    IngressAnswer::Forward { service, port } => Some((service, port)),
                    _ => None,
                })
                .next()
        } else {
            self.exposed(made.to)
        };
        let Some((service, port)) = found else { return Vec::new() };
        let endpoints = &world.services[service].ports[port].endpoints;
        let pods = endpoints.iter().filter_map(|endpoint| match endpoint.target {
            EndpointTarget::Pod(pod) => Some(world.pods[pod].workload),
            EndpointTarget::Address(_) => None,
        });
        let workloads: BTreeSet<WorkloadId> = pods.collect();
        workloads.into_iter().map(|workload| self.workload_node(workload)).collect()
    }

    /// The Service and port that `name.namespace[:port]` names.
    fn exposed(&self, to: &str) -> Option<(ServiceId, usize)> {
        let target: Target = to.parse().ok()?;
        let (name, namespace) = target.host.split_once('.')?;
        let world = &self.mesh.world;
        let (id, row) = world.services.entries().find(|(_, row)| {
            row.name == name && world.namespaces[row.namespace].name == namespace
        })?;
        let port = row.ports.iter().position(|row| match &target.port {
            Some(TargetPort::Number(number)) => row.port == *number,
            Some(TargetPort::Name(name)) => row.name == *name,
            None => true,
        })?;
        Some((id, port))
    }

    /// The workloads behind an answer.
    fn reached(&mut self, answer: &Answer) -> Vec<usize> {
        let endpoints = answer.weights.iter().flat_map(|share| &share.endpoints);
        let pods = endpoints.filter_map(|it| it.pod_id);
        let workloads: BTreeSet<WorkloadId> =
            pods.map(|pod| self.mesh.world.pods[pod].workload).collect();
        workloads.into_iter().map(|workload| self.workload_node(workload)).collect()
    }
}

enum Limit {
    Request,
    PerTry,
}

fn set(limits: &Timeouts, which: Limit) -> Option<SimDuration> {
    let limit = match which {
        Limit::Request => limits.request,
        Limit::PerTry => limits.per_try,
    };
    limit.map(|limit| limit.value).filter(|limit| limit.as_ns() > 0)
}

fn method(given: Option<&str>, protocol: Protocol) -> String {
    let default = if protocol == Protocol::Grpc { "POST" } else { "GET" };
    given.unwrap_or(default).to_owned()
}
