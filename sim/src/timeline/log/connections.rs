//! Connections in the log: between whom, from when to when, and who used them.

use crate::log::{ConnectionRow, StepKind, SubjectId, SubjectKind};

use super::{EventId, Log, some};

/// One connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConnectionEntry {
    /// Its row: the number of its stable name.
    pub row: ConnectionRow,
    /// What its entries are about.
    pub subject: SubjectId,
    /// The row of the pod that opened it.
    pub client: u32,
    /// The row of the pod that it leads to.
    pub server: u32,
    /// The row of the statistics' edges.
    pub edge: Option<u32>,
    /// The attempt that had it opened.
    pub opener: Option<SubjectId>,
    /// The entry of that attempt that opens it.
    pub opened: Option<EventId>,
    /// The entry that closes it.
    pub closed: Option<EventId>,
    /// What its tunnels' entries are about, where there are tunnels between its pods.
    pub tunnels: Option<SubjectId>,
}

impl Log {
    /// How many connections have been opened.
    #[must_use]
    pub fn connection_count(&self) -> usize {
        self.connection_marks.len()
    }

    /// One of the connections that have been opened.
    #[must_use]
    pub fn connection(&self, row: ConnectionRow) -> Option<ConnectionEntry> {
        let mark = self.connection_marks.get(row.0 as usize)?;
        let it = self.subjects.connections().get(row.0 as usize)?;
        let between = |tunnels: &&crate::log::TunnelsSubject| {
            (tunnels.client, tunnels.server) == (it.client, it.server)
        };
        Some(ConnectionEntry {
            row,
            subject: it.subject,
            client: it.client,
            server: it.server,
            edge: self.subjects.row(it.subject).edge,
            opener: it.opener,
            opened: some(mark.opened),
            closed: some(mark.closed),
            tunnels: self.subjects.all_tunnels().find(between).map(|it| it.subject),
        })
    }

    /// The connections that were opened by an entry and not closed by it, with the entries that
    /// opened them.
    pub fn connections_standing(
        &self,
        at: EventId,
    ) -> impl Iterator<Item = (ConnectionRow, EventId)> {
        let marks = (0..).map(ConnectionRow).zip(&self.connection_marks);
        marks.filter_map(move |(row, mark)| {
            let stands = some(mark.closed).is_none_or(|closed| closed > at);
            some(mark.opened).filter(|opened| *opened <= at && stands).map(|opened| (row, opened))
        })
    }

    /// The connection that stands at an entry in a place of the engine, as
    /// [`Log::connections_standing`] would find it.
    #[must_use]
    pub fn connection_in_place(&self, place: u32, at: EventId) -> Option<ConnectionRow> {
        let mut row = *self.last_in_place.get(place as usize)?;
        loop {
            let mark = self.connection_marks.get(row as usize)?;
            if mark.opened <= at.0 && some(mark.closed).is_none_or(|closed| closed > at) {
                return Some(ConnectionRow(row));
            }
            row = mark.before;
        }
    }

    /// The attempts that used a connection, in the order in which they took it.
    #[must_use]
    pub fn users_of(&self, row: ConnectionRow) -> Vec<SubjectId> {
        self.subjects.users_of(row).filter(|id| self.track(*id).events > 0).collect()
    }

    /// The entries of a connection in their order: the one that opens it, its own, and those of
    /// the tunnels between its pods while it was open.
    #[must_use]
    pub fn events_of_connection(&self, row: ConnectionRow) -> Vec<EventId> {
        let Some(it) = self.connection(row) else { return Vec::new() };
        let last = it.closed.or(self.last());
        let (first, last) = (it.opened.map_or(0, |id| id.0), last.map_or(0, |id| id.0));
        let mut events: Vec<EventId> = it.opened.into_iter().collect();
        events.extend(self.events_of(it.subject));
        if let Some(tunnels) = it.tunnels {
            let is_then = |id: &EventId| (first..=last).contains(&id.0);
            events.extend(self.events_of(tunnels).filter(is_then));
        }
        events.sort_unstable();
        events.dedup();
        events
    }

    /// The same, and for an entry of tunnels the first of the connections between their pods that
    /// stood then.
    #[must_use]
    pub fn connection_near(&self, id: EventId) -> Option<ConnectionRow> {
        let subject = self.subject(id);
        if self.subjects.row(subject).kind != SubjectKind::Tunnels {
            return self.connection_at(id);
        }
        let mut all = self.subjects.all_tunnels();
        let tunnels = all.find(|it| it.subject == subject)?;
        let between = |row: ConnectionRow| {
            let it = self.subjects.connections().get(row.0 as usize);
            it.is_some_and(|it| (it.client, it.server) == (tunnels.client, tunnels.server))
        };
        self.connections_standing(id).map(|(row, _)| row).find(|row| between(*row))
    }

    /// The connection that an entry is about or opens, or that its attempt used.
    #[must_use]
    pub fn connection_at(&self, id: EventId) -> Option<ConnectionRow> {
        if self.kind(id) == StepKind::ConnectionOpening {
            // An attempt may open one and be served by another that became free before.
            let place = self.openings.binary_search_by_key(&id.0, |(id, _)| *id);
            return place.ok().map(|place| self.openings[place].1);
        }
        let row = self.subjects.row(self.subject(id));
        match row.kind {
            SubjectKind::Connection => Some(ConnectionRow(row.number)),
            SubjectKind::Attempt => row.connection,
            _ => None,
        }
    }
}
