//! The clusters of each caller's proxy during a run: their state, who is picked, what breakers
//! and outlier detection say. All of that is decided in `meshwalk-models`; here it is kept, given
//! its draws and told the time.

use meshwalk_models::explain::{Probe, Silent};
use meshwalk_models::proxy::envoy::config::RoutingPriority;
use meshwalk_models::proxy::envoy::upstream::{
    Change, ClusterState, HealthChange, HostId, NoHost, Overflow, PickContext, PreviousPriorities,
    Resource, UpstreamResult,
};
use meshwalk_models::units::SimTime;

use crate::kernel::random::mix;
use crate::log::{Recorder, Step, Subject};
use crate::stats::Full;

use super::alarm::Alarm;
use super::dice::KeyedDice;
use super::engine::Engine;
use super::event::Kind;
use super::plan::{ClusterPlan, HashPlan, OutlierWatch, Picks, Sharing};
use super::pool::ENDPOINT;
use super::state::{NONE, Pool};

/// What a draw of a proxy is for.
const CREATION: u64 = 0x6372_6577;
const REPORT: u64 = 0x7265_706F;

/// The state of one cluster in one caller's proxy.
#[derive(Clone, Debug)]
pub(super) struct ProxyCluster {
    pub(super) state: ClusterState,
    /// The key of its own draws, made of the names of pod and cluster.
    key: u64,
    /// How often it drew.
    rolls: u64,
    /// When its alarm rings; [`SimTime::MAX`] if none is set.
    armed: SimTime,
    /// The row of the plan's clusters.
    pub(super) row: u32,
    pub(super) client: u32,
    /// The row of the statistics' edges that first used it.
    edge: u32,
    /// The first of its pools, for exclusive and for shared connections.
    pub(super) pools: [u32; 2],
}

/// What one request that is tried again remembers.
#[derive(Clone, Debug, Default)]
pub(super) struct RetryMemory {
    tried: Vec<HostId>,
    priorities: Option<PreviousPriorities>,
}

/// What an attempt asks of its cluster.
pub(super) struct Wish<'w> {
    pub(super) cluster: u32,
    pub(super) of: u32,
    pub(super) key: u64,
    pub(super) context: PickContext<'w>,
}

impl<R: Recorder> Engine<R> {
    /// The state of a cluster in the proxy of `client`, made on first use.
    pub(super) fn proxy_cluster(&mut self, client: u32, table: u32, row: u32, edge: u32) -> u32 {
        let table = self.plan.pods[client as usize].first_pool_table + table;
        let known = self.pool_tables[table];
        if known != NONE {
            return known;
        }
        let plan = self.plan.clone();
        let cluster = &plan.mesh.clusters[row as usize];
        let key = mix(self.proxy_key(client), self.seed.key(&cluster.name, "cluster"));
        let mut dice = KeyedDice::new(mix(key, CREATION));
        let state = ClusterState::sharing(
            cluster.roster.clone(),
            &plan.profile.envoy,
            self.workers_beside(client),
            self.kernel.now(),
            &mut dice,
        );
        let slot = self.clusters.push(ProxyCluster {
            state,
            key,
            rolls: 0,
            armed: SimTime::MAX,
            row,
            client,
            edge,
            pools: [NONE; 2],
        });
        self.pool_tables[table] = slot;
        self.watch(slot);
        slot
    }

    /// The key of all draws of the proxy beside a pod.
    pub(super) fn proxy_key(&self, pod: u32) -> u64 {
        let plan = &self.plan.pods[pod as usize];
        if self.is_waypoint(pod) {
            let own = &self.plan.boxes[plan.proxy as usize];
            let entry = &self.plan.layout.proxies[own.entry as usize];
            let name = entry.instances.get(own.ordinal as usize).map_or("", String::as_str);
            return mix(self.seed.key(&entry.owner, "proxy"), self.seed.key(name, "proxy"));
        }
        let Some(workload) = self.plan.layout.workloads.get(plan.app as usize) else { return 0 };
        let name = workload.pods.get(plan.ordinal as usize).map_or("", String::as_str);
        mix(self.seed.key(&workload.namespace, "proxy"), self.seed.key(name, "proxy"))
    }

