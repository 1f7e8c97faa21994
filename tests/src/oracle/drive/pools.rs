//! Clusters with their hosts, the connections to them and the requests on those. The pools decide;
//! here connections are made and lost.

use std::sync::Arc;

use meshwalk_models::explain::Silent;
use meshwalk_models::profile::Profile;
use meshwalk_models::proxy::envoy::config::{DeclaredHealth, Locality, RoutingPriority};
use meshwalk_models::proxy::envoy::pool::{
    ConnectionId, Opened, Pool, PoolCounter, PoolEffects, PoolSettings, Sharing, StreamEnd,
};
use meshwalk_models::proxy::envoy::router::{Attempt, ResetReason};
use meshwalk_models::proxy::envoy::upstream::{Breakers, ClusterState, HostId};
use meshwalk_models::units::{SimDuration, SimTime};

use super::super::render::{Reach, Rendered, Upstream};
use super::super::script::{Action, Script};
use super::draws::Draws;
use super::{Drive, HOP, Happening, HostHealth};

/// A cluster in a run.
#[derive(Debug)]
pub(super) struct ClusterRun {
    pub(super) name: String,
    pub(super) state: ClusterState,
    pub(super) sharing: Sharing,
    connect_timeout: SimDuration,
    /// One a host.
    pools: Vec<Pool<StreamId>>,
    /// One a host.
    pub(super) upstreams: Vec<Upstream>,
    script: Script,
}

/// A request on its way to a host; a number is never used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct StreamId(usize);

/// A connection to a host; a number is never used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LinkId(usize);

/// An attempt.
#[derive(Clone, Debug)]
pub(super) struct Stream {
    pub(super) call: usize,
    pub(super) attempt: Attempt,
    pub(super) cluster: usize,
    pub(super) host: HostId,
    /// Its connection, while it has one.
    pub(super) link: Option<LinkId>,
    /// When the router started it.
    pub(super) started: SimTime,
    pub(super) progress: super::server::Progress,
    /// Whether the host closes the connection behind its response.
    pub(super) last_on_link: bool,
}

/// A connection.
#[derive(Clone, Debug)]
pub(super) struct Link {
    cluster: usize,
    host: HostId,
    id: ConnectionId,
    open: bool,
}

/// What becomes of an attempt to connect.
#[derive(Clone, Copy, Debug)]
pub(super) enum Outcome {
    Made,
    Failed(ResetReason),
}

/// What a pool has to tell a router, as soon as that has nothing else to do.
#[derive(Clone, Copy, Debug)]
pub(super) enum Notice {
    Attached(StreamId),
    Failed(StreamId, ResetReason),
}

/// What a pool asked for.
enum Asked {
    Connect(ConnectionId),
    Attach(StreamId, ConnectionId),
    Fail(StreamId, ResetReason),
    Close(ConnectionId),
    Count(PoolCounter),
}

/// Writes down what a pool asks for.
#[derive(Default)]
struct Desk(Vec<Asked>);

impl PoolEffects<StreamId> for Desk {
    fn connect(&mut self, connection: ConnectionId) {
        self.0.push(Asked::Connect(connection));
    }

    fn attach(&mut self, stream: StreamId, connection: ConnectionId) {
        self.0.push(Asked::Attach(stream, connection));
    }

    fn fail(&mut self, stream: StreamId, reason: ResetReason) {
        self.0.push(Asked::Fail(stream, reason));
    }

    fn close(&mut self, connection: ConnectionId) {
        self.0.push(Asked::Close(connection));
    }

    fn count(&mut self, counter: PoolCounter) {
        self.0.push(Asked::Count(counter));
    }
}

impl ClusterRun {
    pub(super) fn new(rendered: &Rendered, draws: &mut Draws) -> Self {
        let cluster = Arc::new(rendered.cluster.clone());
        let settings = PoolSettings::of(&cluster.http, Sharing::Exclusive);
        let (name, connect_timeout) = (cluster.name.clone(), cluster.connect_timeout.value);
        let state = ClusterState::new(
            cluster,
            Arc::new(rendered.assignment.clone()),
            &Profile::built_in().envoy,
            &Locality::default(),
            1,
            SimTime::ZERO,
            draws,
        );
        // The assignment groups endpoints; upstreams follow its order.
        let hosts = (0..state.roster().len()).map(|at| HostId::new(at as u32));
        let upstream = |host: HostId| {
            let address = &state.endpoint(host).address.host;
            rendered.upstreams.iter().find(|it| it.address == *address).cloned()
        };
        let upstreams: Vec<Upstream> = hosts.filter_map(upstream).collect();
        Self {
            name,
            sharing: settings.sharing,
            connect_timeout,
            pools: upstreams.iter().map(|_| Pool::new(settings)).collect(),
            upstreams,
            script: rendered.script.clone(),
            state,
        }
    }

