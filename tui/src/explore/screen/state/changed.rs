//! What changed since the last stop: objects, and the values that differ.

use meshwalk_sim::flow::inspect::{Change, ChangeKind, Object};

use crate::explore::scene::Scene;

use super::detail::show;
use super::{concerned, objects};

/// When there are so many rows, further objects are only counted.
const ROWS_MAX: usize = 1_000;

/// A row of the pane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Row {
    /// An object that changed, came or went.
    Object {
        /// Which.
        object: Object,
        /// How it is called.
        title: String,
        /// What became of it.
        kind: ChangeKind,
    },
    /// A value of it.
    Value {
        /// Of what.
        object: Object,
        /// What it is called.
        path: String,
        /// What it was.
        before: String,
        /// What it is.
        now: String,
    },
    /// A sentence.
    Note(String),
}

impl Row {
    /// The object that the row is about.
    pub(super) const fn object(&self) -> Option<Object> {
        match self {
            Self::Object { object, .. } | Self::Value { object, .. } => Some(*object),
            Self::Note(_) => None,
        }
    }
}

/// What changed: what the entry at the cursor concerns first, then what limits and balances, then
/// what merely counts.
pub(super) fn rows(scene: &Scene<'_>) -> Vec<Row> {
    let Some(since) = scene.since else { return Vec::new() };
    if scene.view.last_stop == scene.view.cursor {
        return vec![Row::Note("Nothing yet: the cursor has not moved.".to_owned())];
    }
    let concerned = concerned::objects(scene);
    let mut changed: Vec<Object> = since.changed().iter().map(|(object, _)| *object).collect();
    changed.sort_by_cached_key(|object| {
        let near = concerned.iter().position(|it| it == object);
        (near.unwrap_or(usize::MAX), weight(*object), *object)
    });
    let mut rows: Vec<Row> = Vec::new();
    let mut more = changed.len();
    let names = scene.timeline.here().names();
    // What is not listed need not be described.
    for change in changed.iter().filter_map(|object| since.of(*object, names)) {
        if rows.len() >= ROWS_MAX {
            break;
        }
        rows.extend(of_change(scene, &change));
        more -= 1;
    }
    if rows.is_empty() {
        let time = |event| scene.log().get(event).map(|entry| entry.time);
        let is_same = time(scene.view.last_stop.event) == time(scene.event());
        let words = if is_same {
            "Nothing changed: both events happen at the same moment."
        } else {
            "Nothing changed."
        };
        rows.push(Row::Note(words.to_owned()));
    }
    if more > 0 {
        rows.push(Row::Note(format!("and {more} more objects")));
    }
    rows
}

/// How far down the list an object stands.
const fn weight(object: Object) -> u8 {
    match object {
        Object::Cluster(_) => 0,
        Object::Pod(_) => 1,
        Object::Pool(_) => 2,
        Object::Connection(_) | Object::Tunnels(_) => 3,
        Object::Filters { .. } => 4,
        Object::Try(_) | Object::Attempt(_) => 5,
        Object::Proxy(_) => 6,
        Object::Source(_) | Object::Edge(_) | Object::Service(_) => 7,
    }
}

fn of_change(scene: &Scene<'_>, change: &Change) -> Vec<Row> {
    let object = change.object;
    let title = objects::called(scene, object).unwrap_or_else(|| change.title.clone());
    let mut rows = vec![Row::Object { object, title, kind: change.kind }];
    rows.extend(change.fields.iter().map(|(path, before, now)| Row::Value {
        object,
        path: path.clone(),
        before: show(before),
        now: show(now),
    }));
    rows
}
