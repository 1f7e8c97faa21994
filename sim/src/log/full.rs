//! The recorder that keeps everything: orders entries by time, names them, finds their causes.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::rc::Rc;

use meshwalk_models::units::SimTime;

use super::{Entry, EntryName, Recorder, Step, Subject};

/// Hands every entry to `sink`, in the order of time and then of recording.
///
/// The engine knows some moments before they come (when a proxy will be done), so entries wait
/// here until time has reached them. Call [`FullRecorder::finish`] at the end.
pub struct FullRecorder<S: FnMut(&Entry)> {
    sink: S,
    waiting: BinaryHeap<Reverse<Waiting>>,
    /// The dense id of each entry that was handed on, by its ticket.
    ids: Vec<u64>,
    next_ticket: u64,
    next_id: u64,
    attempts: Vec<Option<Track>>,
    connections: Vec<Option<Track>>,
    next_connection: u64,
    /// What happens before it has been handed on.
    now: SimTime,
}

/// What is known of an attempt or a connection that is under way.
#[derive(Clone, Debug)]
struct Track {
    owner: Owner,
    /// The entries that may still be the cause of one to come, in the order of time: some of
    /// them lie ahead.
    recent: Vec<(SimTime, u64)>,
    steps: u32,
    /// Calls that were begun on behalf of this attempt.
    children: u32,
}

#[derive(Clone, Debug)]
enum Owner {
    Hop(Rc<str>),
    Connection(u64),
}

#[derive(Clone, Debug)]
struct Waiting {
    time: SimTime,
    ticket: u64,
    name: EntryName,
    pod: u32,
    step: Step,
    cause: Option<u64>,
}

impl PartialEq for Waiting {
    fn eq(&self, other: &Self) -> bool {
        self.ticket == other.ticket
    }
}

impl Eq for Waiting {}

impl PartialOrd for Waiting {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Waiting {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.time, self.ticket).cmp(&(other.time, other.ticket))
    }
}

impl<S: FnMut(&Entry)> FullRecorder<S> {
    /// Records into `sink`.
    pub fn new(sink: S) -> Self {
        Self {
            sink,
            waiting: BinaryHeap::new(),
            ids: Vec::new(),
            next_ticket: 0,
            next_id: 0,
            attempts: Vec::new(),
            connections: Vec::new(),
            next_connection: 0,
            now: SimTime::ZERO,
        }
    }

    /// Hands on what happens before `now`: nothing earlier can come any more.
    pub fn advance(&mut self, now: SimTime) {
        self.now = now;
        while self.waiting.peek().is_some_and(|Reverse(first)| first.time < now) {
            self.hand_on_first();
        }
    }

    /// Hands on the rest and gives the sink back.
    pub fn finish(mut self) -> S {
        while !self.waiting.is_empty() {
            self.hand_on_first();
        }
        self.sink
    }

    fn hand_on_first(&mut self) {
        let Some(Reverse(waiting)) = self.waiting.pop() else { return };
        let id = self.next_id;
        self.next_id += 1;
        self.ids[waiting.ticket as usize] = id;
        let cause = waiting.cause.map(|ticket| self.ids[ticket as usize]);
        let Waiting { time, name, pod, step, .. } = waiting;
        (self.sink)(&Entry { id, name, time, pod, step, cause });
    }

    /// The track of `subject`, begun if this step begins it, and the ticket of the cause.
    fn track(&mut self, at: SimTime, subject: Subject, step: Step) -> (&mut Track, Option<u64>) {
        let (tracks, slot, begun) = match subject {
            Subject::Attempt { slot, .. } => {
                let begun = self.begin_attempt(at, step);
                (&mut self.attempts, slot as usize, begun)
            }
            Subject::Connection { slot } => (&mut self.connections, slot as usize, None),
        };
        if tracks.len() <= slot {
            tracks.resize(slot + 1, None);
        }
        let cause = match &begun {
            Some((_, cause)) => *cause,
            None => tracks[slot].as_ref().and_then(|track| track.cause_at(at)),
        };
        if let Some((track, _)) = begun {
            tracks[slot] = Some(track);
        }
        let track = tracks[slot].get_or_insert_with(|| Track::new(Owner::Hop("?".into())));
        (track, cause)
    }

