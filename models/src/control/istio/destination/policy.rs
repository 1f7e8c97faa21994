//! The traffic policy of one port of a service or subset: what overlays what, and what replaces
//! it. The defaults of what nobody sets are the business of `clusters`.

use crate::control::istio::mesh::Mesh;
use crate::explain::{Probe, RuleId};
use crate::manifest::kinds::istio::{
    ClientTls, ConnectionPool, LoadBalancerSettings, OutlierSettings, RetryBudget, TrafficPolicy,
};
use crate::world::Origin;

use super::MergedRule;

const PORT_RULE: RuleId = RuleId("istio.cluster.port-settings-replace");
const SUBSET_RULE: RuleId = RuleId("istio.cluster.subset-overlays");

/// What holds for one port of a service or subset.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Policy<'p> {
    /// Who gets the next request.
    pub load_balancer: Option<&'p LoadBalancerSettings>,
    /// Limits.
    pub connection_pool: Option<&'p ConnectionPool>,
    /// Ejection.
    pub outlier: Option<&'p OutlierSettings>,
    /// Encryption.
    pub tls: Option<&'p ClientTls>,
    /// Retries under way as a share of requests under way.
    pub retry_budget: Option<&'p RetryBudget>,
}

/// Whether a policy was written for the port in particular.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Level {
    Destination,
    Port,
}

impl<'p> Policy<'p> {
    /// The policy of `port`, and of `subset` if there is one. Settings for the port replace those
    /// of the destination as a whole (istio `pilot/pkg/networking/util/util.go`,
    /// `GetPortLevelTrafficPolicy`); a subset's overlay them block by block (the same file,
    /// `MergeSubsetTrafficPolicy`); the mesh's fill blocks that the rule leaves out
    /// (`core/cluster_traffic_policy.go`, `applyDefaultTrafficPolicy`).
    pub fn of(
        rule: Option<&'p MergedRule>,
        mesh: &'p Mesh,
        port: u16,
        subset: Option<&str>,
        probe: &mut impl Probe,
    ) -> Self {
        let (mut policy, _) = at_port(rule.and_then(|rule| rule.policy.as_ref()), port, probe);
        policy.connection_pool = policy.connection_pool.or(mesh.connection_pool.as_ref());
        policy.outlier = policy.outlier.or(mesh.outlier.as_ref());
        policy.of_subset(rule, port, subset, probe)
    }

    /// The same without the mesh's blocks, as waypoints have it (istio
    /// `core/cluster_waypoint.go`, `buildWaypointInboundVIP`).
    pub fn written(
        rule: Option<&'p MergedRule>,
        port: u16,
        subset: Option<&str>,
        probe: &mut impl Probe,
    ) -> Self {
        let (policy, _) = at_port(rule.and_then(|rule| rule.policy.as_ref()), port, probe);
        policy.of_subset(rule, port, subset, probe)
    }

    fn of_subset(
        self,
        rule: Option<&'p MergedRule>,
        port: u16,
        subset: Option<&str>,
        probe: &mut impl Probe,
    ) -> Self {
        let subset = subset.and_then(|name| rule.and_then(|rule| rule.subset(name)));
        let own = subset.and_then(|subset| subset.policy.as_ref());
        if own.is_none() {
            return self;
        }
        let (own_policy, level) = at_port(own, port, probe);
        let place = own.and_then(|own| own.place).map(Origin::Manifest);
        probe.step(SUBSET_RULE, place, || "the subset's policy lies over the host's".to_owned());
        self.overlaid(own_policy, level)
    }

    fn whole(policy: &'p TrafficPolicy) -> Self {
        Self {
            load_balancer: policy.load_balancer.as_ref(),
            connection_pool: policy.connection_pool.as_ref(),
            outlier: policy.outlier.as_ref(),
            tls: policy.tls.as_ref(),
            retry_budget: policy.retry_budget.as_ref(),
        }
    }

    /// A subset's policy over the destination's; one for the port leaves nothing of it.
    fn overlaid(self, over: Self, level: Level) -> Self {
        let retry_budget = over.retry_budget.or(self.retry_budget);
        match level {
            Level::Port => Self { retry_budget, ..over },
            Level::Destination => Self {
                load_balancer: over.load_balancer.or(self.load_balancer),
                connection_pool: over.connection_pool.or(self.connection_pool),
                outlier: over.outlier.or(self.outlier),
                tls: over.tls.or(self.tls),
                retry_budget,
            },
        }
    }
}

fn at_port<'p>(
    policy: Option<&'p TrafficPolicy>,
    port: u16,
    probe: &mut impl Probe,
) -> (Policy<'p>, Level) {
    let Some(policy) = policy else { return (Policy::default(), Level::Destination) };
    let of_port = policy.ports.iter().find(|(number, _)| number.value == port);
    let Some((number, of_port)) = of_port else {
        return (Policy::whole(policy), Level::Destination);
    };
    probe.step(PORT_RULE, Some(Origin::Manifest(number.place)), || {
        format!("the settings for port {port} replace all others; what they leave out is default")
    });
    (Policy::whole(of_port), Level::Port)
}
