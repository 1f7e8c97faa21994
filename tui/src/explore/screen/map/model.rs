//! What the Map shows at the cursor, as plain data: the part of the graph that is shown, its rows
//! in the order in which one selects them, the figures of each, and the way of the request.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};

use meshwalk_models::path::Protection;
use meshwalk_models::units::SimDuration;
use meshwalk_sim::log::RequestRow;
use meshwalk_sim::timeline::series::{Cut, Figures, Look as SeriesLook, Row, Signal};

use crate::explore::scene::Scene;

use super::canvas::Stroke;
use super::fold::{self, Wanted};
use super::graph::{Graph, NodeKind};
use super::plan::{self, Layout, Margins, Place, Sketch};

/// The pane with the graph.
pub(super) const MAP: usize = 0;

/// Figures are those of so many windows before the cursor.
const WINDOWS: u64 = 12;

/// What can be selected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Item {
    Node(usize),
    Edge(usize),
}

/// What flows along an edge.
#[derive(Clone, Debug)]
pub(super) struct Flow {
    /// Of the last while.
    pub(super) lately: Figures,
    /// How requests on it went out so far, the most frequent first.
    pub(super) protections: Vec<(Protection, u64)>,
    /// Whether anything ever went on it.
    pub(super) use_so_far: Use,
}

/// Whether an edge was used up to the cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    NotYet,
    Used,
    /// Nobody who calls along it is seen by a log, such as a Service's own pods.
    Untold,
}

/// Before or after the cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum When {
    Past,
    Here,
    Future,
}

/// What the Map shows. Figures are found out when somebody asks for them: of a large graph few
/// boxes and edges are seen.
pub(super) struct Model<'a> {
    pub(super) graph: Graph,
    pub(super) items: Vec<Item>,
    /// None where so many boxes are shown that nobody finds anything among their lines.
    pub(super) layouts: Option<Layouts>,
    look: SeriesLook<'a>,
    nodes: Vec<OnceCell<Figures>>,
    flows: Vec<OnceCell<Flow>>,
    /// By edge, the calls of the request that go along it, by their numbers.
    pub(super) calls: Vec<Vec<(usize, When)>>,
    /// The box in which the entry at the cursor happened.
    pub(super) here: Option<usize>,
    /// The request that is drawn.
    pub(super) request: Option<String>,
    /// How long the while is that figures are about.
    pub(super) span: SimDuration,
}

/// How close everything stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Density {
    /// With room around lines and names.
    Roomy,
    /// Without.
    Tight,
}

impl Density {
    /// Wider boxes would push everything else aside; names are cut.
    const fn name_max(self) -> usize {
        match self {
            Self::Roomy => 18,
            Self::Tight => 12,
        }
    }

    /// Cells of a box beside its name: two borders, a place for the sign of the cursor, and one
    /// behind the name where there is room.
    const fn beside_name(self) -> usize {
        match self {
            Self::Roomy => 4,
            Self::Tight => 3,
        }
    }

    fn margins(self) -> Margins {
        match self {
            Self::Roomy => Margins::default(),
            Self::Tight => Margins { left: 0, right: 2 },
        }
    }

    /// What a box is as wide as; how many pods it has is said where there is room left over.
    fn title(self, node: &super::graph::Node) -> String {
        match self {
            Self::Roomy => box_title(node),
            Self::Tight => node.name.clone(),
        }
    }
}

/// Room for what a row of an edge says in its box.
pub(super) const PORT_WIDTH: usize = 8;

