//! What the proxies of callers do with each call: from control planes' configurations, or Istio's
//! defaults where there is none, to routes in the plan. What depends on a draw is left to the run.

mod bare;
mod clusters;
mod lanes;
mod resolve;
mod sites;

use std::collections::BTreeMap;
use std::sync::Arc;

use meshwalk_models::path::DataPath;
use meshwalk_models::proxy::envoy::config::{Direction, HttpManager, ProxyConfig};
use meshwalk_models::proxy::envoy::listening::Arrival;
use meshwalk_models::walk::Writes;
use meshwalk_models::world::{PodId, TableId, WorkloadId};

use crate::flow::plan::{CallPlan, LegPlan, MeshPlan, RoutePlan};

use super::Compiler;

use self::bare::BareClusters;
use self::clusters::KnownClusters;
pub(super) use self::resolve::Here;
pub(super) use self::sites::{Called, Dialled, Site};

/// The mesh in the making.
#[derive(Default)]
pub(super) struct MeshBuilder {
    pub(super) plan: MeshPlan,
    bare: BareClusters,
    known: KnownClusters,
    /// Call sites, by row of the calls.
    pub(super) sites: Vec<Site>,
    /// Rows of calls whose requests are rewritten on the way, by call and what they become.
    rewritten: BTreeMap<(u32, (String, String)), u32>,
    /// The classes of proxies of each workload; `None` is a class with Istio's defaults.
    classes: BTreeMap<WorkloadId, Vec<Class>>,
    managers: Vec<Arc<HttpManager>>,
}

/// Proxies of one workload with the same configuration.
#[derive(Clone, Debug)]
struct Class {
    /// One of their pods.
    pod: PodId,
    config: Option<Arc<ProxyConfig>>,
}

impl MeshBuilder {
    fn route(&mut self, route: RoutePlan) -> u32 {
        self.plan.routes.push(route);
        (self.plan.routes.len() - 1) as u32
    }

    /// A number that tells connection managers apart.
    pub(super) fn manager_number(&mut self, manager: &Arc<HttpManager>) -> u32 {
        let known = self.managers.iter().position(|known| Arc::ptr_eq(known, manager));
        let place = known.unwrap_or_else(|| {
            self.managers.push(manager.clone());
            self.managers.len() - 1
        });
        place as u32
    }
}

impl Compiler<'_> {
    /// Decides for all calls what the proxies of their callers do with them.
    pub(super) fn add_all_legs(&mut self) {
        for call in 0..self.calls.len() as u32 {
            self.add_legs(call);
        }
    }

    /// Nothing is decided if the caller has no proxy, or if the call ends before it reaches one.
    fn add_legs(&mut self, call: u32) {
        let site = self.mesh.sites[call as usize].clone();
        let proxied = site.caller.filter(|it| self.data_path_of(*it) == DataPath::IstioSidecar);
        if self.goes_through_waypoint(&site, call) {
            return;
        }
        let Some(caller) = proxied else {
            self.calls[call as usize].sending = Some(self.plain_sending(&site, call));
            return;
        };
        let target = &self.targets.plans[self.calls[call as usize].target as usize];
        let unreachable =
            target.endpoints.1 == 0 && target.without_endpoints.details.is_without_address();
        if unreachable {
            return;
        }
        let legs: Vec<LegPlan> = self
            .classes_of(caller)
            .into_iter()
            .zip(0..)
            .map(|(class, number)| self.leg_of(&site, caller, (&class, number), call))
            .collect();
        self.calls[call as usize].legs = Some(self.mesh.plan.legs.len() as u32);
        self.mesh.plan.legs.extend(legs);
    }

    fn leg_of(
        &mut self,
        site: &Site,
        caller: WorkloadId,
        (class, number): (&Class, u32),
        call: u32,
    ) -> LegPlan {
        match (&class.config, &site.dialled) {
            (Some(config), Some(dialled)) => {
                let request = self.request_of(site, dialled, Some((caller, class.pod)), call);
                let (writes, arrival) =
                    (Writes::Requests, Arrival::Redirected(Direction::Outbound));
                let here = Here { site, call, config, class: number, writes, arrival };
                self.configured_leg(here, request)
            }
            _ => LegPlan::Sole(self.bare_route((caller, number), call)),
        }
    }

    /// The classes of proxies of a workload: pods in one zone have the same configuration.
    fn classes_of(&mut self, workload: WorkloadId) -> Vec<Class> {
        if let Some(classes) = self.mesh.classes.get(&workload) {
            return classes.clone();
        }
        let world = self.input.world;
        let pods = &world.workloads[workload].pods;
        let mut classes: Vec<Class> = Vec::new();
        let mut by_zone = BTreeMap::new();
        for index in pods.start.index()..pods.end.index() {
            let pod = PodId::from_index(index);
            let zone = world.nodes[world.pods[pod].node].zone;
            let class = *by_zone.entry(zone).or_insert_with(|| {
                let planes = self.input.planes;
                let config = planes.and_then(|planes| planes.sidecar(world, pod));
                let same = |known: &Class| match (&known.config, &config) {
                    (Some(one), Some(other)) => Arc::ptr_eq(one, other),
                    (one, other) => one.is_none() && other.is_none(),
                };
                classes.iter().position(same).unwrap_or_else(|| {
                    classes.push(Class { pod, config });
                    classes.len() - 1
                })
            });
            self.pods[index].class = class as u32;
        }
        self.mesh.classes.insert(workload, classes.clone());
        classes
    }

    fn call_plan(&self, call: u32) -> &CallPlan {
        &self.calls[call as usize]
    }
}