    /// The track of an attempt that begins with `step`, and the ticket of its cause.
    fn begin_attempt(&mut self, at: SimTime, step: Step) -> Option<(Track, Option<u64>)> {
        let track_of = |slot: u32| self.attempts.get(slot as usize).and_then(Option::as_ref);
        match step {
            Step::CallBegan { parent: None, .. } => {
                Some((Track::new(Owner::Hop("0".into())), None))
            }
            Step::CallBegan { parent: Some(parent), .. } => {
                let parent = self.attempts.get_mut(parent as usize)?.as_mut()?;
                let Owner::Hop(hop) = &parent.owner else { return None };
                let hop: Rc<str> = format!("{hop}.{}", parent.children).into();
                parent.children += 1;
                Some((Track::new(Owner::Hop(hop)), parent.cause_at(at)))
            }
            Step::Retried { previous } => {
                let previous = track_of(previous)?;
                Some((Track::new(previous.owner.clone()), previous.cause_at(at)))
            }
            _ => None,
        }
    }
}

impl Track {
    fn new(owner: Owner) -> Self {
        Self { owner, recent: Vec::new(), steps: 0, children: 0 }
    }

    /// The ticket of the last entry that is not after `at`.
    fn cause_at(&self, at: SimTime) -> Option<u64> {
        let ahead = self.recent.partition_point(|(time, _)| *time <= at);
        self.recent[..ahead].last().map(|(_, ticket)| *ticket)
    }

    /// Keeps an entry as a possible cause; what happened before the last entry up to `now` can
    /// cause nothing more.
    fn keep(&mut self, at: SimTime, ticket: u64, now: SimTime) {
        let place = self.recent.partition_point(|(time, _)| *time <= at);
        self.recent.insert(place, (at, ticket));
        let past = self.recent.partition_point(|(time, _)| *time < now);
        self.recent.drain(..past.saturating_sub(1));
    }
}

impl<S: FnMut(&Entry)> Recorder for FullRecorder<S> {
    fn record(&mut self, at: SimTime, subject: Subject, pod: u32, step: Step) {
        let ticket = self.next_ticket;
        self.next_ticket += 1;
        self.ids.push(u64::MAX);
        if let Step::ConnectionOpening { connection } = step {
            self.begin_connection(connection, at, ticket);
        }
        let now = self.now;
        let (track, cause) = self.track(at, subject, step);
        let number = track.steps;
        track.steps += 1;
        track.keep(at, ticket, now);
        let name = match (&track.owner, subject) {
            (Owner::Hop(hop), Subject::Attempt { source, request, try_number, .. }) => {
                EntryName::Attempt { source, request, hop: hop.clone(), try_number, step: number }
            }
            (Owner::Connection(connection), _) => {
                EntryName::Connection { number: *connection, step: number }
            }
            (Owner::Hop(_), Subject::Connection { .. }) => {
                EntryName::Connection { number: u64::MAX, step: number }
            }
        };
        self.waiting.push(Reverse(Waiting { time: at, ticket, name, pod, step, cause }));
    }
}

impl<S: FnMut(&Entry)> FullRecorder<S> {
    fn begin_connection(&mut self, slot: u32, at: SimTime, cause: u64) {
        let slot = slot as usize;
        if self.connections.len() <= slot {
            self.connections.resize(slot + 1, None);
        }
        let mut track = Track::new(Owner::Connection(self.next_connection));
        track.recent.push((at, cause));
        self.connections[slot] = Some(track);
        self.next_connection += 1;
    }
}
