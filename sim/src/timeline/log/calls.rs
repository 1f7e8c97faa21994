//! The tree of calls of one request: calls, their tries, and the attempts made for these.

use std::collections::BTreeMap;

use crate::log::{ConnectionRow, HopId, RequestRow, Step, SubjectId, SubjectKind};

use super::{EventId, Log};

/// One call of a request, or what a waypoint does for one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallNode {
    /// Its place in the tree, such as `0.2` or `0.2/waypoint`.
    pub hop: HopId,
    /// The attempt that it serves: the one that its caller answers, or that a waypoint takes on.
    pub parent: Option<SubjectId>,
    /// How deep it lies below the request's own call, which is at 0.
    pub depth: u32,
    /// The row of the statistics' edges.
    pub edge: Option<u32>,
    /// The row of the pod that makes it.
    pub client: Option<u32>,
    /// Its tries, in their order.
    pub tries: Vec<TryNode>,
}

/// One try of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TryNode {
    /// What its entries are about.
    pub subject: SubjectId,
    /// Which try, from 0.
    pub number: u8,
    /// Where it began.
    pub began: Option<EventId>,
    /// Its last entry so far.
    pub last: Option<EventId>,
    /// The attempts made for it, in their order.
    pub attempts: Vec<AttemptNode>,
}

/// One attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AttemptNode {
    /// What its entries are about.
    pub subject: SubjectId,
    /// Which attempt of its try, from 0.
    pub number: u8,
    /// Where it began.
    pub began: Option<EventId>,
    /// Its last entry so far.
    pub last: Option<EventId>,
    /// The row of the pod that it was sent to, once one was chosen.
    pub server: Option<u32>,
    /// The connection that it used.
    pub connection: Option<ConnectionRow>,
}

impl Log {
    /// The calls of a request as far as they are recorded, each before those below it.
    #[must_use]
    pub fn calls_of(&self, row: RequestRow) -> Vec<CallNode> {
        let mut calls: Vec<CallNode> = Vec::new();
        // Where the tries of the subjects stand: of tries themselves and of their attempts.
        let mut places: BTreeMap<SubjectId, (usize, usize)> = BTreeMap::new();
        for subject in self.subjects.of_request(row) {
            let track = self.track(subject);
            let (Some(hop), true) = (track.hop, track.events > 0) else { continue };
            let parent = track.parent.and_then(|parent| places.get(&parent).copied());
            let place = match (track.kind, parent) {
                (SubjectKind::Attempt, Some((call, of))) => {
                    calls[call].tries[of].attempts.push(self.attempt_node(subject));
                    (call, of)
                }
                (SubjectKind::Try, Some((call, _))) if calls[call].hop == hop => {
                    let tries = &mut calls[call].tries;
                    tries.push(self.try_node(subject));
                    (call, tries.len() - 1)
                }
                (SubjectKind::Try, parent) => {
                    calls.push(CallNode {
                        hop,
                        parent: track.parent,
                        depth: parent.map_or(0, |(call, _)| calls[call].depth + 1),
                        edge: track.edge,
                        client: track.first.map(|id| self.pod(id)),
                        tries: vec![self.try_node(subject)],
                    });
                    (calls.len() - 1, 0)
                }
                _ => continue,
            };
            places.insert(subject, place);
        }
        in_order(calls, &places)
    }

    fn try_node(&self, subject: SubjectId) -> TryNode {
        let track = self.track(subject);
        TryNode {
            subject,
            number: track.try_number.unwrap_or(0),
            began: track.first,
            last: track.last,
            attempts: Vec::new(),
        }
    }

    fn attempt_node(&self, subject: SubjectId) -> AttemptNode {
        let track = self.track(subject);
        let mut server = None;
        for id in self.events_of(subject) {
            match self.step(id) {
                Step::EndpointChosen { pod, .. } => server = Some(pod),
                Step::ConnectionOpening { server: pod, .. } => server = Some(pod),
                _ => {}
            }
        }
        if let Some(used) = track.connection {
            server = self.subjects.connections().get(used.0 as usize).map(|it| it.server);
        }
        AttemptNode {
            subject,
            number: track.attempt.unwrap_or(0),
            began: track.first,
            last: track.last,
            server,
            connection: track.connection,
        }
    }
}

/// Puts each call before those below it, and these in the order of their beginning.
fn in_order(calls: Vec<CallNode>, places: &BTreeMap<SubjectId, (usize, usize)>) -> Vec<CallNode> {
    let mut below: BTreeMap<Option<usize>, Vec<usize>> = BTreeMap::new();
    for (place, call) in calls.iter().enumerate() {
        let parent = call.parent.and_then(|parent| places.get(&parent)).map(|(call, _)| *call);
        below.entry(parent).or_default().push(place);
    }
    let mut ordered = Vec::with_capacity(calls.len());
    let mut open: Vec<usize> = below.remove(&None).unwrap_or_default();
    open.reverse();
    while let Some(place) = open.pop() {
        ordered.push(calls[place].clone());
        open.extend(below.remove(&Some(place)).unwrap_or_default().into_iter().rev());
    }
    ordered
}