    /// What the upstream behind `host` does next.
    pub(super) fn next_action(&mut self, host: HostId) -> Action {
        match &mut self.upstreams[host.index()].script {
            Some(own) => own.next(),
            None => self.script.next(),
        }
    }

    fn with_pool<T>(
        &mut self,
        host: HostId,
        act: impl FnOnce(&mut Pool<StreamId>, &mut Breakers<'_>, &mut Desk) -> T,
    ) -> (T, Vec<Asked>) {
        let mut desk = Desk::default();
        let mut breakers = self.state.breakers(RoutingPriority::Default);
        let result = act(&mut self.pools[host.index()], &mut breakers, &mut desk);
        (result, desk.0)
    }
}

impl Drive<'_> {
    /// A new attempt wants a connection.
    pub(super) fn open(&mut self, stream: Stream) -> (StreamId, Opened) {
        let id = StreamId(self.streams.len());
        let (cluster, host) = (stream.cluster, stream.host);
        self.streams.push(stream);
        let act = |pool: &mut Pool<StreamId>, breakers: &mut Breakers<'_>, desk: &mut Desk| {
            pool.open(id, breakers, desk, &mut Silent)
        };
        let (opened, asked) = self.clusters[cluster].with_pool(host, act);
        self.answer_pool(cluster, host, asked);
        if let Opened::Attached(connection) = opened {
            self.attach(id, connection);
        }
        (id, opened)
    }

    /// The proxy gives an attempt up.
    pub(super) fn give_up(&mut self, id: StreamId) {
        if self.streams[id.0].link.is_some() {
            self.end_stream(id, StreamEnd::GivenUp);
            return;
        }
        let (cluster, host) = (self.streams[id.0].cluster, self.streams[id.0].host);
        let act = |pool: &mut Pool<StreamId>, breakers: &mut Breakers<'_>, desk: &mut Desk| {
            pool.cancel(id, breakers, desk);
        };
        let ((), asked) = self.clusters[cluster].with_pool(host, act);
        self.answer_pool(cluster, host, asked);
    }

    /// An attempt that has a connection ends.
    pub(super) fn end_stream(&mut self, id: StreamId, end: StreamEnd) {
        let Some(link) = self.streams[id.0].link.take() else { return };
        let Link { cluster, host, id: connection, .. } = self.links[link.0];
        self.clusters[cluster].state.end_request(host);
        let act = |pool: &mut Pool<StreamId>, breakers: &mut Breakers<'_>, desk: &mut Desk| {
            pool.end(id, connection, end, breakers, desk, &mut Silent);
        };
        let ((), asked) = self.clusters[cluster].with_pool(host, act);
        self.answer_pool(cluster, host, asked);
    }

    /// A connection is made, or is not.
    pub(super) fn connects(&mut self, link: LinkId, outcome: Outcome) {
        let Link { cluster, host, id, open } = self.links[link.0];
        if !open {
            return;
        }
        let act =
            |pool: &mut Pool<StreamId>, breakers: &mut Breakers<'_>, desk: &mut Desk| match outcome
            {
                Outcome::Made => pool.connected(id, breakers, desk, &mut Silent),
                Outcome::Failed(reason) => pool.connect_failed(id, reason, breakers, desk),
            };
        if matches!(outcome, Outcome::Failed(_)) {
            self.links[link.0].open = false;
        }
        let ((), asked) = self.clusters[cluster].with_pool(host, act);
        self.answer_pool(cluster, host, asked);
    }

    /// A connection is gone, and all that was on it.
    pub(super) fn lose(&mut self, link: LinkId, reason: ResetReason) {
        let Link { cluster, host, id, open } = self.links[link.0];
        if !open {
            return;
        }
        self.links[link.0].open = false;
        let act = |pool: &mut Pool<StreamId>, breakers: &mut Breakers<'_>, desk: &mut Desk| {
            pool.connection_lost(id, reason, breakers, desk);
        };
        let ((), asked) = self.clusters[cluster].with_pool(host, act);
        self.answer_pool(cluster, host, asked);
    }

    /// Does what a pool asked for.
    fn answer_pool(&mut self, cluster: usize, host: HostId, asked: Vec<Asked>) {
        for one in asked {
            match one {
                Asked::Connect(id) => self.connect(cluster, host, id),
                Asked::Attach(stream, id) => {
                    self.attach(stream, id);
                    self.notices.push_back(Notice::Attached(stream));
                }
                Asked::Fail(stream, reason) => {
                    if self.streams[stream.0].link.take().is_some() {
                        self.clusters[cluster].state.end_request(host);
                    }
                    self.notices.push_back(Notice::Failed(stream, reason));
                }
                Asked::Close(id) => {
                    if let Some(link) = self.link(cluster, host, id) {
                        self.links[link.0].open = false;
                    }
                }
                Asked::Count(counter) => {
                    let name = format!("{}.{}", self.clusters[cluster].name, counter.name());
                    self.count(name);
                }
            }
        }
    }

    fn connect(&mut self, cluster: usize, host: HostId, id: ConnectionId) {
        let link = LinkId(self.links.len());
        self.links.push(Link { cluster, host, id, open: true });
        let own = &self.clusters[cluster];
        let timeout = own.connect_timeout;
        let (after, outcome) = match own.upstreams[host.index()].reach {
            Reach::Open => (HOP, Outcome::Made),
            Reach::Refuses => (HOP, Outcome::Failed(ResetReason::ConnectionRefused)),
            Reach::Blackhole => (timeout, Outcome::Failed(ResetReason::ConnectionTimeout)),
        };
        let outcome =
            if after > timeout { Outcome::Failed(ResetReason::ConnectionTimeout) } else { outcome };
        self.after(after.min(timeout), Happening::Connects(link, outcome));
    }

    /// The open connection with this number.
    fn link(&self, cluster: usize, host: HostId, id: ConnectionId) -> Option<LinkId> {
        let same = |link: &Link| {
            link.open && link.cluster == cluster && link.host == host && link.id == id
        };
        self.links.iter().rposition(same).map(LinkId)
    }

    /// An attempt has a connection, and its request goes out.
    fn attach(&mut self, id: StreamId, connection: ConnectionId) {
        let (cluster, host) = (self.streams[id.0].cluster, self.streams[id.0].host);
        self.streams[id.0].link = self.link(cluster, host, connection);
        self.clusters[cluster].state.begin_request(host);
        self.after(HOP, Happening::Reaches(id));
    }

    pub(super) fn stream(&mut self, id: StreamId) -> &mut Stream {
        &mut self.streams[id.0]
    }

    /// The health of all hosts, as they stand now.
    pub(super) fn hosts(&mut self) -> Vec<HostHealth> {
        let now = self.now();
        let mut all = Vec::new();
        for cluster in &mut self.clusters {
            cluster.state.advance(now, &mut self.draws);
            for (host, upstream) in cluster.state.hosts().zip(&cluster.upstreams) {
                let ejected = host.ejected.then_some("failed_outlier_check");
                let declared = match host.endpoint.health {
                    DeclaredHealth::Unknown | DeclaredHealth::Healthy => None,
                    DeclaredHealth::Unhealthy => Some("UNHEALTHY"),
                    DeclaredHealth::Draining => Some("DRAINING"),
                    DeclaredHealth::Timeout => Some("TIMEOUT"),
                    DeclaredHealth::Degraded => Some("DEGRADED"),
                };
                let flags = ejected.into_iter().chain(declared).collect();
                all.push(HostHealth { name: upstream.name.clone(), flags });
            }
        }
        all
    }

    /// Adds the counters that clusters keep themselves.
    pub(super) fn count_clusters(&mut self) {
        for cluster in &self.clusters {
            let name = &cluster.name;
            for (counter, count) in cluster.state.counters().named() {
                self.counters.insert(format!("{name}.{counter}"), count);
            }
            let ejected = cluster.state.ejected() as u64;
            if ejected > 0 {
                let gauge = format!("{name}.outlier_detection.ejections_active");
                self.counters.insert(gauge, ejected);
            }
        }
    }
}
