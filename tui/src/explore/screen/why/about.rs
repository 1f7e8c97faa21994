//! What the screen is about: the decision at the cursor, its call, and what the log says became of
//! that. Why it did is not said here.

use meshwalk_sim::flow::plan::{Decision, Plan};
use meshwalk_sim::log::{RequestRow, Step, SubjectId};
use meshwalk_sim::stats::{Ending, Ruling};
use meshwalk_sim::timeline::{CallNode, EventId, Log, is_decision};

use crate::explore::asking::{CallAt, call_at};

/// What the screen is about.
#[derive(Clone, Debug)]
pub(super) struct About {
    /// The decision, if the request has met one up to the cursor.
    pub(super) decision: Option<EventId>,
    /// The request.
    pub(super) request: RequestRow,
    /// The call of it that the decision, or else the cursor, belongs to.
    pub(super) call: CallAt,
    /// The call and, behind it, what waypoints do for it.
    pub(super) hops: Vec<CallNode>,
    /// What became of it.
    pub(super) fate: Fate,
}

/// What the log says became of a call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Fate {
    /// The first ruling of a policy that it met.
    pub(super) ruled: Option<Ruled>,
    /// How it ended, where it did.
    pub(super) ended: Option<(EventId, Ending)>,
}

/// A ruling of a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ruled {
    /// The entry that tells of it.
    pub(super) event: EventId,
    /// What it does.
    pub(super) ruling: Ruling,
    /// What it goes by.
    pub(super) decision: Decision,
}

impl About {
    /// The decision at an entry, or the last one before it that its request met; `None` where
    /// nothing of a request is at the entry.
    pub(super) fn at(log: &Log, plan: &Plan, event: EventId) -> Option<Self> {
        log.get(event)?;
        let request = log.request_at(event)?;
        let decision = decision_at(log, event, request);
        let call = call_at(log, decision.unwrap_or(event))?;
        let hops = hops_of(log.calls_of(request), call);
        let fate = Fate::of(log, plan, &hops);
        Some(Self { decision, request, call, hops, fate })
    }

    /// What the entries of the call are about: its tries, their attempts, and the same for what
    /// waypoints do for it.
    pub(super) fn subjects(&self) -> Vec<SubjectId> {
        subjects_of(&self.hops)
    }

    /// The rows of the pods that attempts were sent to, in their order and each once.
    pub(super) fn servers(&self) -> Vec<u32> {
        let attempts = self.hops.iter().flat_map(|hop| &hop.tries).flat_map(|it| &it.attempts);
        let mut servers: Vec<u32> = attempts.filter_map(|attempt| attempt.server).collect();
        let mut seen = std::collections::BTreeSet::new();
        servers.retain(|server| seen.insert(*server));
        servers
    }
}

impl Fate {
    fn of(log: &Log, plan: &Plan, hops: &[CallNode]) -> Self {
        let mut fate = Self::default();
        for subject in subjects_with_connections(log, hops) {
            for id in log.events_of(subject) {
                let step = log.step(id);
                let is_sooner = fate.ruled.is_none_or(|ruled| id < ruled.event);
                if let Some(decision) = step.ruling().filter(|_| is_sooner)
                    && let Some(row) = plan.gates.decisions.get(decision.0 as usize)
                {
                    fate.ruled = Some(Ruled { event: id, ruling: row.ruling, decision });
                }
            }
        }
        let tries = hops.first().into_iter().flat_map(|hop| &hop.tries);
        for id in tries.flat_map(|one| log.events_of(one.subject)) {
            if let Step::CallEnded { ending, .. } = log.step(id) {
                fate.ended = Some((id, ending));
            }
        }
        fate
    }
}

fn decision_at(log: &Log, event: EventId, request: RequestRow) -> Option<EventId> {
    let is_one = |id: &EventId| is_decision(log.kind(*id));
    if is_one(&event) {
        return Some(event);
    }
    let events = log.events_of_request(request);
    let end = events.partition_point(|id| *id <= event);
    events[..end].iter().rfind(|id| is_one(id)).copied()
}

/// The call itself, and what waypoints do for its attempts.
fn hops_of(calls: Vec<CallNode>, call: CallAt) -> Vec<CallNode> {
    let mut own: Vec<CallNode> = Vec::new();
    for node in calls {
        let serves = |hop: &CallNode| {
            let attempts = hop.tries.iter().flat_map(|it| &it.attempts);
            attempts.into_iter().any(|attempt| Some(attempt.subject) == node.parent)
        };
        let is_relay = node.edge.is_some()
            && own.first().is_some_and(|first| first.edge == node.edge)
            && own.iter().any(serves);
        if node.hop == call.hop || is_relay {
            own.push(node);
        }
    }
    own
}

fn subjects_of(hops: &[CallNode]) -> Vec<SubjectId> {
    let tries = hops.iter().flat_map(|hop| &hop.tries);
    let all = tries.flat_map(|one| {
        let attempts = one.attempts.iter().map(|attempt| attempt.subject);
        std::iter::once(one.subject).chain(attempts)
    });
    all.collect()
}

fn subjects_with_connections(log: &Log, hops: &[CallNode]) -> Vec<SubjectId> {
    let mut subjects = subjects_of(hops);
    let attempts = hops.iter().flat_map(|hop| &hop.tries).flat_map(|one| &one.attempts);
    let used = attempts.filter_map(|attempt| log.connection(attempt.connection?));
    subjects.extend(used.map(|connection| connection.subject));
    subjects.sort_unstable();
    subjects.dedup();
    subjects
}
