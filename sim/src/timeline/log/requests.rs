//! Requests of traffic sources in the log: when they began and ended, and which entries are theirs.

use meshwalk_models::units::SimDuration;

use crate::log::{RequestRow, Step, SubjectKind};
use crate::stats::Ending;

use super::{EventId, Log, some};

/// One request of a traffic source.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RequestEntry {
    /// Its row.
    pub row: RequestRow,
    /// The row of its source.
    pub source: u16,
    /// Its number within the source.
    pub number: u32,
    /// Where it began.
    pub began: EventId,
    /// How it ended, once it has.
    pub ended: Option<RequestEnd>,
    /// The first entry of it, or of a connection that it opened, that tells of a failure.
    pub first_failure: Option<EventId>,
}

/// The end of a request.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RequestEnd {
    /// The entry that tells of it.
    pub event: EventId,
    /// How its client saw it.
    pub ending: Ending,
    /// How long after the beginning.
    pub latency: SimDuration,
}

impl Log {
    /// The rows of the requests that have begun, in the order of beginning.
    pub fn requests(&self) -> impl DoubleEndedIterator<Item = RequestRow> + ExactSizeIterator {
        (0..self.request_marks.len() as u32).map(RequestRow)
    }

    /// One of the requests that have begun.
    #[must_use]
    pub fn request(&self, row: RequestRow) -> Option<RequestEntry> {
        let mark = self.request_marks.get(row.0 as usize)?;
        let subject = self.subjects.requests().get(row.0 as usize)?;
        let ended = some(mark.ended).and_then(|event| match self.step(event) {
            Step::CallEnded { ending, latency } => Some(RequestEnd { event, ending, latency }),
            _ => None,
        });
        Some(RequestEntry {
            row,
            source: subject.source,
            number: subject.number,
            began: some(mark.began)?,
            ended,
            first_failure: some(mark.first_failure),
        })
    }

    /// `shoppers#1042`: the name of a request.
    #[must_use]
    pub fn request_name(&self, row: RequestRow) -> String {
        let Some(subject) = self.subjects.requests().get(row.0 as usize) else {
            return "?".to_owned();
        };
        let source = self.sources().get(usize::from(subject.source)).map_or("?", String::as_str);
        format!("{source}#{}", subject.number)
    }

    /// The entries of a request in their order, those of connections included that it had opened,
    /// and those at which outlier detection ejected or spared a host because of it.
    #[must_use]
    pub fn events_of_request(&self, row: RequestRow) -> Vec<EventId> {
        let subjects = self.subjects.of_request(row);
        let mut events: Vec<EventId> = subjects.flat_map(|it| self.events_of(it)).collect();
        events.extend(self.health_changes_of(row));
        events.sort_unstable();
        events
    }

    /// Where outlier detection ejected or spared a host because of a request, in their order.
    pub fn health_changes_of(&self, row: RequestRow) -> impl Iterator<Item = EventId> {
        self.health.range((row.0, 0)..=(row.0, u32::MAX)).map(|(_, id)| EventId(*id))
    }

    /// The request that an entry belongs to; for entries of connections and tunnels, the one that
    /// had them opened, and for others the one that a cause of theirs belongs to.
    #[must_use]
    pub fn request_at(&self, id: EventId) -> Option<RequestRow> {
        let mut at = Some(id);
        while let Some(id) = at {
            let row = self.subjects.row(self.subject(id));
            if row.request.is_some() {
                return row.request;
            }
            if row.kind == SubjectKind::Tunnels
                && let Ok(place) = self.tunnel_needs.binary_search_by_key(&id.0, |(id, _)| *id)
            {
                return self.subjects.row(self.tunnel_needs[place].1).request;
            }
            // Causes come before what they cause, so this ends.
            at = self.cause(id);
        }
        None
    }
}
