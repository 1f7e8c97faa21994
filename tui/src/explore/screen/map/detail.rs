//! What the pane beside the Map says of the box or the edge that is selected: what it is, and its
//! figures at the cursor, in words.

use meshwalk_sim::timeline::series::{Figures, Gauge, Signal};

use crate::explore::look::Role;
use crate::explore::screen::signals::{self, Health};

use super::graph::{Node, NodeKind};
use super::model::{Item, Model, Use, When};

/// A line with the role of its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) role: Role,
    pub(super) text: String,
}

fn row(role: Role, text: impl Into<String>) -> Row {
    Row { role, text: text.into() }
}

/// What there is to say of an item.
pub(super) fn rows(model: &Model<'_>, item: Item) -> Vec<Row> {
    match item {
        Item::Node(node) => of_node(model, node),
        Item::Edge(edge) => of_edge(model, edge),
    }
}

/// `the last 6.00s`, or less where the run is younger.
pub(super) fn while_text(figures: &Figures) -> String {
    format!("in the last {}", signals::span(Some(figures.span())))
}

fn of_node(model: &Model<'_>, place: usize) -> Vec<Row> {
    let node = &model.graph.nodes[place];
    let figures = model.figures(place);
    let mut rows = vec![row(Role::Title, node.full_name()), row(Role::Text, what_it_is(node))];
    if let [first, ..] = &node.services[..]
        && (node.services.len() > 1 || *first != node.full_name())
    {
        rows.push(row(Role::Text, format!("served as {}", node.services.join(", "))));
    }
    rows.push(row(Role::Dim, while_text(figures)));
    rows.extend(signal_rows(figures, verbs(node.kind)));
    if node.kind == NodeKind::Workload {
        rows.extend(worker_rows(figures));
    }
    for (title, edges) in [
        ("called by", model.graph.calls_to(place).collect::<Vec<usize>>()),
        ("calls", model.graph.calls_from(place).collect()),
    ] {
        if edges.is_empty() {
            continue;
        }
        rows.push(row(Role::Title, title));
        for edge in edges {
            let ends = &model.graph.edges[edge];
            let other = if title == "calls" { ends.to } else { ends.from };
            let (role, text) = edge_text(model, edge);
            rows.push(row(role, format!(" {}  {text}", model.graph.nodes[other].name)));
        }
    }
    rows
}

fn of_edge(model: &Model<'_>, place: usize) -> Vec<Row> {
    let edge = &model.graph.edges[place];
    let flow = model.flow(place);
    let name = |node| model.graph.full_name(node);
    let mut rows = vec![
        row(Role::Title, format!("{} to {}", name(edge.from), name(edge.to))),
        row(Role::Text, use_text(flow.use_so_far, &signals::protection(&flow.protections))),
    ];
    if flow.use_so_far == Use::Used {
        rows.push(row(Role::Dim, while_text(&flow.lately)));
        rows.extend(signal_rows(&flow.lately, ("begun", "ended")));
    }
    let waypoints = model.graph.waypoints_of(place);
    if !waypoints.is_empty() {
        rows.push(row(Role::Text, format!("through the waypoint {}", waypoints.join(", "))));
    }
    let calls = &model.calls[place];
    if !calls.is_empty() {
        let numbers: Vec<String> = calls.iter().map(|(number, _)| number.to_string()).collect();
        let request = model.request.as_deref().unwrap_or("the request");
        let is_here = calls.iter().any(|(_, when)| *when == When::Here);
        let here = if is_here { ", where the cursor is" } else { "" };
        rows.push(row(Role::Info, format!("call {} of {request}{here}", numbers.join(", "))));
    }
    rows
}

/// How the requests of an edge go out.
pub(super) fn use_text(use_so_far: Use, protection: &str) -> String {
    match use_so_far {
        Use::NotYet => "not used yet".to_owned(),
        Use::Used if protection.is_empty() => "no connection of its own is seen".to_owned(),
        Use::Used => format!("requests go out in {protection}"),
        Use::Untold => "its endpoints; figures stand at the callers".to_owned(),
    }
}

