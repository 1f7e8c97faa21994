//! The log of a recorded run: entries in compact columns with indexes, to be read from anywhere in
//! it. What stands in which entry is decided by the engine; here it is only kept and found.

mod calls;
pub(super) mod columns;
mod connections;
mod meaning;
mod names;
mod requests;
mod units;

#[cfg(test)]
mod health_tests;
#[cfg(test)]
mod tests;

pub use calls::{AttemptNode, CallNode, TryNode};
pub use connections::ConnectionEntry;
#[cfg(feature = "expectations")]
pub(super) use meaning::may_fail;
pub use meaning::{is_decision, is_failure};
pub use requests::{RequestEnd, RequestEntry};
pub use units::{Unit, Way};

use std::collections::BTreeSet;

use meshwalk_models::units::SimTime;

use crate::log::{
    ConnectionRow, HopId, RequestRow, Step, StepKind, SubjectId, SubjectKind, Subjects, Told,
};

use columns::{Column, Steps};

/// No entry.
const NONE: u32 = u32::MAX;

/// An entry of a log: its place, from 0, in the order of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventId(pub u32);

impl EventId {
    /// As people count: `e25` is the 25th entry.
    #[must_use]
    pub fn dense_name(self) -> String {
        format!("e{}", u64::from(self.0) + 1)
    }
}

/// One entry.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LogEntry {
    /// Its place.
    pub id: EventId,
    /// When.
    pub time: SimTime,
    /// The row of the pod in or at which it happened.
    pub pod: u32,
    /// What.
    pub step: Step,
    /// The entry without which this one would not be.
    pub cause: Option<EventId>,
    /// What it happened to.
    pub subject: SubjectId,
}

/// What is known of a subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Track {
    /// Which subject.
    pub subject: SubjectId,
    /// What sort of thing it is.
    pub kind: SubjectKind,
    /// The request that it belongs to; for a connection, the one that had it opened.
    pub request: Option<RequestRow>,
    /// Its place in the tree of calls, for tries and attempts.
    pub hop: Option<HopId>,
    /// Which try of its call, from 0, for tries and attempts.
    pub try_number: Option<u8>,
    /// Which attempt of its try, from 0, for attempts.
    pub attempt: Option<u8>,
    /// What it was begun for: of a call, the attempt that its caller answers; of a further try,
    /// the one before; of an attempt, its try; of a connection, the attempt that opened it.
    pub parent: Option<SubjectId>,
    /// The row of the statistics' edges.
    pub edge: Option<u32>,
    /// The connection that an attempt used, or that this is.
    pub connection: Option<ConnectionRow>,
    /// Its first entry, once that has come.
    pub first: Option<EventId>,
    /// Its last entry so far.
    pub last: Option<EventId>,
    /// How many entries it has so far.
    pub events: u32,
}

/// The entries of a run as far as it is recorded.
#[derive(Clone, Debug, Default)]
pub struct Log {
    /// The names of the traffic sources.
    sources: Vec<String>,
    pub(super) subjects: Subjects,
    times: Column<u64>,
    about: Column<u32>,
    pods: Column<u32>,
    steps: Steps,
    causes: Column<u32>,
    /// The next entry about the same subject.
    next: Column<u32>,
    /// The place among the entries of the subject; those beyond the last number are counted.
    numbers: Column<u16>,
    marks: Vec<Mark>,
    /// Entries that tell of a failure.
    failures: Column<u32>,
    request_marks: Vec<RequestMark>,
    connection_marks: Vec<ConnectionMark>,
    /// Entries that open a connection, with its row.
    openings: Vec<(u32, ConnectionRow)>,
    /// By place in the engine, the row of the connection that was the last to be opened there.
    last_in_place: Vec<u32>,
    /// Entries that open a tunnel, with the connection that needs it.
    tunnel_needs: Vec<(u32, SubjectId)>,
    /// What outlier detection decided because of a request: its row, and the entry.
    health: BTreeSet<(u32, u32)>,
}

/// Where the entries of a subject stand.
#[derive(Clone, Copy, Debug)]
struct Mark {
    first: u32,
    last: u32,
    count: u32,
}

#[derive(Clone, Copy, Debug)]
struct RequestMark {
    began: u32,
    ended: u32,
    first_failure: u32,
}