impl<'a> Model<'a> {
    /// What is true at the cursor.
    pub(super) fn of(scene: &Scene<'a>) -> Self {
        let known = scene.session.map_graph();
        let whole = &known.graph;
        let series = scene.timeline.series();
        let span = SimDuration::from_ns(series.width().as_ns().saturating_mul(WINDOWS));
        let way = Way::of(scene, whole);
        let wanted = Wanted { unfolded: unfolded(scene, whole), pinned: way.nodes(whole) };
        let shown = fold::fold(whole, &wanted);
        let mut along: BTreeMap<(usize, usize), Vec<(usize, When)>> = BTreeMap::new();
        for (number, (edge, when)) in way.calls.iter().enumerate() {
            let edge = &whole.edges[*edge];
            let ends = (shown.stands_for[edge.from], shown.stands_for[edge.to]);
            along.entry(ends).or_default().push((number + 1, *when));
        }
        let graph = shown.graph;
        let edges = graph.edges.iter();
        let calls = edges.map(|edge| along.remove(&(edge.from, edge.to)).unwrap_or_default());
        let calls = calls.collect();
        let is_small = graph.nodes.len() <= 2 * fold::SHOWN_WHOLE;
        let layouts = known.layouts.clone().or_else(|| is_small.then(|| Layouts::of(&graph)));
        Self {
            items: items(&graph, layouts.as_ref().map(|it| &it.roomy)),
            look: series.upto(cut(scene)),
            nodes: vec![OnceCell::new(); graph.nodes.len()],
            flows: vec![OnceCell::new(); graph.edges.len()],
            calls,
            here: way.here.map(|node| shown.stands_for[node]),
            request: way.request.map(|request| scene.log().request_name(request)),
            span,
            layouts,
            graph,
        }
    }

    /// The figures of a box over the last while.
    pub(super) fn figures(&self, node: usize) -> &Figures {
        let rows = &self.graph.nodes[node].rows;
        self.nodes[node].get_or_init(|| figures(&self.look, rows, self.span))
    }

    /// What flows along an edge.
    pub(super) fn flow(&self, edge: usize) -> &Flow {
        let rows = &self.graph.edges[edge].rows;
        self.flows[edge].get_or_init(|| flow(&self.look, rows, self.span))
    }

    /// The row that is selected.
    pub(super) fn selected_row(&self, scene: &Scene<'_>) -> usize {
        let row = scene.view.chosen(MAP).unwrap_or_else(|| self.resting(scene));
        row.min(self.items.len().saturating_sub(1))
    }

    /// What is selected.
    pub(super) fn selected(&self, scene: &Scene<'_>) -> Option<Item> {
        self.items.get(self.selected_row(scene)).copied()
    }

    /// The row that is selected while nobody selects another: what somebody picked, or else where
    /// the request is, which in a waypoint is the call that it works for.
    pub(super) fn resting(&self, scene: &Scene<'_>) -> usize {
        let picked = scene.view.picked(MAP).and_then(|key| self.row_of(key));
        let of_item = |wanted: Item| self.items.iter().position(|item| *item == wanted);
        let here = || self.here.and_then(|node| of_item(Item::Node(node)));
        let is_here =
            |calls: &Vec<(usize, When)>| calls.iter().any(|(_, when)| *when == When::Here);
        let call = || of_item(Item::Edge(self.calls.iter().position(is_here)?));
        picked.or_else(here).or_else(call).unwrap_or_else(|| scene.view.selected(MAP))
    }

    /// The key under which an item is picked.
    pub(super) fn key_of(&self, item: Item) -> String {
        match item {
            Item::Node(node) => self.graph.full_name(node),
            Item::Edge(edge) => {
                let edge = &self.graph.edges[edge];
                format!("{} to {}", self.graph.full_name(edge.from), self.graph.full_name(edge.to))
            }
        }
    }

    /// The row of what a key names, if it is shown.
    fn row_of(&self, key: &str) -> Option<usize> {
        self.items.iter().position(|item| self.key_of(*item) == key)
    }
}

/// Where the cursor cuts the series.
pub(in crate::explore::screen) fn cut(scene: &Scene<'_>) -> Cut {
    let event = scene.event();
    let time = scene.log().get(event).map_or_else(Default::default, |entry| entry.time);
    Cut { time, entry: u64::from(event.0) }
}

/// The figures of one row, or of several together.
fn figures(look: &SeriesLook<'_>, rows: &[Row], span: SimDuration) -> Figures {
    match rows {
        [row] => look.over(*row, span),
        rows => look.over_all(rows, span),
    }
}

