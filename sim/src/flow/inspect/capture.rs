//! The states of everything at one moment, and what differs between two moments of a run.

use std::collections::BTreeMap;

use crate::flow::engine::Engine;
use crate::log::Recorder;

use super::{
    AttemptState, ClusterState, ConnectionState, Facts, FiltersState, Names, Object, PodState,
    PoolState, ProxyState, SourceState, State, TotalsState, TryState, TunnelsState, Value,
    describe, title,
};

/// The states of everything at one moment, each kind in the order of its objects. Services are left
/// out: they are the sum of their edges.
#[derive(Clone, Debug, Default)]
pub struct Capture {
    sources: Vec<SourceState>,
    pods: Vec<PodState>,
    proxies: Vec<ProxyState>,
    clusters: Vec<ClusterState>,
    filters: Vec<FiltersState>,
    pools: Vec<PoolState>,
    connections: Vec<ConnectionState>,
    tunnels: Vec<TunnelsState>,
    tries: Vec<TryState>,
    attempts: Vec<AttemptState>,
    edges: Vec<TotalsState>,
}

/// The state of one object of a kind.
trait Captured: Clone + PartialEq {
    /// Whose state it is.
    fn object(&self) -> Object;
}

macro_rules! captured {
    ($($state:ident: $it:ident => $object:expr;)*) => {
        $(impl Captured for $state {
            fn object(&self) -> Object {
                let $it = self;
                $object
            }
        })*
    };
}

captured! {
    SourceState: it => Object::Source(it.source);
    PodState: it => Object::Pod(it.pod);
    ProxyState: it => Object::Proxy(it.proxy);
    ClusterState: it => Object::Cluster(it.cluster);
    FiltersState: it => Object::Filters { pod: it.pod, manager: it.manager };
    PoolState: it => Object::Pool(it.pool);
    ConnectionState: it => Object::Connection(it.connection);
    TunnelsState: it => Object::Tunnels(it.tunnels);
    TryState: it => Object::Try(it.name);
    AttemptState: it => Object::Attempt(it.name);
    // Those of services are not kept.
    TotalsState: it => Object::Edge(it.row);
}

/// What changed of one object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The object.
    pub object: Object,
    /// How it is called.
    pub title: String,
    /// Whether it was there before and is there now.
    pub kind: ChangeKind,
    /// The values that differ, by their path: before and now. Empty for what came or went.
    pub fields: Vec<(String, Value, Value)>,
}

/// Whether an object was there before and is there now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    /// It came into being.
    New,
    /// It is gone.
    Gone,
    /// It was there, and differs.
    Changed,
}

impl ChangeKind {
    /// In one word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Gone => "gone",
            Self::Changed => "changed",
        }
    }
}

impl Capture {
    /// The state of one object.
    #[must_use]
    pub fn get(&self, object: Object) -> Option<State> {
        Some(match object {
            Object::Source(_) => State::Source(state_of(&self.sources, object)?),
            Object::Pod(_) => State::Pod(state_of(&self.pods, object)?),
            Object::Proxy(_) => State::Proxy(state_of(&self.proxies, object)?),
            Object::Cluster(_) => State::Cluster(state_of(&self.clusters, object)?),
            Object::Filters { .. } => State::Filters(state_of(&self.filters, object)?),
            Object::Pool(_) => State::Pool(state_of(&self.pools, object)?),
            Object::Connection(_) => State::Connection(state_of(&self.connections, object)?),
            Object::Tunnels(_) => State::Tunnels(state_of(&self.tunnels, object)?),
            Object::Try(_) => State::Try(state_of(&self.tries, object)?),
            Object::Attempt(_) => State::Attempt(state_of(&self.attempts, object)?),
            Object::Edge(_) => State::Edge(state_of(&self.edges, object)?),
            Object::Service(_) => return None,
        })
    }
}

/// The states of so many rows. There is no room to grow: there may be hundreds of thousands.
fn all<S>(count: usize, state: impl Fn(u32) -> Option<S>) -> Vec<S> {
    let mut states = Vec::with_capacity(count);
    states.extend((0..count as u32).filter_map(state));
    states
}

fn state_of<S: Captured>(states: &[S], object: Object) -> Option<S> {
    let place = states.binary_search_by_key(&object, S::object).ok()?;
    Some(states[place].clone())
}

