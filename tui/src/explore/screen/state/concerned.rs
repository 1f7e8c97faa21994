//! The objects that the entry at the cursor concerns: what it happened to, who takes part, and
//! what they use. It looks names up and decides nothing.

use meshwalk_sim::flow::inspect::{AttemptState, Object, State, TryState};
use meshwalk_sim::flow::plan::NO_BOX;
use meshwalk_sim::log::{ConnectionRow, RequestName, Step, SubjectKind};
use meshwalk_sim::timeline::{EventId, Log, LogEntry};

use crate::explore::scene::Scene;

/// The objects that the entry at the cursor concerns, the nearest first. An entry that ends
/// something concerns what is left.
pub(super) fn objects(scene: &Scene<'_>) -> Vec<Object> {
    let Some(entry) = scene.log().get(scene.event()) else { return Vec::new() };
    let mut found = Found { scene: *scene, objects: Vec::new() };
    let parts = found.parts(&entry);
    found.nearest(&entry, &parts);
    parts.into_iter().for_each(|object| found.add(object));
    found.objects
}

struct Found<'a> {
    scene: Scene<'a>,
    objects: Vec<Object>,
}

impl Found<'_> {
    fn add(&mut self, object: Object) {
        let is_there = self.scene.timeline.here().inspect(object).is_some();
        if is_there && !self.objects.contains(&object) {
            self.objects.push(object);
        }
    }

    /// What the entry is most about.
    fn nearest(&mut self, entry: &LogEntry, parts: &[Object]) {
        let first = |wanted: fn(&Object) -> bool| parts.iter().copied().find(wanted);
        let nearest = match entry.step {
            Step::RequestAtApp
            | Step::TurnedAway
            | Step::WaitsForWorker
            | Step::WorkBegan
            | Step::WorkEnded
            | Step::Answered { .. }
            | Step::MessageSent => Some(Object::Pod(entry.pod)),
            Step::Overflowed { .. }
            | Step::EndpointChosen { .. }
            | Step::HostEjected { .. }
            | Step::HostSpared { .. }
            | Step::HostReturned { .. } => first(|it| matches!(it, Object::Cluster(_))),
            Step::WaitsForConnection
            | Step::ConnectionOpening { .. }
            | Step::ConnectionReused { .. } => first(|it| matches!(it, Object::Pool(_))),
            Step::TcpEstablished
            | Step::TlsEstablished
            | Step::StreamAsked
            | Step::StreamOpened
            | Step::SynDropped { .. }
            | Step::SynSentAgain => first(|it| matches!(it, Object::Connection(_))),
            Step::TunnelOpening { .. }
            | Step::TunnelOpened
            | Step::TunnelFailed
            | Step::TunnelClosed => first(|it| matches!(it, Object::Tunnels(_))),
            Step::BacksOff { .. } | Step::ProxyBacksOff { .. } | Step::CallBegan { .. } => {
                first(|it| matches!(it, Object::Try(_)))
            }
            _ => None,
        };
        if let Some(object) = nearest {
            self.add(object);
        }
    }

    /// Everything that takes part: the subject with what it uses, then the pod and its proxy, then
    /// the other end.
    fn parts(&self, entry: &LogEntry) -> Vec<Object> {
        let log = self.scene.log();
        let track = log.track(entry.subject);
        let row = log.subjects().row(entry.subject);
        let mut parts = Vec::new();
        match track.kind {
            SubjectKind::Cluster => parts.push(Object::Cluster(row.number)),
            SubjectKind::Tunnels => {
                parts.push(Object::Tunnels(row.number));
                if let Some(tunnels) = log.subjects().tunnels(row.number) {
                    parts.extend([Object::Pod(tunnels.client), Object::Pod(tunnels.server)]);
                }
            }
            SubjectKind::Try | SubjectKind::Attempt => {
                let number = (track.kind == SubjectKind::Attempt).then_some(row.number);
                let name = log.subjects().request_name(&row);
                self.under_way(name, (track.edge, number), &mut parts);
            }
            SubjectKind::Connection => {}
        }
        if let Step::Overflowed { cluster, .. } = entry.step {
            parts.extend(self.cluster(entry.pod, cluster));
        }
        if let Some(connection) = log.connection_at(entry.id) {
            self.connection(connection, &mut parts);
        }
        if let Step::EndpointChosen { pod, .. }
        | Step::HostEjected { pod, .. }
        | Step::HostSpared { pod, .. }
        | Step::HostReturned { pod, .. } = entry.step
        {
            parts.push(Object::Pod(pod));
        }
        parts.push(Object::Pod(entry.pod));
        let pods: Vec<u32> = parts.iter().filter_map(|it| pod_of(*it)).collect();
        let proxies = pods.into_iter().filter_map(|pod| {
            let proxy = self.scene.session.plan().pods.get(pod as usize)?.proxy;
            (proxy != NO_BOX).then_some(Object::Proxy(proxy))
        });
        parts.extend(proxies.collect::<Vec<_>>());
        parts.extend(track.edge.map(Object::Edge));
        parts
    }

    /// The state of a cluster of the plan in the proxy of a caller: what it had no place for may be
    /// gone already.
    fn cluster(&self, client: u32, row: u32) -> Option<Object> {
        let engine = self.scene.timeline.here();
        let mut own = engine.clusters_of(client).into_iter().map(Object::Cluster);
        own.find(
            |object| matches!(engine.inspect(*object), Some(State::Cluster(it)) if it.plan == row),
        )
    }

    /// The tries and attempts of a request on an edge that are under way, with what they use.
    fn under_way(
        &self,
        name: RequestName,
        (edge, number): (Option<u32>, Option<u32>),
        parts: &mut Vec<Object>,
    ) {
        let engine = self.scene.timeline.here();
        let (tries, attempts) = engine.under_way_of(name.source, name.request);
        let states = attempts.into_iter().map(Object::Attempt);
        let states = states.chain(tries.into_iter().map(Object::Try));
        let mut used = Vec::new();
        for object in states {
            match engine.inspect(object) {
                Some(State::Attempt(it)) if self.is_own(&it, name, (edge, number)) => {
                    parts.push(object);
                    uses(&it, &mut used);
                }
                Some(State::Try(TryState { edge: own, request, cluster, .. }))
                    if Some(own) == edge && request == name =>
                {
                    parts.push(object);
                    used.extend(cluster.map(Object::Cluster));
                }
                _ => {}
            }
        }
        parts.append(&mut used);
    }

    fn is_own(
        &self,
        it: &AttemptState,
        name: RequestName,
        (edge, number): (Option<u32>, Option<u32>),
    ) -> bool {
        let call = self.scene.session.plan().calls.get(it.call as usize);
        let is_here = call.map(|call| call.edge) == edge;
        it.request == name && is_here && number.is_none_or(|number| number == u32::from(it.number))
    }

    /// A connection of the log, if it still stands, with its pool and its ends.
    fn connection(&self, row: ConnectionRow, parts: &mut Vec<Object>) {
        let engine = self.scene.timeline.here();
        let Some(entry) = self.scene.log().connection(row) else { return };
        let slot = object_of(self.scene.log(), row, self.scene.event())
            .and_then(|slot| engine.connection_at(slot));
        if let Some(slot) = slot {
            parts.push(Object::Connection(slot));
            if let Some(State::Connection(it)) = engine.inspect(Object::Connection(slot)) {
                parts.push(Object::Pool(it.pool));
                parts.extend(it.circuit.and_then(|it| it.tunnels).map(Object::Tunnels));
                if let Some(State::Pool(pool)) = engine.inspect(Object::Pool(it.pool)) {
                    parts.extend(pool.cluster.map(Object::Cluster));
                }
            }
        }
        parts.extend([Object::Pod(entry.client), Object::Pod(entry.server)]);
    }
}

const fn pod_of(object: Object) -> Option<u32> {
    match object {
        Object::Pod(pod) => Some(pod),
        _ => None,
    }
}

fn uses(it: &AttemptState, used: &mut Vec<Object>) {
    used.extend(it.connection.map(Object::Connection));
    used.extend(it.pool.map(Object::Pool));
    used.push(Object::Pod(it.client));
    used.extend(it.server.map(Object::Pod));
}

/// The engine's place of a connection of the log, while it stands at `now`.
fn object_of(log: &Log, row: ConnectionRow, now: EventId) -> Option<u32> {
    let entry = log.connection(row)?;
    if entry.closed.is_some_and(|closed| closed <= now) {
        return None;
    }
    match log.step(entry.opened?) {
        Step::ConnectionOpening { connection, .. } => Some(connection),
        _ => None,
    }
}
