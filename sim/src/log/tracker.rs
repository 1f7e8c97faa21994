//! Orders what an engine tells by time, knows what it is about, and finds its causes. Keeping or
//! writing entries is for those who listen.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use meshwalk_models::units::SimTime;

use super::subjects::{Beginning, ConnectionSubject, HopId, SubjectId, Subjects, TunnelsSubject};
use super::{Step, Subject};

/// No ticket, no entry.
const NONE: u32 = u32::MAX;

/// One entry, in the order of time.
#[derive(Clone, Copy, Debug)]
pub struct Told {
    /// Dense, from 0.
    pub id: u32,
    /// When.
    pub time: SimTime,
    /// What it is about.
    pub subject: SubjectId,
    /// The how-manieth entry about that, from 0.
    pub number: u32,
    /// The row of the pod in or at which it happened.
    pub pod: u32,
    /// What.
    pub step: Step,
    /// The entry without which this one would not be.
    pub cause: Option<u32>,
    /// The connection that is opened or used, or that needs the tunnel which is opened.
    pub connection: Option<SubjectId>,
}

/// Turns what engines tell, of slots that are reused and partly ahead of time, into entries.
///
/// The engine knows some moments before they come (when a proxy will be done), so entries wait
/// here until time has reached them.
#[derive(Clone, Debug, Default)]
pub struct Tracker {
    waiting: BinaryHeap<Reverse<Waiting>>,
    /// The id of each entry that was handed on, by its ticket.
    ids: Vec<u32>,
    next_id: u32,
    tries: Vec<Option<Track>>,
    attempts: Vec<Option<Track>>,
    connections: Vec<Option<Track>>,
    clusters: Vec<Option<Track>>,
    tunnels: Vec<Option<Track>>,
    /// Where the hosts of clusters, by their pods, were ejected that are not back.
    ejections: BTreeMap<(u32, u32), u32>,
    /// What happens before it has been handed on.
    now: SimTime,
}

/// What is known of a subject that is under way.
#[derive(Clone, Debug)]
struct Track {
    subject: SubjectId,
    hop: HopId,
    /// The entries that may still be the cause of one to come, in the order of time: some of
    /// them lie ahead.
    recent: Vec<(SimTime, u32)>,
    steps: u32,
    /// Calls that were begun on behalf of this attempt.
    children: u32,
}

#[derive(Clone, Copy, Debug)]
struct Waiting {
    time: SimTime,
    ticket: u32,
    subject: SubjectId,
    number: u32,
    pod: u32,
    cause: u32,
    connection: u32,
    step: Step,
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

impl Tracker {
    /// Hands on what happens before `now`: nothing earlier can come any more.
    pub fn advance(&mut self, now: SimTime, mut sink: impl FnMut(Told)) {
        self.now = now;
        while self.waiting.peek().is_some_and(|Reverse(first)| first.time < now) {
            self.hand_on_first(&mut sink);
        }
    }

    /// Hands on the rest: nothing more will come.
    pub fn finish(&mut self, mut sink: impl FnMut(Told)) {
        while !self.waiting.is_empty() {
            self.hand_on_first(&mut sink);
        }
    }

    /// How many entries were told, those included that wait for their time.
    #[must_use]
    pub fn told(&self) -> usize {
        self.ids.len()
    }

    fn hand_on_first(&mut self, sink: &mut impl FnMut(Told)) {
        let Some(Reverse(waiting)) = self.waiting.pop() else { return };
        let id = self.next_id;
        self.next_id += 1;
        self.ids[waiting.ticket as usize] = id;
        let cause = (waiting.cause != NONE).then(|| self.ids[waiting.cause as usize]);
        let Waiting { time, subject, number, pod, step, .. } = waiting;
        let connection = (waiting.connection != NONE).then_some(SubjectId(waiting.connection));
        sink(Told { id, time, subject, number, pod, step, cause, connection });
    }

