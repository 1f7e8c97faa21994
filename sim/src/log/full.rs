//! The recorder that keeps everything: orders entries by time, names them, finds their causes.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::rc::Rc;

use meshwalk_models::units::SimTime;

use super::{Entry, EntryName, Recorder, RequestName, Step, Subject};

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
    tries: Vec<Option<Track>>,
    attempts: Vec<Option<Track>>,
    connections: Vec<Option<Track>>,
    clusters: Vec<Option<Track>>,
    tunnels: Vec<Option<Track>>,
    next_connection: u64,
    /// What happens before it has been handed on.
    now: SimTime,
}

/// What is known of a try, an attempt or a connection that is under way.
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
    /// A hop as a waypoint makes it in turn: the hop, and the name it has there.
    Relayed(Rc<str>, Rc<str>),
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
            tries: Vec::new(),
            attempts: Vec::new(),
            connections: Vec::new(),
            clusters: Vec::new(),
            tunnels: Vec::new(),
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

    /// Begins the track of `subject` if this step begins it, and finds the ticket of the cause.
    fn begin_or_follow(&mut self, at: SimTime, subject: Subject, step: Step) -> Option<u64> {
        let Some((track, cause)) = self.begun_by(at, step) else {
            return self.track_of(subject).cause_at(at);
        };
        *self.track_of(subject) = track;
        cause
    }

    /// The track of `subject`.
    fn track_of(&mut self, subject: Subject) -> &mut Track {
        let (tracks, slot) = match subject {
            Subject::Try { slot, .. } => (&mut self.tries, slot as usize),
            Subject::Attempt { slot, .. } => (&mut self.attempts, slot as usize),
            Subject::Connection { slot } => (&mut self.connections, slot as usize),
            Subject::Cluster { slot } => (&mut self.clusters, slot as usize),
            Subject::Tunnels { row } => (&mut self.tunnels, row as usize),
        };
        if tracks.len() <= slot {
            tracks.resize(slot + 1, None);
        }
        tracks[slot].get_or_insert_with(|| Track::new(Owner::Hop("?".into())))
    }

    /// The track of a try or an attempt that begins with `step`, and the ticket of its cause.
    fn begun_by(&mut self, at: SimTime, step: Step) -> Option<(Track, Option<u64>)> {
        let try_of = |slot: u32| self.tries.get(slot as usize).and_then(Option::as_ref);
        match step {
            Step::CallBegan { parent: None, .. } => {
                Some((Track::new(Owner::Hop("0".into())), None))
            }
            Step::CallBegan { parent: Some(parent), .. } => {
                let parent = self.attempts.get_mut(parent as usize)?.as_mut()?;
                let (Owner::Hop(hop) | Owner::Relayed(hop, _)) = &parent.owner else {
                    return None;
                };
                let hop: Rc<str> = format!("{hop}.{}", parent.children).into();
                parent.children += 1;
                Some((Track::new(Owner::Hop(hop)), parent.cause_at(at)))
            }
            Step::Relayed { outer } => {
                let outer = self.attempts.get(outer as usize)?.as_ref()?;
                let Owner::Hop(hop) = &outer.owner else { return None };
                let name = format!("{hop}/waypoint").into();
                let owner = Owner::Relayed(hop.clone(), name);
                Some((Track::new(owner), outer.cause_at(at)))
            }
            Step::Retried { previous: begins_after } | Step::AttemptBegan { of: begins_after } => {
                let earlier = try_of(begins_after)?;
                Some((Track::new(earlier.owner.clone()), earlier.cause_at(at)))
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
        let cause = self.begin_or_follow(at, subject, step);
        if let Subject::Attempt { of: Some(slot), request, .. } = subject {
            // What happens to an attempt may be the cause of what happens to its try.
            self.track_of(Subject::Try { slot, request }).keep(at, ticket, now);
        }
        let track = self.track_of(subject);
        let number = track.steps;
        track.steps += 1;
        track.keep(at, ticket, now);
        let name = name_of(&track.owner, subject, number);
        self.waiting.push(Reverse(Waiting { time: at, ticket, name, pod, step, cause }));
    }
}

fn name_of(owner: &Owner, subject: Subject, step: u32) -> EntryName {
    let call = |request: RequestName, attempt| match owner {
        Owner::Hop(hop) | Owner::Relayed(_, hop) => {
            EntryName::Call { request, hop: hop.clone(), attempt, step }
        }
        Owner::Connection(number) => EntryName::Connection { number: *number, step },
    };
    match subject {
        Subject::Try { request, .. } => call(request, None),
        Subject::Attempt { request, number, .. } => call(request, Some(number)),
        Subject::Cluster { slot } => EntryName::Cluster { number: slot, step },
        Subject::Tunnels { row } => EntryName::Tunnels { number: row, step },
        Subject::Connection { .. } => match owner {
            Owner::Connection(number) => EntryName::Connection { number: *number, step },
            Owner::Hop(_) | Owner::Relayed(..) => EntryName::Connection { number: u64::MAX, step },
        },
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
