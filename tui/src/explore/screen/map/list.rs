//! The Map as a list, where the graph has no room: every box with what it is and gets, and below it
//! the calls that it makes.

use std::ops::Range;

use ratatui::text::{Line, Span};

use crate::explore::look::{Look, Role, Sign};
use crate::explore::screen::signals::{self, Health};

use super::canvas::Stroke;
use super::detail;
use super::graph::NodeKind;
use super::model::{Flow, Item, Model, Use, When, box_title};

use meshwalk_sim::timeline::series::Signal;

/// Columns for the name of a box or of a callee.
const NAME_WIDTH: usize = 24;

/// All rows, in the order of the items; those that are not seen are left empty.
pub(super) fn lines(model: &Model<'_>, seen: &Range<usize>, look: &Look) -> Vec<Line<'static>> {
    let rows = model.items.iter().enumerate();
    rows.map(|(row, item)| match seen.contains(&row) {
        true => line(model, *item, look),
        false => Line::default(),
    })
    .collect()
}

fn line(model: &Model<'_>, item: Item, look: &Look) -> Line<'static> {
    match item {
        Item::Node(node) => node_line(model, node, look),
        Item::Edge(edge) => edge_line(model, edge, look),
    }
}

fn node_line(model: &Model<'_>, place: usize, look: &Look) -> Line<'static> {
    let node = &model.graph.nodes[place];
    let here = match (model.here == Some(place), node.kind) {
        (true, _) => look.sign(Sign::Here),
        (false, NodeKind::Namespace) => look.sign(Sign::Folded),
        (false, _) => " ",
    };
    let paths: Vec<&str> = node.data_paths.iter().copied().collect();
    let place_text = match node.kind {
        NodeKind::Source => "traffic".to_owned(),
        NodeKind::Namespace => "namespace".to_owned(),
        _ if node.namespace.is_empty() => "outside".to_owned(),
        _ => format!("{} {}", node.namespace, paths.join("+")),
    };
    let figures = model.figures(place);
    let signal = if node.kind == NodeKind::Source { "sends" } else { "gets" };
    let traffic = match figures.count(Signal::Begun) {
        0 => signals::traffic_in_short(figures),
        _ => format!("{signal} {}", signals::traffic(figures, Signal::Begun)),
    };
    let name = padded(&box_title(node), NAME_WIDTH + 6, look);
    Line::from(vec![
        Span::styled(format!("{here} "), look.style(Role::Info)),
        Span::styled(name, look.style(Role::Title)),
        Span::styled(padded(&place_text, 18, look), look.style(Role::Dim)),
        Span::styled(traffic, look.style(Role::Text)),
    ])
}

fn edge_line(model: &Model<'_>, place: usize, look: &Look) -> Line<'static> {
    let flow = model.flow(place);
    let callee = &model.graph.nodes[model.graph.edges[place].to];
    let (role, text) = detail::edge_text(model, place);
    let line_role = line_role(flow);
    let line_sign = match flow.stroke() {
        Stroke::Single => look.sign(Sign::Plain),
        Stroke::Double => look.sign(Sign::Encrypted),
    };
    let p99 = match flow.lately.latency(0.99) {
        Some(p99) => format!("  p99 {}", signals::span(Some(p99))),
        None => String::new(),
    };
    let through = match &model.graph.waypoints_of(place)[..] {
        [] => String::new(),
        _ => "  by a waypoint".to_owned(),
    };
    let (number_role, number) = call_numbers(&model.calls[place]);
    Line::from(vec![
        Span::raw("   "),
        Span::styled(format!("{number:>3}"), look.style(number_role)),
        Span::styled(format!(" {line_sign}"), look.style(line_role)),
        Span::styled(head(flow, look), look.style(line_role)),
        Span::styled(format!(" {}", padded(&callee.name, NAME_WIDTH, look)), look.style(role)),
        Span::styled(text, look.style(role)),
        Span::styled(format!("{p99}{through}"), look.style(Role::Dim)),
    ])
}

/// The end of the line of an edge.
pub(super) fn head(flow: &Flow, look: &Look) -> &'static str {
    match Health::of(&flow.lately) {
        Health::Failed => look.sign(Sign::Bad),
        _ => look.sign(Sign::Right),
    }
}

/// The role of the line of an edge.
pub(super) fn line_role(flow: &Flow) -> Role {
    match (flow.use_so_far, Health::of(&flow.lately), flow.stroke()) {
        (Use::NotYet | Use::Untold, ..) => Role::Dim,
        (_, health, _) if health.is_bad() => Role::Bad,
        (_, _, Stroke::Double) => Role::Encrypted,
        (_, _, Stroke::Single) => Role::Text,
    }
}

/// The numbers of the calls of the request along an edge, in three columns at most.
pub(super) fn call_numbers(calls: &[(usize, When)]) -> (Role, String) {
    let here = calls.iter().find(|(_, when)| *when == When::Here);
    let begun = calls.iter().any(|(_, when)| *when == When::Past);
    let role = match (here, begun) {
        (Some(_), _) => Role::Selected,
        (None, true) => Role::Info,
        (None, false) => Role::Dim,
    };
    let numbers: Vec<String> = calls.iter().map(|(number, _)| number.to_string()).collect();
    let text = numbers.join(",");
    if text.len() <= 3 {
        return (role, text);
    }
    let first = here.or(calls.first()).map_or(0, |(number, _)| *number);
    (role, format!("{first}+"))
}

/// Text in so many columns; what is too long is cut.
pub(super) fn padded(text: &str, width: usize, look: &Look) -> String {
    let length = text.chars().count();
    if length <= width {
        return format!("{text}{}", " ".repeat(width - length));
    }
    let kept: String = text.chars().take(width - 1).collect();
    format!("{kept}{}", look.sign(Sign::Ellipsis))
}