    /// Takes what an engine tells.
    ///
    /// # Panics
    /// When 2^32 entries were told before.
    pub fn record(
        &mut self,
        subjects: &mut Subjects,
        (at, subject, pod): (SimTime, Subject, u32),
        step: Step,
    ) {
        let ticket = u32::try_from(self.ids.len()).expect("entries have 32-bit ids");
        self.ids.push(NONE);
        if let Step::ConnectionOpening { connection, server, .. } = step {
            let opener = self.track_of(subjects, subject).subject;
            self.begin_connection(subjects, (connection, opener), (pod, server));
            self.track_of(subjects, Subject::Connection { slot: connection })
                .recent
                .push((at, ticket));
        }
        if let (Subject::Cluster { slot, .. }, Step::HostEjected { pod, .. }) = (subject, step) {
            self.ejections.insert((slot, pod), ticket);
        }
        let now = self.now;
        let cause = self.begin_or_follow(subjects, at, subject, step);
        if let Subject::Attempt { of: Some(slot), request, .. } = subject {
            // What happens to an attempt may be the cause of what happens to its try.
            self.track_of(subjects, Subject::Try { slot, request }).keep(at, ticket, now);
        }
        let track = self.track_of(subjects, subject);
        let number = track.steps;
        track.steps += 1;
        track.keep(at, ticket, now);
        let subject = track.subject;
        let connection = self.connection_of(subjects, (subject, pod), step);
        self.waiting.push(Reverse(Waiting {
            time: at,
            ticket,
            subject,
            number,
            pod,
            cause: cause.unwrap_or(NONE),
            connection,
            step,
        }));
    }

    /// Notes who uses which connection, and which connection needs a tunnel.
    fn connection_of(
        &mut self,
        subjects: &mut Subjects,
        (subject, pod): (SubjectId, u32),
        step: Step,
    ) -> u32 {
        let subject_in = |slot: u32| {
            let track = self.connections.get(slot as usize).and_then(Option::as_ref);
            track.map(|track| track.subject)
        };
        match step {
            Step::ConnectionOpening { connection, .. } => {
                subject_in(connection).map_or(NONE, |id| id.0)
            }
            Step::ConnectionReused { connection } => {
                let Some(connection) = subject_in(connection) else { return NONE };
                subjects.use_connection(subject, connection);
                connection.0
            }
            Step::TunnelOpening { server, connection } => {
                let row = subjects.row(subject).number;
                let tunnels = TunnelsSubject { subject, client: pod, server };
                subjects.tunnels.entry(row).or_insert(tunnels);
                connection.and_then(subject_in).map_or(NONE, |id| id.0)
            }
            _ => NONE,
        }
    }

    /// Begins the track of `subject` if this step begins it, and finds the ticket of the cause.
    fn begin_or_follow(
        &mut self,
        subjects: &mut Subjects,
        at: SimTime,
        subject: Subject,
        step: Step,
    ) -> Option<u32> {
        let Some((beginning, cause)) = self.begun_by(subjects, at, step) else {
            return match subject {
                Subject::Cluster { slot, by } => self.cause_of_health(at, (slot, by), step),
                _ => self.track_of(subjects, subject).cause_at(at),
            };
        };
        let id = subjects.begin(subject, beginning);
        let hop = beginning.hop.unwrap_or(HopId::UNKNOWN);
        self.restart(subject, Track::new(id, hop));
        cause
    }

    /// What made outlier detection decide: the last that happened to the try whose failure it was,
    /// and for a host that is back, its ejection. What a sweep finds has no single cause.
    fn cause_of_health(
        &mut self,
        at: SimTime,
        (cluster, by): (u32, Option<u32>),
        step: Step,
    ) -> Option<u32> {
        if let Step::HostReturned { pod, .. } = step {
            return self.ejections.remove(&(cluster, pod));
        }
        let track = self.tries.get(by? as usize)?.as_ref()?;
        track.cause_at(at)
    }

    /// Puts a new track in the place of the one before, and keeps its memory.
    fn restart(&mut self, subject: Subject, mut track: Track) {
        let place = self.place_of(subject);
        if let Some(old) = place.take() {
            track.recent = old.recent;
            track.recent.clear();
        }
        *place = Some(track);
    }

