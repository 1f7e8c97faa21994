//! Actions that move the cursor in time.

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
    Row::new(Group::Time, id, name, keys, words, sentence)
}

/// One that can be done several times.
const fn step(
    id: Id,
    name: &'static str,
    keys: &'static [&'static str],
    words: &'static [&'static str],
    sentence: &'static str,
) -> Row {
    row(id, name, keys, words, sentence).takes(Takes::May(Expected::Count))
}

pub(super) const ROWS: &[Row] = &[
    step(
        Id::NextEvent,
        "next-event",
        &["l", "right"],
        &["next", "n"],
        "Go to the next event of the run.",
    ),
    step(
        Id::PreviousEvent,
        "previous-event",
        &["h", "left"],
        &["previous", "back", "p"],
        "Go back to the event before, with the state as it was.",
    ),
    step(
        Id::NextOfRequest,
        "next-of-request",
        &["]"],
        &[],
        "Go to the next event of the same request.",
    ),
    step(
        Id::PreviousOfRequest,
        "previous-of-request",
        &["["],
        &[],
        "Go to the event before of the same request.",
    ),
    step(
        Id::NextHop,
        "next-hop",
        &["L", "shift-right"],
        &["hop"],
        "Go to where the request reaches its next stop: a proxy, an application, a tunnel.",
    ),
    step(
        Id::PreviousHop,
        "previous-hop",
        &["H", "shift-left"],
        &[],
        "Go back to where the request reached this stop, or the one before.",
    ),
    step(
        Id::NextDecision,
        "next-decision",
        &["}"],
        &["decision"],
        "Go to the next decision: a route, an endpoint, a verdict, a retry.",
    ),
    step(Id::PreviousDecision, "previous-decision", &["{"], &[], "Go to the decision before."),
    step(
        Id::NextFailure,
        "next-failure",
        &[")"],
        &["failure", "denied", "failed", "error"],
        "Go to the next failure: a denial, an error, a time-out, a reset, an ejection.",
    ),
    step(Id::PreviousFailure, "previous-failure", &["("], &[], "Go to the failure before."),
    step(
        Id::NextRequest,
        "next-request",
        &[">"],
        &["request"],
        "Go to where the next request begins.",
    ),
    step(
        Id::PreviousRequest,
        "previous-request",
        &["<"],
        &[],
        "Go to where this request began, or the one before.",
    ),
    step(
        Id::NextConnection,
        "next-connection",
        &["J"],
        &["connection"],
        "Go to the next event of the same connection, or else of any.",
    ),
    step(
        Id::PreviousConnection,
        "previous-connection",
        &["K"],
        &[],
        "Go to the event before of the same connection, or else of any.",
    ),
    row(
        Id::GoToBegin,
        "go-to-begin",
        &["gg", "home"],
        &["begin", "first"],
        "Go to the first event.",
    ),
    row(
        Id::GoToEnd,
        "go-to-end",
        &["G", "end"],
        &["end", "last"],
        "Go to the last event; with a number before it (23G), to that event.",
    ),
    row(
        Id::GoToEvent,
        "go-to-event",
        &["ge"],
        &["event", "e", "goto"],
        "Go to an event by its number or stable name.",
    )
    .takes(Takes::Must(Expected::Event)),
    row(
        Id::GoToTime,
        "go-to-time",
        &["gt"],
        &["time", "t"],
        "Go to the last event at or before a moment.",
    )
    .takes(Takes::Must(Expected::Time)),
    row(
        Id::GoToName,
        "go-to-name",
        &["gn"],
        &["name"],
        "Go to an event, a request or a connection by its stable name.",
    )
    .takes(Takes::Must(Expected::Name)),
];
