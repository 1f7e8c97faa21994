//! What entries are about, under numbers that are never reused: tries, attempts, connections,
//! tunnels, clusters, and the requests and hops that they belong to. When anything happened to
//! them is for those who keep entries to say.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

use meshwalk_models::lookup::LookupMap;

use super::{RequestName, Subject};

/// A try, attempt, connection, cluster or pair of tunnels of a run, in the order of beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SubjectId(pub u32);

/// A request of a traffic source, in the order of beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestRow(pub u32);

/// A connection, in the order of beginning: its number is that of its stable name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionRow(pub u32);

/// A place in trees of calls, such as `0.2/waypoint`. Requests share them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HopId(pub u32);

impl HopId {
    /// The place of calls that nobody is known to have begun.
    pub(super) const UNKNOWN: Self = Self(0);
    /// The place of the calls of traffic sources.
    pub const ROOT: Self = Self(1);
}

/// What sort of thing a subject is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SubjectKind {
    /// A try of a call.
    Try,
    /// An attempt on behalf of a try.
    Attempt,
    /// A connection.
    Connection,
    /// The tunnels from one pod to another.
    Tunnels,
    /// A cluster in the proxy of a caller.
    Cluster,
}

impl SubjectKind {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Try, Self::Attempt, Self::Connection, Self::Tunnels, Self::Cluster];

    /// As people name it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Try => "try",
            Self::Attempt => "attempt",
            Self::Connection => "connection",
            Self::Tunnels => "tunnels",
            Self::Cluster => "cluster",
        }
    }
}

/// One subject.
#[derive(Clone, Copy, Debug)]
pub struct SubjectRow {
    /// What sort of thing it is.
    pub kind: SubjectKind,
    /// The request that it belongs to; for a connection, the one that had it opened.
    pub request: Option<RequestRow>,
    /// Its place in the tree of calls; none for what belongs to no call.
    pub hop: Option<HopId>,
    /// Which try of the call, from 0.
    pub try_number: u8,
    /// Which attempt of its try, from 0; or the number of a connection, cluster or row of tunnels.
    pub number: u32,
    /// What it was begun for: of a call, the attempt that its caller answers; of a further try,
    /// the one before; of an attempt, its try; of a connection, the attempt that opened it.
    pub parent: Option<SubjectId>,
    /// The row of the statistics' edges.
    pub edge: Option<u32>,
    /// The connection that an attempt used.
    pub connection: Option<ConnectionRow>,
    /// The next subject of the same request.
    pub next_of_request: Option<SubjectId>,
    /// The next attempt that used the same connection.
    pub next_user: Option<SubjectId>,
}

/// One request of a traffic source.
#[derive(Clone, Copy, Debug)]
pub struct RequestSubject {
    /// The row of its source.
    pub source: u16,
    /// Its number within the source.
    pub number: u32,
    /// The first try of its call.
    pub first: SubjectId,
    /// The latest subject of it.
    pub(super) last: SubjectId,
}

/// One connection.
#[derive(Clone, Copy, Debug)]
pub struct ConnectionSubject {
    /// What its entries are about.
    pub subject: SubjectId,
    /// The attempt that had it opened.
    pub opener: Option<SubjectId>,
    /// The pod that opened it.
    pub client: u32,
    /// The pod that it leads to.
    pub server: u32,
    /// The first attempt that used it.
    pub first_user: Option<SubjectId>,
    pub(super) last_user: Option<SubjectId>,
}

/// The tunnels from one pod to another.
#[derive(Clone, Copy, Debug)]
pub struct TunnelsSubject {
    /// What their entries are about.
    pub subject: SubjectId,
    /// The pod that opens them.
    pub client: u32,
    /// The pod that they lead to.
    pub server: u32,
}

/// No row.
const NONE: u32 = u32::MAX;

/// A [`SubjectRow`] as it is kept: there is one for some ten entries.
#[derive(Clone, Copy, Debug)]
struct Packed {
    request: u32,
    hop: u32,
    number: u32,
    parent: u32,
    edge: u32,
    connection: u32,
    next_of_request: u32,
    next_user: u32,
    try_number: u8,
    kind: SubjectKind,
}

const _: () = assert!(size_of::<Packed>() == 36);

/// Subjects a chunk: tables grow without moving what they hold.
const CHUNK: usize = 1 << 12;

/// Everything that entries are about.
#[derive(Clone, Debug)]
pub struct Subjects {
    rows: Vec<Vec<Packed>>,
    pub(super) requests: Vec<RequestSubject>,
    pub(super) connections: Vec<ConnectionSubject>,
    pub(super) tunnels: BTreeMap<u32, TunnelsSubject>,
    hops: Vec<HopRow>,
    hop_by_step: LookupMap<(HopId, u32), HopId>,
    /// Rows of requests by source and number.
    request_rows: LookupMap<(u16, u32), RequestRow>,
}

#[derive(Clone, Debug)]
struct HopRow {
    text: Box<str>,
    /// The hop by which the calls below are named.
    base: HopId,
}

