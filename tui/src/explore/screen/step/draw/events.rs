//! Draws the entries around the cursor; the rest of the log is not looked at.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

use crate::explore::frame::pane;
use crate::explore::look::{Look, Role, Sign};
use crate::explore::scene::Scene;

use super::super::events::{EventRow, Events, Note, Tense, row};
use super::super::model::Model;
use super::super::path::fitted;
use super::super::{EVENTS, PANES};

/// The least cells of the column of places, and the most.
const PLACE_WIDTH: (usize, usize) = (13, 22);
/// What the columns before the summary take, besides those of place and time.
const FIXED_WIDTH: usize = 20;

/// Draws them.
pub(in super::super) fn draw(
    scene: &Scene<'_>,
    model: &Model<'_>,
    area: Rect,
    buffer: &mut Buffer,
) {
    let events = Events::of(scene);
    let at = events.row_of(scene.event());
    let inner = pane::border(scene, EVENTS, &title(model, &events, at), area, buffer);
    if inner.height < 2 {
        return;
    }
    let header = Rect { height: 1, ..inner };
    let list = Rect { y: inner.y + 1, height: inner.height - 1, ..inner };
    let selected = scene.view.chosen(EVENTS).unwrap_or(at).min(events.len().saturating_sub(1));
    let height = usize::from(list.height);
    let top = pane::first_row(selected, events.len(), height);
    let shown: Vec<EventRow> = (top..events.len().min(top + height))
        .filter_map(|place| events.get(place))
        .map(|event| row(&model.words, model.log, event, scene.event()))
        .collect();
    let widths = Widths::of(&shown, usize::from(inner.width) - 1);
    let titles = widths.line(scene.look, ["", "#", "t (ms)", "where", "kind", "summary"]);
    let style = scene.look.style(Role::Title);
    buffer.set_string(header.x + 1, header.y, titles, style);
    let lines: Vec<Line<'_>> = shown.iter().map(|row| widths.row(scene.look, row)).collect();
    let has_focus = scene.view.focus() == EVENTS;
    for (offset, line) in lines.iter().enumerate() {
        let y = list.y + offset as u16;
        let is_selected = top + offset == selected;
        if is_selected {
            buffer.set_string(list.x, y, scene.look.sign(Sign::Cursor), Style::new());
        }
        line.render(Rect { x: list.x + 1, y, width: list.width - 1, height: 1 }, buffer);
        if is_selected && has_focus {
            let area = Rect { y, height: 1, ..list };
            buffer.set_style(area, scene.look.style(Role::Selected));
        }
    }
}

fn title(model: &Model<'_>, events: &Events, at: usize) -> String {
    let name = PANES[EVENTS];
    match events {
        Events::OfRequest(request, events) => {
            let of = model.log.request_name(*request);
            format!("{name} {}/{} of {of}", at + 1, events.len())
        }
        Events::All(count) => format!("{name} {}/{count} of the whole run", at + 1),
    }
}

/// How wide the columns are.
struct Widths {
    name: usize,
    time: usize,
    place: usize,
    summary: usize,
}

impl Widths {
    fn of(rows: &[EventRow], width: usize) -> Self {
        let longest = |of: fn(&EventRow) -> &str| {
            rows.iter().map(|row| of(row).chars().count()).max().unwrap_or(0)
        };
        let name = longest(|row| &row.name).max(3);
        let time = longest(|row| &row.time_ms).max(6);
        let room = width.saturating_sub(FIXED_WIDTH + name + time);
        let (least, most) = PLACE_WIDTH;
        let place = longest(|row| &row.place).clamp(least, most).min((room / 3).max(least));
        let taken = 2 + name + 1 + time + 2 + place + 1 + 7 + 1;
        Self { name, time, place, summary: width.saturating_sub(taken) }
    }

    fn line(&self, look: &Look, [sign, name, time, place, kind, summary]: [&str; 6]) -> String {
        let (place, summary) =
            (fitted(place, self.place, look), fitted(summary, self.summary, look));
        format!(
            "{sign:1} {name:>0$} {time:>1$}  {place:<2$} {kind:<7} {summary}",
            self.name, self.time, self.place
        )
    }

    fn row<'a>(&self, look: &Look, row: &EventRow) -> Line<'a> {
        let (sign, role) = match (row.tense, row.note) {
            (Tense::Cursor, _) => (look.sign(Sign::Here), Role::Text),
            (_, Note::Trouble) => (look.sign(Sign::Bad), Role::Bad),
            (_, Note::Decision) => (look.sign(Sign::Decision), Role::Info),
            (_, Note::None) => (" ", Role::Text),
        };
        let rest =
            self.line(look, ["", &row.name, &row.time_ms, &row.place, row.kind, &row.summary]);
        let body = match row.tense {
            Tense::Future => look.style(Role::Dim),
            Tense::Cursor => look.style(Role::Title),
            Tense::Past if row.note == Note::Trouble => look.style(Role::Bad),
            Tense::Past => look.style(Role::Text),
        };
        let style = if row.tense == Tense::Future { body } else { look.style(role) };
        let rest: String = rest.chars().skip(1).collect();
        Line::from(vec![Span::styled(sign, style), Span::styled(rest, body)])
    }
}