    /// The cluster of a proxy that a pool belongs to.
    pub(super) fn cluster_of(&self, pool: u32) -> Option<&ClusterPlan> {
        let cluster = self.pools[pool].cluster;
        (cluster != NONE).then(|| self.cluster_plan(cluster))
    }

    fn cluster_plan(&self, cluster: u32) -> &ClusterPlan {
        &self.plan.mesh.clusters[self.clusters[cluster].row as usize]
    }

    /// The first pool of a cluster for such connections, made on first use.
    pub(super) fn pools_of_cluster(&mut self, cluster: u32, downstream: Sharing) -> u32 {
        let plan = self.cluster_plan(cluster);
        let sharing = plan.sharing.unwrap_or(downstream);
        let (class, concurrent) = match sharing {
            Sharing::Exclusive => (0, 1),
            Sharing::Shared => (1, plan.concurrent_streams.max(2)),
        };
        let count = match plan.picks {
            Picks::PerRequest => plan.hosts.len(),
            Picks::PerConnection => 1,
        };
        let known = self.clusters[cluster].pools[class];
        if known != NONE {
            return known;
        }
        let first = self.pools.len() as u32;
        for _ in 0..count {
            self.pools.push(Pool::new(concurrent, cluster));
        }
        self.clusters[cluster].pools[class] = first;
        first
    }

    /// How hosts are picked for a pool of a proxy.
    pub(super) fn picks_of(&self, pool: u32) -> Option<Picks> {
        self.cluster_of(pool).map(|cluster| cluster.picks)
    }

    /// The host that a pool belongs to, where each has its own.
    fn host_of(&self, pool: u32) -> Option<(u32, HostId)> {
        let cluster = self.pools[pool].cluster;
        if cluster == NONE {
            return None;
        }
        let plan = self.cluster_plan(cluster);
        if plan.picks == Picks::PerConnection {
            return None;
        }
        let [exclusive, shared] = self.clusters[cluster].pools;
        let in_shared = shared != NONE && pool.wrapping_sub(shared) < plan.hosts.len() as u32;
        let first = if in_shared { shared } else { exclusive };
        Some((cluster, HostId::new(pool - first)))
    }

    /// A request gets a connection of a pool.
    #[inline]
    pub(super) fn host_begins(&mut self, pool: u32) {
        if let Some((cluster, host)) = self.host_of(pool) {
            self.clusters[cluster].state.begin_request(host);
        }
    }

    /// A request leaves its connection.
    #[inline]
    pub(super) fn host_ends(&mut self, pool: u32) {
        if let Some((cluster, host)) = self.host_of(pool) {
            self.clusters[cluster].state.end_request(host);
        }
    }

    /// Picks a host for an attempt.
    pub(super) fn pick_host(
        &mut self,
        wish: &Wish<'_>,
        probe: &mut impl Probe,
    ) -> Result<HostId, NoHost> {
        let now = self.kernel.now();
        let worker = self.worker_of(self.clusters[wish.cluster].client, wish.key);
        let mut dice = KeyedDice::new(mix(wish.key, ENDPOINT));
        let state = &mut self.clusters[wish.cluster].state;
        let mut context = wish.context;
        match self.memories.get_mut(&wish.of) {
            None => state.pick(worker, &context, now, &mut dice, probe),
            Some(memory) => {
                context.tried = &memory.tried;
                context.loads =
                    memory.priorities.as_mut().and_then(|priorities| priorities.loads(state));
                state.pick(worker, &context, now, &mut dice, probe)
            }
        }
    }

    /// The worker of a proxy that handles a stream: connections are spread over them evenly.
    fn worker_of(&self, client: u32, key: u64) -> u32 {
        let workers = u64::from(self.workers_beside(client));
        ((u64::from(key as u32) * workers) >> 32) as u32
    }

    /// Remembers where an attempt went before another one is made.
    pub(super) fn remember_host(
        &mut self,
        of: u32,
        (cluster, host): (u32, HostId),
        every: Option<u32>,
    ) {
        let memory = self.memories.entry(of).or_default();
        memory.tried.push(host);
        if let Some(every) = every {
            let priorities =
                memory.priorities.get_or_insert_with(|| PreviousPriorities::new(every));
            priorities.attempted(&self.clusters[cluster].state, host);
        }
    }

