//! Clusters of configurations in the plan: their hosts as pods, and what limits their connections.

use std::collections::BTreeMap;
use std::sync::Arc;

use meshwalk_models::path::Protection;
use meshwalk_models::proxy::envoy::Request;
use meshwalk_models::proxy::envoy::config::{
    Cluster, Discovery, Endpoint, HashSource, LoadAssignment, Locality, ProxyConfig,
    UpstreamProtocol, UpstreamTls,
};
use meshwalk_models::proxy::envoy::hash::xx_hash_64;
use meshwalk_models::proxy::envoy::routing::ForwardPlan;
use meshwalk_models::proxy::envoy::upstream::Roster;
use meshwalk_models::world::{TableId, WorkloadSource};

use crate::flow::plan::{
    ClusterPlan, ClusterTls, DestinationEnd, HashPlan, OutlierWatch, Picks, Sharing,
};

use super::super::{Compiler, TableKey};
use super::Site;
use super::resolve::Here;

/// A cluster that is in the plan already.
struct Known {
    cluster: Arc<Cluster>,
    assignment: Option<Arc<LoadAssignment>>,
    locality: Locality,
    picks: Picks,
    /// The target, where the client dials itself.
    dialled: Option<u32>,
    row: u32,
}

/// Clusters by name; proxies of one class share them.
#[derive(Default)]
pub(in super::super) struct KnownClusters(BTreeMap<String, Vec<Known>>);