fn flow(look: &SeriesLook<'_>, rows: &[Row], span: SimDuration) -> Flow {
    let so_far = look.counts_so_far(rows);
    let use_so_far = match (rows, so_far.count(Signal::Begun)) {
        ([], _) => Use::Untold,
        (_, 0) => Use::NotYet,
        _ => Use::Used,
    };
    let lately = figures(look, rows, span);
    Flow { protections: so_far.protections(), lately, use_so_far }
}

impl Flow {
    /// How its line is drawn: as what most of its requests had.
    pub(super) fn stroke(&self) -> Stroke {
        match self.protections.first() {
            Some((Protection::MutualTls | Protection::Hbone, _)) => Stroke::Double,
            Some((Protection::Plaintext, _)) | None => Stroke::Single,
        }
    }
}

/// The order of rows: from left to right and from top to bottom where there is a layout, and by
/// name where there is none. The edges of a box follow it.
fn items(graph: &Graph, layout: Option<&Layout>) -> Vec<Item> {
    let order = match layout {
        Some(layout) => {
            let linked = graph.linked();
            let alone = (0..graph.nodes.len()).filter(|node| !linked[*node]);
            layout.order.iter().copied().chain(alone).collect()
        }
        None => {
            let mut order: Vec<usize> = (0..graph.nodes.len()).collect();
            order.sort_by_key(|node| {
                let node = &graph.nodes[*node];
                (node.kind != NodeKind::Source, node.namespace.clone(), node.name.clone())
            });
            order
        }
    };
    let mut out: Vec<Vec<usize>> = vec![Vec::new(); graph.nodes.len()];
    for (row, edge) in graph.edges.iter().enumerate() {
        out[edge.from].push(row);
    }
    let mut items = Vec::with_capacity(graph.nodes.len() + graph.edges.len());
    for node in order {
        items.push(Item::Node(node));
        items.extend(out[node].iter().map(|edge| Item::Edge(*edge)));
    }
    items
}

/// The same graph in each density.
#[derive(Clone, Debug)]
pub(super) struct Layouts {
    pub(super) roomy: Layout,
    tight: Layout,
}

impl Layouts {
    /// Of a graph.
    pub(super) fn of(graph: &Graph) -> Self {
        let of = |density| lay_out(graph, density);
        Self { roomy: of(Density::Roomy), tight: of(Density::Tight) }
    }

    /// The roomiest that is no wider than so many columns; if none is, the tightest, of which most
    /// is seen, unless it is wider than `most`.
    pub(super) fn fitting(&self, columns: usize, most: usize) -> Option<&Layout> {
        let seen = [&self.roomy, &self.tight].into_iter().find(|it| it.width <= columns);
        seen.or_else(|| (self.tight.width <= most).then_some(&self.tight))
    }
}

/// A layout of the boxes that have edges; the others stand in a line of their own.
fn lay_out(graph: &Graph, density: Density) -> Layout {
    let linked = graph.linked();
    let boxes: Vec<usize> = (0..graph.nodes.len()).filter(|node| linked[*node]).collect();
    let mut place_of = vec![None; graph.nodes.len()];
    for (place, node) in boxes.iter().enumerate() {
        place_of[*node] = Some(place);
    }
    let has_calls: BTreeSet<usize> = graph.edges.iter().map(|edge| edge.to).collect();
    let width = |row: &usize| {
        let name = density.title(&graph.nodes[*row]).chars().count().min(density.name_max());
        let port = if has_calls.contains(row) { PORT_WIDTH + 2 } else { 0 };
        port.max(name + density.beside_name())
    };
    let ends = |edge: &super::graph::Edge| Some((place_of[edge.from]?, place_of[edge.to]?));
    let layout = plan::lay_out(&Sketch {
        widths: boxes.iter().map(width).collect(),
        edges: graph.edges.iter().filter_map(ends).collect(),
        margins: density.margins(),
    });
    let place = |place: &Option<usize>| place.map_or(Place::NOWHERE, |it| layout.places[it]);
    Layout {
        places: place_of.iter().map(place).collect(),
        order: layout.order.iter().map(|place| boxes[*place]).collect(),
        ..layout
    }
}