    /// The hash that a call has for hashing balancers.
    pub(super) fn hash_of(&self, hash: &HashPlan, of: u32) -> Option<u64> {
        // Waypoints see the address of their caller.
        let client = match self.outer_of(of) {
            Some(outer) => self.attempts[outer].client,
            None => self.tries[of].client,
        };
        match hash {
            HashPlan::Drawn => None,
            HashPlan::Fixed(hash) => Some(*hash),
            HashPlan::ByClient(hashes) => {
                hashes.get(self.plan.pods[client as usize].ordinal as usize).copied()
            }
        }
    }

    /// The pod for a new connection of a pool whose connections are balanced.
    pub(super) fn host_for_connection(
        &mut self,
        slot: u32,
        pool: u32,
        from: SimTime,
    ) -> Option<(u32, u32)> {
        let cluster = self.pools[pool].cluster;
        if self.cluster_plan(cluster).dialled.is_some() {
            return Some((NONE, self.dial(slot, from)));
        }
        let attempt = self.attempts[slot];
        let host = match self.picked.take() {
            Some(host) => host,
            None => {
                let context = PickContext::default();
                let wish = Wish { cluster, of: NONE, key: attempt.key, context };
                // Whoever waits was told that there is somebody.
                self.pick_host(&wish, &mut Silent).unwrap_or(HostId::new(0))
            }
        };
        self.clusters[cluster].state.begin_request(host);
        let plan = self.cluster_plan(cluster);
        let (pod, candidates) = (plan.hosts[host.index()], plan.hosts.len() as u32);
        self.attempts[slot].server = pod;
        let rule = meshwalk_models::proxy::envoy::LEAST_REQUEST;
        self.tell(from, slot, attempt.client, Step::EndpointChosen { pod, candidates, rule });
        Some((host.index() as u32, pod))
    }

    /// Takes a place in a breaker, if the pool belongs to a proxy; `false` if there is none.
    #[inline]
    pub(super) fn take(&mut self, pool: u32, resource: Resource, attempt: u32) -> bool {
        let cluster = self.pools[pool].cluster;
        if cluster == NONE {
            return true;
        }
        let mut breakers = self.clusters[cluster].state.breakers(RoutingPriority::Default);
        match breakers.try_take(resource, &mut Silent) {
            Ok(()) => true,
            Err(overflow) => {
                self.overflows(attempt, cluster, &overflow);
                false
            }
        }
    }

    fn overflows(&mut self, attempt: u32, cluster: u32, overflow: &Overflow) {
        let now = self.kernel.now();
        let of = full(overflow.resource);
        let call = self.attempts[attempt].call;
        let edge = self.plan.calls[call as usize].edge;
        self.meter.overflowed(edge, now, of);
        let client = self.attempts[attempt].client;
        self.tell(now, attempt, client, self.overflowed(cluster, overflow));
    }

    /// What is told of a breaker without a place.
    pub(super) fn overflowed(&self, cluster: u32, overflow: &Overflow) -> Step {
        let Overflow { resource, count, limit, rule, .. } = *overflow;
        let cluster = self.clusters[cluster].row;
        Step::Overflowed { of: full(resource), count, limit, cluster, rule }
    }

    /// Gives a place in a breaker back.
    #[inline]
    pub(super) fn give_back(&mut self, pool: u32, resource: Resource) {
        let cluster = self.pools[pool].cluster;
        if cluster != NONE {
            self.clusters[cluster].state.breakers(RoutingPriority::Default).release(resource);
        }
    }

    /// Whether a proxy may make one more connection, and takes a place for it; the first to a host
    /// is always made.
    pub(super) fn may_connect(&mut self, pool: u32, attempt: u32) -> bool {
        let Pool { cluster, connections, .. } = self.pools[pool];
        if cluster == NONE {
            return true;
        }
        let mut breakers = self.clusters[cluster].state.breakers(RoutingPriority::Default);
        match breakers.try_take(Resource::Connections, &mut Silent) {
            Ok(()) => true,
            Err(overflow) => {
                let first = connections == 0;
                if first {
                    breakers.take(Resource::Connections);
                }
                self.overflows(attempt, cluster, &overflow);
                first
            }
        }
    }

