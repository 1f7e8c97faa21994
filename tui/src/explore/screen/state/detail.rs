//! The state of one object, line by line, as `kubectl describe` lays things out; what changed since
//! the last stop says what it was.

use std::collections::BTreeMap;

use meshwalk_sim::flow::inspect::{
    Change, ChangeKind, Facts, Field, Object, Section, State, Value,
};
use unicode_width::UnicodeWidthStr;

use crate::explore::scene::Scene;
use crate::report::places::Places;

use super::objects::{Fold, News};
use super::{config, objects};

/// A line of the pane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// How the object is called, and whether it is new.
    Title(String, Option<ChangeKind>),
    /// What the lines below are.
    Section(String),
    /// What the lines below would be, if it were unfolded; a key and the text.
    Folding(String, String, Fold),
    /// A value.
    Field {
        /// What it is called.
        name: String,
        /// What it is.
        value: String,
        /// What it was at the last stop, if it changed.
        was: Option<String>,
        /// Where it comes from.
        origin: Option<String>,
        /// The object that it names.
        leads: Option<Object>,
    },
    /// The headers of a table.
    Head(Vec<String>),
    /// A row of a table; a cell that changed says what it was.
    Cells {
        /// The cells, filled up to the width of their columns.
        cells: Vec<Cell>,
        /// The object that the row is about.
        leads: Option<Object>,
    },
    /// A sentence.
    Note(String),
}

/// A cell of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cell {
    /// The text, filled up to the width of its column.
    pub(super) text: String,
    /// Whether it changed since the last stop.
    pub(super) news: News,
}

impl Line {
    /// The object that Enter leads to.
    pub(super) const fn leads(&self) -> Option<Object> {
        match self {
            Self::Field { leads, .. } | Self::Cells { leads, .. } => *leads,
            _ => None,
        }
    }
}

/// The lines of an object at the cursor.
pub(super) fn lines(scene: &Scene<'_>, object: Object) -> Vec<Line> {
    let Some(facts) = scene.timeline.here().describe(object) else {
        return vec![Line::Note("It is not there at this moment.".to_owned())];
    };
    let names = scene.timeline.here().names();
    let change = scene.since.and_then(|since| since.of(object, names));
    let change = change.as_ref();
    let kind = change.map(|change| change.kind);
    let title = objects::called(scene, object).unwrap_or_else(|| facts.title.clone());
    let mut lines = vec![Line::Title(title, kind)];
    let was = Was::of(change);
    for section in &facts.sections {
        lines.extend(of_section(scene, section, &was));
    }
    lines.extend(gone(change, &facts));
    lines.extend(config::lines(scene, object));
    lines
}

/// What values were at the last stop, by their path.
struct Was<'c>(BTreeMap<&'c str, &'c Value>);

impl<'c> Was<'c> {
    fn of(change: Option<&'c Change>) -> Self {
        let fields = change.into_iter().flat_map(|change| &change.fields);
        Self(fields.map(|(path, before, _)| (path.as_str(), before)).collect())
    }

    fn get(&self, path: &str) -> Option<String> {
        self.0.get(path).map(|value| show(value))
    }
}

/// Values that were there at the last stop and are not any more.
fn gone(change: Option<&Change>, now: &Facts) -> Vec<Line> {
    let there: Vec<String> = now.flat().map(|(path, _)| path).collect();
    let fields = change.into_iter().flat_map(|change| &change.fields);
    let gone = fields.filter(|(path, _, now)| *now == Value::Nothing && !there.contains(path));
    let mut lines: Vec<Line> = gone
        .map(|(path, before, _)| Line::Field {
            name: path.clone(),
            value: "-".to_owned(),
            was: Some(show(before)),
            origin: None,
            leads: None,
        })
        .collect();
    if !lines.is_empty() {
        lines.insert(0, Line::Section("no longer there".to_owned()));
    }
    lines
}

fn of_section(scene: &Scene<'_>, section: &Section, was: &Was<'_>) -> Vec<Line> {
    let mut lines = vec![Line::Section(section.title.to_owned())];
    let places = Places::new(&scene.session.sources);
    let field = |field: &Field| Line::Field {
        name: field.name.to_owned(),
        value: named(scene, &field.value),
        was: was.get(field.name),
        origin: field.origin.map(|origin| places.show(origin)),
        leads: field.value.object(),
    };
    lines.extend(section.fields.iter().map(field));
    let Some(table) = &section.table else { return lines };
    let rows: Vec<Vec<(String, News)>> = table
        .rows
        .iter()
        .map(|row| {
            let name = row.first().map(ToString::to_string).unwrap_or_default();
            let cell = |(place, value): (usize, &Value)| {
                let column = table.columns.get(place).copied().unwrap_or_default();
                let before = was.get(&format!("{name} / {column}")).filter(|_| place > 0);
                match before {
                    Some(before) => (format!("{} (was {before})", show(value)), News::Changed),
                    None => (show(value), News::Same),
                }
            };
            row.iter().enumerate().map(cell).collect()
        })
        .collect();
    let leads = table.rows.iter().map(|row| row.first().and_then(Value::object));
    lines.extend(table_of(&table.columns, rows, leads));
    lines
}

/// Lines of a table whose columns are as wide as their widest cell.
pub(super) fn table_of(
    columns: &[&str],
    rows: Vec<Vec<(String, News)>>,
    leads: impl Iterator<Item = Option<Object>>,
) -> Vec<Line> {
    let mut widths: Vec<usize> = columns.iter().map(|column| column.width()).collect();
    for row in &rows {
        for (width, (text, _)) in widths.iter_mut().zip(row) {
            *width = (*width).max(text.width());
        }
    }
    let fill = |text: &str, width: usize| {
        format!("{text}{}", " ".repeat(width.saturating_sub(text.width())))
    };
    let head = columns.iter().zip(&widths).map(|(column, width)| fill(column, *width)).collect();
    let mut lines = vec![Line::Head(head)];
    for (row, leads) in rows.into_iter().zip(leads) {
        let cell = |((text, news), width): ((String, News), &usize)| Cell {
            text: fill(&text, *width),
            news,
        };
        let cells = row.into_iter().zip(&widths).map(cell).collect();
        lines.push(Line::Cells { cells, leads });
    }
    lines
}

/// A value in text; a pool with the host that it is for.
fn named(scene: &Scene<'_>, value: &Value) -> String {
    let engine = scene.timeline.here();
    let host = match value.object().and_then(|object| engine.inspect(object)) {
        Some(State::Pool(pool)) => pool.server.map(|server| engine.names().pod(server)),
        _ => None,
    };
    match host {
        Some(host) => format!("{} to {host}", show(value)),
        None => show(value),
    }
}

/// A value in text; moments of the run are told with their unit.
pub(super) fn show(value: &Value) -> String {
    match value {
        Value::At(moment) => format!("t={moment}"),
        other => other.to_string(),
    }
}