/// What the border of a box says.
pub(super) fn box_title(node: &super::graph::Node) -> String {
    match node.kind {
        NodeKind::Workload if node.size > 1 => format!("{} x{}", node.name, node.size),
        NodeKind::Namespace => format!("{} ({})", node.name, node.size),
        _ => node.name.clone(),
    }
}

/// Namespaces that somebody unfolded.
fn unfolded(scene: &Scene<'_>, graph: &Graph) -> BTreeSet<String> {
    let namespaces: BTreeSet<&String> = graph.nodes.iter().map(|node| &node.namespace).collect();
    namespaces
        .into_iter()
        .filter(|name| scene.view.is_turned_over(MAP, &fold_key(name)))
        .cloned()
        .collect()
}

/// The key under which a namespace is turned over.
pub(super) fn fold_key(namespace: &str) -> String {
    format!("namespace {namespace}")
}

/// What the name of a call ends with that a waypoint makes for another.
const RELAY: &str = "/waypoint";

/// The way of the request that the entry at the cursor belongs to.
struct Way {
    request: Option<RequestRow>,
    /// Edges of the graph in the order in which its calls began.
    calls: Vec<(usize, When)>,
    here: Option<usize>,
}

impl Way {
    fn of(scene: &Scene<'_>, graph: &Graph) -> Self {
        let log = scene.log();
        let none = Self { request: None, calls: Vec::new(), here: None };
        let Some(entry) = log.get(scene.event()) else { return none };
        let here = node_of_pod(scene, graph, entry.pod);
        let Some(request) = log.request_at(entry.id) else { return Self { here, ..none } };
        let current = log.track(entry.subject).hop;
        let relayed = current.and_then(|hop| log.subjects().hop_text(hop).strip_suffix(RELAY));
        let mut edge_of: BTreeMap<usize, usize> = BTreeMap::new();
        for (row, edge) in graph.edges.iter().enumerate() {
            for of in &edge.rows {
                if let Row::Edge(layout_row) = of {
                    edge_of.insert(*layout_row, row);
                }
            }
        }
        let mut calls = Vec::new();
        for call in log.calls_of(request) {
            let began = call.tries.first().and_then(|first| first.began);
            // What a waypoint does for a call is the same call.
            let text = log.subjects().hop_text(call.hop);
            let is_relay = text.ends_with(RELAY);
            let (Some(edge), Some(began), false) =
                (call.edge.and_then(|edge| edge_of.get(&(edge as usize))), began, is_relay)
            else {
                continue;
            };
            let is_current = current == Some(call.hop) || relayed == Some(text);
            let when = match (began > entry.id, is_current) {
                (true, _) => When::Future,
                (false, true) => When::Here,
                (false, false) => When::Past,
            };
            calls.push((began, *edge, when));
        }
        calls.sort_by_key(|(began, ..)| *began);
        let calls = calls.into_iter().map(|(_, edge, when)| (edge, when)).collect();
        Self { request: Some(request), calls, here }
    }

    fn nodes(&self, graph: &Graph) -> BTreeSet<usize> {
        let ends = self.calls.iter().map(|(edge, _)| &graph.edges[*edge]);
        ends.flat_map(|edge| [edge.from, edge.to]).chain(self.here).collect()
    }
}

/// The box of a pod: of its workload, or of the source whose clients it stands for.
fn node_of_pod(scene: &Scene<'_>, graph: &Graph, pod: u32) -> Option<usize> {
    let plan = scene.session.plan();
    let app = plan.pods.get(pod as usize)?.app as usize;
    let source = || {
        plan.sources
            .iter()
            .position(|source| (source.pods.0..source.pods.0 + source.pods.1).contains(&pod))
    };
    let row =
        if app < plan.layout.workloads.len() { Row::Workload(app) } else { Row::Source(source()?) };
    graph.nodes.iter().position(|node| node.rows.first() == Some(&row))
}
