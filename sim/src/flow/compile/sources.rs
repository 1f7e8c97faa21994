//! Traffic sources: where their clients run and what they send.

use std::borrow::Cow;
use std::collections::BTreeMap;

use meshwalk_models::path::DataPath;
use meshwalk_models::units::{Bytes, SimTime};

use crate::flow::plan::{NO_BOX, PodPlan, SourceLoad, SourcePlan};
use crate::kernel::random::Distribution;
use crate::net::Site;
use crate::scenario::file::{Load, RequestTemplate, TrafficSource};
use crate::scenario::finding;
use crate::traffic::WeightedChoice;

use super::Compiler;
use super::calls::{CallSite, request_call};
use super::targets::Place;

/// The name under which clients outside reach the Ingress rules.
const INGRESS: &str = "ingress";

impl Compiler<'_> {
    pub(super) fn add_sources(&mut self) {
        let scenario = self.input.scenario;
        for (row, source) in scenario.file.traffic.iter().enumerate() {
            self.layout.traffic(&source.name);
            let path = format!("traffic[{row}]");
            let workload = source.from.as_ref().and_then(|from| {
                let path = format!("{path}.from");
                self.behaviours.find(from, &path, scenario, &mut self.findings).first().copied()
            });
            let pods = match workload {
                Some(id) => {
                    let pods = &self.input.world.workloads[id].pods;
                    (pods.start.0, pods.end.0 - pods.start.0)
                }
                None => self.clients_outside(row),
            };
            let has_clients = pods.1 > 0;
            if !has_clients {
                let sentence = format!("source `{}` has no pods to run in", source.name);
                let from = format!("{path}.from");
                let code = "scenario.no-clients";
                self.findings.push(finding(scenario, &from, code, sentence, None));
            }
            let site_path = format!("{path}.to");
            let site = match workload {
                Some(workload) => CallSite::Inside { workload, path: &site_path },
                None => CallSite::Outside { source: row, path: &site_path },
            };
            let plan = SourcePlan {
                name: source.name.clone(),
                pods,
                templates: self.templates(site, source),
                choice: WeightedChoice::new(requests(source).iter().map(|it| it.weight)),
                load: load(source),
                start: SimTime::ZERO + source.start,
                // Nobody can send before the run begins.
                stop: match source.stop {
                    _ if !has_clients => SimTime::ZERO,
                    Some(stop) => SimTime::ZERO + stop,
                    None => SimTime::ZERO + scenario.file.duration,
                },
            };
            self.sources.push(plan);
        }
    }

    /// One place for all clients of a source outside.
    fn clients_outside(&mut self, source: usize) -> (u32, u32) {
        let row = self.pods.len() as u32;
        let app = self.input.world.workloads.len() + source;
        self.pool_tables.resize(self.pool_tables.len().max(app + 1), Default::default());
        self.pods.push(PodPlan {
            app: app as u32,
            ordinal: 0,
            site: Site { node: u32::MAX, zone: u32::MAX, region: Site::OUTSIDE },
            first_pool_table: 0,
            data_path: DataPath::None,
            proxy: NO_BOX,
            class: 0,
            gate_class: 0,
        });
        (row, 1)
    }

    /// The call sites of a source.
    fn templates(&mut self, site: CallSite<'_>, source: &TrafficSource) -> Vec<u32> {
        let mut templates = Vec::new();
        for (index, request) in requests(source).iter().enumerate() {
            let call = request_call(source, request);
            let place = if source.from.is_none() && source.to == INGRESS {
                let path = request.path.as_deref().unwrap_or("/");
                Place::Ingress { host: request.host.as_deref().unwrap_or_default(), path }
            } else {
                Place::Name(&source.to)
            };
            templates.push(self.call(site, &call, place, index as u64));
        }
        templates
    }
}

/// What a source sends; `GET /` if it does not say.
fn requests(source: &TrafficSource) -> Cow<'_, [RequestTemplate]> {
    if source.requests.is_empty() {
        Cow::Owned(vec![RequestTemplate {
            method: None,
            path: None,
            host: None,
            headers: BTreeMap::new(),
            weight: 1,
            size: Bytes(0),
        }])
    } else {
        Cow::Borrowed(&source.requests)
    }
}

fn load(source: &TrafficSource) -> SourceLoad {
    match &source.load {
        Load::Arrivals(arrivals) => SourceLoad::Open(arrivals.clone()),
        Load::Users(users) => SourceLoad::Closed {
            users: users.count,
            think_time: users
                .think_time
                .distribution()
                .unwrap_or(Distribution::constant(Default::default())),
        },
    }
}
