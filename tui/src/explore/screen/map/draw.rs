//! The Map on a buffer: the graph where it fits, the list where it does not, and what is selected
//! in words beside it.

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout as Split, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::explore::frame::pane;
use crate::explore::frame::room::Room;
use crate::explore::look::{Glyphs, Role, Sign};
use crate::explore::scene::Scene;
use crate::explore::screen::signals::{self, Health};

use super::PANES;
use super::alone;
use super::canvas;
use super::detail;
use super::list;
use super::model::{Item, MAP, Model, PORT_WIDTH, Use, box_title};
use super::plan::{Heading, Layout, Place};

/// The pane with what is selected.
pub(super) const DETAIL: usize = 1;
/// Rows of that pane where it stands below the graph.
const DETAIL_HEIGHT: u16 = 10;
/// Columns of one column of text in it.
const DETAIL_WIDTH: u16 = 58;

/// Rows of it where the graph needs the others.
const DETAIL_HEIGHT_MIN: u16 = 6;

/// How the Map is shown.
#[derive(Clone, Copy, Debug)]
pub(super) enum Form<'m> {
    Graph(&'m Layout),
    List,
}

/// Draws it.
pub(super) fn draw(scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
    let model = Model::of(scene);
    let room = Room::for_screen(scene, area);
    let form = form(&model, Room::of(area), area);
    match (room, form, scene.view.focus()) {
        (Room::Narrow, _, DETAIL) => draw_detail(scene, &model, area, buffer),
        (Room::Narrow, ..) => draw_map(scene, (&model, form), area, buffer),
        (_, Form::Graph(layout), _) => {
            // Two borders, and the line of those without calls.
            let beside = 2 + usize::from(alone::is_needed(&model));
            let graph = u16::try_from(layout.height + beside).unwrap_or(u16::MAX);
            let rest = area.height.saturating_sub(graph);
            // What has to be scrolled anyway takes no row from what is selected.
            let detail = match rest < DETAIL_HEIGHT_MIN {
                true => DETAIL_HEIGHT,
                false => rest.min(DETAIL_HEIGHT),
            };
            let parts = [Constraint::Min(8), Constraint::Length(detail)];
            let [map, detail] = Split::vertical(parts).areas(area);
            draw_map(scene, (&model, form), map, buffer);
            draw_detail(scene, &model, detail, buffer);
        }
        (_, Form::List, _) => {
            let parts = [Constraint::Percentage(62), Constraint::Percentage(38)];
            let [map, detail] = Split::horizontal(parts).areas(area);
            draw_map(scene, (&model, form), map, buffer);
            draw_detail(scene, &model, detail, buffer);
        }
    }
}

/// The graph where its whole width can be seen. On a screen with some room it may also be up to
/// twice as wide, and then follows what is selected; on a small one a list says more.
pub(super) fn form<'m>(model: &'m Model<'_>, room: Room, area: Rect) -> Form<'m> {
    let visible = usize::from(area.width.saturating_sub(2));
    let most = if room == Room::Narrow { visible } else { 2 * visible };
    let layout = model.layouts.as_ref().and_then(|layouts| layouts.fitting(visible, most));
    layout.map_or(Form::List, Form::Graph)
}

fn draw_map(
    scene: &Scene<'_>,
    (model, form): (&Model<'_>, Form<'_>),
    area: Rect,
    buffer: &mut Buffer,
) {
    let title = match &model.request {
        Some(request) => format!("{}  the way of {request}", PANES[MAP]),
        None => PANES[MAP].to_owned(),
    };
    let title = match form {
        Form::Graph(layout) if layout.width + 2 > usize::from(area.width) => {
            format!("{title}  (wider than this: it follows the rows)")
        }
        _ => title,
    };
    let inner = pane::border(scene, MAP, &title, area, buffer);
    let (needed, has_line) = match form {
        Form::Graph(layout) => (layout.height, alone::is_needed(model)),
        Form::List => (0, false),
    };
    let line_height = u16::from(has_line);
    // Where each row counts, the legend stands on the border.
    let is_full = needed + usize::from(line_height + 1) > usize::from(inner.height);
    let parts = [
        Constraint::Min(1),
        Constraint::Length(line_height),
        Constraint::Length(u16::from(!is_full)),
    ];
    let [body, line, legend] = Split::vertical(parts).areas(inner);
    if has_line {
        alone::draw(scene, model, line, buffer);
    }
    let on_border = Rect { y: inner.bottom(), height: 1, ..inner };
    let text = legend_text(scene, model);
    let (text, area) = if is_full { (format!(" {text} "), on_border) } else { (text, legend) };
    let dim = scene.look.style(Role::Dim);
    buffer.set_stringn(area.x, area.y, text, area.width.into(), dim);
    match form {
        Form::Graph(layout) => draw_graph(scene, (model, layout), body, buffer),
        Form::List => {
            let selected = model.selected_row(scene);
            let seen = pane::seen(selected, model.items.len(), body);
            let lines = list::lines(model, &seen, scene.look);
            pane::rows(scene, (MAP, selected), &lines, body, buffer);
        }
    }
}

