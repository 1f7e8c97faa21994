//! The states of everything at one moment, and what differs between two moments of a run.

use std::collections::BTreeMap;

use crate::flow::engine::Engine;
use crate::log::Recorder;

use super::{Facts, Names, Object, State, Value, describe, title};

/// The states of everything at one moment. Services are left out: they are the sum of their edges.
#[derive(Clone, Debug, Default)]
pub struct Capture {
    /// In the order of objects.
    states: Vec<(Object, State)>,
}

/// What changed of one object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The object.
    pub object: Object,
    /// How it is called.
    pub title: String,
    /// Whether it was there before and is there now.
    pub kind: ChangeKind,
    /// The values that differ, by their path: before and now. Empty for what came or went.
    pub fields: Vec<(String, Value, Value)>,
}

/// Whether an object was there before and is there now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    /// It came into being.
    New,
    /// It is gone.
    Gone,
    /// It was there, and differs.
    Changed,
}

impl ChangeKind {
    /// In one word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Gone => "gone",
            Self::Changed => "changed",
        }
    }
}

impl Capture {
    /// The state of one object.
    #[must_use]
    pub fn get(&self, object: Object) -> Option<&State> {
        let place = self.states.binary_search_by_key(&object, |(it, _)| *it).ok()?;
        Some(&self.states[place].1)
    }

    /// All objects with their states, in the order of [`Object`].
    pub fn iter(&self) -> impl Iterator<Item = (Object, &State)> {
        self.states.iter().map(|(object, state)| (*object, state))
    }
}

impl<R: Recorder> Engine<R> {
    /// The states of everything at this moment.
    #[must_use]
    pub fn capture(&self) -> Capture {
        let owners = self.owners();
        let under_way = self.calls_under_way();
        let mut streams = vec![0; self.pools.len()];
        for (_, connection) in self.connections.iter() {
            streams[connection.pool as usize] += connection.streams;
        }
        let state = |object: Object| match object {
            Object::Service(_) => None,
            Object::Pool(row) => {
                let place = row as usize;
                self.pool_state_with(row, owners[place], streams[place]).map(State::Pool)
            }
            Object::Edge(row) => self.edge_totals_with(row, &under_way).map(State::Edge),
            other => self.inspect(other),
        };
        let objects = self.objects().into_iter();
        let states = objects.filter_map(|object| Some((object, state(object)?))).collect();
        Capture { states }
    }
}

/// Which objects differ between two moments of a run, in their order. The later moment need not be
/// `now`. What of them differs is told by [`change`], which is dear.
#[must_use]
pub fn changed(before: &Capture, now: &Capture) -> Vec<(Object, ChangeKind)> {
    let mut changed = Vec::new();
    let (mut left, mut right) = (before.iter().peekable(), now.iter().peekable());
    loop {
        let (object, kind) = match (left.peek(), right.peek()) {
            (None, None) => return changed,
            (Some((was, _)), Some((is, _))) if was == is => (*is, ChangeKind::Changed),
            (Some((was, _)), Some((is, _))) if was > is => (*is, ChangeKind::New),
            (None, Some((is, _))) => (*is, ChangeKind::New),
            (Some((was, _)), _) => (*was, ChangeKind::Gone),
        };
        let before = if kind == ChangeKind::New { None } else { left.next() };
        let now = if kind == ChangeKind::Gone { None } else { right.next() };
        if before.map(|it| it.1) != now.map(|it| it.1) {
            changed.push((object, kind));
        }
    }
}

/// What differs of one object between two moments of a run.
#[must_use]
pub fn change(before: &Capture, now: &Capture, object: Object, names: Names<'_>) -> Option<Change> {
    let pair = (before.get(object), now.get(object));
    let of = |state: &State, kind, fields| {
        Some(Change { object, title: title(state, names), kind, fields })
    };
    match pair {
        (None, Some(state)) => of(state, ChangeKind::New, Vec::new()),
        (Some(state), None) => of(state, ChangeKind::Gone, Vec::new()),
        (Some(before), Some(now)) if before != now => {
            let fields = differing(&describe(before, names), &describe(now, names));
            of(now, ChangeKind::Changed, fields)
        }
        _ => None,
    }
}

/// The values that differ. Fields that share a path are compared in their order.
fn differing(before: &Facts, now: &Facts) -> Vec<(String, Value, Value)> {
    let mut left: BTreeMap<(String, u32), Value> = numbered(before).into_iter().collect();
    let mut fields = Vec::new();
    for (path, value) in numbered(now) {
        let old = left.remove(&path).unwrap_or(Value::Nothing);
        if old != value {
            fields.push((path.0, old, value));
        }
    }
    let gone = left.into_iter().filter(|(_, value)| *value != Value::Nothing);
    fields.extend(gone.map(|((path, _), old)| (path, old, Value::Nothing)));
    fields
}

fn numbered(facts: &Facts) -> Vec<((String, u32), Value)> {
    let mut seen: BTreeMap<String, u32> = BTreeMap::new();
    let number = |(path, value): (String, &Value)| {
        let number = seen.entry(path.clone()).or_default();
        *number += 1;
        ((path, *number), value.clone())
    };
    facts.flat().map(number).collect()
}