/// Stands for the step from a hop to what a waypoint does for it.
const WAYPOINT: u32 = u32::MAX;

impl Default for Subjects {
    fn default() -> Self {
        let hop = |text: &str, base| HopRow { text: text.into(), base };
        Self {
            rows: Vec::new(),
            requests: Vec::new(),
            connections: Vec::new(),
            tunnels: BTreeMap::new(),
            hops: vec![hop("?", HopId::UNKNOWN), hop("0", HopId::ROOT)],
            hop_by_step: LookupMap::default(),
            request_rows: LookupMap::default(),
        }
    }
}

impl Subjects {
    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.last().map_or(0, |last| (self.rows.len() - 1) * CHUNK + last.len())
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// One of them.
    ///
    /// # Panics
    /// When the id is of another run.
    #[must_use]
    pub fn row(&self, id: SubjectId) -> SubjectRow {
        let packed = self.packed(id);
        let some = |row: u32| (row != NONE).then_some(row);
        SubjectRow {
            kind: packed.kind,
            request: some(packed.request).map(RequestRow),
            hop: some(packed.hop).map(HopId),
            try_number: packed.try_number,
            number: packed.number,
            parent: some(packed.parent).map(SubjectId),
            edge: some(packed.edge),
            connection: some(packed.connection).map(ConnectionRow),
            next_of_request: some(packed.next_of_request).map(SubjectId),
            next_user: some(packed.next_user).map(SubjectId),
        }
    }

    fn packed(&self, id: SubjectId) -> &Packed {
        &self.rows[id.0 as usize / CHUNK][id.0 as usize % CHUNK]
    }

    fn packed_mut(&mut self, id: SubjectId) -> &mut Packed {
        &mut self.rows[id.0 as usize / CHUNK][id.0 as usize % CHUNK]
    }

    /// The root request that a try or an attempt belongs to, as its names have it.
    #[must_use]
    pub fn request_name(&self, row: &SubjectRow) -> RequestName {
        let request = row.request.and_then(|row| self.requests.get(row.0 as usize));
        let (source, number) = request.map_or((u16::MAX, NONE), |it| (it.source, it.number));
        RequestName { source, request: number, try_number: row.try_number }
    }

    /// The requests, by row.
    #[must_use]
    pub fn requests(&self) -> &[RequestSubject] {
        &self.requests
    }

    /// The row of a request.
    #[must_use]
    pub fn request_of(&self, source: u16, number: u32) -> Option<RequestRow> {
        self.request_rows.get(&(source, number)).copied()
    }

    /// The connections, by row.
    #[must_use]
    pub fn connections(&self) -> &[ConnectionSubject] {
        &self.connections
    }

    /// The tunnels between two pods, by their row in the engine.
    #[must_use]
    pub fn tunnels(&self, row: u32) -> Option<&TunnelsSubject> {
        self.tunnels.get(&row)
    }

    /// All tunnels, by their row in the engine.
    pub fn all_tunnels(&self) -> impl Iterator<Item = &TunnelsSubject> {
        self.tunnels.values()
    }

    /// Everything that belongs to a request, in the order of beginning.
    pub fn of_request(&self, row: RequestRow) -> impl Iterator<Item = SubjectId> {
        let first = self.requests.get(row.0 as usize).map(|request| request.first);
        std::iter::successors(first, |id| self.row(*id).next_of_request)
    }

    /// The attempts that used a connection, in the order in which they took it.
    pub fn users_of(&self, row: ConnectionRow) -> impl Iterator<Item = SubjectId> {
        let first = self.connections.get(row.0 as usize).and_then(|it| it.first_user);
        std::iter::successors(first, |id| self.row(*id).next_user)
    }

    /// A place in trees of calls as text, such as `0.2/waypoint`.
    #[must_use]
    pub fn hop_text(&self, hop: HopId) -> &str {
        self.hops.get(hop.0 as usize).map_or("?", |row| &row.text)
    }

    /// The stable name of a subject: that of its entries without their number.
    #[must_use]
    pub fn name(&self, id: SubjectId, sources: &[String]) -> String {
        let mut name = String::new();
        self.write_name(&mut name, id, sources).expect("strings take everything");
        name
    }

    fn write_name(&self, f: &mut String, id: SubjectId, sources: &[String]) -> fmt::Result {
        let row = self.row(id);
        match (row.kind, row.number) {
            (SubjectKind::Connection, number) => write!(f, "connection#{number}"),
            (SubjectKind::Tunnels, number) => write!(f, "tunnels#{number}"),
            (SubjectKind::Cluster, number) => write!(f, "cluster#{number}"),
            (SubjectKind::Try | SubjectKind::Attempt, number) => {
                let RequestName { source, request, try_number } = self.request_name(&row);
                let source = sources.get(usize::from(source)).map_or("?", String::as_str);
                let hop = self.hop_text(row.hop.unwrap_or(HopId::UNKNOWN));
                write!(f, "{source}#{request}/{hop}/try{try_number}")?;
                if row.kind == SubjectKind::Attempt {
                    write!(f, "/attempt{number}")?;
                }
                Ok(())
            }
        }
    }

