//! Waypoints in the plan: their pods, and the calls that go through them. Which call goes through
//! which waypoint is decided in `meshwalk-models`.

use std::collections::BTreeMap;
use std::sync::Arc;

use meshwalk_models::control::istio::ambient::waypoints::WaypointName;
use meshwalk_models::path::DataPath;
use meshwalk_models::policy::network::NetworkPeer;
use meshwalk_models::proxy::envoy::Request;
use meshwalk_models::proxy::envoy::config::{Direction, ProxyConfig};
use meshwalk_models::proxy::envoy::hash::xx_hash_64;
use meshwalk_models::proxy::envoy::listening::Arrival;
use meshwalk_models::proxy::ztunnel::HBONE_PORT;
use meshwalk_models::walk::{Writes, at_waypoint};
use meshwalk_models::world::{NodeId, PodId, WorkloadId};

use crate::flow::plan::{Balance, CallPlan, PodPlan};
use crate::stats::{BoxKind, Details, Ending};

use super::mesh::{Here, Site};
use super::targets::Key;
use super::{Compiler, TableKey, site_of_node};

/// The label that a Gateway's controller gives the pods that it makes.
const OF_GATEWAY: &str = "gateway.networking.k8s.io/gateway-name";

/// The waypoints of a run.
#[derive(Default)]
pub(super) struct Waypoints {
    by_name: BTreeMap<WaypointName, Standing>,
    /// Whose each pod is, by row.
    of_pods: BTreeMap<u32, WaypointName>,
}

/// A waypoint that stands.
#[derive(Clone, Debug)]
struct Standing {
    /// Whose tables it uses.
    client: usize,
    /// Its pods, by row.
    pods: Vec<u32>,
    /// The configuration of its Envoy.
    config: Arc<ProxyConfig>,
    /// As policies of the network see it.
    peer: NetworkPeer,
}

impl Waypoints {
    /// The waypoint that a pod of the plan belongs to.
    pub(super) fn of_pod(&self, row: u32) -> Option<&WaypointName> {
        self.of_pods.get(&row)
    }

    /// The waypoint that a pod of the plan belongs to, as policies of the network see it.
    pub(super) fn peer(&self, row: u32) -> Option<NetworkPeer> {
        Some(self.by_name.get(self.of_pod(row)?)?.peer)
    }
}