    /// Whether a connection has taken all requests that it may.
    #[inline]
    pub(super) fn is_worn_out(&self, pool: u32, served: u32) -> bool {
        let cluster = self.pools[pool].cluster;
        if cluster == NONE {
            return false;
        }
        let limit = self.cluster_plan(cluster).requests_per_connection;
        limit > 0 && served >= limit
    }

    /// A connection of a proxy is gone.
    pub(super) fn connection_left_cluster(&mut self, pool: u32, host: u32) {
        self.give_back(pool, Resource::Connections);
        let cluster = self.pools[pool].cluster;
        if host != NONE && cluster != NONE {
            self.clusters[cluster].state.end_request(HostId::new(host));
        }
    }

    /// Where an attempt goes that has not left its pool.
    pub(super) fn host_of_attempt(&self, attempt: u32) -> Option<(u32, HostId)> {
        let pool = self.attempts[attempt].pool;
        if pool == NONE { None } else { self.host_of(pool) }
    }

    /// Tells outlier detection how an attempt of a try went.
    pub(super) fn report(
        &mut self,
        of: u32,
        (cluster, host): (u32, HostId),
        result: UpstreamResult,
    ) {
        if self.cluster_plan(cluster).outlier == OutlierWatch::Off {
            return;
        }
        let now = self.kernel.now();
        let mut dice = self.own_dice(cluster);
        let changes = self.clusters[cluster].state.report(host, result, now, &mut dice);
        self.tell_changes((cluster, Some(of)), &changes);
        self.watch(cluster);
    }

    fn own_dice(&mut self, cluster: u32) -> KeyedDice {
        let state = &mut self.clusters[cluster];
        state.rolls += 1;
        KeyedDice::new(mix(mix(state.key, REPORT), state.rolls))
    }

    /// Sets the alarm for what a cluster has to do next.
    fn watch(&mut self, cluster: u32) {
        let state = &mut self.clusters[cluster];
        let Some(due) = state.state.next_due().filter(|due| *due < state.armed) else { return };
        state.armed = due;
        let alarm = self.alarms.insert(Alarm::Cluster(cluster));
        self.schedule(due, Kind::Alarm, alarm);
    }

    /// The alarm of a cluster rings.
    pub(super) fn cluster_due(&mut self, cluster: u32) {
        let now = self.kernel.now();
        if self.clusters[cluster].armed <= now {
            self.clusters[cluster].armed = SimTime::MAX;
        }
        let mut dice = self.own_dice(cluster);
        let changes = self.clusters[cluster].state.advance(now, &mut dice);
        self.tell_changes((cluster, None), &changes);
        self.watch(cluster);
    }

    fn tell_changes(&mut self, (cluster, by): (u32, Option<u32>), changes: &[HealthChange]) {
        for change in changes {
            let ProxyCluster { client, edge, .. } = self.clusters[cluster];
            let pod = self.cluster_plan(cluster).hosts[change.host.index()];
            if matches!(change.change, Change::Ejected { .. }) {
                self.meter.ejected(edge, change.at);
                self.kernel.mix(u64::from(pod));
            }
            let Some(why) =
                R::LISTENS.then(|| self.clusters[cluster].state.explain(change)).flatten()
            else {
                continue;
            };
            let found = why.because.first().map_or(why.rule, |first| first.rule);
            let HealthChange { ejected, hosts, .. } = *change;
            let step = match change.change {
                Change::Ejected { .. } => Step::HostEjected { pod, ejected, hosts, rule: found },
                Change::Spared { .. } => Step::HostSpared { pod, ejected, hosts, rule: why.rule },
                Change::Returned { .. } => {
                    Step::HostReturned { pod, ejected, hosts, rule: why.rule }
                }
            };
            self.recorder.record(change.at, Subject::Cluster { slot: cluster, by }, client, step);
        }
    }
}

/// A resource, as statistics name it.
pub(super) const fn full(resource: Resource) -> Full {
    match resource {
        Resource::Connections => Full::Connections,
        Resource::Pending => Full::Pending,
        Resource::Requests => Full::Requests,
        Resource::Retries => Full::Retries,
    }
}
