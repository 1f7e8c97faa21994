//! The lanes of a router's timers.

use meshwalk_models::proxy::envoy::router::RouterPlan;
use meshwalk_models::units::SimDuration;

use crate::flow::plan::{LanePlan, Rings, RouterLanes};

use super::super::Compiler;

impl Compiler<'_> {
    /// The lane of a timer; equal ones share a lane.
    pub(in super::super) fn lane(&mut self, delay: SimDuration, rings: Rings) -> u32 {
        let lane = LanePlan { delay, rings };
        if let Some(row) = self.lanes.iter().position(|other| *other == lane) {
            return row as u32;
        }
        self.lanes.push(lane);
        (self.lanes.len() - 1) as u32
    }

    /// The lanes of a router's timers.
    pub(super) fn router_lanes(&mut self, plan: &RouterPlan) -> RouterLanes {
        let mut lane =
            |delay: SimDuration, rings| (!delay.is_zero()).then(|| self.lane(delay, rings));
        RouterLanes {
            route: lane(plan.timeout.value, Rings::Route),
            per_try: lane(plan.per_try_timeout.value, Rings::PerTry),
            per_try_idle: lane(plan.per_try_idle_timeout.value, Rings::PerTryIdle),
            attempt_duration: plan
                .max_attempt_duration
                .and_then(|limit| lane(limit.value, Rings::AttemptDuration)),
            stream_idle: lane(plan.stream_idle_timeout.value, Rings::StreamIdle),
            max_duration: plan
                .max_stream_duration
                .and_then(|limit| lane(limit.value, Rings::MaxDuration)),
        }
    }
}