impl Compiler<'_> {
    /// Lets a call go through the waypoint that it meets; tells whether it meets one.
    pub(super) fn goes_through_waypoint(&mut self, site: &Site, call: u32) -> bool {
        let Some(caller) = site.caller else { return false };
        let Some(name) = self.waypoint_met(site, caller) else { return false };
        let target = &self.targets.plans[self.calls[call as usize].target as usize];
        if target.endpoints.1 == 0 && target.without_endpoints.details.is_without_address() {
            return false;
        }
        let request = self.sent_to_waypoint(site, caller, call);
        let Some((standing, request)) = self.standing(&name, (caller, request)) else {
            let sentence =
                format!("what {name} does is not known: it is none of Istio's waypoints");
            self.taken_for_allowed(&site.path, &sentence, &[]);
            return false;
        };
        let inner = self.onward_call(site, &standing, request, call);
        self.calls[call as usize].onward = Some(inner);
        let servers = standing.pods.iter().map(|pod| (*pod, HBONE_PORT)).collect();
        let before = self.calls[call as usize].target as usize;
        let target = self.targets.row(Key {
            balance: Balance::RandomPerConnection,
            endpoints: servers,
            service_row: self.targets.service_rows[before],
            without_endpoints: Ending::without_answer(Details::CONNECT_FAILURE),
        });
        let key = TableKey::Target(target, site.protocol.into());
        let table = self.table(site.client, key);
        let outer = &mut self.calls[call as usize];
        outer.target = target;
        outer.pool_table = table;
        let sending = self.plain_sending(site, call);
        self.calls[call as usize].sending = Some(sending);
        true
    }

    /// The waypoint that the calls of a site meet.
    fn waypoint_met(&mut self, site: &Site, caller: WorkloadId) -> Option<WaypointName> {
        let (world, planes) = (self.input.world, self.input.planes?);
        if self.data_path_of(caller) != DataPath::IstioAmbient {
            return None;
        }
        let asked = site.dialled.as_ref()?.asked.iter();
        let mut all = asked.map(|asked| planes.waypoint_for(world, *asked).outcome);
        let first = all.next()?;
        if all.any(|other| other != first) {
            let sentence = "some of the pods behind the name have a waypoint, and some do not";
            self.taken_for_allowed(&site.path, sentence, &[]);
            return None;
        }
        first
    }

    /// The call that a waypoint makes in turn.
    fn onward_call(
        &mut self,
        site: &Site,
        standing: &Standing,
        request: Request,
        call: u32,
    ) -> u32 {
        let row = self.calls.len() as u32;
        let plan = self.calls[call as usize].clone();
        self.calls.push(CallPlan { timeout: None, retries: 0, ..plan });
        self.requests.push(self.requests[call as usize].clone());
        let there = Site { client: standing.client, ..site.clone() };
        let here = Here {
            site: &there,
            call: row,
            config: &standing.config,
            class: 0,
            writes: Writes::Requests,
            arrival: Arrival::Redirected(Direction::Inbound),
        };
        let leg = self.configured_leg(here, request);
        self.calls[row as usize].legs = Some(self.mesh.plan.legs.len() as u32);
        self.mesh.plan.legs.push(leg);
        row
    }

    /// The request of a site as the ztunnel of its caller sends it.
    fn sent_to_waypoint(&self, site: &Site, caller: WorkloadId, call: u32) -> Request {
        let pod = self.input.world.workloads[caller].pods.start;
        let dialled = site.dialled.as_ref().expect("what meets a waypoint was dialled");
        let mut request = self.request_of(site, dialled, Some((caller, pod)), call);
        let row = &self.input.world.pods[pod];
        request.connection.source_ip = row.ip_is_declared.then_some(row.ip);
        request
    }

    /// A waypoint with its pods, made when the first call meets it, and a request as it gets it;
    /// `None` where nobody knows how it behaves.
    fn standing(
        &mut self,
        name: &WaypointName,
        (caller, request): (WorkloadId, Request),
    ) -> Option<(Standing, Request)> {
        let (world, planes) = (self.input.world, self.input.planes?);
        let client = world.workloads[caller].pods.start;
        let there = at_waypoint((world, planes), client, &request, name);
        let request = Request { connection: there.connection, ..request };
        if let Some(known) = self.waypoints.by_name.get(name) {
            return Some((known.clone(), request));
        }
        let config = planes.waypoint(world, name)?;
        let client = self.pool_tables.len();
        self.pool_tables.push(BTreeMap::new());
        let nodes = self.nodes_of(name).into_iter().zip(0..);
        let pods = nodes.map(|(node, ordinal)| self.waypoint_pod(name, client, (ordinal, node)));
        let pods = pods.collect();
        let standing = Standing { client, pods, config, peer: there.peer };
        self.waypoints.by_name.insert(name.clone(), standing.clone());
        Some((standing, request))
    }

    fn waypoint_pod(
        &mut self,
        name: &WaypointName,
        client: usize,
        (ordinal, node): (u32, NodeId),
    ) -> u32 {
        let row = self.pods.len() as u32;
        let owner = format!("{}/{}", name.namespace, name.name);
        let instance = format!("{}-{ordinal}", name.name);
        let proxy = self.boxes.add(self.input.costs, BoxKind::Waypoint, owner, instance);
        self.pods.push(PodPlan {
            app: client as u32,
            ordinal,
            site: site_of_node(self.input.world, node),
            first_pool_table: 0,
            data_path: DataPath::IstioAmbient,
            proxy,
            class: 0,
            gate_class: 0,
        });
        self.waypoints.of_pods.insert(row, name.clone());
        row
    }

    /// Where the pods of a waypoint run: where the manifests have them, or one on some node.
    fn nodes_of(&mut self, name: &WaypointName) -> Vec<NodeId> {
        let world = self.input.world;
        let is_own = |pod: &&PodId| {
            let row = &world.pods[**pod];
            let namespace = world.workload_of(**pod).namespace;
            let here = namespace.is_some_and(|id| {
                let namespace = &world.namespaces[id];
                namespace.cluster == name.cluster && namespace.name == name.namespace
            });
            here && row.labels.get(OF_GATEWAY).is_some_and(|label| label.value == name.name)
        };
        let all: Vec<PodId> = world.pods.ids().collect();
        let own: Vec<NodeId> = all.iter().filter(is_own).map(|pod| world.pods[*pod].node).collect();
        if !own.is_empty() {
            return own;
        }
        self.assume(
            "waypoint.replicas",
            "a waypoint whose pods are in no manifest has one, on a node that follows from its \
             name"
                .to_owned(),
        );
        let nodes = world.nodes.entries();
        let nodes: Vec<NodeId> = nodes
            .filter(|(_, node)| node.cluster == Some(name.cluster))
            .map(|(id, _)| id)
            .collect();
        let place = xx_hash_64(name.to_string().as_bytes(), 0) % nodes.len().max(1) as u64;
        nodes.get(place as usize).copied().into_iter().collect()
    }
}
