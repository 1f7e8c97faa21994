//! Names of entries: from a place to the stable name, and from a name to its place.

use crate::log::{SubjectId, SubjectKind};

use super::{EventId, Log};

impl Log {
    /// The stable name of an entry, as in the event log of a run.
    #[must_use]
    pub fn name(&self, id: EventId) -> String {
        let subject = self.subject(id);
        format!("{}/step{}", self.subjects.name(subject, &self.sources), self.number(id))
    }

    /// The names of the traffic sources, by row.
    #[must_use]
    pub fn sources(&self) -> &[String] {
        &self.sources
    }

    /// The how-manieth entry of its subject this is, from 0.
    #[must_use]
    pub fn number(&self, id: EventId) -> u32 {
        let short = self.numbers.at(id.0);
        if short < u16::MAX {
            return u32::from(short);
        }
        self.events_of(self.subject(id)).take_while(|it| *it < id).count() as u32
    }

    /// The entry with this name: `e25` for the 25th, a stable name, or the name of a request
    /// (`shoppers#12`) or of another subject, which stands for its first entry.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<EventId> {
        if let Some(place) = dense(name) {
            return ((place as usize) < self.len()).then_some(EventId(place));
        }
        let (subject, number) = match name.rsplit_once("/step") {
            Some((subject, number)) => (subject, number.parse().ok()?),
            None => (name, 0u32),
        };
        let subject = self.find_subject(subject)?;
        self.events_of(subject).find(|id| self.number(*id) == number)
    }

    /// The subject with this name; that of a request is its first try.
    #[must_use]
    pub fn find_subject(&self, name: &str) -> Option<SubjectId> {
        let subjects = &self.subjects;
        if let Some(number) = name.strip_prefix("connection#")
            && let Ok(number) = number.parse::<usize>()
        {
            return Some(subjects.connections().get(number)?.subject);
        }
        if let Some(number) = name.strip_prefix("tunnels#") {
            return Some(subjects.tunnels(number.parse().ok()?)?.subject);
        }
        if let Some(number) = name.strip_prefix("cluster#") {
            return self.find_cluster(number.parse().ok()?);
        }
        for (source, text) in self.sources.iter().enumerate() {
            let Some(rest) = name.strip_prefix(text.as_str()).and_then(|it| it.strip_prefix('#'))
            else {
                continue;
            };
            let number = rest.split('/').next().unwrap_or(rest).parse().ok()?;
            let row = subjects.request_of(source as u16, number)?;
            if !rest.contains('/') {
                return Some(subjects.requests()[row.0 as usize].first);
            }
            let is_it = |id: &SubjectId| subjects.name(*id, &self.sources) == name;
            return subjects.of_request(row).find(is_it);
        }
        None
    }

    /// Clusters are few, and found by looking at all subjects.
    fn find_cluster(&self, number: u32) -> Option<SubjectId> {
        (0..self.subjects.len() as u32).map(SubjectId).find(|id| {
            let row = self.subjects.row(*id);
            row.kind == SubjectKind::Cluster && row.number == number
        })
    }
}

/// The place that a dense name such as `e25` means.
fn dense(name: &str) -> Option<u32> {
    let digits = name.strip_prefix('e')?;
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    digits.parse::<u32>().ok()?.checked_sub(1)
}
