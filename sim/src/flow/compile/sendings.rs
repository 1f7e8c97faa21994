//! What is sent by whom to whom: each request with its way, as it leaves the client's side. What
//! the layers of policy make of it is decided elsewhere.

use std::sync::Arc;

use meshwalk_models::path::Protection;
use meshwalk_models::proxy::envoy::Request;
use meshwalk_models::proxy::envoy::config::{Cluster, ProxyConfig};
use meshwalk_models::walk::Writes;
use meshwalk_models::world::{TableId, WorkloadId};

use crate::flow::plan::ClusterTls;

use super::Compiler;
use super::mesh::{Dialled, Here, Site};

/// Something that is sent.
#[derive(Clone, Debug)]
pub(super) struct Sending {
    /// The row of the call site.
    pub(super) call: u32,
    /// The clients' pods.
    pub(super) clients: Vec<u32>,
    /// What sends it.
    pub(super) by: Sender,
    /// Who may get it: pods, and their ports.
    pub(super) servers: Vec<(u32, u16)>,
    /// The request as it leaves the client's side, where it is known.
    pub(super) request: Option<Request>,
}

/// What sends.
#[derive(Clone, Debug)]
pub(super) enum Sender {
    /// The client itself.
    Itself,
    /// Its proxy, by Istio's defaults.
    BareProxy(ClusterTls),
    /// Its proxy, by a configuration.
    Proxy(Box<ProxySender>),
}

/// A proxy that sends.
#[derive(Clone, Debug)]
pub(super) struct ProxySender {
    pub(super) config: Arc<ProxyConfig>,
    pub(super) cluster: Arc<Cluster>,
    pub(super) writes: Writes,
    /// What the endpoints take, in the order of the servers.
    pub(super) takes: Vec<Protection>,
}

impl Compiler<'_> {
    /// What a caller without a proxy sends.
    pub(super) fn plain_sending(&mut self, site: &Site, call: u32) -> u32 {
        let target = self.calls[call as usize].target;
        let world = self.input.world;
        let pods = site.caller.map(|workload| (workload, world.workloads[workload].pods.clone()));
        let from = pods
            .and_then(|(workload, pods)| (pods.start < pods.end).then_some((workload, pods.start)));
        let edge = Dialled { host: "ingress".to_owned(), port: 80, ip: None, asked: Vec::new() };
        let dialled = site.dialled.as_ref().unwrap_or(&edge);
        let request = Some(self.request_of(site, dialled, from, call));
        self.sending(Sending {
            call,
            clients: self.pods_of_client(site.client, None),
            by: Sender::Itself,
            servers: self.targets.servers(target),
            request,
        })
    }

    /// What a proxy sends by Istio's defaults.
    pub(super) fn bare_sending(
        &mut self,
        (caller, class): (WorkloadId, u32),
        call: u32,
        cluster: u32,
    ) -> u32 {
        let tls = self.mesh.plan.clusters[cluster as usize].tls;
        self.sending(Sending {
            call,
            clients: self.pods_of_client(caller.index(), Some(class)),
            by: Sender::BareProxy(tls),
            servers: self.servers_of(cluster),
            request: None,
        })
    }

    /// What a proxy sends to a cluster of its configuration.
    pub(super) fn proxy_sending(
        &mut self,
        here: Here<'_>,
        (row, cluster): (u32, &Arc<Cluster>),
        request: Request,
    ) -> u32 {
        let class = here.class;
        let servers = self.servers_of(row);
        let plan = &self.mesh.plan.clusters[row as usize];
        // Whoever dials endpoints encrypts for all of them or for none.
        let takes = if plan.dialled.is_some() {
            vec![Protection::MutualTls; servers.len()]
        } else {
            plan.takes.clone()
        };
        self.sending(Sending {
            call: here.call,
            clients: self.pods_of_client(here.site.client, Some(class)),
            by: Sender::Proxy(Box::new(ProxySender {
                config: here.config.clone(),
                cluster: cluster.clone(),
                writes: here.writes,
                takes,
            })),
            servers,
            request: Some(request),
        })
    }

    fn sending(&mut self, sending: Sending) -> u32 {
        self.sendings.push(sending);
        (self.sendings.len() - 1) as u32
    }

    /// The hosts of a cluster, or whom a client dials itself.
    fn servers_of(&self, cluster: u32) -> Vec<(u32, u16)> {
        let plan = &self.mesh.plan.clusters[cluster as usize];
        match plan.dialled {
            Some(target) => self.targets.servers(target),
            None => plan.hosts.iter().copied().zip(plan.ports.iter().copied()).collect(),
        }
    }

    /// The pods of a client, of all classes of proxies or of one.
    fn pods_of_client(&self, client: usize, class: Option<u32>) -> Vec<u32> {
        let world = self.input.world;
        let rows = if client < world.workloads.len() {
            let pods = &world.workloads[WorkloadId::from_index(client)].pods;
            pods.start.index()..pods.end.index()
        } else {
            world.pods.len()..self.pods.len()
        };
        let own = |row: &usize| {
            let pod = &self.pods[*row];
            pod.app as usize == client && class.is_none_or(|class| pod.class == class)
        };
        rows.filter(own).map(|row| row as u32).collect()
    }
}