fn what_it_is(node: &Node) -> String {
    let pods = if node.size == 1 { "1 pod".to_owned() } else { format!("{} pods", node.size) };
    let paths: Vec<&str> = node.data_paths.iter().copied().collect();
    let paths = if paths.is_empty() { String::new() } else { format!(", {}", paths.join(" and ")) };
    match node.kind {
        NodeKind::Source => "a source of traffic".to_owned(),
        NodeKind::Workload if node.namespace.is_empty() => "a host outside the cluster".to_owned(),
        NodeKind::Workload => format!("a workload of {pods}{paths}"),
        NodeKind::Service => "a Service".to_owned(),
        NodeKind::Namespace => {
            format!("{} workloads and Services{paths}; Enter unfolds it", node.size)
        }
    }
}

/// What beginning and ending are called, for a box of this kind.
const fn verbs(kind: NodeKind) -> (&'static str, &'static str) {
    match kind {
        NodeKind::Source => ("sent", "answered"),
        NodeKind::Workload | NodeKind::Namespace => ("reached it", "answered"),
        NodeKind::Service => ("called", "answered"),
    }
}

/// The golden signals of a span.
fn signal_rows(figures: &Figures, (begun, ended): (&str, &str)) -> Vec<Row> {
    let health = Health::of(figures);
    let success = match health {
        Health::Quiet => row(Role::Dim, " success  nothing ended"),
        Health::Well => row(Role::Good, format!(" success  all {}", figures.count(Signal::Ended))),
        Health::Denied => row(Role::Bad, format!(" success  but {}", health.text(figures))),
        Health::Failing | Health::Failed => {
            row(Role::Bad, format!(" success  {}", signals::share(figures.success())))
        }
    };
    let latency = |q| signals::span(figures.latency(q));
    let mut rows = vec![
        row(
            Role::Text,
            format!(
                " rate     {} {begun}, {} {ended}",
                signals::traffic(figures, Signal::Begun),
                signals::traffic(figures, Signal::Ended),
            ),
        ),
        success,
        row(
            Role::Text,
            format!(" latency  p50 {}  p90 {}  p99 {}", latency(0.5), latency(0.9), latency(0.99)),
        ),
        row(Role::Text, format!(" now      {} under way", figures.level(Gauge::InFlight))),
    ];
    rows.extend(
        signals::failures(figures).into_iter().map(|it| row(Role::Bad, format!(" ! {it}"))),
    );
    let extras = signals::extras(figures);
    if !extras.is_empty() {
        rows.push(row(Role::Warn, format!(" also     {}", extras.join(", "))));
    }
    rows
}

fn worker_rows(figures: &Figures) -> Vec<Row> {
    let Some(capacity) = figures.capacity else { return Vec::new() };
    let saturation = figures.saturation().unwrap_or(0.0);
    let role = if saturation > 0.9 { Role::Warn } else { Role::Text };
    vec![row(
        role,
        format!(
            " workers  {} of {capacity} work ({:.0}%), {} requests wait",
            signals::mean(figures.mean(Gauge::Working)),
            saturation * 100.0,
            figures.level(Gauge::Waiting),
        ),
    )]
}

/// The figures of an edge in one line.
pub(super) fn edge_text(model: &Model<'_>, edge: usize) -> (Role, String) {
    let flow = model.flow(edge);
    match flow.use_so_far {
        Use::NotYet => return (Role::Dim, "not used yet".to_owned()),
        Use::Untold => return (Role::Dim, String::new()),
        Use::Used => {}
    }
    let figures = &flow.lately;
    let health = Health::of(figures);
    let role = match health {
        Health::Quiet => Role::Dim,
        Health::Well => Role::Text,
        Health::Denied | Health::Failing | Health::Failed => Role::Bad,
    };
    let protection = signals::protection(&flow.protections);
    let ended = match health {
        Health::Quiet if figures.count(Signal::Begun) == 0 => String::new(),
        _ => health.text(figures),
    };
    let traffic = match figures.count(Signal::Begun) {
        0 => signals::traffic_in_words(figures),
        _ => signals::traffic(figures, Signal::Begun),
    };
    let text = format!("{protection} {traffic} {ended}");
    (role, text.trim().to_owned())
}