    /// The bytes that all of this takes, roughly.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.rows.len() * CHUNK * size_of::<Packed>()
            + self.requests.capacity() * size_of::<RequestSubject>()
            + self.request_rows.len() * size_of::<((u16, u32), RequestRow)>() * 2
            + self.connections.capacity() * size_of::<ConnectionSubject>()
    }

    /// The hop of the next call below `hop`, of which there were so many before.
    pub(super) fn hop_below(&mut self, hop: HopId, before: u32) -> HopId {
        let base = self.hops[hop.0 as usize].base;
        self.hop_after(base, before, |text| format!("{text}.{before}"))
    }

    /// What a waypoint does for `hop`; none for what it does for itself.
    pub(super) fn hop_at_waypoint(&mut self, hop: HopId) -> Option<HopId> {
        if self.hops[hop.0 as usize].base != hop {
            return None;
        }
        Some(self.hop_after(hop, WAYPOINT, |text| format!("{text}/waypoint")))
    }

    fn hop_after(&mut self, base: HopId, step: u32, text: impl Fn(&str) -> String) -> HopId {
        if let Some(known) = self.hop_by_step.get(&(base, step)) {
            return *known;
        }
        let hop = HopId(self.hops.len() as u32);
        let text = text(&self.hops[base.0 as usize].text).into();
        let base_of_new = if step == WAYPOINT { base } else { hop };
        self.hops.push(HopRow { text, base: base_of_new });
        self.hop_by_step.insert((base, step), hop);
        hop
    }

    /// Begins a subject. A try at the root without a parent begins a request.
    pub(super) fn begin(&mut self, subject: Subject, beginning: Beginning) -> SubjectId {
        let id = SubjectId(u32::try_from(self.len()).expect("entries have 32-bit ids"));
        let parent = beginning.parent.map(|parent| *self.packed(parent));
        let (kind, number, name) = match subject {
            Subject::Try { request, .. } => (SubjectKind::Try, 0, Some(request)),
            Subject::Attempt { number, request, .. } => {
                (SubjectKind::Attempt, u32::from(number), Some(request))
            }
            Subject::Connection { .. } => {
                // One that nobody is known to have opened has no number.
                let number = beginning.parent.map_or(NONE, |_| self.connections.len() as u32);
                (SubjectKind::Connection, number, None)
            }
            Subject::Cluster { slot, .. } => (SubjectKind::Cluster, slot, None),
            Subject::Tunnels { row } => (SubjectKind::Tunnels, row, None),
        };
        let request = match (&parent, name) {
            (_, Some(name)) if beginning.is_root => self.begin_request(id, name),
            (Some(parent), _) => parent.request,
            (None, _) => NONE,
        };
        self.push(Packed {
            request,
            hop: beginning.hop.map_or(NONE, |hop| hop.0),
            number,
            parent: beginning.parent.map_or(NONE, |parent| parent.0),
            edge: beginning.edge.or(parent.map(|parent| parent.edge)).unwrap_or(NONE),
            connection: NONE,
            next_of_request: NONE,
            next_user: NONE,
            try_number: name.map_or(0, |name| name.try_number),
            kind,
        });
        if request != NONE && !beginning.is_root {
            let request = &mut self.requests[request as usize];
            let last = std::mem::replace(&mut request.last, id);
            self.packed_mut(last).next_of_request = id.0;
        }
        id
    }

    fn push(&mut self, row: Packed) {
        match self.rows.last_mut() {
            Some(last) if last.len() < CHUNK => last.push(row),
            _ => {
                let mut chunk = Vec::with_capacity(CHUNK);
                chunk.push(row);
                self.rows.push(chunk);
            }
        }
    }

    fn begin_request(&mut self, first: SubjectId, name: RequestName) -> u32 {
        let row = RequestRow(self.requests.len() as u32);
        let RequestName { source, request: number, .. } = name;
        self.requests.push(RequestSubject { source, number, first, last: first });
        self.request_rows.insert((source, number), row);
        row.0
    }

    /// An attempt uses a connection.
    pub(super) fn use_connection(&mut self, attempt: SubjectId, connection: SubjectId) {
        let number = self.packed(connection).number;
        if self.packed(attempt).connection != NONE {
            return;
        }
        let Some(row) = self.connections.get_mut(number as usize) else { return };
        let last = row.last_user.replace(attempt);
        row.first_user.get_or_insert(attempt);
        if let Some(last) = last {
            self.packed_mut(last).next_user = attempt.0;
        }
        self.packed_mut(attempt).connection = number;
    }
}

/// What is known of a subject when it begins.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Beginning {
    pub(super) parent: Option<SubjectId>,
    pub(super) hop: Option<HopId>,
    pub(super) edge: Option<u32>,
    /// Whether it is the call of a traffic source.
    pub(super) is_root: bool,
}
