//! Actions that find events and leave events out.

use crate::explore::action::argument::Expected;
use crate::explore::action::id::Id;
use crate::explore::action::row::{Group, Row, Takes};

const fn row(
    id: Id,
    name: &'static str,
    keys: &'static [&'static str],
    words: &'static [&'static str],
    sentence: &'static str,
) -> Row {
    Row::new(Group::Search, id, name, keys, words, sentence)
}

pub(super) const ROWS: &[Row] = &[
    row(
        Id::Search,
        "search",
        &["/"],
        &["find"],
        "Search for events by words or by a condition, forward from the cursor.",
    )
    .takes(Takes::Must(Expected::Search)),
    row(Id::NextMatch, "next-match", &["n"], &[], "Go to the next event that the search finds.")
        .takes(Takes::May(Expected::Count)),
    row(
        Id::PreviousMatch,
        "previous-match",
        &["N"],
        &[],
        "Go to the event before that the search finds.",
    )
    .takes(Takes::May(Expected::Count)),
    row(
        Id::Filter,
        "filter",
        &["f"],
        &[],
        "Show only events where a condition holds; steps go from one to the next of them.",
    )
    .takes(Takes::Must(Expected::Condition)),
    row(Id::ClearFilter, "clear-filter", &["F"], &["no-filter"], "Show all events again."),
];
