//! Where the panes of the Time screen stand, and what lines they hold.

use meshwalk_models::units::SimTime;
use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

use crate::explore::frame::pane;
use crate::explore::frame::room::Room;
use crate::explore::look::{Role, Sign};
use crate::explore::scene::Scene;

use super::accounting::{self, Accounts, Text, Tone};
use super::axis::Axis;
use super::naming::Naming;
use super::picture::{Picture, Widths, legend};
use super::{
    ACCOUNTING, NO_REQUEST, PANES, RETRIES, SETTINGS, Subject, TIMELINE, decisions, settings,
};

/// Rows of the panes below the timeline.
const BELOW_WIDE: u16 = 15;
const BELOW_MIDDLE: u16 = 11;

/// Draws all panes that fit.
pub(super) fn draw(scene: &Scene<'_>, subject: Option<&Subject>, area: Rect, buffer: &mut Buffer) {
    let Some(subject) = subject else {
        let inner = pane::border(scene, TIMELINE, PANES[TIMELINE], area, buffer);
        Line::from(NO_REQUEST).render(Rect { height: inner.height.min(1), ..inner }, buffer);
        return;
    };
    let focus = scene.view.focus();
    match Room::for_screen(scene, area) {
        Room::Narrow => one(scene, subject, focus, area, buffer),
        Room::Middle => {
            let [top, below] = split(area, BELOW_MIDDLE);
            let [left, right] = halves(below);
            let second = if focus > ACCOUNTING { focus } else { RETRIES };
            one(scene, subject, TIMELINE, top, buffer);
            one(scene, subject, ACCOUNTING, left, buffer);
            one(scene, subject, second, right, buffer);
        }
        Room::Wide => {
            let [top, below] = split(area, BELOW_WIDE);
            let [left, right] = halves(below);
            let [upper, lower] =
                Layout::vertical([Constraint::Fill(1), Constraint::Fill(1)]).areas(right);
            one(scene, subject, TIMELINE, top, buffer);
            one(scene, subject, ACCOUNTING, left, buffer);
            one(scene, subject, RETRIES, upper, buffer);
            one(scene, subject, SETTINGS, lower, buffer);
        }
    }
}

fn split(area: Rect, below: u16) -> [Rect; 2] {
    Layout::vertical([Constraint::Fill(1), Constraint::Length(below)]).areas(area)
}

fn halves(area: Rect) -> [Rect; 2] {
    Layout::horizontal([Constraint::Fill(1), Constraint::Fill(1)]).areas(area)
}

fn one(scene: &Scene<'_>, subject: &Subject, pane: usize, area: Rect, buffer: &mut Buffer) {
    match pane {
        ACCOUNTING => text(scene, pane, &accounting(scene, subject), area, buffer),
        RETRIES => {
            let lines = retries(scene, subject);
            let lines: Vec<Text> = lines.into_iter().map(|(_, line)| line).collect();
            text(scene, pane, &lines, area, buffer);
        }
        SETTINGS => text(scene, pane, &settings(scene, subject), area, buffer),
        _ => timeline(scene, subject, area, buffer),
    }
}

fn timeline(scene: &Scene<'_>, subject: &Subject, area: Rect, buffer: &mut Buffer) {
    let waterfall = &subject.waterfall;
    let naming = Naming::of(scene);
    let status = match (waterfall.calls[0].ending, waterfall.latency()) {
        (Some(ending), Some(latency)) => {
            format!("{latency}, {}", super::naming::ending(ending))
        }
        _ => "under way".to_owned(),
    };
    let title =
        format!("{}  {}  {}  {status}", PANES[TIMELINE], subject.name, naming.call(waterfall, 0));
    let inner = pane::border(scene, TIMELINE, &title, area, buffer);
    let legend = legend(scene.look, usize::from(inner.width));
    let legend_rows = u16::try_from(legend.len()).unwrap_or(0);
    let [head, body, foot] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Fill(1),
        Constraint::Length(legend_rows),
    ])
    .areas(inner);
    // One column is the mark of the selected row.
    let widths = Widths::of(usize::from(inner.width.saturating_sub(1)));
    let picture = Picture {
        look: scene.look,
        naming,
        waterfall,
        axis: Axis::new(
            (waterfall.begun, waterfall.last),
            scene.view.time_zoom,
            subject.now,
            widths.bars,
        ),
        widths,
        now: subject.now,
    };
    let rows = subject.rows(scene);
    let axis = Rect { x: head.x + 1, width: head.width.saturating_sub(1), ..head };
    picture.axis_line().render(axis, buffer);
    let lines: Vec<Line<'_>> = rows.iter().map(|row| picture.row(row)).collect();
    let at = scene.view.chosen(TIMELINE).unwrap_or_else(|| at_cursor(&rows, subject.now));
    pane::rows(scene, (TIMELINE, at.min(lines.len().saturating_sub(1))), &lines, body, buffer);
    for (line, y) in legend.iter().zip(foot.y..) {
        line.render(Rect { y, height: 1, ..foot }, buffer);
    }
}

