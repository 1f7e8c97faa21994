//! What the proxies of callers do with each call: from control planes' configurations, or Istio's
//! defaults where there is none, to routes in the plan. What depends on a draw is left to the run.

mod bare;
mod lanes;

use meshwalk_models::path::DataPath;
use meshwalk_models::world::WorkloadId;

use crate::flow::plan::{CallPlan, LegPlan, MeshPlan, RoutePlan};
use crate::stats::Details;

use super::Compiler;
use super::calls::CallSite;

pub(super) use self::bare::BareClusters;

/// The mesh in the making.
#[derive(Default)]
pub(super) struct MeshBuilder {
    pub(super) plan: MeshPlan,
    bare: BareClusters,
}

impl MeshBuilder {
    fn route(&mut self, route: RoutePlan) -> u32 {
        self.plan.routes.push(route);
        (self.plan.routes.len() - 1) as u32
    }

    fn leg(&mut self, leg: LegPlan) -> u32 {
        self.plan.legs.push(leg);
        (self.plan.legs.len() - 1) as u32
    }
}

impl Compiler<'_> {
    /// Decides what the proxies of a caller do with a call; nothing if it has none, or if the
    /// call ends before it reaches one.
    pub(super) fn add_legs(&mut self, site: CallSite<'_>, call: u32) {
        let Some(caller) = site.workload() else { return };
        if self.data_path_of(caller) != DataPath::IstioSidecar {
            return;
        }
        let target = &self.targets.plans[self.calls[call as usize].target as usize];
        let unreachable = target.endpoints.1 == 0
            && target.without_endpoints.details == Details::NAME_NOT_RESOLVED;
        if unreachable {
            return;
        }
        let first = self.legs_of(caller, call);
        self.calls[call as usize].legs = Some(first);
    }

    /// One leg for each class of proxies of a workload.
    fn legs_of(&mut self, caller: WorkloadId, call: u32) -> u32 {
        let route = self.bare_route(caller, call);
        self.mesh.leg(LegPlan::Sole(route))
    }

    fn call_plan(&self, call: u32) -> &CallPlan {
        &self.calls[call as usize]
    }
}
