//! What differs between the cursor and the last stop, object by object, and how connections are
//! called there. What differs is said by `sim`; here it is remembered for two places.

use std::collections::BTreeMap;

use meshwalk_sim::flow::inspect::{Capture, Change, Object, changes};
use meshwalk_sim::log::Step;
use meshwalk_sim::timeline::{EventId, Timeline};

use super::cursor::Cursor;

/// What changed from one place to another.
#[derive(Clone, Debug)]
pub(in crate::explore) struct Since {
    from: Cursor,
    to: Cursor,
    /// In the order of objects.
    changes: Vec<Change>,
    /// The numbers of the connections that stand, by their places in the engine.
    connections: BTreeMap<u32, u32>,
}

impl Since {
    /// What changed from `from` to `to`; the timeline stands at `to` afterwards.
    pub(in crate::explore) fn between(timeline: &mut Timeline, from: Cursor, to: Cursor) -> Self {
        let mut at = |event: EventId| -> Capture {
            if timeline.log().get(event).is_none() {
                return Capture::default();
            }
            timeline.at(event).engine().capture()
        };
        let (before, now) = (at(from.event), at(to.event));
        let changes = changes(&before, &now, timeline.here().names());
        let standing = timeline.log().connections_standing(to.event);
        let numbered = standing.filter_map(|(row, opened)| match timeline.log().step(opened) {
            Step::ConnectionOpening { connection, .. } => Some((connection, row.0)),
            _ => None,
        });
        Self { from, to, changes, connections: numbered.collect() }
    }

    /// Whether it is between these places.
    pub(in crate::explore) fn is_between(&self, from: Cursor, to: Cursor) -> bool {
        (self.from, self.to) == (from, to)
    }

    /// All changes, in the order of objects.
    pub(in crate::explore) fn changes(&self) -> &[Change] {
        &self.changes
    }

    /// The number in the stable name of a connection that stands, such as 17 of `connection#17`, by
    /// its place in the engine.
    pub(in crate::explore) fn connection(&self, place: u32) -> Option<u32> {
        self.connections.get(&place).copied()
    }

    /// What changed of one object.
    pub(in crate::explore) fn of(&self, object: Object) -> Option<&Change> {
        let place = self.changes.binary_search_by_key(&object, |change| change.object).ok()?;
        self.changes.get(place)
    }
}
