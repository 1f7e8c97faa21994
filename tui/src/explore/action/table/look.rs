//! Actions that look around and leave the cursor where it is, but for jumps.

use crate::explore::action::argument::Expected;
use crate::explore::action::id::Id;
use crate::explore::action::row::{Group, Row, Takes};
use crate::explore::screen::Screen;

const fn row(
    id: Id,
    name: &'static str,
    keys: &'static [&'static str],
    words: &'static [&'static str],
    sentence: &'static str,
) -> Row {
    Row::new(Group::Look, id, name, keys, words, sentence)
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
    step(Id::Down, "down", &["j", "down"], &[], "Select the next row of the pane."),
    step(Id::Up, "up", &["k", "up"], &[], "Select the row before."),
    step(Id::PageDown, "page-down", &["ctrl-d", "page-down"], &[], "Go down half a page."),
    step(Id::PageUp, "page-up", &["ctrl-u", "page-up"], &[], "Go up half a page."),
    row(Id::NextPane, "next-pane", &["tab"], &["pane"], "Go to the next pane of the screen."),
    row(Id::PreviousPane, "previous-pane", &["shift-tab"], &[], "Go to the pane before."),
    row(Id::Zoom, "zoom", &["z"], &[], "Show only the pane with the focus, or all of them again."),
    step(Id::ZoomIn, "zoom-in", &["+"], &[], "Show half as much time around the cursor.")
        .on(&[Screen::Time]),
    step(Id::ZoomOut, "zoom-out", &["-"], &[], "Show twice as much time around the cursor.")
        .on(&[Screen::Time]),
    row(Id::Enter, "enter", &["enter"], &["open"], "Open the selected row: go where it leads."),
    row(
        Id::Leave,
        "leave",
        &["esc"],
        &["close", "cancel"],
        "Stop what runs, close what is open, or show all panes again.",
    ),
    step(
        Id::JumpBack,
        "jump-back",
        &["o", "ctrl-o", "alt-left"],
        &[],
        "Go back to where you were before the last jump.",
    ),
    step(
        Id::JumpForward,
        "jump-forward",
        &["i", "alt-right"],
        &[],
        "Go forward again after going back.",
    ),
    row(
        Id::WhyThis,
        "why",
        &["w"],
        &[],
        "Ask why: show the decision at the cursor with its reasons.",
    ),
    row(
        Id::CopyRepro,
        "copy-repro",
        &["y"],
        &["copy", "y"],
        "Copy the command line that shows this screen again.",
    ),
    row(
        Id::Recentre,
        "recentre",
        &["."],
        &["center", "centre", "recenter"],
        "Bring all panes back to the cursor.",
    ),
];

/// Places to come back to.
pub(super) const MARKS: &[Row] = &[
    Row::new(
        Group::Mark,
        Id::SetMark,
        "set-mark",
        &["m"],
        &["mark"],
        "Mark this event with a letter.",
    )
    .takes(Takes::Must(Expected::Mark)),
    Row::new(
        Group::Mark,
        Id::GoToMark,
        "go-to-mark",
        &["'"],
        &["to-mark"],
        "Go to the event that is marked with a letter.",
    )
    .takes(Takes::Must(Expected::Mark)),
    Row::new(Group::Mark, Id::Marks, "marks", &["M"], &[], "List the marks, to go there."),
];
