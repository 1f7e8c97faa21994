//! What is set for a call: the time limits and retries of its caller and of its caller's proxy.

use meshwalk_models::units::SimDuration;

use crate::flow::plan::{LegPlan, Plan, RouteAction, Terms};

use super::{Maker, Waterfall};

/// The settings of one call.
#[derive(Clone, Debug)]
pub struct Knobs<'p> {
    /// How long its caller waits for one try; `None` for ever.
    pub timeout: Option<SimDuration>,
    /// How often its caller tries again.
    pub retries: u8,
    /// The pause before each of these.
    pub pause: SimDuration,
    /// The terms of the routes that it may take in its caller's proxy; none without a proxy, and
    /// where the proxy answers by itself.
    pub routes: Vec<&'p Terms>,
}

/// The settings of a call; `None` where the log does not tell which call it is.
#[must_use]
pub fn knobs<'p>(plan: &'p Plan, waterfall: &Waterfall, call: usize) -> Option<Knobs<'p>> {
    let site = plan.calls.get(waterfall.site_of(plan, call)? as usize)?;
    let client = waterfall.calls[call].client;
    let class = plan.pods.get(client as usize).map_or(0, |pod| pod.class);
    let leg = site.legs.and_then(|first| plan.mesh.legs.get((first + class) as usize));
    let rows: Vec<u32> = match leg {
        None => Vec::new(),
        Some(LegPlan::Sole(route)) => vec![*route],
        Some(LegPlan::Split(shares)) => shares.iter().map(|(_, route)| *route).collect(),
    };
    let routes = rows.iter().filter_map(|row| plan.mesh.routes.get(*row as usize));
    let routes = routes.filter_map(|route| match &route.action {
        RouteAction::Forward(terms) => Some(&**terms),
        RouteAction::Answer(_) => None,
    });
    Some(Knobs {
        timeout: site.timeout.and_then(|lane| plan.lanes.get(lane as usize)).map(|it| it.delay),
        retries: site.retries,
        pause: site.retry_backoff,
        routes: routes.collect(),
    })
}

impl Waterfall {
    /// The row of a call in the plan; what a waypoint does for a call has a row of its own.
    #[must_use]
    pub fn site_of(&self, plan: &Plan, call: usize) -> Option<u32> {
        let it = &self.calls[call];
        match it.maker {
            Maker::Source | Maker::Application(_) => it.site,
            Maker::Waypoint(above) => {
                let above = self.calls.get(self.call_of(above))?.site?;
                plan.calls.get(above as usize)?.onward
            }
        }
    }
}