fn legend_text(scene: &Scene<'_>, model: &Model<'_>) -> String {
    let look = scene.look;
    let calls = match model.graph.waypoints.is_empty() {
        true => "1 2 the request's calls",
        false => "1 2 its calls  w waypoint",
    };
    format!(
        "{} plain  {} encrypted  {} all fail  {} here  {calls}",
        look.sign(Sign::Plain),
        look.sign(Sign::Encrypted),
        look.sign(Sign::Bad),
        look.sign(Sign::Here),
    )
}

fn draw_detail(scene: &Scene<'_>, model: &Model<'_>, area: Rect, buffer: &mut Buffer) {
    let inner = pane::border(scene, DETAIL, PANES[DETAIL], area, buffer);
    let Some(item) = model.selected(scene) else { return };
    let rows = detail::rows(model, item);
    let lines: Vec<Line<'_>> = rows
        .iter()
        .map(|row| Line::from(Span::styled(row.text.as_str(), scene.look.style(row.role))))
        .collect();
    let height = usize::from(inner.height.max(1));
    let columns = (inner.width / DETAIL_WIDTH).max(1);
    let room = height * usize::from(columns);
    let has_focus = scene.view.focus() == DETAIL;
    let wanted = if has_focus { scene.view.selected(DETAIL) } else { 0 };
    let top = wanted.min(lines.len().saturating_sub(room));
    // Side by side what does not fit below each other.
    let areas = Split::horizontal(vec![Constraint::Fill(1); columns.into()]).split(inner);
    for (lines, area) in lines[top..].chunks(height).zip(areas.iter()) {
        pane::text(scene.look, lines, *area, buffer);
    }
}

/// A part of the graph on the screen.
struct Window<'b> {
    area: Rect,
    /// The cell of the graph in its upper left corner.
    left: usize,
    top: usize,
    buffer: &'b mut Buffer,
}

impl Window<'_> {
    /// Writes text from a cell of the graph on; what lies outside is cut.
    fn write(&mut self, (x, y): (usize, usize), text: &str, style: Style) {
        let Some(row) = y.checked_sub(self.top).filter(|row| *row < self.area.height.into()) else {
            return;
        };
        for (column, character) in (x..).zip(text.chars()) {
            let Some(column) = column.checked_sub(self.left) else { continue };
            if column >= self.area.width.into() {
                return;
            }
            let (x, y) = (self.area.x + column as u16, self.area.y + row as u16);
            self.buffer[(x, y)].set_char(character).set_style(style);
        }
    }
}

