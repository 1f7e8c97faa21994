//! The answer to one command: what the machine did, in sentences.

use crate::explore::App;
use crate::explore::action::{Id, rows};
use crate::explore::app::Effect;
use crate::explore::prompt::{Listed, Overlay};
use crate::explore::screen::Screen;
use crate::explore::view::Message;
use crate::explore::wording::{Happened, Words};
use crate::report::places::Places;

/// What there is to say about a command.
#[derive(Debug, Default)]
pub(super) struct Answer {
    pub(super) sentences: Vec<String>,
    pub(super) effect: Option<Effect>,
    /// Why it was not carried out, as a fragment.
    pub(super) refused: Option<String>,
}

/// What is said before the first command.
pub(super) fn greeting(app: &App) -> Vec<String> {
    let recording = app.timeline.recording();
    vec![
        format!(
            "{}: {} events are recorded, up to {}. `help` lists the commands.",
            app.session.title, recording.entries, recording.now
        ),
        here(app),
    ]
}

/// Carries out one command.
pub(super) fn answer(app: &mut App, command: &str) -> Answer {
    let action = match app.read(command) {
        Ok(action) => action,
        Err(why) => return refusal(why),
    };
    let before = app.view.cursor;
    match action.id {
        Id::Palette => return said(help()),
        id if is_about_rows(id) => {
            return refusal("there are no rows here; every command that moves in time works");
        }
        _ => {}
    }
    let id = action.id;
    let effect = app.update(action);
    while app.work() {}
    let mut answer = Answer { effect, ..Answer::default() };
    match app.view.message.take() {
        Some(Message::Refused(why)) => answer.refused = Some(why.trim_end_matches('.').to_owned()),
        Some(Message::Done(done)) => answer.sentences.push(sentence(&done)),
        None => {}
    }
    match app.view.overlay.take() {
        Some(Overlay::List(list)) => answer.sentences.extend(listed(app, list.of)),
        Some(Overlay::Prompt(_) | Overlay::Palette(_)) => {
            let usage = id.row().usage();
            answer.refused = Some(format!("something is missing behind it: {usage}"));
        }
        None => {}
    }
    if app.view.cursor != before {
        answer.sentences.push(here(app));
    }
    if let Some(screen) = shows(id)
        && !app.timeline.log().is_empty()
    {
        let sentences = screen.sentences(&app.scene());
        if sentences.is_empty() {
            answer.sentences.push(format!("The {} screen shows nothing here.", screen.word()));
        }
        answer.sentences.extend(sentences);
    }
    answer
}

fn said(sentences: Vec<String>) -> Answer {
    Answer { sentences, ..Answer::default() }
}

fn refusal(why: impl Into<String>) -> Answer {
    Answer { refused: Some(why.into()), ..Answer::default() }
}

/// The screen that an action shows.
const fn shows(id: Id) -> Option<Screen> {
    match id {
        Id::Show(screen) => Some(screen),
        Id::WhyThis => Some(Screen::Why),
        _ => None,
    }
}

/// Whether an action is about rows and panes, of which there are none in words.
const fn is_about_rows(id: Id) -> bool {
    matches!(
        id,
        Id::Down
            | Id::Up
            | Id::PageDown
            | Id::PageUp
            | Id::NextPane
            | Id::PreviousPane
            | Id::Zoom
            | Id::Enter
            | Id::CommandLine
            | Id::Suspend
            | Id::Redraw
    )
}

/// The entry at the cursor, as a sentence.
fn here(app: &App) -> String {
    let log = app.timeline.log();
    let Some(entry) = log.get(app.view.cursor.event) else {
        return "Nothing happens in this run.".to_owned();
    };
    let session = &app.session;
    let words = Words::new(session.world(), session.plan(), Places::new(&session.sources));
    let connection = log.connection_at(entry.id).map(|row| u64::from(row.0));
    let text = words.sentence(Happened { step: entry.step, pod: entry.pod, connection });
    let name = log.name(entry.id);
    sentence(&format!("{} at {}, {name}: {text}", entry.id.dense_name(), entry.time))
}

/// Breakpoints or marks, one a line.
fn listed(app: &App, of: Listed) -> Vec<String> {
    let rows = app.list_rows(of);
    if rows.is_empty() {
        let what = match of {
            Listed::Breakpoints => "There are no breakpoints.",
            Listed::Marks => "There are no marks.",
        };
        return vec![what.to_owned()];
    }
    rows
}

/// Every command that can be typed here.
fn help() -> Vec<String> {
    let mut lines = vec![
        "A command stands on a line of its own. A place alone goes there: `e25`, `412ms`, or a \
         stable name."
            .to_owned(),
    ];
    let here = rows().filter(|row| !is_about_rows(row.id));
    lines.extend(here.map(|row| {
        let shown = row.word();
        let others = row.words.iter().copied().chain([row.name]).filter(|word| *word != shown);
        let others: Vec<&str> = others.collect();
        let also = match others.as_slice() {
            [] => String::new(),
            others => format!(" ({})", others.join(", ")),
        };
        format!("{}{also}: {}", row.usage(), row.sentence)
    }));
    lines
}

/// With an end.
pub(super) fn sentence(text: &str) -> String {
    if text.ends_with(['.', '!', '?']) { text.to_owned() } else { format!("{text}.") }
}
