//! How connections look: as a table, a matrix, JSON and a graph; and what differs between two
//! configurations.

pub(crate) mod diff;
pub(crate) mod document;
pub(crate) mod dot;
pub(crate) mod matrix;
pub(crate) mod table;

use meshwalk_models::policy::ConnectionSet;
use meshwalk_models::proxy::envoy::config::Wants;
use meshwalk_models::reach::{Admission, Change, Condition, Fate, Party, Reach, Requests, Row};
use meshwalk_models::walk::Untold;
use meshwalk_models::world::Origin;

use super::places::Places;

/// What is printed.
pub(crate) struct View<'a> {
    pub(crate) reach: &'a Reach,
    pub(crate) rows: &'a [Row<'a>],
    pub(crate) profile: &'a str,
    /// Kinds that nobody models.
    pub(crate) untold: &'a [Untold],
    pub(crate) places: Places<'a>,
}

/// What is printed of a difference.
pub(crate) struct DiffView<'a> {
    pub(crate) parties: &'a [Party],
    pub(crate) changes: &'a [Change],
    pub(crate) profile: &'a str,
    pub(crate) before: Places<'a>,
    pub(crate) after: Places<'a>,
}

impl View<'_> {
    /// What was read or asked and has no effect here.
    fn left_out(&self) -> Vec<String> {
        let kinds = self.untold.iter().map(|it| format!("{}: {}", it.what, it.touches));
        let parts = self.reach.left_out();
        let ranges = (parts > 0).then(|| {
            format!(
                "policies cut what is outside into too many ranges, and {parts} are left out: ask \
                 for some of them with --external"
            )
        });
        kinds.chain(ranges).collect()
    }
}

/// How much a table shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Detail {
    /// What passes or may pass.
    Normal,
    /// Who refuses, and why.
    Wide,
}

/// How many names a cell of a table lists.
const NAMES_MAX: usize = 3;

/// Names in one cell.
fn few(names: &[String]) -> String {
    match names.len().checked_sub(NAMES_MAX) {
        None | Some(0) => names.join(", "),
        Some(more) => format!("{} and {more} more", names[..NAMES_MAX].join(", ")),
    }
}

fn ports(set: &ConnectionSet) -> String {
    set.to_string()
}

/// The requests that pass, in one cell; empty is all.
fn requests(requests: &Requests, places: Places<'_>) -> String {
    let Requests::Some { admitted, except, undecided } = requests else { return String::new() };
    let list = |all: &[Admission]| {
        let each = all.iter().map(|one| admission(one, places));
        each.collect::<Vec<_>>().join("; ")
    };
    let mut text = admitted.as_ref().map_or_else(|| "all".to_owned(), |all| list(all));
    if !except.is_empty() {
        text.push_str(&format!(", but not {}", list(except)));
    }
    if !undecided.is_empty() {
        text.push_str(&format!(", and unknown for {}", list(undecided)));
    }
    text
}

/// Such as `GET,POST /v1/* (viewer, policy.yaml:12)`.
fn admission(one: &Admission, places: Places<'_>) -> String {
    let what = conditions(&one.conditions);
    match places.file_line(one.origin) {
        Some(line) => format!("{what} ({}, {line})", one.policy),
        None => format!("{what} ({})", one.policy),
    }
}

fn conditions(all: &[Condition]) -> String {
    let of = |wanted: &'static str| all.iter().filter(move |one| one.attribute == wanted);
    let methods = of("method").map(|one| bare(one, ","));
    let paths = of("path").map(|one| bare(one, "|"));
    let others = all.iter().filter(|one| !["method", "path"].contains(&one.attribute.as_str()));
    let others = others.map(|one| {
        let (sign, values) = match one.wants {
            Wants::OneOf => ("=", one.values.join("|")),
            Wants::NoneOf => ("!=", one.values.join("|")),
        };
        format!("{}{sign}{values}", one.attribute)
    });
    methods.chain(paths).chain(others).collect::<Vec<_>>().join(" ")
}

fn bare(one: &Condition, between: &str) -> String {
    match one.wants {
        Wants::OneOf => one.values.join(between),
        Wants::NoneOf => format!("not {}", one.values.join(between)),
    }
}

/// The box that refuses, in plain words.
fn enforced_by(fate: &Fate) -> Option<&'static str> {
    match fate {
        Fate::Refused { by, .. } => Some(by.words()),
        Fate::Allowed(_) | Fate::Unknown { .. } => None,
    }
}

fn why(fate: &Fate) -> Option<&str> {
    match fate {
        Fate::Refused { why, .. } | Fate::Unknown { why, .. } => Some(why),
        Fate::Allowed(_) => None,
    }
}

/// The lines behind something, in one cell.
fn lines(origins: &[Origin], places: Places<'_>) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for line in origins.iter().filter_map(|origin| places.file_line(*origin)) {
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    lines
}