fn draw_graph(
    scene: &Scene<'_>,
    (model, layout): (&Model<'_>, &Layout),
    area: Rect,
    buffer: &mut Buffer,
) {
    let selected = model.selected(scene);
    let centre = match selected {
        Some(Item::Node(node)) => centre_of(layout.places[node]),
        Some(Item::Edge(edge)) => layout.routes[edge].corners.last().copied().unwrap_or_default(),
        None => (0, 0),
    };
    let scrolled = |at: usize, size: usize, room: u16| {
        at.saturating_sub(usize::from(room) / 2).min(size.saturating_sub(room.into()))
    };
    let mut window = Window {
        area,
        left: scrolled(centre.0, layout.width, area.width),
        top: scrolled(centre.1, layout.height, area.height),
        buffer,
    };
    draw_lines(scene, (model, layout), selected, &mut window);
    for node in 0..model.graph.nodes.len() {
        if layout.places[node] == Place::NOWHERE {
            continue;
        }
        draw_box(scene, (model, layout), (node, selected), &mut window);
    }
}

fn centre_of(place: Place) -> (usize, usize) {
    (place.x + place.width / 2, place.y + place.height / 2)
}

fn draw_lines(
    scene: &Scene<'_>,
    (model, layout): (&Model<'_>, &Layout),
    selected: Option<Item>,
    window: &mut Window<'_>,
) {
    let look = scene.look;
    let style = |edge: usize| {
        let role = if selected == Some(Item::Edge(edge)) {
            Role::Focus
        } else {
            list::line_role(model.flow(edge))
        };
        look.style(role)
    };
    for (cell, ink) in canvas::ink(layout, |edge| model.flow(edge).stroke()) {
        let Some(edge) = ink.edges[0].or(ink.edges[1]) else { continue };
        window.write(cell, ink.glyph(look.glyphs), style(edge));
    }
    for (edge, route) in layout.routes.iter().enumerate() {
        let (Some(first), Some(last)) = (route.corners.first(), route.corners.last()) else {
            continue;
        };
        let flow = model.flow(edge);
        let (number_role, number) = list::call_numbers(&model.calls[edge]);
        match route.heading {
            Heading::Right => {
                window.write(*last, list::head(flow, look), style(edge));
                let bend = route.corners.iter().rev().nth(1).map_or(0, |corner| corner.0);
                let room = last.0.saturating_sub(bend + 1).max(1);
                let number = list::padded(&number, number.chars().count().min(room), look);
                let length = number.chars().count();
                window.write((last.0 - length, last.1), &number, look.style(number_role));
            }
            Heading::Left => window.write(*first, look.sign(Sign::Left), style(edge)),
        }
        if !model.graph.waypoints_of(edge).is_empty() {
            window.write(*first, "w", look.style(Role::Info));
        }
        if selected == Some(Item::Edge(edge)) {
            window.write(*first, look.sign(Sign::Cursor), style(edge));
        }
    }
}

fn draw_box(
    scene: &Scene<'_>,
    (model, layout): (&Model<'_>, &Layout),
    (node, selected): (usize, Option<Item>),
    window: &mut Window<'_>,
) {
    let look = scene.look;
    let place = layout.places[node];
    let is_selected = selected == Some(Item::Node(node));
    let border = look.style(if is_selected { Role::Focus } else { Role::Border });
    let [corners, line, bar] = match look.glyphs {
        Glyphs::Ascii => ["++++", "-", "|"],
        Glyphs::Unicode => ["┌┐└┘", "─", "│"],
    };
    let corner = |place: usize| corners.chars().nth(place).unwrap_or(' ');
    let (last_x, last_y) = (place.x + place.width - 1, place.y + place.height - 1);
    let across = line.repeat(place.width - 2);
    let (upper, lower) = (
        format!("{}{across}{}", corner(0), corner(1)),
        format!("{}{across}{}", corner(2), corner(3)),
    );
    window.write((place.x, place.y), &upper, border);
    window.write((place.x, last_y), &lower, border);
    for y in place.y + 1..last_y {
        window.write((place.x, y), bar, border);
        window.write((last_x, y), bar, border);
    }
    let mark = match (is_selected, model.here == Some(node)) {
        (_, true) => look.sign(Sign::Here),
        (true, false) => look.sign(Sign::Cursor),
        (false, false) => line,
    };
    let room = place.width - 3;
    let whole = box_title(&model.graph.nodes[node]);
    // The name tells boxes apart; how many pods there are is said beside the graph too.
    let fits = whole.chars().count() <= room;
    let title = if fits { whole } else { model.graph.nodes[node].name.clone() };
    let title = list::padded(&title, title.chars().count().min(room), look);
    let title_role = if is_selected { Role::Selected } else { Role::Title };
    window.write((place.x + 1, place.y), mark, look.style(Role::Info));
    window.write((place.x + 2, place.y), &title, look.style(title_role));
    let paths: Vec<&str> = model.graph.nodes[node].data_paths.iter().copied().collect();
    let paths = paths.join("+");
    let paths: String = paths.chars().take(place.width - 3).collect();
    window.write((place.x + 1, last_y), &paths, look.style(Role::Dim));
    draw_ports(scene, (model, layout), node, window);
}

/// What comes in on each row of a box.
fn draw_ports(
    scene: &Scene<'_>,
    (model, layout): (&Model<'_>, &Layout),
    node: usize,
    window: &mut Window<'_>,
) {
    let look = scene.look;
    for edge in model.graph.calls_to(node) {
        let route = &layout.routes[edge];
        let (Heading::Right, Some((x, y))) = (route.heading, route.corners.last()) else {
            continue;
        };
        let flow = model.flow(edge);
        if flow.use_so_far != Use::Used {
            continue;
        }
        let (role, sign) = match Health::of(&flow.lately) {
            Health::Quiet => (Role::Dim, look.sign(Sign::Pause)),
            Health::Well => (Role::Good, look.sign(Sign::Good)),
            Health::Denied | Health::Failing | Health::Failed => (Role::Bad, look.sign(Sign::Bad)),
        };
        let rate = signals::traffic_in_short(&flow.lately);
        let rate: String = rate.chars().take(PORT_WIDTH - 1).collect();
        window.write((x + 2, *y), sign, look.style(role));
        window.write((x + 3, *y), &rate, look.style(Role::Text));
    }
}
