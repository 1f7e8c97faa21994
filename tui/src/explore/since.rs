//! What differs between the cursor and the last stop, object by object, and how connections are
//! called there. What differs is said by `sim`; here it is remembered for two places.

use std::collections::BTreeMap;

use meshwalk_sim::flow::inspect::{Capture, Change, ChangeKind, Names, Object, change, changed};
use meshwalk_sim::log::Step;
use meshwalk_sim::timeline::{EventId, Timeline};

use super::cursor::Cursor;

/// What changed from one place to another.
#[derive(Clone, Debug)]
pub(in crate::explore) struct Since {
    from: Cursor,
    to: Cursor,
    before: Capture,
    now: Capture,
    /// In the order of objects.
    changed: Vec<(Object, ChangeKind)>,
    /// The numbers of the connections that stand, by their places in the engine.
    connections: BTreeMap<u32, u32>,
}

impl Since {
    /// What changed from `from` to `to`; the timeline stands at `to` afterwards. What is known of
    /// the way to `from` need not be found out again.
    pub(in crate::explore) fn between(
        timeline: &mut Timeline,
        known: Option<Self>,
        from: Cursor,
        to: Cursor,
    ) -> Self {
        let mut at = |event: EventId| -> Capture {
            if timeline.log().get(event).is_none() {
                return Capture::default();
            }
            timeline.at(event).engine().capture()
        };
        let before = match known {
            Some(known) if known.to == from => known.now,
            _ => at(from.event),
        };
        let now = at(to.event);
        let changed = changed(&before, &now);
        let standing = timeline.log().connections_standing(to.event);
        let numbered = standing.filter_map(|(row, opened)| match timeline.log().step(opened) {
            Step::ConnectionOpening { connection, .. } => Some((connection, row.0)),
            _ => None,
        });
        Self { from, to, before, now, changed, connections: numbered.collect() }
    }

    /// Whether it is between these places.
    pub(in crate::explore) fn is_between(&self, from: Cursor, to: Cursor) -> bool {
        (self.from, self.to) == (from, to)
    }

    /// Everything that changed, in the order of objects.
    pub(in crate::explore) fn changed(&self) -> &[(Object, ChangeKind)] {
        &self.changed
    }

    /// Whether one object changed.
    pub(in crate::explore) fn has_changed(&self, object: Object) -> bool {
        self.changed.binary_search_by_key(&object, |(it, _)| *it).is_ok()
    }

    /// The number in the stable name of a connection that stands, such as 17 of `connection#17`, by
    /// its place in the engine.
    pub(in crate::explore) fn connection(&self, place: u32) -> Option<u32> {
        self.connections.get(&place).copied()
    }

    /// What changed of one object.
    pub(in crate::explore) fn of(&self, object: Object, names: Names<'_>) -> Option<Change> {
        change(&self.before, &self.now, object, names)
    }
}