impl<R: Recorder> Engine<R> {
    /// The states of everything at this moment.
    #[must_use]
    pub fn capture(&self) -> Capture {
        let owners = self.owners();
        let under_way = self.calls_under_way();
        let requests = self.requests_under_way();
        let mut streams = vec![0; self.pools.len()];
        for (_, connection) in self.connections.iter() {
            streams[connection.pool as usize] += connection.streams;
        }
        let pool = |row: u32| {
            let place = row as usize;
            self.pool_state_with(row, owners[place], streams[place])
        };
        let source = |row| self.source_state_with(row, &requests);
        let mut connections = Vec::with_capacity(self.connections.len());
        connections.extend(self.connection_slots().filter_map(|slot| self.connection_state(slot)));
        let filters = self.filter_states.keys();
        let filters = filters.filter_map(|(pod, manager)| self.filters_state(*pod, *manager));
        let plan = &self.plan;
        Capture {
            sources: all(plan.sources.len(), source),
            pods: all(plan.pods.len(), |row| self.pod_state(row)),
            proxies: all(plan.boxes.len(), |row| self.proxy_state(row)),
            clusters: all(self.clusters.len(), |row| self.cluster_state(row)),
            filters: filters.collect(),
            pools: all(self.pools.len(), pool),
            connections,
            tunnels: all(self.tunnels.len(), |row| self.tunnels_state(row)),
            tries: self.try_slots().filter_map(|slot| self.try_state(slot)).collect(),
            attempts: self.attempt_slots().filter_map(|slot| self.attempt_state(slot)).collect(),
            edges: all(plan.layout.edges.len(), |row| self.edge_totals_with(row, &under_way)),
        }
    }
}

/// Which objects differ between two moments of a run, in their order. The later moment need not be
/// `now`. What of them differs is told by [`change`], which is dear.
#[must_use]
pub fn changed(before: &Capture, now: &Capture) -> Vec<(Object, ChangeKind)> {
    let mut changed = Vec::new();
    compare(&before.sources, &now.sources, &mut changed);
    compare(&before.pods, &now.pods, &mut changed);
    compare(&before.proxies, &now.proxies, &mut changed);
    compare(&before.clusters, &now.clusters, &mut changed);
    compare(&before.filters, &now.filters, &mut changed);
    compare(&before.pools, &now.pools, &mut changed);
    compare(&before.connections, &now.connections, &mut changed);
    compare(&before.tunnels, &now.tunnels, &mut changed);
    compare(&before.tries, &now.tries, &mut changed);
    compare(&before.attempts, &now.attempts, &mut changed);
    compare(&before.edges, &now.edges, &mut changed);
    changed
}

/// Which objects of one kind differ.
fn compare<S: Captured>(before: &[S], now: &[S], changed: &mut Vec<(Object, ChangeKind)>) {
    let (mut left, mut right) = (before.iter().peekable(), now.iter().peekable());
    loop {
        let (object, kind) = match (left.peek().map(|it| it.object()), right.peek()) {
            (None, None) => return,
            (Some(was), Some(is)) if was == is.object() => (was, ChangeKind::Changed),
            (Some(was), Some(is)) if was > is.object() => (is.object(), ChangeKind::New),
            (None, Some(is)) => (is.object(), ChangeKind::New),
            (Some(was), _) => (was, ChangeKind::Gone),
        };
        let before = if kind == ChangeKind::New { None } else { left.next() };
        let now = if kind == ChangeKind::Gone { None } else { right.next() };
        if before != now {
            changed.push((object, kind));
        }
    }
}

/// What differs of one object between two moments of a run.
#[must_use]
pub fn change(before: &Capture, now: &Capture, object: Object, names: Names<'_>) -> Option<Change> {
    let pair = (before.get(object), now.get(object));
    let of = |state: &State, kind, fields| {
        Some(Change { object, title: title(state, names), kind, fields })
    };
    match &pair {
        (None, Some(state)) => of(state, ChangeKind::New, Vec::new()),
        (Some(state), None) => of(state, ChangeKind::Gone, Vec::new()),
        (Some(before), Some(now)) if before != now => {
            let fields = differing(&describe(before, names), &describe(now, names));
            of(now, ChangeKind::Changed, fields)
        }
        _ => None,
    }
}

/// The values that differ.
pub(super) fn differing(before: &Facts, now: &Facts) -> Vec<(String, Value, Value)> {
    // Most objects are described by the same values at every moment: paths are made only for those
    // that differ.
    if !before.is_like(now) {
        return differing_by_path(before, now);
    }
    let values = || before.values().zip(now.values());
    if values().all(|(old, new)| old == new) {
        return Vec::new();
    }
    let pairs = before.flat().zip(values()).filter(|(_, (old, new))| old != new);
    pairs.map(|((path, _), (old, new))| (path, old.clone(), new.clone())).collect()
}

/// The same, whatever values there are. Fields that share a path are compared in their order.
pub(super) fn differing_by_path(before: &Facts, now: &Facts) -> Vec<(String, Value, Value)> {
    let mut left: BTreeMap<(String, u32), Value> = numbered(before).into_iter().collect();
    let mut fields = Vec::new();
    for (path, value) in numbered(now) {
        let old = left.remove(&path).unwrap_or(Value::Nothing);
        if old != value {
            fields.push((path.0, old, value));
        }
    }
    let gone = left.into_iter().filter(|(_, value)| *value != Value::Nothing);
    fields.extend(gone.map(|((path, _), old)| (path, old, Value::Nothing)));
    fields
}

fn numbered(facts: &Facts) -> Vec<((String, u32), Value)> {
    let mut seen: BTreeMap<String, u32> = BTreeMap::new();
    let number = |(path, value): (String, &Value)| {
        let number = seen.entry(path.clone()).or_default();
        *number += 1;
        ((path, *number), value.clone())
    };
    facts.flat().map(number).collect()
}
