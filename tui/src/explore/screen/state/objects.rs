//! The list of objects: those that the entry at the cursor concerns, and then all there are, in
//! groups that unfold.

use std::mem::discriminant;

use meshwalk_sim::flow::inspect::{Object, title};

use crate::explore::scene::Scene;

use super::{OBJECTS, concerned, key};

/// Rows of one group at most; more are counted.
const GROUP_ROWS_MAX: usize = 500;

/// A row of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Row {
    /// What stands below.
    Heading(&'static str),
    /// An object.
    Object {
        /// Which.
        object: Object,
        /// How it is called.
        title: String,
        /// Whether it changed since the last stop.
        news: News,
    },
    /// All objects of one kind.
    Group {
        /// The word for the kind.
        kind: &'static str,
        /// How many there are.
        count: usize,
        /// How many of them changed since the last stop.
        changed: usize,
        /// Whether they are listed below.
        fold: Fold,
    },
    /// So many more than are listed.
    More(usize),
}

/// Whether something changed since the last stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum News {
    /// It did.
    Changed,
    /// It did not.
    Same,
}

/// Whether a group is unfolded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fold {
    /// It is not.
    Folded,
    /// It is.
    Unfolded,
}

/// The list, and what of it is shown in the other panes.
#[derive(Clone, Debug)]
pub(super) struct Objects {
    /// The rows.
    pub(super) rows: Vec<Row>,
    /// The object that is shown.
    pub(super) shown: Option<Object>,
    /// The row that is selected.
    pub(super) selected: usize,
}

/// The kinds in the order in which they are listed.
const KINDS: [&str; 12] = [
    "cluster",
    "pod",
    "proxy",
    "pool",
    "connection",
    "tunnels",
    "try",
    "attempt",
    "filters",
    "source",
    "service",
    "edge",
];

impl Objects {
    /// The list at the cursor.
    pub(super) fn of(scene: &Scene<'_>) -> Self {
        let concerned = concerned::objects(scene);
        let mut rows = vec![Row::Heading("of this event")];
        rows.extend(concerned.iter().filter_map(|object| row(scene, *object)));
        if rows.len() == 1 {
            rows.clear();
        }
        let picked = scene.view.picked(OBJECTS).and_then(key::object);
        let picked = picked.filter(|object| scene.timeline.here().inspect(*object).is_some());
        if let Some(object) = picked.filter(|object| !concerned.contains(object)) {
            rows.push(Row::Heading("picked"));
            rows.extend(row(scene, object));
        }
        rows.push(Row::Heading("all objects"));
        let all = scene.timeline.here().objects();
        // They come in the order of their kinds, and so does what changed.
        let of_kinds: Vec<&[Object]> =
            all.chunk_by(|one, next| discriminant(one) == discriminant(next)).collect();
        for kind in KINDS {
            let own = of_kinds.iter().find(|own| own[0].kind() == kind);
            own.iter().for_each(|own| group(scene, kind, own, &mut rows));
        }
        let default = picked.or(concerned.first().copied());
        let at_default = rows.iter().position(|row| row.object() == default && default.is_some());
        let selected = scene.view.chosen(OBJECTS).or(at_default).unwrap_or(0);
        let selected = selected.min(rows.len().saturating_sub(1));
        let shown = rows.get(selected).and_then(Row::object).or(default);
        Self { rows, shown, selected }
    }
}

impl Row {
    /// The object of the row.
    pub(super) const fn object(&self) -> Option<Object> {
        match self {
            Self::Object { object, .. } => Some(*object),
            Self::Heading(_) | Self::Group { .. } | Self::More(_) => None,
        }
    }
}

/// The objects of one kind.
fn group(scene: &Scene<'_>, kind: &'static str, own: &[Object], rows: &mut Vec<Row>) {
    let changed = scene.since.map_or(0, |since| since.count_changed(kind));
    let is_open = scene.view.is_turned_over(OBJECTS, kind);
    let fold = if is_open { Fold::Unfolded } else { Fold::Folded };
    rows.push(Row::Group { kind, count: own.len(), changed, fold });
    if is_open {
        rows.extend(own.iter().take(GROUP_ROWS_MAX).filter_map(|object| row(scene, *object)));
        if own.len() > GROUP_ROWS_MAX {
            rows.push(Row::More(own.len() - GROUP_ROWS_MAX));
        }
    }
}

fn row(scene: &Scene<'_>, object: Object) -> Option<Row> {
    let title = called(scene, object)?;
    Some(Row::Object { object, title, news: news(scene, object) })
}

/// How an object is called: a connection by the number of its stable name.
pub(super) fn called(scene: &Scene<'_>, object: Object) -> Option<String> {
    let engine = scene.timeline.here();
    let plain = title(&engine.inspect(object)?, engine.names());
    let Object::Connection(slot) = object else { return Some(plain) };
    let row = scene.log().connection_in_place(slot.slot, scene.event());
    Some(match (row, plain.rsplit_once(" [")) {
        (Some(row), Some((ends, _))) => {
            ends.replacen("connection ", &format!("connection#{} ", row.0), 1)
        }
        _ => plain,
    })
}

fn news(scene: &Scene<'_>, object: Object) -> News {
    match scene.since {
        Some(since) if since.has_changed(object) => News::Changed,
        _ => News::Same,
    }
}
