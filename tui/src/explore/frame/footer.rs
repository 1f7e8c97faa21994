//! The two lines at the bottom: what there is to say, and which keys are of use.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;
use unicode_width::UnicodeWidthStr;

use crate::explore::action::{Id, When};
use crate::explore::keys::hints;
use crate::explore::look::{Role, Sign};
use crate::explore::mouse::Target;
use crate::explore::scene::Scene;
use crate::explore::view::{Message, Zoom};

/// Draws what runs, or what is half typed, or the message, or the name of the entry at the cursor.
pub(super) fn draw_status(scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
    let said = |text: &str| Line::from(format!(" {text}"));
    let line = match (&scene.job, waiting(scene), &scene.view.message) {
        (Some(job), _, _) => said(&job.progress()),
        (_, Some((typed, _)), _) => said(&format!("{typed} ...")),
        (_, _, Some(Message::Done(text))) => said(text),
        (_, _, Some(Message::Refused(text))) => Line::from(Span::styled(
            format!(" {} {text}", scene.look.sign(Sign::Changed)),
            scene.look.style(Role::Warn),
        )),
        (None, None, None) => said(&place(scene)),
    };
    line.render(area, buffer);
}

/// Where the cursor is, and what is on: filter, search, breakpoints, marks.
fn place(scene: &Scene<'_>) -> String {
    let event = scene.event();
    let (number, of) = (event.dense_name(), scene.log().len());
    // As long as the run is being recorded, nobody knows how many there will be.
    let more = if scene.timeline.recording().complete.is_some() { "" } else { "+" };
    let mut text = format!("{number} of {of}{more}  {}", scene.log().name(event));
    if let Some(filter) = &scene.view.filter {
        text += &format!("  filter: {}", filter.text());
    }
    if let Some(search) = &scene.view.search {
        text += &format!("  search: {}", search.text());
    }
    match scene.view.breaks.active().count() {
        0 => {}
        1 => text += "  1 breakpoint",
        count => text += &format!("  {count} breakpoints"),
    }
    let marks: String = scene.view.marks.keys().collect();
    if !marks.is_empty() {
        text += &format!("  marks: {marks}");
    }
    text
}

fn waiting(scene: &Scene<'_>) -> Option<(String, Vec<(String, Id)>)> {
    scene.resolver.waiting(scene.bindings, scene.view.screen)
}

/// Draws the keys that are of use now; the list of all of them stands at the right always.
pub(super) fn draw_hints(scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
    let shown: Vec<(String, String)> = match waiting(scene) {
        Some((_, following)) => {
            following.into_iter().map(|(keys, id)| (keys, id.row().name.to_owned())).collect()
        }
        None => hints(scene.bindings, scene.view.screen, &holds(scene))
            .into_iter()
            .map(|hint| (hint.keys, hint.word.to_owned()))
            .collect(),
    };
    let help = scene.bindings.keys_of(Id::Palette).into_iter().next();
    let right = help.map(|key| (key, "help".to_owned()));
    let wide = |(keys, word): &(String, String)| keys.width() + word.width() + 3;
    let mut room = usize::from(area.width).saturating_sub(right.as_ref().map_or(0, wide) + 1);
    let mut spans = vec![Span::raw(" ")];
    let mut x = area.x + 1;
    let mut add = |(keys, word): (String, String)| {
        let width = u16::try_from(keys.width() + word.width() + 1).unwrap_or(u16::MAX);
        if !word.is_empty() {
            scene.targets.add(Rect { x, width, ..area }, Target::Keys(keys.clone()));
        }
        x = x.saturating_add(width).saturating_add(2);
        spans.push(Span::styled(keys, scene.look.style(Role::Key)));
        spans.push(Span::raw(format!(" {word}  ")));
    };
    for hint in shown {
        match room.checked_sub(wide(&hint)) {
            Some(rest) => room = rest,
            None => break,
        }
        add(hint);
    }
    if let Some((keys, word)) = right {
        spans.push(Span::raw(" ".repeat(room)));
        spans.push(Span::styled(keys, scene.look.style(Role::Key)));
        spans.push(Span::raw(format!(" {word}")));
    }
    Line::from(spans).render(area, buffer);
}

/// What holds at the moment, for the hints.
fn holds(scene: &Scene<'_>) -> Vec<When> {
    let view = scene.view;
    let pane = view.focus();
    let row = view.chosen(pane).unwrap_or_else(|| view.screen.resting(scene, pane));
    let breaks = view.breaks.all().is_empty();
    let all = [
        (scene.job.is_some(), When::Busy),
        (view.search.is_some(), When::Searching),
        (view.filter.is_some(), When::Filtering),
        (breaks, When::NoBreaks),
        (!breaks, When::Breaks),
        (view.screen.enter(scene, pane, row).is_some(), When::RowOpens),
        (view.zoom == Zoom::Alone, When::Zoomed),
        (view.screen.panes().len() > 1, When::Panes),
    ];
    all.into_iter().filter(|(holds, _)| *holds).map(|(_, when)| when).collect()
}
