//! Istio's defaults, for callers whose proxies no control plane configures.

use std::collections::BTreeMap;
use std::sync::Arc;

use meshwalk_models::control::istio::clusters::{
    bare_cluster, bare_passthrough, bare_router, unlimited_router,
};
use meshwalk_models::explain::Sourced;
use meshwalk_models::proxy::envoy::config::{
    Address, DeclaredHealth, Endpoint, LoadAssignment, Locality, LocalityEndpoints,
};
use meshwalk_models::proxy::envoy::router::{Retriable, RouterPlan};
use meshwalk_models::proxy::envoy::upstream::Roster;
use meshwalk_models::units::{Ppm, SimDuration};
use meshwalk_models::world::{Origin, TableId, WorkloadId};

use crate::flow::plan::{
    Balance, Carries, ClusterPlan, ClusterTls, DestinationEnd, DestinationPlan, HashPlan,
    OutlierWatch, Picks, RouteAction, RoutePlan, Terms,
};

use super::super::{Compiler, TableKey};

/// The clusters with Istio's defaults: by target, and by what they carry.
#[derive(Default)]
pub(in super::super) struct BareClusters {
    rows: BTreeMap<(u32, Picks), u32>,
    /// The terms of requests, and of what is passed on.
    router: Option<(RouterPlan, RouterPlan)>,
}

impl Compiler<'_> {
    /// The route of a call by Istio's defaults.
    pub(super) fn bare_route(&mut self, (caller, class): (WorkloadId, u32), call: u32) -> u32 {
        let (target, carries) = (self.call_plan(call).target, self.call_plan(call).carries);
        let balance = self.targets.plans[target as usize].balance;
        let dialled = balance == Balance::DialledAddress;
        let picks = match carries {
            Carries::Bytes => Picks::PerConnection,
            Carries::Http | Carries::Grpc if dialled => Picks::PerConnection,
            Carries::Http | Carries::Grpc => Picks::PerRequest,
        };
        let cluster = self.bare_cluster_row(target, picks, dialled);
        let profile = self.input.profile;
        let (requests, bytes) =
            self.mesh.bare.router.get_or_insert_with(|| (bare_router(profile), unlimited_router()));
        let router = if carries == Carries::Bytes { bytes.clone() } else { requests.clone() };
        let lanes = self.router_lanes(&router);
        let name = self.mesh.plan.clusters[cluster as usize].name.clone();
        let named = Some(Sourced::default_of(name.clone(), "istio.default-cluster"));
        let key = TableKey::Cluster(name);
        let table = self.table(caller.index(), key);
        let sending = self.bare_sending((caller, class), call, cluster);
        let (subset, hash) = (None, HashPlan::Drawn);
        let end = DestinationEnd::Cluster { cluster, table, subset, hash, sending };
        self.mesh.route(RoutePlan {
            filters: None,
            rule: None,
            share: Ppm::ONE,
            action: RouteAction::Forward(Box::new(Terms {
                router,
                retriable: Retriable::Yes,
                lanes,
                call,
                destinations: vec![DestinationPlan { weight: 1, named, entry: None, end }],
            })),
        })
    }

    fn bare_cluster_row(&mut self, target: u32, picks: Picks, dialled: bool) -> u32 {
        if let Some(row) = self.mesh.bare.rows.get(&(target, picks)) {
            return *row;
        }
        let servers = if dialled { Vec::new() } else { self.targets.servers(target) };
        let (hosts, ports): (Vec<u32>, Vec<u16>) = servers.into_iter().unzip();
        // Names tell clusters of one proxy apart, and the draws of proxies come from them.
        let service = self.targets.service_rows[target as usize];
        let bytes = if picks == Picks::PerConnection { "|connections" } else { "" };
        let name = format!("default|{}{bytes}", self.layout.service_name(service));
        let profile = self.input.profile;
        let cluster =
            if dialled { bare_passthrough(profile) } else { bare_cluster(&name, profile) };
        let endpoints = hosts.iter().map(|pod| self.bare_endpoint(*pod)).collect();
        let assignment = LoadAssignment {
            localities: vec![LocalityEndpoints {
                locality: Locality::default(),
                priority: 0,
                weight: None,
                endpoints,
            }],
            overprovisioning: None,
        };
        let http = cluster.http.clone();
        let connect_timeout = cluster.connect_timeout.value;
        let roster = Roster::new(Arc::new(cluster), Arc::new(assignment), &Locality::default());
        let row = self.mesh.plan.clusters.len() as u32;
        self.mesh.plan.clusters.push(ClusterPlan {
            name,
            roster: Arc::new(roster),
            hosts,
            ports,
            takes: Vec::new(),
            dialled: dialled.then_some(target),
            picks,
            sharing: None,
            concurrent_streams: http.max_concurrent_streams.value,
            requests_per_connection: http.max_requests_per_connection.value,
            connect_timeout,
            idle_timeout: SimDuration::from_ns(http.idle_timeout.as_ns()),
            tls: ClusterTls::Auto,
            outlier: OutlierWatch::Off,
        });
        self.mesh.bare.rows.insert((target, picks), row);
        row
    }

    fn bare_endpoint(&self, pod: u32) -> Endpoint {
        let pod = TableId::from_index(pod as usize);
        Endpoint {
            address: Address { host: self.input.world.pods[pod].ip.to_string(), port: 0 },
            pod: Some(pod),
            weight: 1,
            health: DeclaredHealth::Unknown,
            labels: BTreeMap::new(),
            takes_mutual_tls: false,
            origin: Origin::Default("istio.default-cluster"),
        }
    }
}
