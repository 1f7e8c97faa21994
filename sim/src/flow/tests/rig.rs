//! Small plans, made by hand.

use std::sync::Arc;

use meshwalk_models::units::{Probability, SimDuration, SimTime};

use crate::flow::plan::{
    AppPlan, Balance, CallPlan, OnFailure, Op, Plan, PodPlan, PodProxy, Program, Sharing,
    SidecarPlan, SourceLoad, SourcePlan, TargetPlan,
};
use crate::kernel::Distribution;
use crate::net::{Link, Links, Site};
use crate::scenario::file::{Arrivals, Threads};
use crate::stats::{
    EdgeEntry, EdgeOrigin, Layout, Outcome, ServiceEntry, TrafficEntry, WorkloadEntry,
};
use crate::traffic::WeightedChoice;

pub(super) struct PlanRig {
    plan: Plan,
}

const HERE: Site = Site { node: 0, zone: 0, region: 0 };

impl PlanRig {
    /// One client pod, one server pod, no network, exponential work.
    pub(super) fn station(rate_per_s: f64, work_mean: SimDuration, workers: u32) -> Self {
        let link = Link {
            round_trip: Distribution::constant(SimDuration::ZERO),
            loss: Probability::NEVER,
            ns_per_byte: 0.0,
        };
        let pod = |app, first_pool_table| PodPlan {
            app,
            ordinal: 0,
            site: HERE,
            first_pool_table,
            proxy: PodProxy::None,
        };
        let layout = Layout {
            services: vec![ServiceEntry {
                namespace: "a".into(),
                name: "s".into(),
                edges: vec![0],
            }],
            edges: vec![EdgeEntry { from: EdgeOrigin::Traffic(0), to: 0 }],
            workloads: vec![WorkloadEntry {
                namespace: "a".into(),
                name: "s".into(),
                pods: vec!["s-0".into()],
                workers,
            }],
            traffic: vec![TrafficEntry { name: "t".into() }],
            ..Layout::default()
        };
        let plan = Plan {
            apps: vec![AppPlan {
                workers,
                queue_limit: u32::MAX,
                threads: Threads::Async,
                max_connections: u32::MAX,
                idle_timeout: SimDuration::from_secs(90),
                pods: (0, 1),
                routes: vec![],
            }],
            pods: vec![pod(0, 0), pod(u32::MAX, 0)],
            ops: vec![Op::Work(0), Op::Respond],
            programs: vec![Program {
                first_op: 0,
                response_bytes: 0,
                error_rate: Probability::NEVER,
            }],
            calls: vec![CallPlan {
                target: 0,
                pool_table: 0,
                edge: 0,
                position: 0,
                sharing: Sharing::Exclusive,
                timeout: None,
                retries: 0,
                retry_backoff: SimDuration::ZERO,
                on_failure: OnFailure::Fail,
                probability: Probability::ALWAYS,
                streaming: None,
                request_bytes: 0,
                programs: vec![(0, 0)],
            }],
            targets: vec![TargetPlan {
                balance: Balance::RandomPerConnection,
                endpoints: (0, 1),
                without_endpoints: Outcome::NoEndpoint,
            }],
            endpoints: vec![0],
            distributions: vec![Distribution::exponential(work_mean).unwrap()],
            links: Links { by_distance: std::array::from_fn(|_| link.clone()) },
            sources: vec![SourcePlan {
                name: "t".into(),
                pods: (1, 1),
                templates: vec![0],
                choice: WeightedChoice::new([1]),
                load: SourceLoad::Open(Arrivals::Poisson {
                    rate: format!("{rate_per_s}/s").parse().unwrap(),
                }),
                start: SimTime::ZERO,
                stop: SimTime::MAX,
            }],
            sidecar: SidecarPlan {
                workers: 2,
                request_ns: 45_000,
                response_ns: 45_000,
                after_response_ns: 110_000,
                per_kib_ns: 500,
                handshake_ns: 300_000,
                loopback_ns: 8_000,
            },
            timeouts: vec![],
            pool_tables: 1,
            warm_up: SimTime::ZERO,
            end: SimTime::MAX,
            layout,
        };
        Self { plan }
    }

    pub(super) fn lasting_s(mut self, s: u64) -> Self {
        self.plan.end = SimTime::ZERO + SimDuration::from_secs(s);
        self
    }

    pub(super) fn plan(self) -> Arc<Plan> {
        Arc::new(self.plan)
    }
}
