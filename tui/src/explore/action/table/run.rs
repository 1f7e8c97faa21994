//! Actions that go on until something holds, and what they stop at.

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
    Row::new(Group::Run, id, name, keys, words, sentence)
}

pub(super) const ROWS: &[Row] = &[
    row(
        Id::RunToNextBreak,
        "run-to-next-break",
        &["c"],
        &["continue", "c"],
        "Go on to the next breakpoint.",
    ),
    row(
        Id::RunToPreviousBreak,
        "run-to-previous-break",
        &["C"],
        &["reverse-continue", "rc"],
        "Go back to the breakpoint before.",
    ),
    row(
        Id::RunToNext,
        "run-to-next",
        &["gc"],
        &["next", "run"],
        "Go on to the next event where a condition holds.",
    )
    .takes(Takes::Must(Expected::Condition)),
    row(
        Id::RunToPrevious,
        "run-to-previous",
        &["gC"],
        &["previous", "back", "run-back"],
        "Go back to the event before where a condition holds.",
    )
    .takes(Takes::Must(Expected::Condition)),
    row(
        Id::ToggleBreak,
        "toggle-break",
        &["b"],
        &["break"],
        "Set a breakpoint at this event, or take it away.",
    ),
    row(
        Id::BreakWhen,
        "break-when",
        &["gb"],
        &["break"],
        "Set a breakpoint wherever a condition holds.",
    )
    .takes(Takes::Must(Expected::Condition)),
    row(
        Id::BreakOnStep,
        "break-on-step",
        &["ctrl-b"],
        &["break-step"],
        "Set a breakpoint on every event of this kind, or take it away.",
    )
    .takes(Takes::May(Expected::Step)),
    row(
        Id::Breaks,
        "breakpoints",
        &["B"],
        &["breaks"],
        "List the breakpoints, to edit them, switch them off and delete them.",
    ),
    row(Id::ClearBreaks, "clear-breaks", &["gB"], &[], "Delete all breakpoints."),
];