impl Compiler<'_> {
    /// A cluster as the end of a route.
    pub(super) fn cluster_end(
        &mut self,
        here: Here<'_>,
        cluster: &Arc<Cluster>,
        picks: Picks,
        (subset, hash): (Option<BTreeMap<String, String>>, HashPlan),
        request: Request,
    ) -> DestinationEnd {
        let Here { site, call, config, .. } = here;
        let target = self.calls[call as usize].target;
        let passes_on = cluster.discovery == Discovery::OriginalDestination;
        let dialled = passes_on.then_some(target);
        let picks = if passes_on { Picks::PerConnection } else { picks };
        let row = self.cluster_row(config, cluster, picks, dialled);
        // Each target that is dialled has pools of its own.
        let name = match (dialled, picks) {
            (Some(target), _) => format!("{}|{target}", cluster.name),
            (None, Picks::PerRequest) => cluster.name.clone(),
            (None, Picks::PerConnection) => format!("{}|connections", cluster.name),
        };
        let table = self.table(site.client, TableKey::Cluster(name));
        let sending = self.proxy_sending(here, (row, cluster), request);
        DestinationEnd::Cluster { cluster: row, table, subset, hash, sending }
    }

    fn cluster_row(
        &mut self,
        config: &ProxyConfig,
        cluster: &Arc<Cluster>,
        picks: Picks,
        dialled: Option<u32>,
    ) -> u32 {
        let locality = &config.bootstrap.locality;
        let assignment = config.assignments.get(&cluster.name);
        let same = |known: &&Known| {
            let same_hosts = match (&known.assignment, assignment) {
                (None, None) => true,
                (Some(one), Some(other)) => Arc::ptr_eq(one, other) || one == other,
                _ => false,
            };
            (known.picks, known.dialled, &known.locality) == (picks, dialled, locality)
                && same_hosts
                && (Arc::ptr_eq(&known.cluster, cluster) || known.cluster == *cluster)
        };
        let of_name = self.mesh.known.0.get(&cluster.name);
        if let Some(known) = of_name.and_then(|all| all.iter().find(same)) {
            return known.row;
        }
        let plan = self.cluster_plan(cluster, assignment, locality, (picks, dialled));
        let row = self.mesh.plan.clusters.len() as u32;
        self.mesh.plan.clusters.push(plan);
        self.mesh.known.0.entry(cluster.name.clone()).or_default().push(Known {
            cluster: cluster.clone(),
            assignment: assignment.cloned(),
            locality: locality.clone(),
            picks,
            dialled,
            row,
        });
        row
    }

    fn cluster_plan(
        &mut self,
        cluster: &Arc<Cluster>,
        assignment: Option<&Arc<LoadAssignment>>,
        locality: &Locality,
        (picks, dialled): (Picks, Option<u32>),
    ) -> ClusterPlan {
        let mut reachable =
            assignment.map_or_else(LoadAssignment::default, |it| it.as_ref().clone());
        let (mut hosts, mut ports, mut takes) = (Vec::new(), Vec::new(), Vec::new());
        for group in &mut reachable.localities {
            group.endpoints.retain(|endpoint| match self.pod_behind(endpoint) {
                Some(pod) => {
                    hosts.push(pod);
                    ports.push(endpoint.address.port);
                    let encrypts = endpoint.takes_mutual_tls;
                    takes.push(if encrypts {
                        Protection::MutualTls
                    } else {
                        Protection::Plaintext
                    });
                    true
                }
                None => false,
            });
        }
        let http = &cluster.http;
        let roster = Roster::new(cluster.clone(), Arc::new(reachable), locality);
        ClusterPlan {
            name: cluster.name.clone(),
            roster: Arc::new(roster),
            hosts,
            ports,
            takes,
            dialled,
            picks,
            sharing: match http.protocol.value {
                UpstreamProtocol::Http1 | UpstreamProtocol::Tcp => Some(Sharing::Exclusive),
                UpstreamProtocol::Http2 => Some(Sharing::Shared),
                UpstreamProtocol::AsDownstream => None,
            },
            concurrent_streams: http.max_concurrent_streams.value,
            requests_per_connection: http.max_requests_per_connection.value,
            connect_timeout: cluster.connect_timeout.value,
            idle_timeout: http.idle_timeout.value,
            tls: match cluster.tls.value {
                UpstreamTls::None => ClusterTls::Off,
                _ => ClusterTls::Auto,
            },
            outlier: if cluster.outlier.is_some() { OutlierWatch::On } else { OutlierWatch::Off },
        }
    }

    /// The pod behind an endpoint. Addresses that nobody is known to have are left out, and said.
    fn pod_behind(&mut self, endpoint: &Endpoint) -> Option<u32> {
        if let Some(pod) = endpoint.pod {
            return Some(pod.0);
        }
        let world = self.input.world;
        let host = &endpoint.address.host;
        let outside = world
            .workloads
            .iter()
            .find(|workload| workload.source == WorkloadSource::Outside && workload.name == *host);
        if let Some(workload) = outside
            && workload.pods.start < workload.pods.end
        {
            return Some(workload.pods.start.0);
        }
        let address = &endpoint.address;
        self.assume(
            "endpoint.foreign",
            format!("nobody is known to have the endpoint address {address}; it is left out"),
        );
        None
    }

    /// What hashing balancers look at.
    pub(super) fn hash_plan(&self, site: &Site, made: &ForwardPlan<'_>) -> HashPlan {
        let Some(hash) = made.hash else { return HashPlan::Drawn };
        // A cookie that the proxy makes is another one for each client, and applications here
        // bring none back.
        if !made.cookies.is_empty() {
            return HashPlan::Drawn;
        }
        let by_client = made.forward.hash.iter().any(|it| it.source == HashSource::SourceIp);
        if !by_client {
            return HashPlan::Fixed(hash);
        }
        let Some(caller) = site.caller else { return HashPlan::Fixed(hash) };
        let pods = &self.input.world.workloads[caller].pods;
        let hash_of = |pod: u32| {
            let ip = self.input.world.pods[TableId::from_index(pod as usize)].ip;
            xx_hash_64(ip.to_string().as_bytes(), 0)
        };
        HashPlan::ByClient((pods.start.0..pods.end.0).map(hash_of).collect())
    }
}
