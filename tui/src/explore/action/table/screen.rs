//! Actions that choose a screen, and those of the program itself.

use crate::explore::action::id::Id;
use crate::explore::action::row::{Group, Row};
use crate::explore::screen::Screen;

const fn show(
    screen: Screen,
    name: &'static str,
    key: &'static [&'static str],
    words: &'static [&'static str],
    sentence: &'static str,
) -> Row {
    Row::new(Group::Screen, Id::Show(screen), name, key, words, sentence)
}

const fn app(
    id: Id,
    name: &'static str,
    keys: &'static [&'static str],
    words: &'static [&'static str],
    sentence: &'static str,
) -> Row {
    Row::new(Group::App, id, name, keys, words, sentence)
}

pub(super) const ROWS: &[Row] = &[
    show(
        Screen::Map,
        "show-map",
        &["1"],
        &["map"],
        "Show the map: who calls whom, and how it goes.",
    ),
    show(
        Screen::Step,
        "show-step",
        &["2"],
        &["step"],
        "Show the events one by one, and what each changes in every layer.",
    ),
    show(
        Screen::Ladder,
        "show-ladder",
        &["3"],
        &["ladder"],
        "Show the life of a connection as a sequence of messages.",
    ),
    show(
        Screen::Why,
        "show-why",
        &["4"],
        &["why-screen"],
        "Show the decision with its reasons, near misses and flips.",
    ),
    show(
        Screen::Time,
        "show-time",
        &["5"],
        &["time"],
        "Show where the time of the request goes: attempts, pauses, queues, time limits.",
    ),
    show(
        Screen::State,
        "show-state",
        &["6"],
        &["state"],
        "Show pools, breakers, queues, identities and configuration at the cursor.",
    ),
    show(
        Screen::Metrics,
        "show-metrics",
        &["7"],
        &["metrics"],
        "Show charts of the golden signals over the run.",
    ),
    Row::new(
        Group::Screen,
        Id::NextScreen,
        "next-screen",
        &["ctrl-n"],
        &[],
        "Show the screen to the right of this one.",
    ),
    Row::new(
        Group::Screen,
        Id::PreviousScreen,
        "previous-screen",
        &["ctrl-p"],
        &[],
        "Show the screen to the left of this one.",
    ),
    app(
        Id::CommandLine,
        "command-line",
        &[":"],
        &[],
        "Type a command; Tab completes it, and the arrows bring earlier ones back.",
    ),
    app(
        Id::Palette,
        "actions",
        &["?", "f1"],
        &["help", "?"],
        "List all actions with their keys; type to search, Enter runs one.",
    ),
    app(Id::Redraw, "redraw", &["ctrl-l"], &[], "Draw the screen anew."),
    app(
        Id::Suspend,
        "suspend",
        &["ctrl-z"],
        &[],
        "Go back to the shell for a while; `fg` returns.",
    ),
    app(Id::Quit, "quit", &["q"], &["exit", "q"], "Quit."),
    app(Id::QuitNow, "quit-now", &["ctrl-c"], &["q!", "quit!"], "Quit, whatever is open or runs."),
];
