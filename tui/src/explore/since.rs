//! What differs between the cursor and the last stop, object by object. What differs is said by
//! `sim`; here it is remembered for two places.

use meshwalk_sim::flow::inspect::{Capture, Change, ChangeKind, Names, Object, change, changed};
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
        Self { from, to, before, now, changed }
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

    /// How many objects of a kind changed and are there.
    pub(in crate::explore) fn count_changed(&self, kind: &str) -> usize {
        let own =
            |(it, change): &&(Object, ChangeKind)| *change != ChangeKind::Gone && it.kind() == kind;
        self.changed.iter().filter(own).count()
    }

    /// What changed of one object.
    pub(in crate::explore) fn of(&self, object: Object, names: Names<'_>) -> Option<Change> {
        change(&self.before, &self.now, object, names)
    }
}