    fn begin_connection(
        &mut self,
        subjects: &mut Subjects,
        (slot, opener): (u32, SubjectId),
        (client, server): (u32, u32),
    ) {
        let beginning = Beginning { parent: Some(opener), ..Beginning::default() };
        let id = subjects.begin(Subject::Connection { slot }, beginning);
        subjects.connections.push(ConnectionSubject {
            subject: id,
            opener: Some(opener),
            client,
            server,
            first_user: None,
            last_user: None,
        });
        self.restart(Subject::Connection { slot }, Track::new(id, HopId::UNKNOWN));
    }

    fn place_of(&mut self, subject: Subject) -> &mut Option<Track> {
        let (tracks, slot) = match subject {
            Subject::Try { slot, .. } => (&mut self.tries, slot as usize),
            Subject::Attempt { slot, .. } => (&mut self.attempts, slot as usize),
            Subject::Connection { slot } => (&mut self.connections, slot as usize),
            Subject::Cluster { slot, .. } => (&mut self.clusters, slot as usize),
            Subject::Tunnels { row } => (&mut self.tunnels, row as usize),
        };
        if tracks.len() <= slot {
            tracks.resize(slot + 1, None);
        }
        &mut tracks[slot]
    }

    /// The track of `subject`.
    fn track_of(&mut self, subjects: &mut Subjects, subject: Subject) -> &mut Track {
        self.place_of(subject).get_or_insert_with(|| {
            let hop = match subject {
                Subject::Try { .. } | Subject::Attempt { .. } => Some(HopId::UNKNOWN),
                _ => None,
            };
            let id = subjects.begin(subject, Beginning { hop, ..Beginning::default() });
            Track::new(id, HopId::UNKNOWN)
        })
    }

    /// What a try or an attempt begins with that `step` begins, and the ticket of its cause.
    fn begun_by(
        &mut self,
        subjects: &mut Subjects,
        at: SimTime,
        step: Step,
    ) -> Option<(Beginning, Option<u32>)> {
        let (parent, hop, cause, edge) = match step {
            Step::CallBegan { parent: None, edge, .. } => {
                let hop = Some(HopId::ROOT);
                let root = Beginning { parent: None, hop, edge: Some(edge), is_root: true };
                return Some((root, None));
            }
            Step::CallBegan { parent: Some(parent), edge, .. } => {
                let parent = self.attempts.get_mut(parent as usize)?.as_mut()?;
                let hop = subjects.hop_below(parent.hop, parent.children);
                parent.children += 1;
                (parent.subject, hop, parent.cause_at(at), Some(edge))
            }
            Step::Relayed { outer } => {
                let outer = self.attempts.get(outer as usize)?.as_ref()?;
                let hop = subjects.hop_at_waypoint(outer.hop)?;
                (outer.subject, hop, outer.cause_at(at), None)
            }
            Step::Retried { previous: begins_after } | Step::AttemptBegan { of: begins_after } => {
                let earlier = self.tries.get(begins_after as usize)?.as_ref()?;
                (earlier.subject, earlier.hop, earlier.cause_at(at), None)
            }
            _ => return None,
        };
        let beginning = Beginning { parent: Some(parent), hop: Some(hop), edge, is_root: false };
        Some((beginning, cause))
    }
}

impl Track {
    fn new(subject: SubjectId, hop: HopId) -> Self {
        Self { subject, hop, recent: Vec::new(), steps: 0, children: 0 }
    }

    /// The ticket of the last entry that is not after `at`.
    fn cause_at(&self, at: SimTime) -> Option<u32> {
        let ahead = self.recent.partition_point(|(time, _)| *time <= at);
        self.recent[..ahead].last().map(|(_, ticket)| *ticket)
    }

    /// Keeps an entry as a possible cause; what happened before the last entry up to `now` can
    /// cause nothing more.
    fn keep(&mut self, at: SimTime, ticket: u32, now: SimTime) {
        let place = self.recent.partition_point(|(time, _)| *time <= at);
        self.recent.insert(place, (at, ticket));
        let past = self.recent.partition_point(|(time, _)| *time < now);
        self.recent.drain(..past.saturating_sub(1));
    }
}