/// The row on which something happens at the cursor: the deepest that is under way.
fn at_cursor(rows: &[super::rows::Row], now: SimTime) -> usize {
    let is_under_way = |row: &super::rows::Row| {
        row.stretches.iter().any(|stretch| stretch.from <= now && now < stretch.to)
    };
    rows.iter().rposition(is_under_way).unwrap_or(0)
}

fn text(scene: &Scene<'_>, pane: usize, lines: &[Text], area: Rect, buffer: &mut Buffer) {
    let inner = pane::border(scene, pane, PANES[pane], area, buffer);
    let width = usize::from(inner.width.saturating_sub(1));
    let lines: Vec<Line<'_>> = lines
        .iter()
        .map(|(tone, text)| {
            let role = match tone {
                Tone::Plain => Role::Text,
                Tone::Heading => Role::Title,
                Tone::Dim => Role::Dim,
                Tone::Warn => Role::Warn,
            };
            let cut = text.chars().count() > width;
            let mut shown: String = text.chars().take(width - usize::from(cut)).collect();
            if cut {
                shown.push_str(scene.look.sign(Sign::Ellipsis));
            }
            Line::from(Span::styled(shown, scene.look.style(role)))
        })
        .collect();
    let selected = scene.view.selected(pane).min(lines.len().saturating_sub(1));
    pane::rows(scene, (pane, selected), &lines, inner, buffer);
}

/// The lines of the accounting.
pub(super) fn accounting(scene: &Scene<'_>, subject: &Subject) -> Vec<Text> {
    let accounts = Accounts::of(scene, &subject.waterfall, subject.now);
    accounting::lines(&Naming::of(scene), &accounts)
}

/// The lines of the decisions about retries, with the entry that each leads to.
pub(super) fn retries(scene: &Scene<'_>, subject: &Subject) -> Vec<(Option<u64>, Text)> {
    let mut lines = Vec::new();
    for decision in decisions::decisions(scene, &subject.waterfall) {
        let entry = Some(decision.entry);
        let sign = scene.look.sign(if decision.is_allowed { Sign::Good } else { Sign::Bad });
        let (about, verdict) =
            decision.headline.rsplit_once("; ").unwrap_or((&decision.headline, ""));
        let name = u32::try_from(decision.entry).map_or_else(
            |_| String::new(),
            |entry| meshwalk_sim::timeline::EventId(entry).dense_name(),
        );
        lines.push((entry, (Tone::Heading, format!("{sign} {name} +{} {about}", decision.after))));
        lines.push((entry, (Tone::Plain, format!("  {verdict}"))));
        let grounds = decision.grounds.iter();
        let short = |ground| files_alone(ground);
        lines.extend(grounds.map(|it| (entry, (Tone::Dim, format!("    {}", short(it))))));
    }
    if lines.is_empty() {
        let none = "Nothing failed that somebody could have tried again.";
        lines.push((None, (Tone::Dim, none.to_owned())));
    }
    lines
}

/// The lines of the settings.
pub(super) fn settings(scene: &Scene<'_>, subject: &Subject) -> Vec<Text> {
    let mut lines = Vec::new();
    for setting in settings::settings(scene, &subject.waterfall) {
        lines.push((Tone::Heading, setting.call));
        let texts = setting.lines.iter().map(|line| files_alone(line));
        lines.extend(texts.map(|line| (Tone::Plain, format!("  {line}"))));
    }
    lines
}

/// The same with the folders of files in brackets left out: a pane has no room for them.
fn files_alone(text: &str) -> String {
    let mut short = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('[') {
        let Some((place, beyond)) = after.split_once(']') else { break };
        let file = place.rsplit('/').next().unwrap_or(place);
        short.push_str(&format!("{before}[{file}]"));
        rest = beyond;
    }
    short.push_str(rest);
    short
}
