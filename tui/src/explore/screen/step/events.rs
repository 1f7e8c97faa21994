//! The entries that the Step screen lists: those of the request at the cursor, or all of the run.
//! Only those that are seen are put into words.

use meshwalk_sim::log::RequestRow;
use meshwalk_sim::timeline::{EventId, Log, is_decision, is_failure};

use crate::explore::scene::Scene;
use crate::explore::wording::{Happened, Words};

use super::{ALL_ENTRIES, EVENTS};

/// The entries in their order.
pub(super) enum Events {
    /// Those of a request.
    OfRequest(RequestRow, Vec<EventId>),
    /// All of them: so many.
    All(usize),
}

impl Events {
    /// The entries that are listed now.
    pub(super) fn of(scene: &Scene<'_>) -> Self {
        let log = scene.log();
        let is_all = scene.view.is_turned_over(EVENTS, ALL_ENTRIES);
        match log.request_at(scene.event()) {
            Some(request) if !is_all => Self::OfRequest(request, log.events_of_request(request)),
            _ => Self::All(log.len()),
        }
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        match self {
            Self::OfRequest(_, events) => events.len(),
            Self::All(count) => *count,
        }
    }

    /// The one in this row.
    pub(super) fn get(&self, row: usize) -> Option<EventId> {
        match self {
            Self::OfRequest(_, events) => events.get(row).copied(),
            Self::All(count) => (row < *count).then_some(EventId(row as u32)),
        }
    }

    /// The row of an entry, or of the last one before it.
    pub(super) fn row_of(&self, event: EventId) -> usize {
        match self {
            Self::OfRequest(_, events) => {
                events.partition_point(|it| *it <= event).saturating_sub(1)
            }
            Self::All(_) => event.0 as usize,
        }
    }
}

/// When an entry is, as seen from the cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tense {
    Past,
    Cursor,
    Future,
}

/// One entry as a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct EventRow {
    pub(super) tense: Tense,
    /// Such as `e25`.
    pub(super) name: String,
    /// In milliseconds since the beginning of the run.
    pub(super) time_ms: String,
    /// The box.
    pub(super) place: String,
    /// The part of the mesh.
    pub(super) kind: &'static str,
    /// What happened.
    pub(super) summary: String,
    pub(super) note: Note,
}

/// What is worth a sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Note {
    /// Something did not go well.
    Trouble,
    /// Somebody chose or ruled.
    Decision,
    None,
}

/// An entry in words.
pub(super) fn row(words: &Words<'_>, log: &Log, event: EventId, cursor: EventId) -> EventRow {
    let entry = log.entry(event);
    let connection = log.connection_at(event).map(|row| u64::from(row.0));
    let said = words.say(Happened { step: entry.step, pod: entry.pod, connection });
    EventRow {
        tense: match event.cmp(&cursor) {
            std::cmp::Ordering::Less => Tense::Past,
            std::cmp::Ordering::Equal => Tense::Cursor,
            std::cmp::Ordering::Greater => Tense::Future,
        },
        name: event.dense_name(),
        time_ms: time_ms(entry.time.as_ns()),
        place: words.spot_in_short(said.spot),
        kind: said.kind.word(),
        summary: said.summary,
        note: match entry.step {
            step if is_failure(step) => Note::Trouble,
            step if is_decision(step.kind()) => Note::Decision,
            _ => Note::None,
        },
    }
}

/// Milliseconds with three decimals; the nanoseconds below are cut off.
pub(in crate::explore::screen) fn time_ms(ns: u64) -> String {
    format!("{}.{:03}", ns / 1_000_000, ns / 1_000 % 1_000)
}