#[derive(Clone, Copy, Debug)]
struct ConnectionMark {
    opened: u32,
    closed: u32,
    /// The row of the connection that was opened before it in the same place of the engine.
    before: u32,
}

impl Log {
    pub(super) fn new(sources: Vec<String>) -> Self {
        Self { sources, ..Self::default() }
    }

    /// How many entries there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.times.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The last entry.
    #[must_use]
    pub fn last(&self) -> Option<EventId> {
        Some(EventId(u32::try_from(self.len().checked_sub(1)?).ok()?))
    }

    /// The entry at this place.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn entry(&self, id: EventId) -> LogEntry {
        LogEntry {
            id,
            time: self.time(id),
            pod: self.pods.at(id.0),
            step: self.steps.at(id.0),
            cause: self.cause(id),
            subject: self.subject(id),
        }
    }

    /// The entry at this place, if there is one.
    #[must_use]
    pub fn get(&self, id: EventId) -> Option<LogEntry> {
        ((id.0 as usize) < self.len()).then(|| self.entry(id))
    }

    /// When it happened.
    ///
    /// # Panics
    /// When there is no such entry; so do all that take an id.
    #[must_use]
    pub fn time(&self, id: EventId) -> SimTime {
        SimTime::from_ns(self.times.at(id.0))
    }

    /// What kind of step it tells of.
    #[must_use]
    pub fn kind(&self, id: EventId) -> StepKind {
        self.steps.kind(id.0)
    }

    /// What it tells of.
    #[must_use]
    pub fn step(&self, id: EventId) -> Step {
        self.steps.at(id.0)
    }

    /// The row of the pod in or at which it happened.
    #[must_use]
    pub fn pod(&self, id: EventId) -> u32 {
        self.pods.at(id.0)
    }

    /// The entry without which it would not be.
    #[must_use]
    pub fn cause(&self, id: EventId) -> Option<EventId> {
        some(self.causes.at(id.0))
    }

    /// What it happened to.
    #[must_use]
    pub fn subject(&self, id: EventId) -> SubjectId {
        SubjectId(self.about.at(id.0))
    }

    /// The last entry that is not after `time`, or else the first; none in an empty log.
    #[must_use]
    pub fn at_time(&self, time: SimTime) -> Option<EventId> {
        let after = self.times.partition_point(|ns| ns <= time.as_ns());
        let last = self.last()?;
        Some(EventId(after.saturating_sub(1) as u32).min(last))
    }

    /// What is known of a subject.
    #[must_use]
    pub fn track(&self, subject: SubjectId) -> Track {
        let row = self.subjects.row(subject);
        let none = Mark { first: NONE, last: NONE, count: 0 };
        let mark = self.marks.get(subject.0 as usize).unwrap_or(&none);
        let is_call = matches!(row.kind, SubjectKind::Try | SubjectKind::Attempt);
        Track {
            subject,
            kind: row.kind,
            request: row.request,
            hop: row.hop,
            try_number: is_call.then_some(row.try_number),
            attempt: (row.kind == SubjectKind::Attempt).then_some(row.number as u8),
            parent: row.parent,
            edge: row.edge,
            connection: match row.kind {
                SubjectKind::Connection => Some(ConnectionRow(row.number)),
                _ => row.connection,
            },
            first: some(mark.first),
            last: some(mark.last),
            events: mark.count,
        }
    }

    /// The entries about a subject, in their order.
    pub fn events_of(&self, subject: SubjectId) -> impl Iterator<Item = EventId> {
        let first = self.marks.get(subject.0 as usize).and_then(|mark| some(mark.first));
        std::iter::successors(first, |id| some(self.next.at(id.0)))
    }

    /// What entries are about.
    #[must_use]
    pub fn subjects(&self) -> &Subjects {
        &self.subjects
    }

    /// The bytes that it takes, its indexes included.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.entry_bytes()
            + self.subjects.bytes()
            + self.failures.bytes()
            + self.marks.capacity() * size_of::<Mark>()
            + self.request_marks.capacity() * size_of::<RequestMark>()
            + self.connection_marks.capacity() * size_of::<ConnectionMark>()
            + self.openings.capacity() * size_of::<(u32, ConnectionRow)>()
            + self.last_in_place.capacity() * size_of::<u32>()
    }

    /// The bytes that the columns take, without what is kept for each subject.
    #[must_use]
    pub fn entry_bytes(&self) -> usize {
        self.times.bytes()
            + self.about.bytes()
            + self.pods.bytes()
            + self.steps.bytes()
            + self.causes.bytes()
            + self.next.bytes()
            + self.numbers.bytes()
    }

    /// Appends an entry.
    pub(super) fn push(&mut self, told: Told) {
        let Told { id, time, subject, number, pod, step, cause, connection } = told;
        debug_assert_eq!(id as usize, self.len(), "entries come in the order of their ids");
        self.times.push(time.as_ns());
        self.about.push(subject.0);
        self.pods.push(pod);
        self.steps.push(step);
        self.causes.push(cause.unwrap_or(NONE));
        self.next.push(NONE);
        self.numbers.push(u16::try_from(number).unwrap_or(u16::MAX));
        if is_failure(step) {
            self.failures.push(id);
        }
        self.mark(id, subject);
        self.mark_request(id, subject, step);
        self.mark_connection(id, (subject, connection), step);
        if matches!(step, Step::HostEjected { .. } | Step::HostSpared { .. })
            && let Some(request) = self.request_at(EventId(id))
        {
            self.health.insert((request.0, id));
        }
    }

    fn mark(&mut self, id: u32, subject: SubjectId) {
        let place = subject.0 as usize;
        if self.marks.len() <= place {
            self.marks.resize(place + 1, Mark { first: NONE, last: NONE, count: 0 });
        }
        let mark = &mut self.marks[place];
        if mark.count == 0 {
            mark.first = id;
        } else {
            self.next.set(mark.last, id);
        }
        mark.last = id;
        mark.count += 1;
    }

    fn mark_request(&mut self, id: u32, subject: SubjectId, step: Step) {
        let row = self.subjects.row(subject);
        let Some(request) = row.request else { return };
        let place = request.0 as usize;
        if self.request_marks.len() <= place {
            let none = RequestMark { began: NONE, ended: NONE, first_failure: NONE };
            self.request_marks.resize(place + 1, none);
        }
        let mark = &mut self.request_marks[place];
        if mark.began == NONE {
            mark.began = id;
        }
        if row.hop == Some(HopId::ROOT) && matches!(step, Step::CallEnded { .. }) {
            mark.ended = id;
        }
        if mark.first_failure == NONE && is_failure(step) {
            mark.first_failure = id;
        }
    }

    fn mark_connection(
        &mut self,
        id: u32,
        (subject, connection): (SubjectId, Option<SubjectId>),
        step: Step,
    ) {
        let number = |subjects: &Subjects, id: SubjectId| subjects.row(id).number as usize;
        match (step, connection) {
            (Step::TunnelOpening { .. }, Some(connection)) => {
                self.tunnel_needs.push((id, connection));
            }
            (Step::ConnectionOpening { connection: in_engine, .. }, Some(connection)) => {
                let row = ConnectionRow(self.subjects.row(connection).number);
                self.openings.push((id, row));
                let is_first = self.connection_mark(row.0 as usize).opened == NONE;
                self.connection_mark(row.0 as usize).opened = id;
                // A row is linked once, to one that was linked before: the chain has an end.
                if is_first {
                    let before = self.takes_place(row, in_engine as usize);
                    self.connection_mark(row.0 as usize).before = before;
                }
            }
            (Step::ConnectionClosed, _) => {
                let place = number(&self.subjects, subject);
                if place < self.subjects.connections().len() {
                    self.connection_mark(place).closed = id;
                }
            }
            _ => {}
        }
    }

    /// A connection is opened in a place of the engine; tells the row of the one before it.
    fn takes_place(&mut self, row: ConnectionRow, place: usize) -> u32 {
        let places = self.last_in_place.len().max(place + 1);
        self.last_in_place.resize(places, NONE);
        std::mem::replace(&mut self.last_in_place[place], row.0)
    }

    fn connection_mark(&mut self, place: usize) -> &mut ConnectionMark {
        if self.connection_marks.len() <= place {
            let none = ConnectionMark { opened: NONE, closed: NONE, before: NONE };
            self.connection_marks.resize(place + 1, none);
        }
        &mut self.connection_marks[place]
    }
}

fn some(id: u32) -> Option<EventId> {
    (id != NONE).then_some(EventId(id))
}
