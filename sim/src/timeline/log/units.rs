//! Going on and back by more than one entry: by hop, decision, failure, request, connection.

use crate::log::{ConnectionRow, HopId, RequestRow, StepKind, SubjectKind};

use super::columns::KindSet;
use super::{EventId, Log, is_decision};

/// What one goes on or back by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unit {
    /// Any entry.
    Event,
    /// An entry of the same request.
    OfRequest,
    /// An entry at which the same request came to where it then is: a pod and a call.
    Hop,
    /// An entry at which somebody chose or ruled.
    Decision,
    /// An entry that tells of a failure.
    Failure,
    /// The beginning of a request.
    Request,
    /// An entry of the same connection; from one that has none, of any.
    Connection,
}

impl Unit {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Event,
        Self::OfRequest,
        Self::Hop,
        Self::Decision,
        Self::Failure,
        Self::Request,
        Self::Connection,
    ];

    /// As people name it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Event => "event",
            Self::OfRequest => "event of the request",
            Self::Hop => "hop",
            Self::Decision => "decision",
            Self::Failure => "failure",
            Self::Request => "request",
            Self::Connection => "event of the connection",
        }
    }
}

/// On or back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Way {
    /// To later entries.
    On,
    /// To earlier entries.
    Back,
}

impl Log {
    /// The next entry of this sort after `id`.
    #[must_use]
    pub fn next(&self, unit: Unit, id: EventId) -> Option<EventId> {
        self.step_by(unit, id, Way::On)
    }

    /// The last entry of this sort before `id`.
    #[must_use]
    pub fn previous(&self, unit: Unit, id: EventId) -> Option<EventId> {
        self.step_by(unit, id, Way::Back)
    }

    /// The nearest entry of this sort from `id`, which is not counted.
    #[must_use]
    pub fn step_by(&self, unit: Unit, id: EventId, way: Way) -> Option<EventId> {
        match unit {
            Unit::Event => self.neighbour(id, way),
            Unit::OfRequest => {
                let events = self.events_of_request(self.request_at(id)?);
                nearest(&events, id, way)
            }
            Unit::Hop => self.other_hop(id, way),
            Unit::Decision => self.nearest_of(KindSet::of(is_decision), id, way),
            Unit::Failure => {
                let failures = &self.failures;
                let place = match way {
                    Way::On => failures.partition_point(|other| other <= id.0),
                    Way::Back => failures.partition_point(|other| other < id.0).checked_sub(1)?,
                };
                (place < failures.len()).then(|| EventId(failures.at(place as u32)))
            }
            Unit::Request => self.other_request(id, way),
            Unit::Connection => match self.connection_near(id) {
                Some(row) => self.nearest_of_connection(row, id, way),
                None => {
                    let is_connection = |it: EventId| {
                        self.kind(it) == StepKind::ConnectionOpening
                            || self.track(self.subject(it)).kind == SubjectKind::Connection
                    };
                    self.nearest_where(id, way, is_connection)
                }
            },
        }
    }

    /// What several connections have in common counts for the first of them, so that going on and
    /// going back are about the same one.
    fn nearest_of_connection(&self, row: ConnectionRow, id: EventId, way: Way) -> Option<EventId> {
        let events = self.events_of_connection(row);
        let mut at = nearest(&events, id, way)?;
        while self.connection_near(at) != Some(row) {
            at = nearest(&events, at, way)?;
        }
        Some(at)
    }

    fn neighbour(&self, id: EventId, way: Way) -> Option<EventId> {
        let next = match way {
            Way::On => EventId(id.0.checked_add(1)?),
            Way::Back => EventId(id.0.checked_sub(1)?),
        };
        ((next.0 as usize) < self.len()).then_some(next)
    }

    fn nearest_where(
        &self,
        id: EventId,
        way: Way,
        is_it: impl Fn(EventId) -> bool,
    ) -> Option<EventId> {
        let mut at = self.neighbour(id, way);
        while let Some(next) = at {
            if is_it(next) {
                return Some(next);
            }
            at = self.neighbour(next, way);
        }
        None
    }

    /// The nearest entry from `id` whose step is of one of these kinds; `id` is not counted.
    pub(in crate::timeline) fn nearest_of(
        &self,
        kinds: KindSet,
        id: EventId,
        way: Way,
    ) -> Option<EventId> {
        let column = self.steps.kinds();
        let mut from = self.neighbour(id, way)?.0;
        match way {
            Way::On => loop {
                let rest = column.rest_of_chunk(from);
                if rest.is_empty() {
                    return None;
                }
                if let Some(place) = rest.iter().position(|kind| kinds.has(*kind)) {
                    return Some(EventId(from + place as u32));
                }
                from += rest.len() as u32;
            },
            Way::Back => loop {
                let part = column.chunk_up_to(from);
                let first = from + 1 - part.len() as u32;
                if let Some(place) = part.iter().rposition(|kind| kinds.has(*kind)) {
                    return Some(EventId(first + place as u32));
                }
                from = first.checked_sub(1)?;
            },
        }
    }

    /// Where an entry of a request is: its call and its pod.
    fn whereabouts(&self, id: EventId) -> (Option<HopId>, u32) {
        (self.subjects.row(self.subject(id)).hop, self.pod(id))
    }

    /// The nearest entry at which the request came to where it then is.
    fn other_hop(&self, id: EventId, way: Way) -> Option<EventId> {
        let events = self.events_of_request(self.request_at(id)?);
        // Where a stay begins, seen from either side: only so is each way the other one's inverse.
        let arrived = |place: usize| {
            let before = place.checked_sub(1);
            before.is_none_or(|it| self.whereabouts(events[it]) != self.whereabouts(events[place]))
        };
        let place = match way {
            Way::On => {
                let first = events.partition_point(|other| *other <= id);
                (first..events.len()).find(|place| arrived(*place))
            }
            Way::Back => {
                let end = events.partition_point(|other| *other < id);
                (0..end).rfind(|place| arrived(*place))
            }
        };
        place.map(|place| events[place])
    }

    fn other_request(&self, id: EventId, way: Way) -> Option<EventId> {
        let began = |row: usize| Some(self.request(RequestRow(row as u32))?.began);
        let marks = &self.request_marks;
        let place = match way {
            Way::On => marks.partition_point(|mark| mark.began <= id.0),
            Way::Back => marks.partition_point(|mark| mark.began < id.0).checked_sub(1)?,
        };
        began(place)
    }
}

/// The nearest of sorted `events` from `id`, which is not counted.
fn nearest(events: &[EventId], id: EventId, way: Way) -> Option<EventId> {
    let place = match way {
        Way::On => events.partition_point(|other| *other <= id),
        Way::Back => events.partition_point(|other| *other < id).checked_sub(1)?,
    };
    events.get(place).copied()
}
