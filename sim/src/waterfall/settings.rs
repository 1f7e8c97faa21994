//! What is set for a call: the time limits and retries of its caller and of its caller's proxy.

use meshwalk_models::explain::Sourced;
use meshwalk_models::proxy::envoy::config::RetryPolicy;
use meshwalk_models::proxy::envoy::router::Retriable;
use meshwalk_models::units::SimDuration;
use meshwalk_models::world::Origin;

use crate::flow::SYN_PATIENCE;
use crate::flow::plan::{DestinationEnd, LegPlan, Plan, RoutePlan};
use crate::stats::Full;

use super::Waterfall;

/// The settings of one try of a call.
#[derive(Clone, Debug)]
pub struct TrySettings<'p> {
    /// How long its caller waits for one try; `None` for ever.
    pub timeout: Option<SimDuration>,
    /// How long its caller waits for a connection to be made, where it makes them itself.
    pub connect: ConnectLimit,
    /// How often its caller tries again.
    pub retries: u8,
    /// The pause before each of these.
    pub pause: SimDuration,
    /// The way that it took in its caller's proxy, or all that it might take where it has not drawn
    /// one of them yet; none without a proxy.
    pub ways: Vec<ProxyWay<'p>>,
}

/// How long somebody without a proxy waits for a connection to be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectLimit {
    /// As long as its application is set to.
    Set(SimDuration),
    /// As long as its kernel sends SYNs.
    OfKernel(SimDuration),
}

/// One way through a caller's proxy.
#[derive(Clone, Copy, Debug)]
pub struct ProxyWay<'p> {
    /// The route.
    pub route: &'p RoutePlan,
    /// The place of the destination that was drawn among those of the route.
    pub destination: Option<u32>,
}

/// Whether the proxy tries again on a way.
#[derive(Clone, Copy, Debug)]
pub enum Retries<'p> {
    /// By this policy.
    Set(&'p RetryPolicy),
    /// There is a policy, and the request's own headers keep it from being tried again.
    NotThisRequest(&'p RetryPolicy),
    /// Nothing is tried again.
    None,
}

impl<'p> ProxyWay<'p> {
    /// Whether the proxy tries again.
    #[must_use]
    pub fn retries(&self) -> Retries<'p> {
        let Some(terms) = self.route.terms() else { return Retries::None };
        let set = terms.router.retry.as_deref().filter(|it| !it.retry_on.value.is_empty());
        match (set, terms.retriable) {
            (None, _) => Retries::None,
            (Some(policy), Retriable::Yes) => Retries::Set(policy),
            (Some(policy), Retriable::No) => Retries::NotThisRequest(policy),
        }
    }

    /// How long its connections may take to be made: by each cluster that it may lead to; zero is
    /// no limit.
    #[must_use]
    pub fn connect_limits(&self, plan: &'p Plan) -> Vec<&'p Sourced<SimDuration>> {
        let Some(terms) = self.route.terms() else { return Vec::new() };
        let of = |end: &DestinationEnd| match end {
            DestinationEnd::Cluster { cluster, .. } => {
                let cluster = plan.mesh.clusters.get(*cluster as usize)?;
                Some(&cluster.roster.cluster().connect_timeout)
            }
            DestinationEnd::Missing(_) => None,
        };
        let ends = terms.destinations.iter().map(|it| &it.end);
        match self.destination {
            Some(drawn) => ends.skip(drawn as usize).take(1).filter_map(of).collect(),
            None => ends.filter_map(of).collect(),
        }
    }

    /// What sets a circuit breaker of the cluster that it leads to.
    #[must_use]
    pub fn limit_set_by(&self, plan: &Plan, of: Full) -> Option<Origin> {
        let place = self.destination.unwrap_or(0) as usize;
        match self.route.terms()?.destinations.get(place)?.end {
            DestinationEnd::Cluster { cluster, .. } => {
                Some(plan.mesh.clusters.get(cluster as usize)?.limit_set_by(of))
            }
            DestinationEnd::Missing(_) => None,
        }
    }
}

/// The settings of a try; `None` where the log does not tell of which call it is.
#[must_use]
pub fn settings_of<'p>(
    plan: &'p Plan,
    waterfall: &Waterfall,
    number: usize,
) -> Option<TrySettings<'p>> {
    let it = &waterfall.tries[number];
    let call = it.call;
    let site = plan.calls.get(waterfall.site_of(plan, call)? as usize)?;
    let client = waterfall.calls[call].client;
    let class = plan.pods.get(client as usize).map_or(0, |pod| pod.class);
    let app = plan.pods.get(client as usize).and_then(|pod| plan.apps.get(pod.app as usize));
    let leg = site.legs.and_then(|first| plan.mesh.legs.get((first + class) as usize));
    let rows: Vec<u32> = match (it.drawn.route, leg) {
        (Some(drawn), _) => vec![drawn],
        (None, None) => Vec::new(),
        (None, Some(LegPlan::Sole(route))) => vec![*route],
        (None, Some(LegPlan::Split(shares))) => shares.iter().map(|(_, route)| *route).collect(),
    };
    let routes = rows.iter().filter_map(|row| plan.mesh.routes.get(*row as usize));
    let destination = it.drawn.destination;
    Some(TrySettings {
        timeout: site.timeout.and_then(|lane| plan.lanes.get(lane as usize)).map(|it| it.delay),
        connect: match app.and_then(|app| app.connect_timeout) {
            Some(limit) => ConnectLimit::Set(limit),
            None => ConnectLimit::OfKernel(SYN_PATIENCE),
        },
        retries: site.retries,
        pause: site.retry_backoff,
        ways: routes.map(|route| ProxyWay { route, destination }).collect(),
    })
}
